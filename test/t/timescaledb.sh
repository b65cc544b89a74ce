#!/usr/bin/env bash
#
# Hypertables of TimescaleDB: the planner of that extension puts nodes of its own into plans, makes tables while a
# statement runs, and may keep rows compressed. On a cluster of its own, because it has to be preloaded. PG_CONFIG gives the
# server, for which bulk_sync is installed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/lib.sh
. "$here/../lib.sh"

PG_CONFIG=${PG_CONFIG:-$(command -v pg_config)}
if [ ! -f "$("$PG_CONFIG" --sharedir)/extension/timescaledb.control" ]; then
	say 'TimescaleDB is not installed'
	exit 77
fi
begin_work
bindir=$("$PG_CONFIG" --bindir)
export PATH="$bindir:$PATH"

failed=no

# query SQL: its rows, without decoration; the SQLSTATE of an error.
query() { psql -X -q -At -v VERBOSITY=sqlstate -d hypertables -c "$1" 2>&1 || true; }

# prepare SQL: what must not fail.
prepare() { PGOPTIONS='-c client_min_messages=warning' psql -X -q -o /dev/null -v ON_ERROR_STOP=1 -d hypertables -c "$1"; }

# expect TEXT EXPECTED SQL
expect() {
	local got
	got=$(query "$3" | paste -sd ' ')
	if [ "$got" = "$2" ]; then
		say "ok      $1"
	else
		failed=yes
		say "FAILED  $1: $got and not $2"
	fi
}

# expect_ok TEXT ARGUMENTS: sync_checked with these has no complaint.
expect_ok() { expect "$1" ok "SELECT verdict FROM sync_checked($2)"; }

schema() {
	createdb hypertables
	(cd "$top" && psql -X -q -v ON_ERROR_STOP=1 -d hypertables >/dev/null <<'SQL'
SET client_min_messages = warning;
CREATE EXTENSION timescaledb;
\i test/oracle.sql
CREATE TABLE device (id int PRIMARY KEY);
INSERT INTO device SELECT generate_series(0, 99);
CREATE TABLE reading (
	at timestamptz NOT NULL,
	device int NOT NULL REFERENCES device,
	value float8,
	note text DEFAULT 'none',
	gone boolean NOT NULL DEFAULT false,
	CHECK (value > -1e6),
	UNIQUE (at, device)
);
SELECT create_hypertable('reading', 'at', chunk_time_interval => interval '7 days');
CREATE TABLE import (at timestamptz, device int, value float8);
CREATE TABLE import_hyper (LIKE reading);
SELECT create_hypertable('import_hyper', 'at');
CREATE TABLE log (event text);
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO log VALUES (concat_ws(' ', TG_WHEN, TG_OP, TG_LEVEL));
	RETURN coalesce(NEW, OLD);
END $$;
CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
ALTER DATABASE hypertables SET timezone = 'UTC';
SQL
	)
}

writes() {
	prepare "INSERT INTO import VALUES ('2024-01-01', 1, 1)"
	expect 'the first row makes a chunk' '1|0|0|0|0' "SELECT * FROM bulk_sync('reading', 'import', '{at,device}')"
	expect 'a second call' '0|0|0|1|0' "SELECT * FROM bulk_sync('reading', 'import', '{at,device}')"
	prepare "INSERT INTO import SELECT timestamptz '2024-01-02' + i * interval '1 hour', i % 5, i FROM generate_series(1, 2000) AS i"
	expect_ok 'many chunks' "'reading', 'import', '{at,device}'"
	prepare "UPDATE import SET value = -value WHERE device = 1"
	prepare "DELETE FROM import WHERE device = 2"
	prepare "INSERT INTO import SELECT timestamptz '2024-06-02' + i * interval '1 hour', i % 5, i FROM generate_series(1, 500) AS i"
	expect_ok 'all three writes, in old and new chunks' "'reading', 'import', '{at,device}'"
	prepare "DELETE FROM import WHERE at < '2024-02-01'"
	prepare "UPDATE import SET value = 7 WHERE device = 3"
	expect_ok 'dry run and filter on time' "'reading', 'import', '{at,device}', 'at >= ''2024-02-01'''"
	expect_ok 'filter with a stable function' "'reading', 'import', '{at,device}', 'at >= now() - (now() - timestamptz ''2024-02-01'')'"
	prepare "DELETE FROM import WHERE device = 4 AND at > '2024-06-05'"
	expect_ok 'rows looked up' "'reading', 'import', '{at,device}', 'at >= ''2024-02-01''', skip_deletes => true"
	expect_ok 'lock the table' "'reading', 'import', '{at,device}', 'at >= ''2024-02-01''', lock => 'table'"
	prepare "DELETE FROM import WHERE device = 3 AND at > '2024-06-05'"
	expect 'soft delete' '0|0|86|1353|0 0|0|0|1353|0 86' "SELECT * FROM bulk_sync('reading', 'import', '{at,device}', 'at >= ''2024-02-01''', soft_delete => 'gone');
		SELECT * FROM bulk_sync('reading', 'import', '{at,device}', 'at >= ''2024-02-01''', soft_delete => 'gone');
		SELECT count(*) FROM reading WHERE gone"
	expect 'revived' '0|86|0|1353|0' "INSERT INTO import SELECT at, device, value FROM reading WHERE gone;
		SELECT * FROM bulk_sync('reading', 'import', '{at,device}', 'at >= ''2024-02-01''', soft_delete => 'gone')"
	prepare "DELETE FROM import WHERE at < '2024-06-05'; INSERT INTO import VALUES ('2024-12-01', 1, 5); UPDATE import SET value = 99 WHERE at = '2024-06-10 10:00'"
	expect 'compare' 'added|2024-12-01T00:00:00+00:00 updated|2024-06-10T10:00:00+00:00' "SELECT status, key->>'at' FROM bulk_compare('reading', 'import', '{at,device}', 'at >= ''2024-06-05''') ORDER BY status"
	expect_ok 'what was compared' "'reading', 'import', '{at,device}', 'at >= ''2024-06-05'''"
	expect 'rows as JSON' '2|0|0|0|0 1|0|1|1|0' "SELECT * FROM bulk_sync_json('reading', '[{\"at\": \"2025-03-01\", \"device\": 1}, {\"at\": \"2025-03-01\", \"device\": 2}]', '{at,device}', 'at >= ''2025-01-01''');
		SELECT * FROM bulk_sync_json('reading', '[{\"at\": \"2025-03-01\", \"device\": 1}, {\"at\": \"2025-05-01\", \"device\": 2}]', '{at,device}', 'at >= ''2025-01-01''')"
	prepare "INSERT INTO import_hyper SELECT * FROM reading WHERE device <> 1"
	prepare "UPDATE import_hyper SET value = 3, note = 'hyper' WHERE device = 3"
	expect_ok 'hypertable as staging' "'reading', 'import_hyper', '{at,device}'"
	expect_ok 'hypertable as staging of a table' "'plain', 'import_hyper', '{at,device}'"
	prepare "CREATE TABLE chunk_rows AS SELECT at, device, value + 1 AS value FROM reading WHERE at < '2024-01-10'"
	expect 'a chunk as target' ok "SELECT verdict FROM show_chunks('reading') AS chunk,
		LATERAL sync_checked(chunk, 'chunk_rows', '{at,device}', skip_creates => true) LIMIT 1"
	expect 'REPEATABLE READ' ok "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT verdict FROM sync_checked('reading', 'import', '{at,device}', 'at >= ''2024-06-05'''); COMMIT"
}

moves() {
	prepare "DELETE FROM import; INSERT INTO import VALUES ('2026-01-01 01:00', 77, 5)"
	expect 'one row of another key' '1|0|0|0|0' "SELECT * FROM bulk_sync('reading', 'import', '{device}', 'device = 77')"
	expect 'a time that changes within its chunk' '0|1|0|0|0' "UPDATE import SET at = '2026-01-01 02:00'; SELECT * FROM bulk_sync('reading', 'import', '{device}', 'device = 77')"
	expect 'a time of another chunk is an error, as in UPDATE' 'ERROR:  23514' "UPDATE import SET at = '2026-05-01'; SELECT * FROM bulk_sync('reading', 'import', '{device}', 'device = 77')"
	expect 'and changes nothing' '2026-01-01 02:00:00+00' 'SELECT at FROM reading WHERE device = 77'
}

constraints() {
	prepare "DELETE FROM import; INSERT INTO import VALUES ('2026-01-01 02:00', 77, 5), ('2027-01-01', 1, 1), ('2027-02-01', 500, 1)"
	expect 'foreign key' 'ERROR:  23503' "SELECT * FROM bulk_sync('reading', 'import', '{at,device}', 'at >= ''2026-01-01''')"
	prepare "UPDATE import SET device = 5, value = -1e7 WHERE device = 500"
	expect 'check' 'ERROR:  23514' "SELECT * FROM bulk_sync('reading', 'import', '{at,device}', 'at >= ''2026-01-01''')"
	prepare "UPDATE import SET value = 1; INSERT INTO import VALUES ('2027-01-01', 1, 2)"
	expect 'duplicates' 'ERROR:  21000' "SELECT * FROM bulk_sync('reading', 'import', '{at,device}', 'at >= ''2026-01-01''')"
	prepare "DELETE FROM import WHERE value = 2"
	expect 'guards' 'ERROR:  55000' "SELECT * FROM bulk_sync('reading', 'import', '{at,device}', max_deletes => 1)"
	expect_ok 'after the errors' "'reading', 'import', '{at,device}', 'at >= ''2026-01-01'''"
}

triggers() {
	prepare "CREATE TRIGGER a BEFORE INSERT OR UPDATE OR DELETE ON reading FOR EACH ROW EXECUTE FUNCTION tell();
		CREATE TRIGGER b AFTER INSERT OR UPDATE OR DELETE ON reading FOR EACH ROW EXECUTE FUNCTION tell();
		CREATE TRIGGER c AFTER INSERT OR UPDATE OR DELETE ON reading FOR EACH STATEMENT EXECUTE FUNCTION tell()"
	prepare "INSERT INTO import VALUES ('2028-01-01', 9, 1), ('2026-01-01 03:00', 9, 1); UPDATE import SET value = 8 WHERE device = 77; DELETE FROM import WHERE device = 5"
	expect 'with triggers' '2|1|1|1|0' "SELECT * FROM bulk_sync('reading', 'import', '{at,device}', 'at >= ''2026-01-01''')"
	expect 'what they saw' 'AFTER DELETE ROW|1 AFTER DELETE STATEMENT|1 AFTER INSERT ROW|2 AFTER INSERT STATEMENT|1 AFTER UPDATE ROW|1 AFTER UPDATE STATEMENT|1 BEFORE DELETE ROW|1 BEFORE INSERT ROW|2 BEFORE UPDATE ROW|1' \
		'SELECT event, count(*) FROM log GROUP BY event ORDER BY event'
	prepare "DROP TRIGGER a ON reading; DROP TRIGGER b ON reading; DROP TRIGGER c ON reading;
		CREATE TRIGGER a BEFORE INSERT OR UPDATE OR DELETE ON reading FOR EACH ROW EXECUTE FUNCTION suppress()"
	prepare "INSERT INTO import VALUES ('2029-01-01', 9, 1); UPDATE import SET value = 9 WHERE device = 77; DELETE FROM import WHERE device = 1"
	expect 'a trigger that suppresses' '0|0|0|2|3' "SELECT * FROM bulk_sync('reading', 'import', '{at,device}', 'at >= ''2026-01-01''')"
	prepare "DROP TRIGGER a ON reading"
	expect_ok 'without it' "'reading', 'import', '{at,device}', 'at >= ''2026-01-01'''"
}

# meanwhile SQL: another session does this in a transaction, which it commits a second later.
meanwhile() {
	local try
	psql -X -q -o /dev/null -d hypertables -c BEGIN -c "$1" -c 'SELECT pg_sleep(1)' -c COMMIT >"$work/other.log" 2>&1 &
	for try in {1..600}; do
		[ "$(query "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")" = 0 ] || return 0
		sleep 0.05
	done
	say "the other session did not get there after $try looks"
	cat "$work/other.log"
}

conflicts() {
	prepare "UPDATE import SET value = 10"
	meanwhile "UPDATE reading SET value = 11 WHERE at >= '2026-01-01'"
	expect 'rows that another session changes' '0|4|0|0|0' "SELECT * FROM bulk_sync('reading', 'import', '{at,device}', 'at >= ''2026-01-01''')"
	wait
	prepare "INSERT INTO import VALUES ('2035-01-01', 1, 1)"
	meanwhile "INSERT INTO reading VALUES ('2035-01-01', 1, 2)"
	expect 'a row, and its chunk, that another session makes' '0|1|0|4|0' "SELECT * FROM bulk_sync('reading', 'import', '{at,device}', 'at >= ''2026-01-01''')"
	wait
	prepare "CREATE TABLE fresh (at timestamptz NOT NULL, device int); SELECT create_hypertable('fresh', 'at')"
	meanwhile "SELECT bulk_sync('fresh', 'import', '{at,device}', ignore_columns => '{value}')"
	expect 'two first calls, without a unique index' '0|0|0|5|0' "SELECT * FROM bulk_sync('fresh', 'import', '{at,device}', ignore_columns => '{value}')"
	wait
}

compressed() {
	if [ "$(query 'SHOW timescaledb.license')" != timescale ]; then
		say 'skipped what is not under the Apache license: compressed chunks, continuous aggregates'
		return 0
	fi
	prepare "ALTER TABLE reading SET (timescaledb.compress, timescaledb.compress_segmentby = 'device')"
	prepare "CREATE MATERIALIZED VIEW daily WITH (timescaledb.continuous) AS SELECT time_bucket('1 day', at) AS day, device, sum(value) AS total FROM reading GROUP BY 1, 2 WITH NO DATA"
	prepare "CALL refresh_continuous_aggregate('daily', NULL, '2040-01-01')"
	expect 'a continuous aggregate notices' 'ok|2024' "UPDATE import SET value = 2024 WHERE at = '2035-01-01'; SELECT verdict, (SELECT 2024) FROM sync_checked('reading', 'import', '{at,device}', 'at >= ''2026-01-01''')"
	prepare "CALL refresh_continuous_aggregate('daily', NULL, '2040-01-01')"
	expect 'and is right when it is refreshed' '2024' "SELECT total FROM daily WHERE day = '2035-01-01'"
	prepare "SELECT compress_chunk(c) FROM show_chunks('reading', older_than => timestamptz '2024-02-01') AS c"
	prepare "CREATE TABLE before AS TABLE reading"
	local call
	for call in "'reading', 'import', '{at,device}'" "'reading', 'import', '{at,device}', 'device = 1'" "'reading', 'import', '{at,device}', dry_run => true" \
		"'reading', 'import', '{at,device}', skip_deletes => true" "'reading', 'import', '{at,device}', 'device IN (SELECT id FROM device)'" \
		"'reading', 'import', '{at,device}', lock => 'table'"; do
		expect "compressed: $call" 'ERROR:  0A000' "SELECT bulk_sync($call)"
	done
	expect 'compressed, in REPEATABLE READ' 'ERROR:  0A000' "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT bulk_sync('reading', 'import', '{at,device}', lock => 'table')"
	expect 'nothing was written' '0' "SELECT count(*) FROM (TABLE reading EXCEPT ALL TABLE before) AS d"
	prepare "UPDATE import SET value = 2025 WHERE at = '2035-01-01'; INSERT INTO import VALUES ('2036-01-01', 3, 1); DELETE FROM import WHERE device = 9 AND at < '2027-01-01'"
	expect 'compressed, but out of scope' '1|1|1|3|0' "SELECT * FROM bulk_sync('reading', 'import', '{at,device}', 'at >= ''2026-01-01''')"
	expect 'what it did' 0 "SELECT count(*) FROM bulk_compare('reading', 'import', '{at,device}', 'at >= ''2026-01-01''')"
	expect 'compressed, compared' 't' "SELECT count(*) > 100 FROM bulk_compare('reading', 'import', '{at,device}')"
	expect_ok 'compressed as staging' "'plain', 'reading', '{at,device}'"
	prepare "SELECT decompress_chunk(c, true) FROM show_chunks('reading') AS c"
	expect_ok 'decompressed' "'reading', 'import', '{at,device}'"
}

step 'Starting a cluster with TimescaleDB preloaded' start_cluster "shared_preload_libraries = 'timescaledb'" 'timescaledb.telemetry_level = off'
use_cluster
schema
prepare "CREATE TABLE plain (LIKE import_hyper, PRIMARY KEY (at, device))"
writes
moves
constraints
triggers
conflicts
compressed
if grep -nE 'WARNING:.*(leak|reference|still referenced|not closed|buffer refcount|snapshot)|PANIC|TRAP:|terminated by signal' "$server_log"; then
	failed=yes
fi
[ "$failed" = no ]
