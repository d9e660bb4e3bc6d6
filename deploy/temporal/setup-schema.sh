#!/bin/sh
# Brings the schema of both Temporal databases up to the version of the tool: `temporal-sql-tool` of
# the same release as the server. Repeatable. SQL_HOST, SQL_PORT, SQL_USER and SQL_PASSWORD (or
# SQL_PASSWORD_FILE) say where; the databases exist.
set -eu
if [ -n "${SQL_PASSWORD_FILE:-}" ]; then
  SQL_PASSWORD="$(cat "$SQL_PASSWORD_FILE")"
  export SQL_PASSWORD
fi
export SQL_PLUGIN=postgres12

schema() {
  export SQL_DATABASE="$1"
  # The table of versions; a database that has it already is brought up to date below.
  temporal-sql-tool setup-schema -v 0.0 || echo "setup-schema: $1 may have its schema already"
  temporal-sql-tool update-schema --schema-name "postgresql/v12/$2"
}
schema temporal temporal
schema temporal_visibility visibility
