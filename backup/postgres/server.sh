# shellcheck shell=bash
# A server of the Job's own, which starts from nothing: restore.sh restores into it, rehearse.sh lets migrations run on it. Sourced after steps.sh.
SERVER=$WORK/server
# Nothing of the dumped server's may lead to it.
unset PGHOST PGPORT PGUSER PGDATABASE PGPASSFILE PGSERVICE PGOPTIONS
export PGHOST=$WORK/socket PGUSER=postgres PGAPPNAME=glitchkeeper-backup

# Nobody else's, and gone within minutes: it need not survive a power cut, and is reached by its socket alone.
make_server() {
  rm -rf "$SERVER" "$PGHOST"
  mkdir -p "$PGHOST"
  initdb -D "$SERVER" -U "$PGUSER" --auth=trust --encoding=UTF8 --locale=C --no-sync --no-instructions || return
  cat >>"$SERVER/postgresql.conf" <<END
listen_addresses = ''
unix_socket_directories = '$PGHOST'
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 128MB
shared_buffers = 16MB
maintenance_work_mem = 16MB
max_connections = 10
max_locks_per_transaction = 256
max_parallel_workers = 0
max_parallel_maintenance_workers = 0
autovacuum = off
jit = off
END
}

start_server() {
  pg_ctl start -w -t 60 -D "$SERVER" -l "$ERRORS/server"
}

end_server() {
  pg_ctl stop -m immediate -w -D "$SERVER" >/dev/null 2>&1
  rm -rf "$SERVER" "$PGHOST"
}
