#!/bin/sh
# Starts Valkey as the official image does: options alone are enough, and root gives way to the valkey user.
set -e
if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then
  set -- valkey-server "$@"
fi
if [ "$1" = valkey-server ] && [ "$(id -u)" = 0 ]; then
  chown valkey:valkey .
  exec setpriv --reuid=valkey --regid=valkey --init-groups "$0" "$@"
fi
if [ "$(umask)" = 0022 ]; then umask 0077; fi
# VALKEY_EXTRA_FLAGS is a list of words on purpose.
# shellcheck disable=SC2086
exec "$@" $VALKEY_EXTRA_FLAGS
