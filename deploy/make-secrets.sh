#!/bin/sh
# Makes what docker-compose.yml reads from deploy/secrets, each file once: it may be run again and
# changes nothing that is there. Keep a copy of master.key elsewhere: without it no backup is worth
# anything.
set -eu
umask 077
directory="$(dirname "$0")/secrets"
mkdir -p "$directory"
# The directory is closed to other users of this host; the files are open to the users inside of the
# containers, whose ids compose does not translate.
chmod 700 "$directory"

keep() {
  [ -e "$directory/$1" ] || cat > "$directory/$1.new"
  [ ! -e "$directory/$1.new" ] || mv "$directory/$1.new" "$directory/$1"
  chmod 444 "$directory/$1"
}
random() { od -An -vtx1 -N"$1" /dev/urandom | tr -d ' \n'; }

random 24 | keep postgres_password
random 24 | keep temporal_db_password
random 24 | keep tenure_db_password
printf 'postgres://tenure:%s@postgres:5432/tenure' "$(cat "$directory/tenure_db_password")" |
  keep tenure_database_url
head -c 32 /dev/urandom | base64 | keep master.key
printf 'tnr_%s' "$(random 32)" | keep admin.key
echo "The secrets are in $directory"
