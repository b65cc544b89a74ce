# shellcheck shell=bash
#
# What the scripts of test/ and test/t/ share: install what is missing, find PostgreSQL, build the
# extension, install it into a server of their own, run a throw-away cluster. Source it under `set -euo pipefail`.
#
# It never uses a cluster that exists, and never changes an extension that is installed: begin_work drops every PG*
# variable of the caller, and the cluster made here listens on a socket in a folder of its own, which only its user may
# enter.
# begin_test is for a test that is given a server by those variables.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly top

# The sources are formatted by the first of these versions of LLVM, for each formats differently. clang-tidy may be of any of
# them. BULK_SYNC_LLVM chooses a single one for a look.
# shellcheck disable=SC2034 # for those who source this
readonly llvm_versions=${BULK_SYNC_LLVM:-14 19 18 17 16 15}

umask 022 # the cluster's user has to read what is made here

work=''    # a temporary folder for logs; it goes at the end
cluster='' # the cluster's folder: $work/cluster, if nobody says otherwise
keep_cluster=no
unfinished='' # a folder beside $work that goes at the end, because its cluster was not made to stay yet
database='' # one to drop at the end

unset_postgres_environment() {
	local name
	for name in "${!PG@}"; do
		[ "$name" = PG_CONFIG ] || unset "$name"
	done
}
export LC_ALL=C.UTF-8 # the one locale besides C that every Debian has

say() { printf '%s\n' "$*"; }

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

is_root() { [ "$(id -u)" = 0 ]; }

have() { command -v "$1" >/dev/null 2>&1; }

as_root() {
	if is_root; then
		"$@"
	elif have sudo; then
		sudo "$@"
	else
		die "this needs root or sudo: $*"
	fi
}

# ---- The temporary folder, and what has to be undone at the end, also after ^C ----

# make_folder: prints the name of a new folder, in which a cluster can be.
make_folder() {
	local base=${TMPDIR:-/tmp} folder
	# A socket's path has at most 107 bytes, and the cluster's user must be able to get there.
	if [ "${#base}" -gt 60 ] || { is_root && ! runuser -u nobody -- test -x "$base"; }; then
		base=/tmp
	fi
	folder=$(mktemp -d "$base/bulk_sync.XXXXXX")
	chmod 711 "$folder"
	say "$folder"
}

make_work() {
	work=$(make_folder)
	cluster=$work/cluster
	trap end_work EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

begin_work() {
	unset_postgres_environment
	make_work
}

# begin_test DATABASE: for a test that makes this database on the server of PGHOST and so on; the end drops it.
begin_test() {
	database=$1
	make_work
}

end_work() {
	local status=$?
	trap '' INT TERM HUP
	set +e
	stop_running
	[ -z "$database" ] || dropdb --if-exists --force "$database" 2>"$work/dropdb.log"
	release_clusters
	if [ "$keep_cluster" = no ]; then
		stop_cluster
		rm -rf "$work" ${unfinished:+"$unfinished"}
	elif [ "$cluster" != "$work/cluster" ]; then
		rm -rf "$work"
	fi
	exit "$status"
}

# A test that hangs must not hold up the others for ever.
test_timeout=${BULK_SYNC_TEST_TIMEOUT:-900}

# limited COMMAND...: ends it after that time. It is in a process group of its own, which ^C of a terminal does not reach:
# stop_running ends it then.
limited() {
	local status=0 running=$work/running.$BASHPID
	timeout -k 10 "$test_timeout" "$@" &
	echo "$!" >"$running"
	wait "$!" || status=$?
	rm -f "$running"
	return "$status"
}

# Ends what limited runs, with all its children, and waits until it is gone.
stop_running() {
	local running pid try
	for running in "$work"/running.*; do
		[ -s "$running" ] || continue
		pid=$(cat "$running")
		kill "$pid" 2>/dev/null
		for try in {1..150}; do
			kill -0 "$pid" 2>/dev/null || continue 2
			sleep 0.1
		done
		say "process $pid does not end after $((try / 10)) seconds"
	done
}

# attempt LOG COMMAND...: sets status to what became of it. The command may be a function: it is run under -e,
# which `if` and `||` would switch off in it.
attempt() {
	local log=$1
	shift
	set +e
	(
		set -e
		"$@"
	) >"$log" 2>&1 </dev/null
	status=$?
	set -e
}

# step TEXT COMMAND...: runs it, its output in a log that is shown only upon failure.
step() {
	local text=$1 start=$SECONDS log=$work/step.log status
	shift
	printf '%s ... ' "$text"
	attempt "$log" "$@"
	if [ "$status" != 0 ]; then
		say 'FAILED'
		tail -n "${BULK_SYNC_LOG_LINES:-100}" "$log" >&2
		die "this failed: $text"
	fi
	say "done ($((SECONDS - start)) s)"
}

# llvm_tool NAME [VERSION]...: prints what it is called here, in the first of these versions that is here; in any of ours
# without.
llvm_tool() {
	local name=$1 version
	shift
	# shellcheck disable=SC2086 # a word each
	[ "$#" -gt 0 ] || set -- $llvm_versions
	for version in "$@"; do
		if have "$name-$version"; then
			say "$name-$version"
			return
		elif have "$name" && "$name" --version | grep -q "version $version\."; then
			say "$name"
			return
		fi
	done
	return 1
}

# shellcheck source=test/lib/packages.sh
. "$top/test/lib/packages.sh"
# shellcheck source=test/lib/postgres.sh
. "$top/test/lib/postgres.sh"
# shellcheck source=test/lib/private.sh
. "$top/test/lib/private.sh"
# shellcheck source=test/lib/cluster.sh
. "$top/test/lib/cluster.sh"

# ---- The demonstration, which test/check runs too ----

# run_demo DATABASE: makes the database and plays test/demo.sql in it; the script checks its own results.
run_demo() {
	local release
	createdb "$1"
	for release in 2023-04 2025-06; do
		gzip -dc "$top/test/data/pci-$release.csv.gz" >"$work/pci-$release.csv"
	done
	(cd "$work" && psql -X -q -P pager=off -v ON_ERROR_STOP=1 -d "$1" -f "$top/test/demo.sql")
}
