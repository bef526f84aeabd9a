# shellcheck shell=bash
# What dump.sh, restore.sh and load.sh share: steps, and how a failure is told. They source it; they need what the postgres image has, and no more.
#
# What programs write to their error output may quote rows, tokens among them. It goes into files of the Job's own folder, which
# ends with its pod, and is read for nothing but a few fixed sentences.
set -uo pipefail
umask 077
# A session that ended is told by its own step, not by a signal.
trap '' PIPE

WORK=${WORK:-/work}
REPORT=${REPORT:-/dev/termination-log}
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ERRORS=$WORK/errors
step=begin

# Exit codes are compared with 0 only: besides 1 there are 3, 70, 137, 141 and others.
fail() {
  local code=$1 reason=${2:-}
  [[ -n $reason ]] || reason=$(explain "$code")
  printf '{"result":"failed","step":"%s","exitCode":%d,"reason":"%s"}\n' "$step" "$code" "$reason" >"$REPORT"
  printf 'failed: step %s, exit code %d, %s\n' "$step" "$code" "$reason"
  exit 1
}

explain() {
  said() { grep -qsE "$1" "$ERRORS"/*; }
  # On a full disk there is no room for what a program says of it either.
  full() { ! head -c 65536 /dev/zero 2>/dev/null >"$WORK/room"; }
  if full || said 'No space left on device|could not extend file'; then echo NoSpace
  elif [[ $1 == 137 ]]; then echo OutOfMemory
  elif said 'canceling statement due to (lock|statement) timeout'; then echo LockWait
  elif said 'password authentication failed|permission denied|row-level security|is not permitted to log in'; then echo LoginRefused
  elif said 'could not connect|connection to server .* failed|could not translate host name|server closed the connection|terminating connection'; then echo DatabaseAway
  else echo StepFailed
  fi
}

# run STEP COMMAND...
run() {
  step=$1
  shift
  local began=$SECONDS code=0
  "$@" >/dev/null 2>"$ERRORS/$step" || code=$?
  ((code == 0)) || fail "$code"
  took "$began"
}

# took SINCE: for the manifest and the log.
took() {
  printf '{"step":"%s","seconds":%d}\n' "$step" "$((SECONDS - $1))" >>"$WORK/seconds"
  printf '%s: %d s\n' "$step" "$((SECONDS - $1))"
}

# room MEBIBYTES: a full disk in the middle costs others their room, too.
room() {
  step=room
  local available
  available=$(df -Pk "$WORK" | awk 'NR == 2 { print int($4 / 1024) }')
  ((available >= $1)) || fail 1 NoSpace
}

# use_login APPLICATION: the password of PASSWORD_FILE, for whatever server.
use_login() {
  # In pgpass these two mean something.
  printf '*:*:*:*:%s\n' "$(sed 's/[\\:]/\\&/g' "$PASSWORD_FILE")" >"$WORK/pgpass" || fail $? LoginRefused
  export PGPASSFILE=$WORK/pgpass PGCONNECT_TIMEOUT=10 PGAPPNAME=$1 PGREQUIREAUTH=scram-sha-256
}

# Policies let a new pod out a second or two after it has begun; a server that starts takes longer. Whatever it is then, psql says it.
await_server() {
  local began=$SECONDS
  until pg_isready -q -t 3; do
    ((SECONDS - began < ${WAIT:-60})) || return 0
    sleep 1
  done
}

check_hash() {
  (cd "$WORK" && sha256sum -c database.dump.sha256)
}

# load_dump DATABASE OPTIONS...: not in one transaction, which would lock each partition at once.
load_dump() {
  local database=$1
  shift
  pg_restore -e --no-owner --no-privileges "$@" -d "$database" "$WORK/database.dump"
}

# count_rows DATABASE FACTS: AT and CONTENT as in dump.sh.
count_rows() {
  psql -XAtqd "$1" -v ON_ERROR_STOP=1 -v at="$AT" -v content="${CONTENT:-false}" -o "$WORK/$2" -f "$HERE/facts.sql"
}
