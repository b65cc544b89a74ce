# shellcheck shell=bash
# shellcheck disable=SC2154 # of lib.sh and its parts: top, bindir, pg_major, cluster
# shellcheck disable=SC2034 # for lib.sh and suites.sh: keep_cluster, log_start
#
# For test/check --keep: a cluster that goes on running. Sourced by it, after lib.sh.
#
# A file in build/, one for each kind of build and version of PostgreSQL, tells where it is:
#
#     folder=/tmp/bulk_sync.Xy12Ab              made by make_folder; has the cluster and its server
#     origin=/usr/lib/postgresql/17/bin         the PostgreSQL that it was made with
#     pid=4711                                  of the server
#     library=1234567 89012                     checksum and size of the programs of which it was started
#
# The file is not trusted. The folder has to be ours and to name this tree, and the server in it has to be the process with
# that id, which calls that data folder its own. Nothing else is used, stopped or removed.

kept_file=''
kept_folder=''
kept_origin=''
kept_pid=''
kept_library=''

# One at a time: tests of two runs would drop each other's databases. The server must not inherit the lock: see start_kept.
lock_kept() {
	mkdir -p "$top/build"
	if have flock; then
		exec 9>"$top/build/kept.lock"
		flock -n 9 || die 'another test/check is at work on a kept cluster of this tree'
	fi
}

# read_kept FILE: sets the kept_ variables; false when the folder is not there any more.
read_kept() {
	local key value
	kept_file=$1 kept_folder='' kept_origin='' kept_pid='' kept_library=''
	[ -f "$kept_file" ] || return 1
	if [ -L "$kept_file" ] || [ ! -O "$kept_file" ]; then
		die "$kept_file is another user's: only that user can use or stop the cluster"
	fi
	while IFS='=' read -r key value; do
		case $key in
		folder) kept_folder=$value ;;
		origin) kept_origin=$value ;;
		pid) kept_pid=$value ;;
		library) kept_library=$value ;;
		esac
	done <"$kept_file"
	[ -d "$kept_folder" ] || return 1
	case $kept_folder in
	/*/bulk_sync.??????) ;;
	*) die "$kept_file is damaged: remove it" ;;
	esac
	if [ -L "$kept_folder" ] || [ ! -O "$kept_folder" ] || [ "$(cat "$kept_folder/tree" 2>/dev/null)" != "$top" ]; then
		die "$kept_folder, of which $kept_file speaks, was not made for this tree: remove the file"
	fi
}

# kept_runs: is the server of the folder running? Ends in an error when one is that we did not start.
kept_runs() {
	local data=$kept_folder/cluster/data found
	as_cluster_user "$kept_origin/pg_ctl" -D "$data" status >/dev/null 2>&1 || return 1
	found=$(head -n 2 "$data/postmaster.pid" | paste -sd ' ')
	found+=" $(psql_of_kept -c 'SHOW data_directory' 2>&1 || true)"
	[ "$found" = "$kept_pid $data $data" ] ||
		die "process ${found%% *} of $data is not the server that test/check started as $kept_pid: see to it, and remove $kept_file"
}

psql_of_kept() { "$kept_origin/psql" -X -q -At -h "$kept_folder/cluster" -p 5432 -U postgres -d postgres "$@"; }

write_kept() {
	kept_pid=$(head -n 1 "$kept_folder/cluster/data/postmaster.pid")
	kept_library=$(library_now)
	printf '%s\n' "folder=$kept_folder" "origin=$kept_origin" "pid=$kept_pid" "library=$kept_library" >"$kept_file"
}

# Also the server's own program, of which there may be a newer one since.
library_now() { cat "$("$PG_CONFIG" --pkglibdir)/bulk_sync.so" "$bindir/postgres" | cksum; }

# find_kept BUILD: the folder for this kind of build and this PostgreSQL: a new one, or that of a cluster that is there.
find_kept() {
	if read_kept "$top/build/kept-$1-$pg_major"; then
		if [ "$kept_origin" != "$bindir" ]; then
			die "the cluster that is kept is of $kept_origin: test/check --stop removes it"
		fi
		if kept_runs; then
			cluster=$kept_folder/cluster
			keep_cluster=yes
			return
		fi
		rm -rf "$kept_folder"
	fi
	kept_folder=$(make_folder) kept_origin=$bindir
	say "$top" >"$kept_folder/tree"
	cluster=$kept_folder/cluster
	unfinished=$kept_folder
}

# start_kept: starts what find_kept found. Shared memory has what the library put there, so a new library wants a new start.
start_kept() {
	if [ -n "$unfinished" ]; then
		step 'Starting a cluster to keep' start_cluster 9>&-
	elif [ "$kept_library" != "$(library_now)" ]; then
		step 'Starting the kept cluster again, with the new library' restart_kept 9>&-
	else
		say "The kept cluster is running: $cluster"
	fi
	write_kept
	keep_cluster=yes
	unfinished=''
	use_cluster
	step 'Removing what earlier tests left there' tidy_kept
	log_start=$(($(wc -l <"$server_log") + 1))
}

restart_kept() {
	stop_cluster
	start_server
}

# Databases, roles and tablespaces with names that only tests use; they stay after an error or ^C.
tidy_kept() {
	psql -X -q -v ON_ERROR_STOP=1 <<-'END'
		SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database
		    WHERE datname IN ('contrib_regression', 'isolation_regression', 'demo') OR datname ~ '^bulk_sync_[a-z]+_[0-9]+$' \gexec
		SELECT format('DROP TABLESPACE %I', spcname) FROM pg_tablespace WHERE spcname ~ '^regress_' \gexec
		SELECT format('DROP ROLE %I', rolname) FROM pg_roles WHERE rolname ~ '^regress_' \gexec
	END
}

# tell_how_to_use_kept BUILD
tell_how_to_use_kept() {
	say
	say 'The cluster goes on running. To connect:'
	say "    $bindir/psql -h $cluster -U postgres"
	if [ "$1" = debug ]; then
		say 'To debug that session: SELECT pg_backend_pid(), and in another terminal'
		say '    gdb -p PID -ex "break bulk_sync_call" -ex continue'
	fi
	say 'To stop and remove it:'
	say '    test/check --stop'
}

# stop_kept [MAJOR]: stops and removes all clusters that are kept for this tree, or those of this version.
stop_kept() {
	local file none=yes
	for file in "$top"/build/kept-*; do
		if [ ! -e "$file" ] || { [ -n "$1" ] && [ "${file##*-}" != "$1" ]; }; then
			continue
		fi
		none=no
		if ! read_kept "$file"; then
			say "The cluster of ${file##*/} is gone already."
		else
			if kept_runs; then
				bindir=$kept_origin cluster=$kept_folder/cluster
				stop_cluster || die "it does not stop: see $cluster/server.log"
			fi
			rm -rf "$kept_folder"
			say "Stopped and removed the cluster in $kept_folder."
		fi
		rm "$file"
	done
	[ "$none" = no ] || say 'No cluster is kept.'
}
