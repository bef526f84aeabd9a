#!/usr/bin/env bash
# Restores WORK/database.dump into a server of its own, and counts what is there. The server ends with this, unless it is kept.
#
# Leaves in WORK: restored.facts. AT and CONTENT as in dump.sh. OWNER: role, made here, that everything belongs to, as on the live server;
# unset: the server's own superuser. KEEP=true: the server is ended well and its folder stays, and the dump makes room.
source "$(dirname "$0")/steps.sh"
source "$(dirname "$0")/server.sh"

restore() {
  local owner=() role=()
  if [[ -n ${OWNER:-} ]]; then
    psql -Xqd postgres -v ON_ERROR_STOP=1 -c "CREATE ROLE \"$OWNER\" LOGIN" || return
    owner=(OWNER "\"$OWNER\"") role=(--role="$OWNER")
  fi
  psql -Xqd postgres -v ON_ERROR_STOP=1 -c "CREATE DATABASE restored TEMPLATE template0 ${owner[*]}" || return
  load_dump restored "${role[@]}"
}

recount() {
  count_rows restored restored.facts
}

keep_server() {
  pg_ctl stop -m fast -w -t 120 -D "$SERVER" && rm -f "$WORK/database.dump"
}

mkdir -p "$ERRORS" || fail $? NoSpace
run hash check_hash
trap end_server EXIT
run initdb make_server
run start start_server
run restore restore
run recount recount
if [[ ${KEEP:-} == true ]]; then
  run keep keep_server
  trap - EXIT
fi
