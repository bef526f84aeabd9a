#!/usr/bin/env bash
# Restores WORK/database.dump into a new database of a server that is there, and counts what is in it then. PGHOST, PGDATABASE, PGUSER and
# PASSWORD_FILE say which and who; OWNER: the role that all of it belongs to, and that the login is a member of.
#
# WAIT: seconds for which a server that does not answer is waited for.
# Leaves in WORK: restored.facts. Where WORK/hashed is, each row is hashed, as it was for the copy.
source "$(dirname "$0")/steps.sh"

# Whatever is made after initdb has such a number. Beside rows that are there, others would be there twice.
check_empty() {
  step=empty
  local began=$SECONDS found
  found=$(psql -XAtq -v ON_ERROR_STOP=1 2>"$ERRORS/empty" <<'END'
SELECT count(*) FROM (
  SELECT oid FROM pg_class UNION ALL SELECT oid FROM pg_namespace UNION ALL SELECT oid FROM pg_type
  UNION ALL SELECT oid FROM pg_proc UNION ALL SELECT oid FROM pg_extension UNION ALL SELECT 16384::oid FROM pg_largeobject_metadata
) AS made WHERE oid >= 16384;
END
  ) || fail $?
  [[ $found == 0 ]] || fail 1 NotEmpty
  took "$began"
}

load() {
  load_dump "$PGDATABASE" --role="$OWNER"
}

recount() {
  PGOPTIONS="-c role=$OWNER" count_rows "$PGDATABASE" restored.facts
}

mkdir -p "$ERRORS" || fail $? NoSpace
use_login glitchkeeper-restore
run hash check_hash
await_server
check_empty
run load load
AT=now
[[ -e $WORK/hashed ]] && CONTENT=true
run recount recount
rm -f "$WORK/pgpass"
