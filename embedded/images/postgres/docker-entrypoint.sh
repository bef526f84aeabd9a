#!/bin/bash
# Prepares an empty PGDATA as the official postgres image documents it, then becomes the given command.
set -Eeuo pipefail

# from_file NAME: takes NAME from the file that NAME_FILE names.
from_file() {
  local name=$1 file="${1}_FILE"
  if [[ -n ${!file:-} ]]; then
    if [[ -n ${!name:-} ]]; then
      echo "error: both $name and $file are set (but are exclusive)" >&2
      exit 1
    fi
    export "$name"="$(<"${!file}")"
    unset "$file"
  fi
}

check_settings() {
  if [[ -z ${POSTGRES_PASSWORD:-} && ${POSTGRES_HOST_AUTH_METHOD:-} != trust ]]; then
    echo 'Error: Database is uninitialized and superuser password is not specified.' >&2
    echo '       Set POSTGRES_PASSWORD to a non-empty value for the superuser.' >&2
    exit 1
  fi
}

create_cluster() {
  eval 'initdb --username="$POSTGRES_USER" --pwfile=<(printf "%s\n" "${POSTGRES_PASSWORD:-}") '"${POSTGRES_INITDB_ARGS:-}"
  printf '\nhost all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >>"$PGDATA/pg_hba.conf"
}

run_init_files() {
  local file sql=(psql -v ON_ERROR_STOP=1 --no-psqlrc --username "$POSTGRES_USER" --dbname "$POSTGRES_DB")
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh) if [[ -x $file ]]; then "$file"; else . "$file"; fi ;;
      *.sql) "${sql[@]}" -f "$file" ;;
      *.sql.gz) gunzip -c "$file" | "${sql[@]}" ;;
    esac
  done
}

# The temporary server listens on the unix socket only: nobody reaches a half-made database.
initialise() {
  check_settings
  create_cluster
  export PGPASSWORD=${POSTGRES_PASSWORD:-}
  pg_ctl -w start -o "$(printf '%q ' "${@:2}" -c listen_addresses= -p 5432)"
  if [[ $POSTGRES_DB != postgres ]]; then
    psql -v ON_ERROR_STOP=1 --no-psqlrc --username "$POSTGRES_USER" --dbname postgres --set db="$POSTGRES_DB" <<<'CREATE DATABASE :"db";'
  fi
  run_init_files
  pg_ctl -m fast -w stop
  unset PGPASSWORD
  echo 'PostgreSQL init process complete; ready for start up.'
}

main() {
  if [[ ${1:0:1} == - ]]; then set -- postgres "$@"; fi
  if [[ $1 != postgres ]]; then exec "$@"; fi
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA" 2>/dev/null || true
  if [[ $(id -u) == 0 ]]; then
    chown -R postgres:postgres "$PGDATA" /var/run/postgresql
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
  fi
  from_file POSTGRES_PASSWORD
  from_file POSTGRES_USER
  from_file POSTGRES_DB
  from_file POSTGRES_INITDB_ARGS
  export POSTGRES_USER=${POSTGRES_USER:-postgres}
  export POSTGRES_DB=${POSTGRES_DB:-$POSTGRES_USER}
  if [[ ! -s $PGDATA/PG_VERSION ]]; then initialise "$@"; fi
  exec "$@"
}

main "$@"
