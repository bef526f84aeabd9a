#!/bin/sh
# uWSGI with the options that decide how GlitchTip 5.2 behaves; it reads further UWSGI_* variables itself.
set -e
case "$PORT" in
  *:*) SOCKET=$PORT ;;
  *) SOCKET=":${PORT:-8000}" ;;
esac
exec uwsgi --plugins python3,cheaper_busyness \
  --module=glitchtip.wsgi:application --env DJANGO_SETTINGS_MODULE=glitchtip.settings \
  --master --pidfile=/tmp/project-master.pid --http-socket="$SOCKET" --listen="${UWSGI_LISTEN:-128}" \
  --buffer-size=83146 --post-buffering --enable-threads --single-interpreter --die-on-term \
  --harakiri=60 --max-requests="${UWSGI_MAX_REQUESTS:-10000}" --worker-reload-mercy="${UWSGI_WORKER_RELOAD_MERCY:-10}" \
  --cheaper-algo=busyness --cheaper-step=1 --cheaper-overload="${UWSGI_CHEAPER_OVERLOAD:-30}" \
  --log-x-forwarded-for --ignore-sigpipe --ignore-write-errors --disable-write-exception
