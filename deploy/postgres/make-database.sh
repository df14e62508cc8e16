#!/bin/sh
# Run once by the image when the data folder is empty: a role that is no superuser, its database.
set -eu
psql --set=ON_ERROR_STOP=1 --username=postgres --set=password="$(cat /run/secrets/database-password)" <<'SQL'
create role btim login password :'password';
create database btim owner btim;
SQL
