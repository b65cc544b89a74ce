# shellcheck shell=bash
# shellcheck disable=SC2154 # of lib.sh and postgres.sh: work, bindir
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
