#!/usr/bin/env bash
# Starts the server that restore.sh kept, lets another container of the pod migrate the database in it (charts/runtime/rehearse.py), and tells
# how large the database is before and after, and which tables were locked for how long meanwhile.
#
# PORT (5432): of the pod's own loopback.
# HANDOVER: folder that both containers have. `running` is locked by the other one for as long as it lives, so that the kernel says when it has
# ended, however; `ended` is its result, as members of JSON. WAIT: seconds for which it is waited for at its beginning (its image is there: an
# init container had it), and TIMEOUT at most.
source "$(dirname "$0")/steps.sh"
source "$(dirname "$0")/server.sh"

HANDOVER=${HANDOVER:-/handover}
# What is shorter is not seen. Seconds.
EVERY=0.2

# As the live server writes, so that the time tells something; reached from its pod alone, as its containers share one network.
configure() {
  export PGPORT=${PORT:-5432}
  cat >>"$SERVER/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
port = $PGPORT
fsync = on
synchronous_commit = on
full_page_writes = on
wal_level = replica
autovacuum = on
END
}

in_database() {
  psql -XAtqd "$1" -v ON_ERROR_STOP=1 "${@:2}"
}

size_of_database() {
  in_database restored -c 'SELECT pg_database_size(current_database())' >"$WORK/$1"
}

# The tables that people and SDKs use: what a migration makes is nobody's yet. Of a partition the table that it is of.
prepare() {
  in_database postgres -c 'CREATE TABLE known (oid oid PRIMARY KEY, name text NOT NULL)
    ' -c 'CREATE TABLE seen (transaction text, oid oid, mode text, since timestamptz, until timestamptz, PRIMARY KEY (transaction, oid, mode))' || return
  in_database restored -c "COPY (SELECT c.oid, coalesce(r.relname, c.relname) FROM pg_class c
      LEFT JOIN pg_class r ON c.relispartition AND r.oid = pg_partition_root(c.oid)
      WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace) TO STDOUT" \
    | in_database postgres -c 'COPY known FROM STDIN'
}

# Until it is killed. Locks that hold up whoever writes, or whoever reads, too.
watch_locks() {
  in_database postgres >/dev/null 2>"$ERRORS/watch" <<END
SET synchronous_commit = off;
INSERT INTO seen SELECT l.virtualtransaction, l.relation, l.mode, clock_timestamp(), clock_timestamp()
  FROM pg_locks l JOIN known k ON k.oid = l.relation
  WHERE l.locktype = 'relation' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = 'restored')
    AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
  ON CONFLICT (transaction, oid, mode) DO UPDATE SET until = clock_timestamp() \watch $EVERY
END
}

await_migration() {
  local began=$SECONDS
  until [[ -e $HANDOVER/running ]]; do
    ((SECONDS - began < ${WAIT:-120})) || fail 1 MigrateAway
    sleep 1
  done
  timeout "${TIMEOUT:-7000}" flock "$HANDOVER/running" true || fail 1 TooSlow
}

# The longest first: a message has room for so many. Partitions of a table are locked together.
locks_json() {
  in_database postgres -c "WITH held AS (SELECT k.name, s.mode, s.transaction, max(extract(epoch FROM s.until - s.since)) + $EVERY AS seconds
      FROM seen s JOIN known k USING (oid) GROUP BY 1, 2, 3),
    named AS (SELECT name, upper(regexp_replace(replace(mode, 'Lock', ''), '([a-z])([A-Z])', '\1 \2', 'g')) AS mode, round(sum(seconds), 1) AS seconds FROM held GROUP BY 1, 2
      ORDER BY 3 DESC, 2, 1 LIMIT 20)
    SELECT coalesce(json_agg(json_build_object('table', name, 'mode', mode, 'seconds', seconds) ORDER BY seconds DESC, mode, name), '[]') FROM named"
}

# One that failed tells it itself, as does what killed it.
report() {
  local ended locks
  [[ -e $HANDOVER/ended ]] || return 0
  ended=$(<"$HANDOVER/ended")
  locks=$(locks_json | tr -d '\n') || return
  printf '{"result":"rehearsed",%s,"bytesBefore":%s,"bytesAfter":%s,"locks":%s}\n' "$ended" "$(<"$WORK/before")" "$(<"$WORK/after")" "$locks" >"$REPORT"
}

trap end_server EXIT
run configure configure
run start start_server
run size size_of_database before
run prepare prepare
watch_locks &
watcher=$!
step=migrate
: >"$HANDOVER/ready" || fail $? NoSpace
await_migration
kill "$watcher" 2>/dev/null
run size size_of_database after
run report report
