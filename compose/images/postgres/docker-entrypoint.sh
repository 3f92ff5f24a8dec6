#!/bin/sh
# Makes the database cluster at the first start, then runs the command: the part of the official
# image's contract that the stack uses, for a Postgres that does not come out of that image.
#
# PGDATA, POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB, POSTGRES_INITDB_ARGS, POSTGRES_HOST_AUTH_METHOD
# as there; POSTGRES_INITDB_DIR: the folder of scripts to run once (/docker-entrypoint-initdb.d);
# XDG_RUNTIME_DIR: a folder with a path short enough for sockets (/tmp).
set -eu
umask 077

first_start() {
    staging=$PGDATA.new # renamed once complete: a cluster is there whole or not at all
    sockets=$(mktemp -d "${XDG_RUNTIME_DIR:-/tmp}/pg.XXXXXX")
    # A server that was killed in the middle of this has left its segment of shared memory.
    [ ! -e "$staging/postmaster.pid" ] || ipcrm -m "$(awk 'NR == 7 { print $2 }' "$staging/postmaster.pid")" || true
    rm -rf "$staging"
    mkdir -p "$staging"
    passwords=$sockets/password
    printf '%s\n' "$POSTGRES_PASSWORD" >"$passwords"
    # shellcheck disable=SC2086 # the arguments are words
    initdb --pgdata "$staging" --username "$POSTGRES_USER" --pwfile "$passwords" --no-instructions --no-sync \
        --auth-host "$POSTGRES_HOST_AUTH_METHOD" --auth-local trust $POSTGRES_INITDB_ARGS
    rm "$passwords"
    printf 'host all all all %s\n' "$POSTGRES_HOST_AUTH_METHOD" >>"$staging/pg_hba.conf"
    pg_ctl --pgdata "$staging" --silent --wait \
        --options "-c listen_addresses='' -c unix_socket_directories='$sockets' -c dynamic_shared_memory_type=mmap -c fsync=off" start
    export PGHOST="$sockets" PGUSER="$POSTGRES_USER" PGDATABASE="$POSTGRES_DB"
    if [ "$POSTGRES_DB" != postgres ]; then
        psql -X -q -v ON_ERROR_STOP=1 -d postgres -v db="$POSTGRES_DB" <<'SQL'
CREATE DATABASE :"db";
SQL
    fi
    for script in "${POSTGRES_INITDB_DIR:-/docker-entrypoint-initdb.d}"/*; do
        case $script in
            *.sh) sh "$script" ;;
            *.sql) psql -X -q -v ON_ERROR_STOP=1 -f "$script" ;;
        esac
    done
    unset PGHOST PGUSER PGDATABASE
    pg_ctl --pgdata "$staging" --silent --wait --mode fast stop
    rm -rf "$sockets"
    sync
    mv "$staging" "$PGDATA"
}

[ -s "$PGDATA/PG_VERSION" ] || first_start
# Only what has made the cluster and its roles needs these.
unset POSTGRES_PASSWORD PREFECT_PASSWORD LAKEHOUSE_PASSWORD READER_PASSWORD MONITOR_PASSWORD
# No Unix socket: it would lie in /tmp, and let every user of this machine in without a password.
exec "$@" -c unix_socket_directories=
