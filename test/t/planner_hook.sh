#!/usr/bin/env bash
#
# Other extensions change plans: hypertables and distributed tables put a node of their own on top. Builds
# test/planner_hook as a loadable module in a temporary folder; its planner hook does that to every plan. The
# regression tests, isolation tests with conflicts among them, have to come out the same; a plan that gives other rows
# or counts than it was asked for is refused.
#
# PGHOST, PGPORT, PGUSER (a superuser) and PGDATABASE give the server, PG_CONFIG the headers.
#
# not under --quick: it runs most of the regression tests again
set -euo pipefail
# shellcheck source=test/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
pg_config=${PG_CONFIG:-pg_config}
pgxs=$("$pg_config" --pgxs)
tools=${pgxs%/makefiles/pgxs.mk}/test

# Left out: what takes long and is all the same to plans, and tests that show the text of the statement which is run
# when PostgreSQL's own plan is plain scans.
regression_tests() {
	local file name
	for file in "$top"/sql/*.sql; do
		name=$(basename "$file" .sql)
		case $name in
		bulk_sync--* | compare_errors | many_partitions | partitions_stored | spill | wide) ;;
		*) printf '%s\n' "$name" ;;
		esac
	done
}

# suite PROGRAM INPUT SHAPE TEST...: runs tests in the database, with this shape of plans.
suite() {
	local program=$1 input=$2 shape=$3 log=$work/suite.log
	shift 3
	psql -X -q -d "$database" -c "ALTER DATABASE $database SET planner_hook.shape = $shape"
	rm -rf "$work/results"
	if (cd "$top" && "$tools/$program" --inputdir="$input" --outputdir="$work/results" --bindir="$("$pg_config" --bindir)" \
		--use-existing --dbname="$database" "$@") >"$log" 2>&1; then
		echo "ok      $shape: $# tests"
	else
		echo "FAILED  $shape:"
		cat "$log"
		head -n 200 "$work/results/regression.diffs" 2>/dev/null || true
		failed=yes
	fi
}

# expect STATE SHAPE QUERY: the query ends with this SQLSTATE (00000: with none), and nothing is written.
expect() {
	local state
	state=$(psql -X -q -At -d "$database" -v VERBOSITY=sqlstate -c "SET planner_hook.shape = $2" -c "$3" 2>&1 >/dev/null |
		sed -nE 's/^ERROR: +([0-9A-Z]{5})$/\1/p')
	if [ "${state:-00000}" = "$1" ] && [ "$(psql -X -q -At -d "$database" -c 'SET planner_hook.shape = none' -c "$contents")" = "$before" ]; then
		echo "ok      $2: $1 $3"
	else
		echo "FAILED  $2: ${state:-00000} and not $1, or rows were written: $3"
		return 1
	fi
}

refusals() {
	local contents='SELECT string_agg(t::text, chr(59) ORDER BY id) FROM target AS t' before status=0 shape call
	PGOPTIONS='-c client_min_messages=warning' psql -X -q -v ON_ERROR_STOP=1 -v module="$work/planner_hook" -d "$database" <<'END'
CREATE EXTENSION IF NOT EXISTS bulk_sync;
CREATE TABLE target (id int PRIMARY KEY, v text);
CREATE TABLE child () INHERITS (target); -- so that rows are written by statements, which have plans
CREATE TABLE tree (id int, v text) PARTITION BY RANGE (id);
CREATE TABLE tree_1 PARTITION OF tree FOR VALUES FROM (0) TO (10);
CREATE TABLE stored_tree_2 PARTITION OF tree FOR VALUES FROM (10) TO (20);
CREATE TABLE new_rows (id int, v text);
CREATE TABLE deletes (id int, v text);
CREATE TABLE updates (id int, v text);
INSERT INTO target SELECT i, 'v' || i FROM generate_series(1, 5) AS i;
CREATE TABLE stored_target AS TABLE target;
CREATE FUNCTION other_tableam_handler(internal) RETURNS table_am_handler LANGUAGE c AS :'module';
CREATE ACCESS METHOD bulk_sync_other TYPE TABLE HANDLER other_tableam_handler;
CREATE ACCESS METHOD bulk_sync_heap TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE other_method (id int, v text) USING bulk_sync_other;
CREATE TABLE other_parts (id int, v text) PARTITION BY RANGE (id);
CREATE TABLE other_part PARTITION OF other_parts FOR VALUES FROM (0) TO (10) USING bulk_sync_other;
CREATE TABLE heap_method (id int, v text) USING bulk_sync_heap;
INSERT INTO tree VALUES (1, 'v1'), (11, 'v11');
INSERT INTO new_rows SELECT * FROM target UNION ALL VALUES (6, 'v6');
INSERT INTO deletes SELECT * FROM target WHERE id > 1;
INSERT INTO updates SELECT id, CASE WHEN id > 4 THEN 'w' ELSE v END FROM target;
END
	before=$(psql -X -q -At -d "$database" -c 'SET planner_hook.shape = none' -c "$contents")
	expect 0A000 narrowed "SELECT bulk_sync('target', 'new_rows', '{id}')" || status=1
	expect 0A000 narrowed "SELECT bulk_compare('target', 'new_rows', '{id}')" || status=1
	for shape in uncounted doubled; do
		for call in new_rows deletes updates; do
			expect 0A000 $shape "SELECT bulk_sync('target', '$call', '{id}')" || status=1
		done
		expect 0A000 $shape "SELECT bulk_sync_json('target', '[{\"id\": 9}]', '{id}')" || status=1
		expect 00000 $shape "SELECT bulk_sync('target', 'new_rows', '{id}', dry_run => true)" || status=1
	done
	for call in "'id < 4'" "'id IN (SELECT id FROM new_rows)'" "NULL, lock => 'table'" 'NULL, skip_deletes => true' 'NULL, dry_run => true'; do
		expect 0A000 storage "SELECT bulk_sync('stored_target', 'new_rows', '{id}', $call)" || status=1
	done
	expect 0A000 storage "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT bulk_sync('stored_target', 'new_rows', '{id}', lock => 'table')" || status=1
	expect 0A000 storage "SELECT bulk_sync('tree', 'new_rows', '{id}')" || status=1
	# What is out of scope may be stored as it likes, and so may what is only read.
	expect 00000 storage "SELECT bulk_sync('tree', 'deletes', '{id}', 'id < 10')" || status=1
	expect 00000 storage "SELECT bulk_sync('target', 'stored_target', '{id}', 'id IN (SELECT id FROM stored_target)')" || status=1
	expect 00000 storage "SELECT bulk_compare('stored_target', 'new_rows', '{id}')" || status=1
	expect 00000 storage "SELECT bulk_compare('tree', 'new_rows', '{id}')" || status=1
	for call in other_method other_parts heap_method; do
		expect 0A000 none "SELECT bulk_sync('$call', 'new_rows', '{id}')" || status=1
		expect 0A000 none "SELECT bulk_sync('$call', 'new_rows', '{id}', dry_run => true)" || status=1
		expect 00000 none "SELECT bulk_compare('$call', 'new_rows', '{id}')" || status=1
	done
	expect 00000 none "SELECT bulk_sync('target', 'other_method', '{id}', allow_empty => true, dry_run => true)" || status=1
	return $status
}

begin_test bulk_sync_planner_hook_$$
make -s -C "$work" -f "$top/test/planner_hook/Makefile" PG_CONFIG="$pg_config" COPT=-Werror >"$work/make.log" 2>&1 || {
	cat "$work/make.log"
	exit 1
}
chmod 755 "$work/planner_hook.so"

createdb "$database"
psql -X -q -v ON_ERROR_STOP=1 -d "$database" <<END
ALTER DATABASE $database SET session_preload_libraries = '$work/planner_hook.so';
ALTER DATABASE $database SET lc_messages = 'C';
ALTER DATABASE $database SET lc_monetary = 'C';
ALTER DATABASE $database SET lc_numeric = 'C';
ALTER DATABASE $database SET lc_time = 'C';
ALTER DATABASE $database SET bytea_output = 'hex';
ALTER DATABASE $database SET timezone_abbreviations = 'Default';
END
failed=no
mapfile -t tests < <(regression_tests)
suite regress/pg_regress "$top" shown "${tests[@]}"
few=(basic changed one_statement partitions inheritance triggers trigger_effects soft_delete rls json lookup generated)
suite regress/pg_regress "$top" hidden "${few[@]}"
suite regress/pg_regress "$top" copied "${few[@]}" compare parallel toast
psql -X -q -d "$database" -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION IF NOT EXISTS bulk_sync'
suite isolation/pg_isolation_regress "$top/test" shown conflict_read_committed conflict_plans conflict_partitions suppressed_and_changed
refusals || failed=yes
[ "$failed" = no ]
