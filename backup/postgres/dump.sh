#!/usr/bin/env bash
# Dumps the database, and counts every table in the dump's own snapshot. PGHOST, PGDATABASE, PGUSER and PASSWORD_FILE say which and who.
#
# Leaves in WORK: database.dump, its SHA-256, dumped.facts, the version of pg_dump. AT: the time of the run (ISO 8601). CONTENT=true: each row is hashed, too.
# WAIT: seconds for which a server that does not answer is waited for. UNLESS_FETCHED=true: nothing is dumped where a copy
# was fetched.
source "$(dirname "$0")/steps.sh"

begin() {
  rm -rf "${WORK:?}"/* && mkdir -p "$ERRORS" || fail $? NoSpace
  use_login glitchkeeper-backup
}

# One session holds the snapshot from before the dump to after the count: it dies with its transaction.
open_snapshot() {
  step=snapshot
  coproc psql -XAtq -v ON_ERROR_STOP=1 -v at="$AT" -v content="${CONTENT:-false}" 2>"$ERRORS/snapshot"
  # Copies: bash closes the coprocess' own descriptors in subshells.
  exec 3>&"${COPROC[1]}" 4<&"${COPROC[0]}"
  session=$COPROC_PID
  ask "SET idle_in_transaction_session_timeout = 0; SET statement_timeout = 0; SET lock_timeout = '30s';" \
    'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;' \
    "SELECT pg_export_snapshot() || ' ' || pg_database_size(current_database()) / 1048576;"
  read -r snapshot mebibytes <<<"$answer"
}

# ask LINE...: the last line of them answers. Without an answer the session has ended.
ask() {
  printf '%s\n' "$@" >&3 2>/dev/null || fail_session
  read -r answer <&4 || fail_session
}

fail_session() {
  local code=0
  wait "$session" || code=$?
  fail "$((code == 0 ? 1 : code))"
}

dump() {
  pg_dump -Fc -Z zstd:3 --no-owner --no-privileges --lock-wait-timeout=30s --snapshot="$snapshot" -f "$WORK/database.part" \
    && sync "$WORK/database.part"
}

count() {
  step=count
  local began=$SECONDS
  ask "\\o '$WORK/dumped.facts'" "\\i '$HERE/facts.sql'" '\o' '\echo counted'
  [[ $answer == counted ]] || fail_session
  printf '%s\n' 'COMMIT;' '\q' >&3
  exec 3>&- 4<&-
  local code=0
  wait "$session" || code=$?
  ((code == 0)) || fail "$code"
  took "$began"
}

# From here on no program reads the dump whose hash is another.
fingerprint() {
  # A version that nobody can say is no reason to have no backup.
  (cd "$WORK" && { pg_dump --version >pg_dump.version || rm -f pg_dump.version; } && mv database.part database.dump && sha256sum database.dump >database.dump.sha256 && sync "$WORK")
}

[[ ${UNLESS_FETCHED:-} == true && -e $WORK/database.dump ]] && exit 0
begin
await_server
open_snapshot
# The dump, and 1.3 times the database for the server that it is restored into; when that has gone, the encrypted dump.
room "$((mebibytes * 9 / 5 + 64))"
run dump dump
count
run fingerprint fingerprint
rm -f "$WORK/pgpass"
