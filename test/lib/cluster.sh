# shellcheck shell=bash
# shellcheck disable=SC2154 # of lib.sh and postgres.sh: work, cluster, bindir
# shellcheck disable=SC2034 # for those who source lib.sh: server_log
#
# A cluster of PostgreSQL for tests. It listens on a socket in a folder of its own, which only its user may
# enter. Sourced by lib.sh.

postgres_options=() # for pg_ctl, when it starts the server

# initdb and the server refuse to run as root.
cluster_user() {
	if id postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi
}

as_cluster_user() (
	cd / # the user may not be allowed to be where we are
	if is_root; then
		exec runuser -u "$(cluster_user)" -- "$@"
	else
		exec "$@"
	fi
)

# start_cluster [LINE OF postgresql.conf]...: makes it and starts its server.
start_cluster() {
	# Connections are trusted, so nobody else may get at the socket: root passes, as the owner does.
	mkdir -m 700 "$cluster"
	! is_root || chown "$(cluster_user)" "$cluster"
	as_cluster_user "$bindir/initdb" -D "$cluster/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N
	{
		echo "listen_addresses = ''"
		echo "unix_socket_directories = '$cluster'"
		echo 'port = 5432'
		echo 'fsync = off'
		echo 'full_page_writes = off'
		echo 'synchronous_commit = off'
		echo 'max_prepared_transactions = 10'
		echo "log_line_prefix = '%m [%p] %q%u@%d '"
		echo "lc_messages = 'C'"
		[ "$#" = 0 ] || printf '%s\n' "$@"
	} | as_cluster_user tee -a "$cluster/data/postgresql.conf" >/dev/null
	start_server
}

start_server() {
	as_cluster_user "$bindir/pg_ctl" -D "$cluster/data" -l "$cluster/server.log" -w -t 60 -s "${postgres_options[@]}" start || {
		cat "$cluster/server.log"
		return 1
	}
}

# use_cluster: lets programs find it by PGHOST and so on.
use_cluster() {
	server_log=$cluster/server.log
	export PGHOST=$cluster PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
}

# After a crash the server recovers first; the next test shall not fail for that.
await_server() {
	local try
	for try in {1..120}; do
		! "$bindir/pg_isready" -q || return 0
		sleep 0.5
	done
	say "the server did not come back after $((try / 2)) seconds"
}

stop_cluster() {
	local data=$cluster/data
	[ -e "$data/postmaster.pid" ] || return 0
	as_cluster_user "$bindir/pg_ctl" -D "$data" -s -w -t 30 -m fast stop >/dev/null 2>&1 ||
		as_cluster_user "$bindir/pg_ctl" -D "$data" -s -w -t 30 -m immediate stop
}

tell_how_to_use_cluster() {
	local prefix=''
	! is_root || prefix="cd / && runuser -u $(cluster_user) -- "
	say 'The cluster is still running. To connect:'
	say "    $bindir/psql -h $PGHOST -U $PGUSER $1"
	say 'To stop and remove it:'
	say "    ${prefix}$bindir/pg_ctl -D $PGHOST/data -m fast stop && rm -r $work"
}
