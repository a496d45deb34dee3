#!/bin/sh
# Runs once, when the database is made: the role that web and worker sign in as. What it may do is given by `migrate`.
set -eu
: "${APP_DB_PASSWORD:?is required}"

psql -v ON_ERROR_STOP=1 -v password="$APP_DB_PASSWORD" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE support_bot_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
SQL
