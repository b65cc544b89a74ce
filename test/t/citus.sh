#!/usr/bin/env bash
#
# Tables that Citus distributes: the same calls as on one machine, on a coordinator with two workers. Runs where the
# server of PG_CONFIG, for which bulk_sync is installed, has Citus.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/lib.sh
. "$here/../lib.sh"
# shellcheck source=test/lib/citus.sh
. "$here/../lib/citus.sh"

begin_citus_test

# agree FILE: plays a script of calls that are made in two worlds; each has to come to the same, and to what it says.
agree() {
	local script=$top/test/citus/$1.sql output=$work/$1.out
	if ! (cd "$top" && psql -X -q -At -v ON_ERROR_STOP=1 -d "${citus_database:-citus}" -f "$script") >"$output" 2>&1; then
		not_ok "$1 did not come to its end"
		tail -n 5 "$output"
	fi
	if grep -nE 'DIFFERENT|UNEXPECTED|ERROR|server closed' "$output"; then not_ok "$1"; fi
	if [ "$(grep -c '^same' "$output")" -lt "$(grep -cE '^SELECT (agree|agree_on_error|refused_there|copies)\(' "$script")" ]; then
		not_ok "$1: not each call has a verdict"
	fi
	say "ok      $1: $(grep -c 'same: ' "$output") calls"
}

# Is a call that comes to something else told from one that comes to the same?
mistakes() {
	local calls
	(agree mistakes) >"$work/mistakes.log"
	calls=$(grep -c '^SELECT \(agree\|refused\)' "$top/test/citus/mistakes.sql")
	if [ "$(grep -cE '^[0-9]+:(DIFFERENT|UNEXPECTED): ' "$work/mistakes.log")" = "$calls" ]; then
		say 'ok      calls that differ are told'
	else
		not_ok 'calls that differ pass for the same'
		cat "$work/mistakes.log"
	fi
}

any_node() {
	expect 'from the coordinator' '400|0|0|0|0' "$call"
	use_node 1
	expect 'from a worker' '0|0|0|400|0' "$call"
	expect 'from a worker, with rows of its own' '0|40|0|360|0' "CREATE TEMP TABLE mine AS SELECT company_id, name, CASE WHEN company_id % 10 = 0 THEN 'second' ELSE phone END AS phone FROM import;
		SELECT * FROM bulk_sync('employee', 'mine', '{company_id,name}')"
	expect 'from a worker, one company' '0|10|0|0|0' "CREATE TEMP TABLE mine AS SELECT company_id, name, 'third' AS phone FROM import WHERE company_id = 10; SELECT * FROM bulk_sync('employee', 'mine', '{name}', 'company_id = 10')"
	expect 'from a worker, JSON' '1|0|10|0|0' "SELECT * FROM bulk_sync_json('employee', '[{\"company_id\": 10, \"name\": \"x\"}]', '{company_id,name}', 'company_id = 10')"
	use_node 2
	expect 'from the other worker, rolled back' '0|30|0|360|0' "BEGIN; DELETE FROM import WHERE company_id = 10; DELETE FROM employee WHERE company_id = 10; $call; ROLLBACK"
	use_node 0
	expect 'back again' '10|30|1|360|0' "$call"
	expect 'what is there' 'first|400' "$phones"
}

users() {
	prepare "CREATE ROLE clerk LOGIN"
	local name as="SET ROLE clerk; "
	expect 'without rights' 'ERROR:  42501' "$as$call"
	prepare "GRANT SELECT, DELETE, INSERT (company_id, name, phone, boss), UPDATE (phone) ON employee TO clerk; GRANT SELECT ON import TO clerk"
	expect 'not enough rights' 'ERROR:  42501' "$as$call"
	expect 'enough of them' '0|0|0|400|0' "$as SELECT * FROM bulk_sync('employee', 'import', '{company_id,name}', ignore_columns => '{boss}')"
	expect 'to skip deletes needs no right to' '0|0|0|400|0' "REVOKE DELETE ON employee FROM clerk; $as SELECT * FROM bulk_sync('employee', 'import', '{company_id,name}', ignore_columns => '{boss}', skip_deletes => true)"
	expect 'a sequence' 'ERROR:  42501' "GRANT DELETE ON employee TO clerk; DELETE FROM employee WHERE company_id = 1; $as SELECT * FROM bulk_sync('employee', 'import', '{company_id,name}', ignore_columns => '{boss}')"
	expect 'with its right' '10|0|0|390|0 0|0|0|400|0' "GRANT USAGE ON SEQUENCE employee_id_seq TO clerk; $call; $as SELECT * FROM bulk_sync('employee', 'import', '{company_id,name}', ignore_columns => '{boss}')"
	prepare "CREATE ROLE porter LOGIN; GRANT SELECT, UPDATE ON employee TO porter; GRANT SELECT ON import TO porter"
	expect 'with the right to update alone' '0|400|0|0|0' "UPDATE import SET phone = 'porter'; BEGIN; SET ROLE porter; SELECT * FROM bulk_sync('employee', 'import', '{company_id,name}', skip_creates => true, skip_deletes => true); ROLLBACK"
	prepare "UPDATE import SET phone = 'first'"
	prepare "CREATE TABLE guarded (company_id int, name text, phone text, PRIMARY KEY (company_id, name));
		SELECT create_distributed_table('guarded', 'company_id', colocate_with => 'employee');
		INSERT INTO guarded SELECT company_id, name, 'old' FROM import;
		GRANT SELECT, INSERT, UPDATE, DELETE ON guarded TO clerk;
		ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
		CREATE POLICY own ON guarded USING (company_id < 3)"
	expect 'policies narrow the scope' '0|30|0|0|0' "$as CREATE TEMP TABLE mine AS SELECT company_id, name, 'new' AS phone FROM guarded; SELECT * FROM bulk_sync('guarded', 'mine', '{company_id,name}', max_deletes => 0)"
	prepare "CREATE TABLE secret AS SELECT company_id, name, phone, (company_id < 3) AS seen FROM import; ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
		CREATE POLICY own ON secret USING (seen); GRANT SELECT ON secret TO clerk;
		CREATE VIEW secrets WITH (security_invoker) AS SELECT * FROM secret; GRANT SELECT ON secrets TO clerk;
		CREATE TABLE beside AS TABLE secret; SELECT create_distributed_table('beside', 'company_id', colocate_with => 'guarded');
		ALTER TABLE beside ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON beside USING (seen); GRANT SELECT ON beside TO clerk"
	for name in secret secrets beside; do
		expect "policies on staging: $name" 'ERROR:  42501' "$as SELECT * FROM bulk_sync('guarded', '$name', '{company_id,name}', ignore_columns => '{seen}', max_deletes => 0)"
		expect "policies on staging: $name, for one company" 'ERROR:  42501' "$as SELECT * FROM bulk_sync('guarded', '$name', '{name}', 'company_id = 1', ignore_columns => '{seen}', max_deletes => 0)"
	done
	expect 'and forbid other rows' 'ERROR:  42501' "$as CREATE TEMP TABLE mine AS SELECT * FROM guarded; INSERT INTO mine VALUES (7, 'x'); SELECT * FROM bulk_sync('guarded', 'mine', '{company_id,name}')"
}

atomicity() {
	prepare "UPDATE import SET phone = 'second'; UPDATE import SET boss = 'nobody' WHERE name = 'name 7'"
	expect 'a constraint that fails at the commit, on one worker' 'ERROR:  23503' "$call"
	expect 'leaves nothing' 'first|400' "$phones"
	expect 'the same on the only shard' 'WARNING:  23503 WARNING:  01000 ERROR:  XX000' "CREATE TEMP TABLE mine AS SELECT 7 AS company_id, 'name 7' AS name, 'nobody' AS boss;
		SELECT * FROM bulk_sync('employee', 'mine', '{name}', 'company_id = 7', skip_deletes => true)"
	expect 'leaves nothing either' 'first|400' "$phones"
	expect 'in an exception block' 'first|400' "DO \$\$ BEGIN PERFORM bulk_sync('employee', 'import', '{company_id,name}'); RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN END \$\$; $phones"
	expect 'after a savepoint' 'second|400 first|400' "BEGIN; SAVEPOINT s; SELECT FROM bulk_sync('employee', 'import', '{company_id,name}'); $phones; ROLLBACK TO s; $phones; COMMIT"
	expect 'two savepoints, the inner one kept' 'first|400' "BEGIN; SAVEPOINT a; SAVEPOINT b; SELECT FROM bulk_sync('employee', 'import', '{company_id,name}'); RELEASE b; ROLLBACK TO a; COMMIT; $phones"
	prepare "UPDATE import SET boss = NULL"
	prepare "BEGIN; SAVEPOINT a; SELECT bulk_sync('employee', 'import', '{company_id,name}'); RELEASE a; UPDATE import SET phone = 'third'; SELECT bulk_sync('employee', 'import', '{company_id,name}'); COMMIT"
	expect 'two calls in a transaction' 'third|400' "$phones"
}

# What a helper table does when its group goes, or when another table has its name.
helpers() {
	local name
	name=$(query "SELECT 'bulk_sync_shards_' || colocationid FROM pg_dist_partition WHERE logicalrelid = 'employee'::regclass")
	prepare "CREATE TABLE gone (a int PRIMARY KEY); SELECT create_distributed_table('gone', 'a', colocate_with => 'none'); SELECT bulk_sync_setup('gone'); DROP TABLE gone"
	expect 'what is left of other groups is dropped' 't' "SELECT bulk_sync_setup('employee') ~ '^filled table .*; dropped what is left of other groups: public.bulk_sync_shards_[0-9]+$'"
	prepare "DROP TABLE $name; CREATE TABLE $name (v int)"
	expect 'a table that has the name and is none' 'ERROR:  55000' "$call"
	expect 'is made anew' 't' "SELECT bulk_sync_setup('employee') LIKE 'made anew table public.bulk_sync_shards%'"
}

# What errors from other nodes tell besides their texts, and what "verbose" tells.
reports() {
	prepare "CREATE TABLE rated (a int PRIMARY KEY, b int CONSTRAINT small CHECK (b < 10)); SELECT create_distributed_table('rated', 'a', colocate_with => 'none');
		SELECT bulk_sync_setup('rated'); CREATE TABLE ratings (a int, b int); INSERT INTO ratings SELECT g, 10 FROM generate_series(1, 20) AS g"
	local sync
	for sync in "bulk_sync('rated', 'ratings', '{a}')" "bulk_sync_json('rated', '[{\"a\": 3, \"b\": 11}]', '{a}', 'a = 3')"; do
		expect "names in an error of $sync" 'public rated small' "SET citus.enable_ddl_propagation = off; CREATE FUNCTION pg_temp.names() RETURNS text LANGUAGE plpgsql AS \$\$ DECLARE n text; t text; s text; BEGIN
			PERFORM $sync; EXCEPTION WHEN check_violation THEN GET STACKED DIAGNOSTICS n = CONSTRAINT_NAME, t = TABLE_NAME, s = SCHEMA_NAME;
			RETURN concat_ws(' ', s, t, n); END \$\$; SELECT pg_temp.names()"
	done
	psql -X -q -At -d citus -c "SELECT bulk_sync('rated', 'ratings', '{a}', dry_run => true, verbose => true)" >"$work/verbose.log" 2>&1 || true
	if ! grep -q '^INFO:  shard public.rated_[0-9]*: [0-9]* to create' "$work/verbose.log"; then
		not_ok 'verbose does not tell of shards'
		cat "$work/verbose.log"
	fi
	if ! psql -X -q -At -d citus -c "SELECT bulk_sync_json('rated', '[{\"a\": 1, \"b\": 1}, {\"a\": \"one\", \"b\": 77}]', '{a}')" >"$work/error.log" 2>&1 &&
		grep -q '^CONTEXT:  member "a", value "one"$' "$work/error.log" && ! grep -q 77 "$work/error.log"; then
		say 'ok      objects are not in the context of an error'
	else
		not_ok 'the context of an error while objects are divided'
		cat "$work/error.log"
	fi
	psql -X -q -At -d citus -c "SELECT bulk_sync_json('rated', jsonb_agg(jsonb_build_object('a', g, 'b', CASE g WHEN 15 THEN 'x' ELSE '1' END)), '{a}') FROM generate_series(0, 19) AS g" >"$work/error.log" 2>&1 || true
	if grep -q '^element 15 of argument "rows"' "$work/error.log"; then
		say 'ok      the position of an object among those of all shards'
	else
		not_ok 'the position of an object among those of all shards'
		cat "$work/error.log"
	fi
}

refusals() {
	if (cd "$top" && psql -X -q -At -d citus -f test/citus/refusals.sql) 2>&1 | diff "$top/test/citus/refusals.out" -; then
		say 'ok      what is refused, and why'
	else
		not_ok 'what is refused, and why'
	fi
	expect 'compare' 0 "SELECT count(*) FROM bulk_compare('employee', 'import', '{company_id,name}')"
	use_node 1
	expect 'a shard' 'ERROR:  0A000' "DO \$\$ DECLARE s text; BEGIN SELECT shard_name INTO s FROM citus_shards WHERE table_name = 'employee'::regclass AND nodename = '$(node_folder 1)' LIMIT 1;
		EXECUTE format('SELECT bulk_sync(%L, ''import'', ''{name}'')', s); END \$\$"
	use_node 0
	prepare "SELECT stop_metadata_sync_to_node('$(node_folder 2)', 5432)"
	expect 'a node without metadata' 'ERROR:  55000' "$call"
	prepare "SELECT start_metadata_sync_to_all_nodes()"
	expect 'and with it' '0|0|0|400|0' "$call"
	expect 'goes with the extension' '0' "DROP EXTENSION bulk_sync; SELECT count(*) FROM pg_class WHERE relname LIKE 'bulk_sync_shards%'"
}

# Random calls; the seed is printed.
random_calls() {
	local seed=$RANDOM output=$work/random.out
	if ! PGDATABASE=citus "$top/test/citus/differential.py" --cases 100 --seed "$seed" >"$output" 2>&1; then
		not_ok "random calls with --seed $seed"
		cat "$output"
		return
	fi
	say "ok      random calls, seed $seed: $(cat "$output")"
}

# What a node says to rows that did not come, or came to the wrong shard. The task is what the node that was called
# sends; here it is sent by hand, to the node with the shard of company 5.
lost_rows() {
	local shard write part now rows="SELECT company_id, name FROM (VALUES (5, 'a'), (5, 'b')) AS v (company_id, name)"
	shard=$(query "SELECT 'public.employee_' || get_shard_id_for_distribution_column('employee', 5)")
	part='{"file": "lost", "binary": 1, "column": "company_id", "names": ["company_id", "name"], "types": ["integer", "text"]}'
	# task FILE LEAST MOST [NOW]
	task() {
		cat <<-SQL
			SELECT bulk_sync_on_shard(0, jsonb_set('{"protocol": 1, "step": "find", "now": "${4:-$now}", "table": "public.employee",
			"staging_name": "staging", "options": {"keys": "{company_id,name}", "dry_run": "t", "skip_deletes": "t"},
			"shards": [{"name": "$shard", "rows": 2, "file": $1, "least": $2, "most": $3}], "part": $part}',
			'{part,group}', to_jsonb(groupid))) ->> 'creates' FROM pg_dist_local_group
		SQL
	}
	now=$(query "SELECT (extract(epoch FROM now() - '2000-01-01 00:00Z') * 1e6)::bigint")
	write="SET application_name = 'citus_internal gpid=10000000001'; SELECT FROM worker_partition_query_result('lost', \$\$$rows\$\$, 0, 'hash', '{-2147483648}', '{2147483647}', true, true)"
	use_node "$(query "SELECT right(nodename, 1) FROM citus_shards WHERE shardid = get_shard_id_for_distribution_column('employee', 5)")"
	expect 'rows that came' 2 "BEGIN; $write; $(task 0 -2147483648 2147483647)"
	expect 'a file that is lost' 'ERROR:  XX000' "BEGIN; $write; SET client_min_messages = error; $(task 1 -2147483648 2147483647)"
	expect 'rows of another shard' 'ERROR:  XX000' "BEGIN; $write; $(task 0 1 2)"
	expect 'another time' 2 "BEGIN; $write; $(task 0 -2147483648 2147483647 1)"
	expect 'with rights on columns' 'ERROR:  55000' "BEGIN; SET LOCAL ROLE clerk; $write; $(task 0 -2147483648 2147483647 1)"
	if ! (cd "$top" && psql -X -q -At -d citus -v table=public.employee -v shard="$shard" -f test/citus/tasks.sql) 2>&1 | diff "$top/test/citus/tasks.out" -; then
		not_ok 'tasks that nobody sends'
	fi
	use_node 0
}

# Copies of a table that are the same on all nodes, whoever calls.
copies() {
	local sync="SELECT * FROM bulk_sync('country', 'lands', '{code}')" rows="SELECT count(DISTINCT result) FROM run_command_on_placements('country', 'SELECT string_agg(c::text, '','' ORDER BY code) FROM %s AS c')"
	prepare "CREATE TABLE country (code int PRIMARY KEY, name text, id bigserial, token uuid DEFAULT gen_random_uuid()); SELECT create_reference_table('country');
		CREATE TABLE lands (code int, name text); SELECT create_distributed_table('lands', 'code'); INSERT INTO lands SELECT g, 'first' FROM generate_series(1, 100) AS g"
	use_node 1
	expect 'a reference table, from a worker' '100|0|0|0|0' "$sync"
	expect 'with rows of its own' '1|1|0|99|0' "CREATE TEMP TABLE mine AS TABLE lands; UPDATE mine SET name = 'second' WHERE code = 7; INSERT INTO mine VALUES (0, 'new'); SELECT * FROM bulk_sync('country', 'mine', '{code}')"
	use_node 0
	expect 'the same on all nodes' 1 "$rows"
	expect 'rolled back' '0|1|1|99|0 99' "BEGIN; SAVEPOINT s; $sync; ROLLBACK TO s; SELECT count(*) FROM country WHERE name = 'first'; ROLLBACK"
	prepare "GRANT SELECT ON lands TO clerk; GRANT SELECT, INSERT ON country TO clerk; GRANT USAGE ON SEQUENCE country_id_seq TO clerk"
	expect 'a right is asked for that locks the table' 'ERROR:  42501' "SET ROLE clerk; SELECT * FROM bulk_sync('country', 'lands', '{code}', skip_updates => true, skip_deletes => true)"
	prepare "GRANT UPDATE, DELETE ON country TO clerk"
	expect 'with it' '0|1|1|99|0' "SET ROLE clerk; $sync"
	prepare "UPDATE lands SET name = 'third'"
	(use_node 1 && query "$sync") >"$work/first.log" &
	(use_node 2 && query "$sync") >"$work/second.log" &
	wait
	expect 'two nodes at once' '0|0|0|100|0 1' "$sync; $rows"
	prepare "UPDATE lands SET name = 'fourth' WHERE code <= 50; INSERT INTO lands VALUES (1000, 'new')"
	meanwhile 2 "SELECT FROM ONLY $(query "SELECT shard_name FROM citus_shards WHERE table_name = 'country'::regclass LIMIT 1") WHERE code = 1 FOR UPDATE"
	psql -X -q -At -d citus -c "$sync" >"$work/call.log" 2>&1 &
	await_sessions 2 1 "wait_event_type = 'Lock'"
	stop_node 2
	wait
	if ! grep -q ERROR "$work/call.log"; then not_ok 'a node with a copy crashed, and the call came to its end'; fi
	restart_node 2
	expect 'a node with a copy that crashes leaves nothing' '100 1' "SELECT count(*) FROM country WHERE name = 'third'; $rows"
	use_node 2
	prepare "SET citus.allow_nested_distributed_execution = on; SET citus.enable_ddl_propagation = off; DO \$\$ DECLARE s text; BEGIN
		SELECT shard_name INTO s FROM citus_shards WHERE table_name = 'country'::regclass LIMIT 1; EXECUTE format('DELETE FROM %s WHERE code = 3', s); END \$\$"
	use_node 0
	expect 'a copy that is another one' 'ERROR:  XX000' "$sync"
	expect 'leaves nothing, too' '100' "SELECT count(*) FROM country WHERE name = 'third'"
	prepare "DROP TABLE country, lands"
}

# A database of its own, in which the coordinator becomes known to the others only after a while.
apart() {
	local node citus_database=apart
	for ((node = 0; node < nodes; node++)); do
		use_node "$node"
		createdb apart
		prepare 'CREATE EXTENSION citus'
	done
	use_node 0
	prepare "SELECT citus_add_node('$(node_folder 1)', 5432); SELECT citus_add_node('$(node_folder 2)', 5432); CREATE EXTENSION bulk_sync"
	agree apart
	use_node 1
	expect 'a reference table that is not on the coordinator, from a worker' '1|1|13|1|0 0' "SET search_path = d, public; CREATE TEMP TABLE mine AS SELECT code, CASE code WHEN 1 THEN 'x' ELSE name END AS name FROM country WHERE code < 3;
		INSERT INTO mine VALUES (0, 'new'); SELECT * FROM bulk_sync('country', 'mine', '{code}'); SELECT count(*) FROM bulk_compare('country', 'mine', '{code}')"
	use_node 0
	expect 'the same on both' 'same: copies' "SELECT copies('country', 2)"
}

# A worker whose extension is older lacks the function.
versions() {
	use_node 2
	prepare "SET citus.enable_ddl_propagation = off; ALTER FUNCTION bulk_sync_on_shard RENAME TO older"
	use_node 0
	expect 'a node with another version' 'ERROR:  55000' "$call"
	use_node 2
	prepare "SET citus.enable_ddl_propagation = off; ALTER FUNCTION older RENAME TO bulk_sync_on_shard"
	use_node 0
	expect 'and with the same' '0|0|0|400|0' "$call"
}

mistakes
agree kinds
agree others
agree one_shard
agree values
agree conversions
agree foreign_keys
agree reference
agree plain
agree rows
apart
random_calls
make_employees
expect 'before it is set up' 'ERROR:  55000' "$call"
prepare "SELECT bulk_sync_setup('employee')"
any_node
users
atomicity
lost_rows
copies
versions
helpers
reports
refusals
finish_citus_test
