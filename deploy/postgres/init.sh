#!/bin/sh
# Runs once, when the data directory is made: a role and its databases for Temporal, and for Tenure.
# Neither can reach the other's.
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" <<'SQL'
\set temporal_password `cat /run/secrets/temporal_db_password`
\set tenure_password `cat /run/secrets/tenure_db_password`
create role temporal login password :'temporal_password';
create role tenure login password :'tenure_password';
create database temporal owner temporal;
create database temporal_visibility owner temporal;
create database tenure owner tenure;
revoke connect, temporary on database temporal, temporal_visibility, tenure from public;
SQL
