#!/bin/sh
# Roles and databases of the platform: run once, when the database cluster is made.
set -eu
psql -X -q -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\getenv prefect PREFECT_PASSWORD
\getenv lakehouse LAKEHOUSE_PASSWORD
\getenv reader READER_PASSWORD
\getenv monitor MONITOR_PASSWORD
CREATE ROLE prefect LOGIN PASSWORD :'prefect';
CREATE ROLE lakehouse LOGIN PASSWORD :'lakehouse';
CREATE ROLE lakehouse_reader LOGIN PASSWORD :'reader';
CREATE ROLE monitor LOGIN PASSWORD :'monitor';
GRANT pg_monitor TO monitor;
CREATE DATABASE prefect OWNER prefect;
ALTER DATABASE lakehouse OWNER TO lakehouse;
REVOKE CONNECT, TEMPORARY ON DATABASE prefect FROM PUBLIC;
REVOKE CONNECT, TEMPORARY ON DATABASE lakehouse FROM PUBLIC;
GRANT CONNECT ON DATABASE lakehouse TO lakehouse_reader, monitor;
SQL
