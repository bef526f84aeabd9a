#!/bin/sh
# Web, worker and scheduler in one process. The worker writes no heartbeat, and when it dies web goes on answering.
set -e
case "$SKIP_INIT" in
  True | true | 1) ;;
  *) ./bin/run-migrate.sh ;;
esac
export GLITCHTIP_EMBED_WORKER=true
exec ./bin/run-granian.sh asgi
