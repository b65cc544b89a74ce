#!/usr/bin/env bash
#
# Databases that use bulk_sync go through pg_dump and pg_upgrade: one that is still at version 1.0, one that was updated to
# 1.1, and a new one. Each has the calls in views, functions and a column, rights and comments of its own. What is restored
# has to give the same answers, and the updated one the same dump as the new one.
#
# pg_upgrade goes to a new cluster of the same server, and from each older one that is installed here with its headers
# (for which bulk_sync is built: not when BULK_SYNC_QUICK is 1). PG_CONFIG gives the server, for which bulk_sync is installed.
set -euo pipefail
# shellcheck source=test/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

begin_work
PG_CONFIG=${PG_CONFIG:-$(command -v pg_config)}
bindir=$("$PG_CONFIG" --bindir)
export PATH="$bindir:$PATH"
failed=no
readonly databases='old updated new'

not_ok() {
	failed=yes
	say "FAILED  $*"
}

# expect TEXT EXPECTED GOT
expect() {
	if [ "$2" = "$3" ]; then
		say "ok      $1"
	else
		not_ok "$1"
		diff <(say "$2") <(say "$3") || true
	fi
}

query() { psql -X -q -At -v ON_ERROR_STOP=1 -d "$1" -c "$2"; }

# make_database NAME VERSION: with an extension of that version.
make_database() {
	createdb "$1"
	psql -X -q -v ON_ERROR_STOP=1 -v version="$2" -d "$1" >/dev/null <<'END'
CREATE SCHEMA tools;
CREATE EXTENSION bulk_sync SCHEMA tools VERSION :'version';
CREATE TABLE employee (id int PRIMARY KEY, name text);
CREATE TABLE import (id int, name text);
INSERT INTO employee VALUES (1, 'a'), (2, 'b');
INSERT INTO import VALUES (1, 'A'), (3, 'c');
CREATE TABLE log (id int PRIMARY KEY, counts tools.bulk_sync_stats);
INSERT INTO log SELECT 1, s FROM tools.bulk_sync('employee', 'import', '{id}', dry_run => true) AS s;
CREATE VIEW few AS SELECT * FROM tools.bulk_sync('employee', 'import', '{id}', dry_run => true);
CREATE VIEW complete AS SELECT (tools.bulk_sync_json('employee', '[{"id": 9}]', '{id}', NULL, NULL, NULL, false, false, true, false,
                                                     NULL, NULL, NULL, NULL, false, 'rows', true, false)).created;
CREATE VIEW compared AS SELECT status, key, changes FROM tools.bulk_compare('employee', 'import', '{id}', include_unchanged => true);
CREATE VIEW running AS SELECT pid FROM tools.bulk_sync_progress;
CREATE FUNCTION updated() RETURNS bigint LANGUAGE sql
BEGIN ATOMIC SELECT s.updated FROM tools.bulk_sync('employee', 'import', '{id}', dry_run => true) AS s; END;
CREATE FUNCTION sync() RETURNS tools.bulk_sync_stats LANGUAGE plpgsql AS $$
BEGIN RETURN tools.bulk_sync('employee', 'import', '{id}', allow_empty => true); END $$;
DO $$ BEGIN CREATE ROLE regress_bulk_sync_user; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
REVOKE ALL ON FUNCTION tools.bulk_sync_json FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tools.bulk_sync_json TO regress_bulk_sync_user;
COMMENT ON FUNCTION sync IS 'makes employee match import';
END
}

make_databases() {
	make_database old 1.0
	make_database updated 1.0
	query updated 'ALTER EXTENSION bulk_sync UPDATE'
	make_database new "$(query postgres "SELECT default_version FROM pg_available_extensions WHERE name = 'bulk_sync'")"
}

# answers DATABASE: of all that was made there. The last one changes the table, and is undone.
answers() {
	psql -X -q -At -v ON_ERROR_STOP=1 -d "$1" <<'END'
SELECT * FROM log;
SELECT (counts).updated FROM log;
SELECT * FROM few;
SELECT * FROM complete;
SELECT * FROM compared ORDER BY key::text;
SELECT count(*) FROM running;
SELECT updated();
BEGIN;
SELECT sync();
SELECT * FROM employee ORDER BY id;
ROLLBACK;
END
}

readonly right_answers='1|(1,1,1,0,0)
1
1|1|1|0|0
1
updated|{"id": 1}|{"name": {"new": "A", "old": "a"}}
removed|{"id": 2}|
added|{"id": 3}|
0
1
(1,1,1,0,0)
1|A
3|c'

version_in() { query "$1" "SELECT extversion FROM pg_extension WHERE extname = 'bulk_sync'"; }

# The rights on functions that have some of their own.
rights() { query "$1" "SELECT proname, proacl FROM pg_proc WHERE pronamespace = 'tools'::regnamespace AND proacl IS NOT NULL"; }
readonly right_rights='bulk_sync_json|{postgres=X/postgres,regress_bulk_sync_user=X/postgres}'

# dump DATABASE: as text, without what differs each time.
dump() { pg_dump "$1" | grep -vE '^(--|\\(un)?restrict )' ; }

# restore DATABASE: its dump, into restored_DATABASE. A dump has no version: it always makes the newest one, so rights that it
# gives on the functions of an older one, which have fewer arguments, find none. (A database has to be updated before.)
restore() {
	createdb "restored_$1"
	pg_dump -Fc "$1" >"$work/dump"
	if [ "$1" = old ]; then
		pg_restore -d "restored_$1" "$work/dump" 2>"$work/restore.log" || true
		expect "$1: what pg_restore finds wrong" 'pg_restore: error: could not execute query: ERROR:  function tools.bulk_sync_json' \
			"$(grep -o '^pg_restore: error:[^(]*' "$work/restore.log")"
	else
		pg_restore --exit-on-error -d "restored_$1" "$work/dump" || not_ok "$1: pg_restore"
		expect "$1: the rights after pg_dump and pg_restore" "$right_rights" "$(rights "restored_$1")"
		expect "$1: the dump of what was restored" "$(dump "$1")" "$(dump "restored_$1")"
	fi
}

dumps() {
	local database newest
	newest=$(version_in new)
	for database in $databases; do
		expect "$database: the answers" "$right_answers" "$(answers "$database")"
		restore "$database"
		expect "$database: the answers after pg_dump and pg_restore" "$right_answers" "$(answers "restored_$database")"
		expect "$database: which is at the newest version" "$newest" "$(version_in "restored_$database")"
		dropdb "restored_$database"
	done
	expect 'an updated database and a new one give the same dump' "$(dump new)" "$(dump updated)"
	expect 'the functions of an updated one and of a new one' "$(functions new)" "$(functions updated)"
}

functions() {
	query "$1" "SELECT pg_get_functiondef(oid), proacl FROM pg_proc WHERE pronamespace = 'tools'::regnamespace ORDER BY proname"
	query "$1" "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'tools.bulk_sync_stats'::regclass ORDER BY attnum"
}

# new_data FOLDER: an empty cluster, made as start_cluster makes its own.
new_data() {
	local options=()
	if [ "$(major_of "$PG_CONFIG")" -ge 18 ] && [ "$old_major" -lt 18 ]; then
		options=(--no-data-checksums)
	fi
	mkdir -m 700 "$1"
	! is_root || chown "$(cluster_user)" "$1"
	as_cluster_user "$bindir/initdb" -D "$1/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N "${options[@]}"
}

# upgrade OLD-BINDIR: of the stopped cluster in $work/cluster; then that one is the new one, and started.
upgrade() (
	new_data "$work/new"
	cd "$work/new"
	# It writes into the folder where it is.
	# shellcheck disable=SC2016 # for the inner shell
	as_cluster_user sh -c 'cd "$1" && shift && exec "$@"' sh "$work/new" "$bindir/pg_upgrade" -b "$1" -B "$bindir" \
		-d "$work/cluster/data" -D "$work/new/data" -U postgres --socketdir="$work/new"
	rm -r "$work/cluster"
	mv "$work/new" "$work/cluster"
	printf '%s\n' "listen_addresses = ''" "unix_socket_directories = '$work/cluster'" 'port = 5432' 'fsync = off' |
		as_cluster_user tee -a "$work/cluster/data/postgresql.conf" >/dev/null
	start_server
)

# after_upgrade NAME: each database is as it was, and the one at 1.0 can be updated now.
after_upgrade() {
	local database
	use_cluster
	for database in $databases; do
		expect "$1, $database: the answers" "$right_answers" "$(answers "$database")"
		expect "$1, $database: the rights" "$right_rights" "$(rights "$database")"
	done
	expect "$1: an old version stays" 1.0 "$(version_in old)"
	query old 'ALTER EXTENSION bulk_sync UPDATE'
	expect "$1, old: the answers after the update" "$right_answers" "$(answers old)"
	expect "$1: the functions of all are the same" "$(functions new)" "$(functions old)"
}

same_server() {
	stop_cluster
	old_major=$(major_of "$PG_CONFIG")
	step 'pg_upgrade to a new cluster' upgrade "$bindir"
	after_upgrade 'same server'
}

# from_older MAJOR PG_CONFIG: makes the databases there, and brings them here.
from_older() {
	local new_config=$PG_CONFIG new_bindir=$bindir older_bindir
	stop_cluster
	rm -r "$cluster"
	old_major=$1
	PG_CONFIG=$2 bindir=$("$2" --bindir)
	mkdir -p "$work/older-$1" "$work/build-$1"
	chmod 711 "$work/older-$1"
	private_server "$work/older-$1"
	older_bindir=$bindir
	step "Building bulk_sync for PostgreSQL $1" make -s -C "$work/build-$1" -f "$top/Makefile" -j "$(nproc)" PG_CONFIG="$PG_CONFIG" install
	step "Starting a cluster of PostgreSQL $1" start_cluster
	use_cluster
	make_databases
	stop_cluster
	PG_CONFIG=$new_config bindir=$new_bindir PATH="$new_bindir:$PATH"
	step "pg_upgrade from PostgreSQL $1" upgrade "$older_bindir"
	after_upgrade "from $1"
}

step 'Starting a cluster' start_cluster
use_cluster
make_databases
dumps
same_server
if [ "${BULK_SYNC_QUICK:-0}" = 0 ]; then
	older=no
	while read -r major config; do
		if [ "$major" -ge "$oldest_postgres" ] && [ "$major" -lt "$(major_of "$PG_CONFIG")" ]; then
			older=yes
			from_older "$major" "$config"
		fi
	done < <(complete_installations)
	[ "$older" = yes ] || say 'skipped pg_upgrade from an older version: none is installed here with its headers'
fi
[ "$failed" = no ]
