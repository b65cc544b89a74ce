# shellcheck shell=bash
# shellcheck disable=SC2154 # of lib.sh and postgres.sh: work
#
# Three clusters with Citus, of which the first is the coordinator of the other two. They find each other by sockets in
# folders of their own, which only their user may enter. Sourced by tests that need them, after lib.sh.

readonly nodes=3

# citus_is_installed: for the server of PG_CONFIG?
citus_is_installed() { [ -f "$("$PG_CONFIG" --pkglibdir)/citus.so" ]; }

node_folder() { say "$work/node$1"; }

# start_node NUMBER: a cluster of its own, which start_cluster makes.
start_node() {
	local cluster
	cluster=$(node_folder "$1")
	# Of a server that crashes, what was committed stays.
	start_cluster "shared_preload_libraries = 'citus'" \
		'synchronous_commit = on' \
		'max_prepared_transactions = 100' \
		"citus.node_conninfo = 'sslmode=disable'" \
		"citus.local_hostname = '$cluster'" \
		'citus.enable_statistics_collection = off' \
		'citus.shard_count = 8' \
		'citus.recover_2pc_interval = 1s' \
		"citus.distributed_deadlock_detection_factor = 1"
}

restart_node() {
	local cluster
	cluster=$(node_folder "$1")
	start_server
}

# stop_node NUMBER [MODE OF pg_ctl stop]
stop_node() {
	local data
	data=$(node_folder "$1")/data
	[ ! -e "$data/postmaster.pid" ] || as_cluster_user "$bindir/pg_ctl" -D "$data" -s -w -t 30 -m "${2:-immediate}" stop
}

start_nodes() {
	local node
	for ((node = 0; node < nodes; node++)); do start_node "$node"; done
}

stop_nodes() {
	local node
	for ((node = 0; node < nodes; node++)); do stop_node "$node"; done
}

# use_node NUMBER: lets programs find it.
use_node() {
	PGHOST=$(node_folder "$1")
	export PGHOST PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
}

# kill_node NUMBER: without a chance to do anything, as when a machine loses its power. The postmaster stands still before
# it goes, and goes last: nobody sees that another one is gone.
kill_node() {
	local postmaster processes process
	postmaster=$(head -n 1 "$(node_folder "$1")/data/postmaster.pid")
	kill -STOP "$postmaster"
	processes="$(pgrep -P "$postmaster" | paste -sd ' ') $postmaster"
	# shellcheck disable=SC2086 # several words
	kill -KILL $processes 2>/dev/null || true
	for process in $processes; do
		while [ -e "/proc/$process" ]; do sleep 0.05; done
	done
	rm "$(node_folder "$1")/data/postmaster.pid"
}

# make_distributed_database NAME: on all nodes, which then know of each other, with bulk_sync.
make_distributed_database() {
	local node
	for ((node = 0; node < nodes; node++)); do
		use_node "$node"
		createdb "$1"
		psql -X -q -d "$1" -v ON_ERROR_STOP=1 -c 'CREATE EXTENSION citus'
	done
	use_node 0
	psql -X -q -At -d "$1" -v ON_ERROR_STOP=1 -c "SELECT citus_set_coordinator_host('$(node_folder 0)', 5432)" \
		-c "SELECT citus_add_node('$(node_folder 1)', 5432)" -c "SELECT citus_add_node('$(node_folder 2)', 5432)" \
		-c 'CREATE EXTENSION bulk_sync'
}

# begin_citus_test: three nodes with a database "citus"; ends the test where the server of PG_CONFIG has no Citus.
begin_citus_test() {
	PG_CONFIG=${PG_CONFIG:-$(command -v pg_config)}
	if ! citus_is_installed; then
		say 'Citus is not installed'
		exit 77
	fi
	begin_work
	bindir=$("$PG_CONFIG" --bindir)
	export PATH="$bindir:$PATH"
	trap end_citus_test EXIT
	failed=no
	step 'Starting a coordinator and two workers with Citus' start_nodes
	step 'Making a database on all of them' make_distributed_database citus
	use_node 0
}

end_citus_test() {
	local status=$?
	set +e
	stop_nodes
	(exit "$status")
	end_work
}

# finish_citus_test: fails when a check has failed, or a server has complained.
finish_citus_test() {
	local node
	for ((node = 0; node < nodes; node++)); do
		if grep -nE 'WARNING:.*(leak|reference|still referenced|not closed|buffer refcount|snapshot)|PANIC|TRAP:|terminated by signal' "$(node_folder "$node")/server.log"; then
			failed=yes
		fi
	done
	[ "$failed" = no ]
}

not_ok() {
	failed=yes
	say "FAILED  $*"
}

# Both are in database "citus", unless $citus_database names another one.
#
# query SQL: its rows, without decoration; the SQLSTATE of an error.
query() { psql -X -q -At -v VERBOSITY=sqlstate -d "${citus_database:-citus}" 2>&1 <<<"$1" | sed 's/^psql:<stdin>:[0-9]*: //; s/^ERROR:  \([0-9A-Z]\{5\}\).*/ERROR:  \1/' | paste -sd ' '; }

# expect TEXT EXPECTED SQL
expect() {
	local got
	got=$(query "$3")
	if [ "$got" = "$2" ]; then
		say "ok      $1"
	else
		not_ok "$1: $got and not $2"
	fi
}

# prepare SQL: what must not fail.
prepare() { PGOPTIONS='-c client_min_messages=error' psql -X -q -o /dev/null -v ON_ERROR_STOP=1 -d "${citus_database:-citus}" <<<"$1"; }

# meanwhile NODE SQL: another session does this on a node, and sleeps until the test ends it by end_meanwhile.
meanwhile() {
	PGHOST=$(node_folder "$1") psql -X -q -o /dev/null -d citus -c BEGIN -c "$2" -c "SELECT 'meanwhile', pg_sleep(60)" >"$work/other.log" 2>&1 &
	await_sessions "$1" 1 "query LIKE '%meanwhile%' AND wait_event = 'PgSleep'"
}

end_meanwhile() {
	PGHOST=$(node_folder "$1") psql -X -q -o /dev/null -d citus -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%meanwhile%' AND pid <> pg_backend_pid()"
}

# await_sessions NODE COUNT CONDITION: until so many sessions of pg_stat_activity are so.
await_sessions() {
	local try
	for try in {1..600}; do
		[ "$(PGHOST=$(node_folder "$1") query "SELECT count(*) >= $2 FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND $3")" != t ] || return 0
		sleep 0.05
	done
	not_ok "no session got there after $try looks: $3"
}

# make_employees: a table that is distributed by company, 8 shards, and 400 rows of staging.
make_employees() {
	prepare "CREATE TABLE employee (company_id int, name text, phone text, boss text, id bigserial, PRIMARY KEY (company_id, name));
		SELECT create_distributed_table('employee', 'company_id', colocate_with => 'none');
		ALTER TABLE employee ADD CONSTRAINT boss FOREIGN KEY (company_id, boss) REFERENCES employee (company_id, name) DEFERRABLE INITIALLY DEFERRED;
		CREATE TABLE import (company_id int, name text, phone text, boss text);
		SELECT create_distributed_table('import', 'company_id', colocate_with => 'employee');
		INSERT INTO import SELECT g % 40, 'name ' || g, 'first' FROM generate_series(1, 400) AS g"
}

# What the tests call most, and what it has made of the table.
# shellcheck disable=SC2034
readonly call="SELECT * FROM bulk_sync('employee', 'import', '{company_id,name}')"
# shellcheck disable=SC2034
readonly phones="SELECT phone, count(*) FROM employee GROUP BY phone ORDER BY phone"
