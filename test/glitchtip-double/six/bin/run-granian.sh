#!/bin/sh
# Granian as GlitchTip 6.2 starts it; it reads its other GRANIAN_* variables itself. Left to itself a process may grow to 1 GiB at least.
set -e
export GRANIAN_HOST="${GRANIAN_HOST:-0.0.0.0}" GRANIAN_PORT="${GRANIAN_PORT:-${PORT:-8000}}"
export GRANIAN_WORKERS="${GRANIAN_WORKERS:-${WEB_CONCURRENCY:-1}}" GRANIAN_WORKERS_MAX_RSS="${GRANIAN_WORKERS_MAX_RSS:-1024}"
exec python3 -m granian --interface "$1" --no-ws glitchtip.asgi:application
