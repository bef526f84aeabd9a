#!/bin/sh
# Becomes the process that SERVER_ROLE names, as GlitchTip 5.2 does.
set -e
case "${SERVER_ROLE:-web}" in
  web) exec ./bin/run-web.sh ;;
  worker) exec ./bin/run-celery.sh ;;
  beat) exec ./bin/run-beat.sh ;;
  worker_with_beat) exec ./bin/run-celery-with-beat.sh ;;
  *)
    echo "Unknown server role provided: $SERVER_ROLE. Should be web|worker|beat."
    exit 1
    ;;
esac
