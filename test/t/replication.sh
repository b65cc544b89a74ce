#!/usr/bin/env bash
#
# What a sync does arrives at logical subscribers, whatever the replica identity, and at a streaming standby, where one
# may compare and rehearse but not sync. On a cluster of its own, with two databases subscribed to a third one, and a
# standby made of it. PG_CONFIG gives the server, for which bulk_sync is installed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/lib.sh
. "$here/../lib.sh"

begin_work
PG_CONFIG=${PG_CONFIG:-$(command -v pg_config)}
bindir=$("$PG_CONFIG" --bindir)
export PATH="$bindir:$PATH"

readonly standby=$work/standby # its folder, as $work/cluster is the other's
readonly slot=bulk_sync_test   # with the subscriber's name behind it

end_test() {
	local status=$?
	set +e
	if [ -e "$standby/data/postmaster.pid" ]; then
		as_cluster_user "$bindir/pg_ctl" -D "$standby/data" -s -w -t 30 -m immediate stop
	fi
	(exit "$status")
	end_work
}
trap end_test EXIT

failed=no

not_ok() {
	failed=yes
	say "FAILED  $*"
}

# query DATABASE SQL: its rows, without decoration. An error is one of the test.
query() { psql -X -q -At -v ON_ERROR_STOP=1 -d "$1" -c "$2"; }

# expect TEXT EXPECTED GOT
expect() {
	if [ "$2" = "$3" ]; then
		say "ok      $1"
	else
		not_ok "$1"
		diff <(say "$2") <(say "$3") | cut -c 1-200 || true
	fi
}

# sync EXPECTED-COUNTS ARGUMENTS...: a call on the publisher.
sync() {
	local expected=$1 got
	shift
	got=$(query publisher "SELECT * FROM bulk_sync($*)" 2>&1) || true
	expect "sync: $*" "$expected" "$got"
}

rows_of() { query "$1" "SELECT r::text FROM $2 AS r ORDER BY r::text COLLATE \"C\""; }

# await DATABASE QUERY: until it returns t.
await() {
	local try
	for try in {1..600}; do
		[ "$(query "$1" "$2")" != t ] || return 0
		sleep 0.1
	done
	say "waited for $((try / 10)) seconds: $2"
	return 1
}

await_subscribers() {
	local lsn
	lsn=$(query publisher 'SELECT pg_current_wal_lsn()')
	await publisher "SELECT count(*) = 2 AND bool_and(replay_lsn >= '$lsn') FROM pg_stat_replication WHERE application_name LIKE '$slot%'"
}

# arrived TEXT DATABASE TABLE...: the subscriber has the rows of the publisher, and more than none.
arrived() {
	local text=$1 database=$2 table
	shift 2
	await_subscribers
	for table in "$@"; do
		[ -n "$(rows_of publisher "$table")" ] || not_ok "$table is empty"
		expect "$text: $table in $database" "$(rows_of publisher "$table")" "$(rows_of "$database" "$table")"
	done
}

# The tables that are published, made alike in each database; partitioned ones as the publisher has them.
readonly tables="
	CREATE TABLE keyed (id int PRIMARY KEY, name text, doc text, n int, gone timestamptz);
	ALTER TABLE keyed ALTER doc SET STORAGE EXTERNAL;
	CREATE TABLE indexed (code text NOT NULL UNIQUE, v text, doc text);
	ALTER TABLE indexed ALTER doc SET STORAGE EXTERNAL, REPLICA IDENTITY USING INDEX indexed_code_key;
	CREATE TABLE keyless (a int, b text, v text, doc text);
	ALTER TABLE keyless ALTER doc SET STORAGE EXTERNAL, REPLICA IDENTITY FULL;
	CREATE TABLE appended (id int PRIMARY KEY, v text);
	ALTER TABLE appended REPLICA IDENTITY NOTHING;
	CREATE TABLE owner (id int PRIMARY KEY, v text);
	CREATE TABLE owned (id int PRIMARY KEY, owner int REFERENCES owner ON DELETE CASCADE);"
readonly partitions="
	CREATE TABLE parted (id int, region text, doc text, v int, PRIMARY KEY (region, id)) PARTITION BY LIST (region);
	CREATE TABLE parted_n PARTITION OF parted FOR VALUES IN ('n', 'N');
	CREATE TABLE parted_s (v int, doc text, gone int, region text NOT NULL, id int NOT NULL);
	ALTER TABLE parted_s DROP gone;
	ALTER TABLE parted ATTACH PARTITION parted_s FOR VALUES IN ('s');
	CREATE TABLE moving (id int NOT NULL, region text NOT NULL, doc text, v int) PARTITION BY LIST (region);
	CREATE TABLE moving_n PARTITION OF moving FOR VALUES IN ('n');
	CREATE TABLE moving_s PARTITION OF moving FOR VALUES IN ('s');
	ALTER TABLE moving_n ALTER doc SET STORAGE EXTERNAL, REPLICA IDENTITY FULL;
	ALTER TABLE moving_s ALTER doc SET STORAGE EXTERNAL, REPLICA IDENTITY FULL;
	ALTER TABLE moving REPLICA IDENTITY FULL;"

# subscribe DATABASE PUBLICATION: the slot is made first, since CREATE SUBSCRIPTION would wait for itself within one
# cluster. Large transactions arrive while they run.
subscribe() {
	local database=$1 publication=$2
	query publisher "SELECT pg_create_logical_replication_slot('${slot}_$database', 'pgoutput')" >/dev/null
	query "$database" "CREATE SUBSCRIPTION ${slot}_$database
		CONNECTION 'host=$PGHOST port=$PGPORT user=$PGUSER dbname=publisher application_name=${slot}_$database' PUBLICATION $publication
		WITH (create_slot = false, slot_name = '${slot}_$database', copy_data = false, streaming = on, synchronous_commit = on)"
}

set_up() {
	local database
	for database in publisher leaves roots; do
		createdb "$database"
	done
	query publisher "CREATE EXTENSION bulk_sync; $tables $partitions
		CREATE PUBLICATION one_by_one FOR TABLE keyed, indexed, keyless, appended, owner, owned, parted, moving;
		CREATE PUBLICATION by_root FOR TABLE parted, moving WITH (publish_via_partition_root = true);"
	query leaves "$tables $partitions"
	# To this one, partitions are none of its business.
	query roots "CREATE TABLE parted (id int, region text, doc text, v int, PRIMARY KEY (region, id));
		CREATE TABLE moving (id int, region text, doc text, v int);
		ALTER TABLE moving REPLICA IDENTITY FULL;"
	subscribe leaves one_by_one
	subscribe roots by_root
}

test_primary_key() {
	query publisher "
		INSERT INTO keyed SELECT i, 'n' || i, repeat('d' || i, 20000), i FROM generate_series(1, 50) AS i;
		CREATE TABLE keyed_import AS SELECT id, name, doc, n FROM keyed"
	arrived 'filled' leaves keyed
	query publisher "
		UPDATE keyed_import SET n = -n WHERE id <= 20;
		UPDATE keyed_import SET doc = repeat('e', 30000) WHERE id IN (5, 25);
		DELETE FROM keyed_import WHERE id > 45;
		INSERT INTO keyed_import SELECT i, 'new', repeat('f', 30000), i FROM generate_series(51, 53) AS i"
	sync '3|21|5|24|0' "'keyed', 'keyed_import', '{id}'"
	arrived 'large values that did not change stay' leaves keyed
	# Matched by what is not the identity; rows that are marked as deleted, and one that returns.
	query publisher "DELETE FROM keyed_import WHERE name = 'new'; UPDATE keyed_import SET id = id + 1000, n = 0 WHERE name = 'n7'"
	sync '0|1|0|44|0' "'keyed', 'keyed_import', '{name}', 'name <> ''new'''"
	query publisher "DELETE FROM keyed_import WHERE name IN ('n1', 'n2')"
	sync '0|0|2|43|0' "'keyed', 'keyed_import', '{name}', 'name <> ''new''', soft_delete => 'gone'"
	arrived 'marked' leaves keyed
	query publisher "INSERT INTO keyed_import SELECT id, name, doc, 70 FROM keyed WHERE name = 'n1'"
	sync '0|1|0|43|0' "'keyed', 'keyed_import', '{name}', 'name <> ''new''', soft_delete => 'gone'"
	arrived 'revived' leaves keyed
	expect 'one stays marked' '1' "$(query leaves 'SELECT count(*) FROM keyed WHERE gone IS NOT NULL')"
}

test_index() {
	query publisher "
		INSERT INTO indexed SELECT 'c' || i, 'v' || i, repeat('d', 20000) FROM generate_series(1, 20) AS i;
		CREATE TABLE indexed_import AS SELECT 'C' || substr(code, 2) AS code, v, doc FROM indexed WHERE v <> 'v3';
		UPDATE indexed_import SET doc = 'short' WHERE v = 'v4'"
	# The column of the identity itself changes.
	sync '0|19|1|0|0' "'indexed', 'indexed_import', '{v}'"
	arrived 'the identity changes' leaves indexed
}

test_full() {
	query publisher "
		INSERT INTO keyless SELECT i % 10, 'b' || i, 'v', repeat('d' || i, 10000) FROM generate_series(1, 30) AS i;
		INSERT INTO keyless VALUES (NULL, 'x', 'v', NULL), (1, NULL, NULL, 'd'), (7, 'twice', 'v', 'd'), (7, 'twice', 'v', 'd'), (7, 'twice', 'v', 'd');
		CREATE TABLE keyless_import AS SELECT DISTINCT a, b, v, doc FROM keyless WHERE b IS DISTINCT FROM 'twice' AND b IS DISTINCT FROM 'b1';
		UPDATE keyless_import SET v = 'w' WHERE a < 5 OR a IS NULL;
		INSERT INTO keyless_import VALUES (NULL, NULL, 'new', repeat('n', 20000))"
	sync '1|16|4|15|0' "'keyless', 'keyless_import', '{a,b}'"
	arrived 'nothing but the whole row tells it' leaves keyless
}

test_nothing() {
	local got
	query publisher "CREATE TABLE appended_import AS SELECT i AS id, 'v' || i AS v FROM generate_series(1, 5) AS i"
	sync '5|0|0|0|0' "'appended', 'appended_import', '{id}'"
	sync '0|0|0|5|0' "'appended', 'appended_import', '{id}'"
	query publisher "UPDATE appended_import SET v = 'w' WHERE id = 1; INSERT INTO appended_import VALUES (6, 'v6')"
	got=$(psql -X -q -At -d publisher 2>&1 <<-'SQL'
		\set VERBOSITY terse
		SELECT * FROM bulk_sync('appended', 'appended_import', '{id}');
		\echo :SQLSTATE
		DELETE FROM appended_import WHERE id = 1;
		SELECT * FROM bulk_sync('appended', 'appended_import', '{id}', skip_creates => true);
		\echo :SQLSTATE
		SELECT * FROM bulk_sync('appended', 'appended_import', '{id}', skip_updates => true, skip_deletes => true);
		SQL
	)
	expect 'without an identity, inserts alone' 'ERROR:  cannot update table "appended" because it does not have a replica identity and publishes updates
55000
ERROR:  cannot delete from table "appended" because it does not have a replica identity and publishes deletes
55000
1|0|0|4|0' "$got"
	arrived 'inserts' leaves appended
}

# ---- Partitions, cascades, rolled back attempts ----

test_partitions() {
	query publisher "
		INSERT INTO parted SELECT i, CASE WHEN i % 2 = 0 THEN 'n' ELSE 's' END, repeat('d', 20000), i FROM generate_series(1, 20) AS i;
		INSERT INTO moving SELECT i, CASE WHEN i % 2 = 0 THEN 'n' ELSE 's' END, repeat('d', 20000), i FROM generate_series(1, 20) AS i;
		CREATE TABLE parted_import AS SELECT id, region, doc, CASE WHEN id % 5 = 0 THEN -v ELSE v END AS v FROM parted WHERE id <> 4;
		INSERT INTO parted_import VALUES (21, 's', 'new', 21), (22, 'N', 'new', 22);
		CREATE TABLE moving_import AS SELECT id, CASE WHEN id % 4 < 2 THEN 'n' ELSE 's' END AS region, doc, v FROM moving WHERE id <> 4;
		UPDATE moving_import SET doc = 'short' WHERE id IN (5, 6);
		INSERT INTO moving_import VALUES (21, 's', 'new', 21)"
	sync '2|4|1|15|0' "'parted', 'parted_import', '{id,region}'"
	sync '1|10|1|9|0' "'moving', 'moving_import', '{id}'"
	expect 'rows moved' '10' "$(query publisher "SELECT count(*) FROM moving WHERE id <= 20 AND (id % 2 = 0) <> (region = 'n')")"
	arrived 'partition by partition' leaves parted parted_n parted_s moving moving_n moving_s
	arrived 'as one table' roots parted moving
	query publisher "UPDATE moving_import SET region = CASE region WHEN 'n' THEN 's' ELSE 'n' END, v = v + 1"
	sync '0|20|0|0|0' "'moving', 'moving_import', '{id}'"
	arrived 'moved back' leaves moving moving_n moving_s
	arrived 'moved back' roots moving
}

test_cascade() {
	query publisher "
		INSERT INTO owner SELECT i, 'v' FROM generate_series(1, 10) AS i;
		INSERT INTO owned SELECT i, 1 + i % 10 FROM generate_series(1, 30) AS i;
		CREATE TABLE owner_import AS SELECT id, v FROM owner WHERE id > 4"
	sync '0|0|4|6|0' "'owner', 'owner_import', '{id}'"
	arrived 'what a cascade deletes' leaves owner owned
}

# Attempts that fail are subtransactions that are rolled back: nothing of them arrives, also when the server has begun to
# send the transaction.
test_rolled_back() {
	local got
	got=$(psql -X -q -At -v ON_ERROR_STOP=1 -d publisher <<-'SQL'
		CREATE TABLE many AS SELECT i AS id, 'n' || i AS name, repeat('x', 500) AS doc, i AS n FROM generate_series(1, 5000) AS i;
		CREATE VIEW too_many AS TABLE many UNION ALL SELECT 6000, 'bad', 'bad', 0;
		ALTER TABLE keyed ADD CONSTRAINT good CHECK (name <> 'bad');
		BEGIN;
		SELECT created > 4900 FROM bulk_sync('keyed', 'many', '{id}');
		SAVEPOINT s;
		UPDATE many SET n = 0;
		DO $$
		BEGIN
			PERFORM bulk_sync('keyed', 'too_many', '{id}');
			RAISE EXCEPTION 'no failure';
		EXCEPTION WHEN check_violation THEN
			NULL;
		END $$;
		ROLLBACK TO s;
		DELETE FROM many WHERE id % 2 = 0;
		SELECT * FROM bulk_sync('keyed', 'many', '{id}');
		COMMIT;
		SQL
	)
	expect 'a transaction with attempts that failed' "t
0|0|2500|2500|0" "$got"
	arrived 'only what was committed' leaves keyed
	# Statistics of slots are sent now and then.
	if await publisher "SELECT stream_count > 0 FROM pg_stat_replication_slots WHERE slot_name = '${slot}_leaves'"; then
		say 'ok      it was streamed'
	else
		not_ok 'it was streamed'
	fi
}

start_standby() {
	mkdir -m 700 "$standby"
	! is_root || chown "$(cluster_user)" "$standby"
	as_cluster_user "$bindir/pg_basebackup" -h "$PGHOST" -p "$PGPORT" -U "$PGUSER" -D "$standby/data" -X stream -c fast -R
	printf '%s\n' "unix_socket_directories = '$standby'" 'port = 5433' 'hot_standby_feedback = on' 'max_logical_replication_workers = 0' |
		as_cluster_user tee -a "$standby/data/postgresql.conf" >/dev/null
	as_cluster_user "$bindir/pg_ctl" -D "$standby/data" -l "$standby/server.log" -w -t 60 -s start || {
		cat "$standby/server.log"
		return 1
	}
}

on_standby() { PGHOST=$standby PGPORT=5433 psql -X -q -At -d publisher; }

await_standby() {
	local lsn try
	lsn=$(query publisher 'SELECT pg_current_wal_lsn()')
	for try in {1..600}; do
		[ "$(on_standby <<<"SELECT pg_last_wal_replay_lsn() >= '$lsn'")" != t ] || return 0
		sleep 0.1
	done
	say "the standby did not get there in $((try / 10)) seconds"
	return 1
}

# All in one session, which goes on after the errors.
readonly standby_script="
	\\set VERBOSITY default
	\\set SHOW_CONTEXT never
	SELECT pg_is_in_recovery();
	SELECT * FROM bulk_sync('staff', 'staff_import', '{id}', 'id > 0', dry_run => true);
	SELECT * FROM bulk_sync('staff', 'staff_import', '{id}', lock => 'table', dry_run => true, skip_deletes => true);
	SELECT * FROM bulk_sync('staff_parted', 'staff_view', '{id}', 'id IN (SELECT id FROM staff_import) OR id < 100', dry_run => true);
	SELECT * FROM bulk_sync_json('staff', '[{\"id\": 1, \"name\": \"x\"}]', '{id}', skip_deletes => true, dry_run => true);
	SELECT status, count(*), sum((key ->> 'id')::int) FROM bulk_compare('staff', 'staff_import', '{id}', include_unchanged => true) GROUP BY status ORDER BY status;
	SELECT * FROM bulk_sync('staff', 'staff_import', '{id}');
	\\echo :SQLSTATE
	SELECT * FROM bulk_sync_json('staff', '[{\"id\": 1}]', '{id}', skip_deletes => true);
	\\echo :SQLSTATE
	BEGIN ISOLATION LEVEL REPEATABLE READ;
	SELECT * FROM bulk_sync('staff', 'staff_import', '{id}', dry_run => true);
	SAVEPOINT s;
	SELECT * FROM bulk_sync('staff', 'staff_import', '{id}', lock => 'table');
	\\echo :SQLSTATE
	ROLLBACK TO s;
	SELECT * FROM bulk_sync('staff', 'staff_import', '{id}', dry_run => true, max_deletes => 1);
	\\echo :SQLSTATE
	ROLLBACK;
	SET work_mem = '64kB';
	SET hash_mem_multiplier = 1;
	SELECT * FROM bulk_sync('staff', 'staff_import', '{id}', dry_run => true);
	SELECT status, count(*) FROM bulk_compare('staff', 'staff_import', '{name,id}') GROUP BY status ORDER BY status;
	SELECT * FROM bulk_sync('staff_unlogged', 'staff_import', '{id}', dry_run => true);
	SELECT * FROM bulk_sync('staff', 'staff_unlogged', '{id}', dry_run => true);
	\\echo :SQLSTATE
	SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory';
	SELECT count(*) FROM bulk_sync_progress;"

test_standby() {
	query publisher "
		CREATE TABLE staff (id int PRIMARY KEY, name text);
		CREATE TABLE staff_parted (id int, name text) PARTITION BY RANGE (id);
		CREATE TABLE staff_parted_1 PARTITION OF staff_parted FOR VALUES FROM (0) TO (100);
		CREATE TABLE staff_parted_2 PARTITION OF staff_parted DEFAULT;
		CREATE TABLE staff_import (id int, name text);
		CREATE UNLOGGED TABLE staff_unlogged (id int, name text);
		CREATE VIEW staff_view AS SELECT id, name || '' AS name FROM staff_import;
		INSERT INTO staff SELECT i, 'n' || i FROM generate_series(1, 10000) AS i;
		INSERT INTO staff_parted TABLE staff;
		INSERT INTO staff_import SELECT i, 'n' || i + i % 2 FROM generate_series(101, 10100) AS i;"
	await_standby
	expect 'on the standby' 't
100|4950|100|4950|0
100|4950|0|4950|0
100|4950|99|4950|0
0|1|0|0|0
added|100|1005050
removed|100|5050
unchanged|4950|25002450
updated|4950|24997500
ERROR:  cannot execute bulk_sync() in a read-only transaction
25006
ERROR:  cannot execute bulk_sync() in a read-only transaction
25006
100|4950|100|4950|0
ERROR:  cannot execute bulk_sync() in a read-only transaction
25006
ERROR:  bulk_sync would delete 100 of 10000 rows in scope of "staff", more than max_deletes = 1
DETAIL:  Rows to delete: 100. Limit: max_deletes = 1. Rows in scope: 10000.
HINT:  Check that staging relation "staff_import" is complete, or raise the limit.
55000
100|4950|100|4950|0
added|5050
removed|5050
ERROR:  cannot access temporary or unlogged relations during recovery
ERROR:  cannot access temporary or unlogged relations during recovery
0A000
0
0' "$(on_standby <<<"$standby_script" 2>&1)"
	sync '100|4950|100|4950|0' "'staff', 'staff_import', '{id}', 'id > 0'"
	await_standby
	expect 'on the standby, after the sync' '0|0|0|10000|0' \
		"$(on_standby <<<"SELECT * FROM bulk_sync('staff', 'staff_import', '{id}', dry_run => true)" 2>&1)"
	expect 'the standby has the same rows' "$(rows_of publisher staff | md5sum)" \
		"$(on_standby <<<'SELECT r::text FROM staff AS r ORDER BY r::text COLLATE "C"' | md5sum)"
}

step 'Starting a cluster for replication' start_cluster 'wal_level = logical' 'max_wal_senders = 10' 'max_replication_slots = 10' \
	'synchronous_commit = on' 'logical_decoding_work_mem = 64kB' 'wal_receiver_status_interval = 1s'
use_cluster
set_up
test_primary_key
test_index
test_full
test_nothing
test_partitions
test_cascade
test_rolled_back
step 'Making a standby' start_standby
test_standby
[ "$failed" = no ]
