#!/bin/sh
# Becomes the process that SERVER_ROLE names, as GlitchTip 6.2 does.
set -e
ROLE="${SERVER_ROLE:-web}"
if [ "$ROLE" = web ] && [ "$GLITCHTIP_EMBED_WORKER" = true ]; then ROLE=all_in_one; fi
case "$ROLE" in
  web) exec ./bin/run-granian.sh asginl ;;
  worker | worker_with_beat) exec ./bin/run-worker.sh ;;
  all_in_one) exec ./bin/run-all-in-one.sh ;;
  *)
    echo "Unknown server role provided: $SERVER_ROLE. Should be web|worker|all_in_one."
    exit 1
    ;;
esac
