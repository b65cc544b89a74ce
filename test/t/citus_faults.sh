#!/usr/bin/env bash
#
# Tables that Citus distributes, when something goes wrong, or something else goes on: nodes that are killed in each phase
# of a call and of its commit, calls that are cancelled, calls from several nodes at once, shards that move and split. Runs
# where the server of PG_CONFIG, for which bulk_sync is installed, has Citus.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/lib.sh
. "$here/../lib.sh"
# shellcheck source=test/lib/citus.sh
. "$here/../lib/citus.sh"

begin_citus_test

# company_on NODE: one whose rows are there.
company_on() {
	query "SELECT min(c) FROM generate_series(0, 39) AS c WHERE '$(node_folder "$1")' =
		(SELECT nodename FROM citus_shards WHERE shardid = get_shard_id_for_distribution_column('employee', c))"
}

# shard_on NODE TABLE: the name of one of its shards there.
shard_on() {
	query "SELECT shard_name FROM citus_shards WHERE table_name = '$2'::regclass AND nodename = '$(node_folder "$1")' ORDER BY shardid LIMIT 1"
}

# begin_call NODE SQL..: in a session of its own, statement by statement, whatever comes; end_call tells what came.
begin_call() {
	local node=$1
	shift
	(use_node "$node" && printf '%s;\n' "$@" | psql -X -q -At -v VERBOSITY=sqlstate -d citus) >"$work/call.log" 2>&1 &
	call_process=$!
}

# end_call TEXT EXPECTED
end_call() {
	local got
	wait "$call_process" || true
	got=$(sed 's/^ERROR:  \([0-9A-Z]\{5\}\).*/ERROR:  \1/' "$work/call.log" | paste -sd ' ')
	# shellcheck disable=SC2053 # a pattern
	if [[ $got == $2 ]]; then
		say "ok      $1"
	else
		not_ok "$1: $got and not $2"
	fi
}

# await_error SQLSTATE: until the call has told it.
await_error() {
	local try
	for try in {1..300}; do
		! grep -q "$1" "$work/call.log" || return 0
		sleep 0.05
	done
	not_ok "no error $1 after $try looks"
}

cancel_call() {
	PGHOST=$(node_folder 0) psql -X -q -o /dev/null -d citus -c "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT * FROM bulk_sync%' AND state = 'active' AND application_name = 'psql'"
}

# await TEXT SQL: until it is true.
await() {
	local try
	for try in {1..300}; do
		[ "$(query "$2")" != t ] || return 0
		sleep 0.1
	done
	not_ok "$1: not so after $try looks"
}

# hold NODE / let_go NODE: whoever writes there waits, once it is written, for a standby that does not exist.
hold() { PGHOST=$(node_folder "$1") psql -X -q -o /dev/null -c "ALTER SYSTEM SET synchronous_standby_names = 'nobody'" -c 'SELECT pg_reload_conf()'; }
let_go() { PGHOST=$(node_folder "$1") psql -X -q -o /dev/null -c 'ALTER SYSTEM RESET synchronous_standby_names' -c 'SELECT pg_reload_conf()'; }
let_go_stopped() { sed -i '/synchronous_standby_names/d' "$(node_folder "$1")/data/postgresql.auto.conf"; }

# prepared NODE CONDITION: is the count of its prepared transactions so?
prepared() { (use_node "$1" && query "SELECT count(*) $2 FROM pg_prepared_xacts WHERE gid LIKE 'citus%'"); }

# nothing_prepared: all nodes clean up, and nothing stays.
nothing_prepared() {
	local node
	for ((node = 0; node < nodes; node++)); do
		(use_node "$node" && prepare 'SELECT recover_prepared_transactions()')
	done
	await 'nothing stays prepared' "SELECT bool_and(success AND result = '0') FROM run_command_on_all_nodes('SELECT count(*) FROM pg_prepared_xacts')"
}

# The version that the target has; staging has the next one, so that all rows differ.
version=0

# was_written: prepares the next version.
was_written() {
	version=$((version + 1))
	prepare "UPDATE import SET phone = 'version $((version + 1))'"
}

# all / nothing TEXT: the whole of a call is there, or nothing of it, and no node has more to do.
all() {
	nothing_prepared
	expect "$1" "version $((version + 1))|400" "$phones"
	was_written
}
nothing() {
	nothing_prepared
	expect "$1" "version $version|400" "$phones"
}

killed_while_it_writes() {
	meanwhile 0 "UPDATE employee SET phone = 'locked' WHERE company_id = $(company_on 2)"
	begin_call 0 "$call"
	await_sessions 2 1 "wait_event_type = 'Lock'"
	kill_node 2
	end_meanwhile 0
	end_call 'a worker is killed while it writes' '*ERROR: *'
	restart_node 2
	nothing '.. and nothing is written'
	begin_call 0 BEGIN "$call" "SELECT 'in between', pg_sleep(60)"
	await_sessions 0 1 "query LIKE '%in between%' AND wait_event = 'PgSleep'"
	kill_node 0
	wait "$call_process" || true
	restart_node 0
	nothing 'the node that was called is killed before the commit: nothing is written'
	begin_call 0 BEGIN "$call" "SELECT 'in between', pg_sleep(3)" COMMIT
	await_sessions 0 1 "query LIKE '%in between%' AND wait_event = 'PgSleep'"
	kill_node 1
	end_call 'a worker is killed before the commit' '*ERROR: *'
	restart_node 1
	nothing '.. and nothing is written'
}

killed_while_it_divides() {
	prepare "CREATE VIEW slow AS SELECT v.* FROM (VALUES (1, 'a', 'x'), (7, 'b', 'y')) AS v (company_id, name, phone), pg_sleep(2)"
	begin_call 0 "SELECT bulk_sync('employee', 'slow', '{company_id,name}')"
	await_sessions 0 1 "wait_event = 'PgSleep'"
	kill_node 2
	end_call 'a worker is killed while staging is divided' '*ERROR: *'
	restart_node 2
	nothing '.. and nothing is written'
}

# Once its transaction is prepared on the workers, the fate of a call is what the node that was called has written.
killed_in_between() {
	hold 2
	begin_call 0 "$call"
	await_sessions 2 1 "wait_event = 'SyncRep'"
	await 'the first worker is prepared' "SELECT bool_and(result = '1') FROM run_command_on_workers('SELECT least(count(*), 1) FROM pg_prepared_xacts') WHERE nodename = '$(node_folder 1)'"
	kill_node 0
	wait "$call_process" || true
	let_go 2
	restart_node 0
	nothing 'killed between PREPARE and its commit: nothing is written'

	hold 2
	begin_call 1 "$call"
	await_sessions 2 1 "wait_event = 'SyncRep'"
	kill_node 2
	end_call 'a worker is killed while it prepares' '*ERROR: *'
	let_go_stopped 2
	restart_node 2
	nothing '.. and nothing is written'

	local node
	for node in 0 1; do
		hold "$node"
		begin_call "$node" "$call"
		await_sessions "$node" 1 "wait_event = 'SyncRep'"
		if [ "$(prepared 2 '> 0')" != t ]; then not_ok 'the other node is not prepared'; fi
		kill_node "$node"
		wait "$call_process" || true
		let_go_stopped "$node"
		restart_node "$node"
		all "node $node is killed between its commit and COMMIT PREPARED: all is written"
	done

	hold 0
	begin_call 0 "$call"
	await_sessions 0 1 "wait_event = 'SyncRep'"
	kill_node 2
	let_go 0
	end_call 'a worker is killed before COMMIT PREPARED' '*0|400|0|0|0*'
	restart_node 2
	all '.. and all is written'
	kill_node 1
	kill_node 0
	restart_node 1
	restart_node 0
	nothing 'what was committed stays'
}

# first_node: the one with the first shard, on which calls wait for each other.
first_node() {
	query "SELECT right(c.nodename, 1) FROM citus_shards AS c JOIN pg_dist_shard AS s USING (shardid) WHERE c.table_name = 'employee'::regclass ORDER BY s.shardminvalue::int LIMIT 1"
}

# cancelled PHASE NODE SQL WAITING-NODE CONDITION [CALL]: another session does SQL on a node. The call then waits on the
# other node, as the condition says, and is cancelled there; what follows is in the same transaction.
cancelled() {
	local phase=$1 node=$2 sql=$3 where=$4 condition=$5 cancelled=${6:-$call}
	meanwhile "$node" "$sql"
	begin_call 0 BEGIN 'SAVEPOINT s' "$cancelled" 'ROLLBACK TO s' "SELECT 'kept', count(*) FROM employee WHERE kept(company_id) > 0" \
		"SELECT 'there', count(*) FROM employee WHERE phone = 'version $version'" "$call" ROLLBACK "$call"
	await_sessions "$where" 1 "$condition"
	cancel_call
	await_error 57014
	end_meanwhile "$node"
	end_call "cancelled: $phase" 'ERROR:  57014 kept|0 there|400 0|400|0|0|0 0|400|0|0|0'
	was_written
}

cancels() {
	# shellcheck disable=SC2016
	prepare 'CREATE FUNCTION kept(int) RETURNS bigint LANGUAGE sql VOLATILE AS $$
			SELECT count(*) FROM pg_catalog.pg_backend_memory_contexts WHERE $1 IS NOT NULL AND name LIKE '"'bulk_sync%'"' $$;
		CREATE VIEW slower AS SELECT i.* FROM import AS i, pg_sleep(20)'
	cancelled 'while it marks' 1 "SET citus.enable_manual_changes_to_shards = on; LOCK TABLE $(shard_on 1 employee) IN SHARE MODE" 1 "wait_event_type = 'Lock' AND query LIKE 'INSERT%'"
	cancelled 'while it waits for another call' 1 "$call" "$(first_node)" "wait_event = 'advisory'"
	cancelled 'while it divides staging' 0 'SELECT' 0 "wait_event = 'PgSleep' AND query LIKE '%slower%'" "SELECT * FROM bulk_sync('employee', 'slower', '{company_id,name}')"
	cancelled 'while it finds' 1 "SET citus.enable_manual_changes_to_shards = on; LOCK TABLE $(shard_on 1 import) IN ACCESS EXCLUSIVE MODE" 1 "wait_event_type = 'Lock'"
	cancelled 'while it writes' 0 "UPDATE employee SET phone = 'locked' WHERE company_id = $(company_on 2)" 2 "wait_event_type = 'Lock'"
	meanwhile 0 "UPDATE employee SET phone = 'locked' WHERE company_id = $(company_on 1)"
	begin_call 0 "SET statement_timeout = '1s'" "$call" "SELECT 'kept', count(*) FROM employee WHERE kept(company_id) > 0" "SET statement_timeout = '60s'" "$call"
	await_sessions 1 1 "wait_event_type = 'Lock'"
	await_error 57014
	end_meanwhile 0
	end_call 'statement_timeout, while it writes' 'ERROR:  57014 kept|0 0|400|0|0|0'
	was_written
	hold 2
	begin_call 0 "$call"
	await_sessions 2 1 "wait_event = 'SyncRep'"
	cancel_call
	sleep 0.5
	let_go 2
	end_call 'cancelled: while it prepares' 'ERROR:  57014'
	nothing '.. and nothing is written'
}

# at_once TEXT CALL CALL CALL: from the three nodes.
at_once() {
	local node text=$1
	shift
	for ((node = 0; node < nodes; node++)); do
		(use_node "$node" && query "$1") >"$work/at_once.$node" &
		shift
	done
	wait
	if grep -h ERROR "$work"/at_once.*; then not_ok "$text"; fi
}

# Calls at once, several times: neither deadlocks nor do two insert.
initiators() {
	local try
	prepare 'TRUNCATE employee CASCADE'
	for try in {1..5}; do
		at_once 'the same call from all nodes' "$call" "$call" "$call"
		was_written
	done
	expect 'the same call from all nodes' "version $version|400" "$phones"
	for try in {1..5}; do
		at_once 'other scopes from all nodes' "SELECT bulk_sync('employee', 'one', '{name}', 'company_id = 3')" \
			"SELECT bulk_sync('employee', 'low', '{company_id,name}', 'company_id < 20')" \
			"SELECT bulk_sync('employee', 'high', '{company_id,name}', 'company_id >= 15', allow_out_of_scope => true)"
		was_written
	done
	expect 'other scopes from all nodes' "version $version|400" "$phones"
	meanwhile 0 "UPDATE employee SET phone = 'changed' WHERE company_id = $(company_on 1)"
	begin_call 0 "$call"
	await_sessions 1 1 "wait_event_type = 'Lock'"
	end_meanwhile 0
	end_call 'rows that another session changed, and rolled back' '0|400|0|0|0'
	all '.. are written'
}

# move_from NODE TO: SQL that moves its first shard.
move_from() {
	say "SELECT citus_move_shard_placement(shardid, '$(node_folder "$1")', 5432, '$(node_folder "$2")', 5432, 'block_writes')
		FROM (SELECT shardid FROM citus_shards WHERE table_name = 'employee'::regclass AND nodename = '$(node_folder "$1")' ORDER BY shardid LIMIT 1) AS s"
}

moves() {
	prepare "$(move_from 1 2)"
	expect 'after a shard was moved' '0|400|0|0|0' "$call"
	was_written
	meanwhile 1 "$call"
	expect 'once a call has written, a shard does not move' 'ERROR:  57014' "SET statement_timeout = '1s'; $(move_from 2 1)"
	end_meanwhile 1
	(prepare "BEGIN; $(move_from 2 1); SELECT 'moving', pg_sleep(2); COMMIT") &
	await_sessions 0 1 "query LIKE '%moving%' AND wait_event = 'PgSleep'"
	begin_call 1 "$call"
	end_call 'while a shard is moved' '0|400|0|0|0'
	wait
	all '.. all is written'
	prepare "SELECT citus_split_shard_by_split_points(shardid, ARRAY[((shardminvalue::bigint + shardmaxvalue::bigint) / 2)::text],
			ARRAY[groupid, groupid]::int[], 'block_writes')
		FROM (SELECT s.shardid, s.shardminvalue, s.shardmaxvalue, p.groupid FROM pg_dist_shard AS s JOIN pg_dist_placement AS p USING (shardid)
			WHERE s.logicalrelid = 'employee'::regclass ORDER BY s.shardid LIMIT 1) AS s"
	expect 'after a shard was split' 'ERROR:  55000' "$call"
	prepare "SELECT bulk_sync_setup('employee')"
	expect '.. and set up again' '0|400|0|0|0' "$call"
}

make_employees
prepare "CREATE VIEW low AS SELECT * FROM import WHERE company_id < 20; CREATE VIEW high AS SELECT * FROM import WHERE company_id >= 15; CREATE VIEW one AS SELECT * FROM import WHERE company_id = 3;
	SELECT bulk_sync_setup('employee'); UPDATE import SET phone = 'version 1'"
prepare "$call"
was_written
killed_while_it_writes
killed_while_it_divides
killed_in_between
cancels
initiators
moves
finish_citus_test
