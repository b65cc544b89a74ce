# shellcheck shell=bash
#
# What the scripts of test/ and test/t/ share: install what is missing, find PostgreSQL, build and
# install the extension, run a throw-away cluster. Source it under `set -euo pipefail`.
#
# It never uses a cluster that exists: begin_work drops every PG* variable of the caller, and the
# cluster made here listens on a socket in a folder of its own, which only its user may enter.
# begin_test is for a test that is given a server by those variables.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly top

readonly oldest_postgres=15
# The sources are formatted and checked by this version of LLVM: others format and judge differently.
# shellcheck disable=SC2034 # for those who source this
readonly llvm=14

work='' # a temporary folder: logs, and the cluster in $work/cluster
keep_cluster=no
clusters_held=no
database='' # one to drop at the end
pg_major=''
postgres_options=() # for pg_ctl, when it starts the server

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

make_work() {
	local base=${TMPDIR:-/tmp}
	# A socket's path has at most 107 bytes, and the cluster's user must be able to get there.
	if [ "${#base}" -gt 60 ] || { is_root && ! runuser -u nobody -- test -x "$base"; }; then
		base=/tmp
	fi
	work=$(mktemp -d "$base/bulk_sync.XXXXXX")
	chmod 711 "$work"
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
	[ -z "$database" ] || dropdb --if-exists --force "$database" 2>"$work/dropdb.log"
	release_clusters
	if [ "$keep_cluster" = no ]; then
		stop_cluster
		rm -rf "$work"
	fi
	exit "$status"
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

# ---- Packages ----

missing=() # packages by name, in the order in which they were found missing

# want_command COMMAND PACKAGE: remembers the package when the command is not there.
want_command() { have "$1" || missing+=("$2"); }

want_package() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] || missing+=("$1")
}

have_boost() {
	printf '#include <boost/container/small_vector.hpp>\n' |
		g++ -x c++ -std=c++20 -E - >/dev/null 2>&1
}

want_build_tools() {
	want_command g++ g++
	want_command make make
	have_boost || missing+=(libboost-dev)
}

# want_optional COMMAND PACKAGE: not every release has it, and nothing fails without it.
want_optional() {
	if ! have "$1" && have apt-cache && [ -n "$(apt-cache madison "$2" 2>/dev/null)" ]; then
		missing+=("$2")
	fi
}

# On Debian, installing a server makes and starts a cluster "main", and starts others that were stopped
# on purpose. Nobody asked us for that.
readonly no_main_cluster=/etc/postgresql-common/createcluster.d/bulk_sync_test.conf
readonly service_policy=/usr/sbin/policy-rc.d
readonly policy_mark='written by the tests of bulk_sync, to be removed by them'

hold_clusters() {
	clusters_held=yes
	# shellcheck disable=SC2016 # $1 and $2 are for the inner shell
	as_root sh -c '
		mkdir -p "$(dirname "$1")"
		echo "create_main_cluster = false" >"$1"
		[ -e "$2" ] || {
			printf "#!/bin/sh\n# %s\ncase \$1 in postgresql*) exit 101 ;; esac\nexit 0\n" "$3" >"$2"
			chmod 755 "$2"
		}' sh "$no_main_cluster" "$service_policy" "$policy_mark"
}

release_clusters() {
	[ "$clusters_held" = yes ] || return 0
	clusters_held=no
	as_root rm -f "$no_main_cluster"
	as_root rmdir -p --ignore-fail-on-non-empty "$(dirname "$no_main_cluster")"
	if grep -qs "$policy_mark" "$service_policy"; then
		as_root rm -f "$service_policy"
	fi
}

apt_is_fresh=no

apt_update() {
	[ "$apt_is_fresh" = no ] || return 0
	have apt-get || die "these have to be installed first, by whatever name your system has for them: ${missing[*]}"
	is_root || say 'Packages are missing: sudo may ask for your password.'
	is_root || as_root true
	# A source that cannot be reached does not matter when the others have what is missing.
	step 'Reading the lists of packages' as_root apt-get -q update
	apt_is_fresh=yes
}

apt_install() {
	as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 LC_ALL=C.UTF-8 \
		apt-get -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends install "$@"
}

# Installs what the want_ functions found missing, and forgets it. No call of apt when that is nothing.
install_missing() {
	[ "${#missing[@]}" -gt 0 ] || return 0
	apt_update
	hold_clusters
	step "Installing ${missing[*]}" apt_install "${missing[@]}"
	release_clusters
	missing=()
}

# ---- PostgreSQL ----

major_of() { "$1" --version | sed -nE 's/^PostgreSQL ([0-9]+).*/\1/p'; }

# Has the installation of this pg_config a server, and all to build for it?
is_complete() {
	[ -x "$1" ] && [ -x "$("$1" --bindir)/postgres" ] && [ -x "$("$1" --bindir)/initdb" ] &&
		[ -f "$("$1" --includedir-server)/postgres.h" ] && [ -f "$("$1" --pgxs)" ]
}

# Prints "MAJOR PATH" of each complete installation, newest first.
complete_installations() {
	local candidate
	for candidate in /usr/lib/postgresql/*/bin/pg_config /usr/pgsql-*/bin/pg_config \
		/usr/local/pgsql/bin/pg_config "$(command -v pg_config || true)"; do
		if is_complete "$candidate" 2>/dev/null; then
			printf '%s %s\n' "$(major_of "$candidate")" "$candidate"
		fi
	done | sort -rn -k 1,1 -s
}

# The newest server that has no headers yet: they are all that it takes to use it.
newest_bare_server() {
	local server
	for server in /usr/lib/postgresql/*/bin/postgres; do
		[ ! -x "$server" ] || basename "$(dirname "$(dirname "$server")")"
	done | sort -rn | head -n 1
}

# The server that the distribution (or a further source that was added to apt) takes for `postgresql`.
default_version() {
	apt-cache depends postgresql | sed -nE 's/^ *Depends: postgresql-([0-9]+)$/\1/p' | sort -rn | head -n 1
}

# choose_version: which one to install, when none that is complete is there.
choose_version() {
	local version
	version=$(newest_bare_server)
	if [ -z "$version" ] || [ "$version" -lt "$oldest_postgres" ]; then
		version=$(default_version)
	fi
	[ -n "$version" ] || die 'apt knows no package postgresql; install PostgreSQL with its server headers and set PG_CONFIG'
	if [ "$version" -lt "$oldest_postgres" ]; then
		die "apt offers PostgreSQL $version, and bulk_sync needs $oldest_postgres or newer; the PostgreSQL project's own apt repository has it"
	fi
	printf '%s\n' "$version"
}

install_postgres() {
	local version=$1
	want_package "postgresql-$version"
	want_package "postgresql-server-dev-$version"
	install_missing
	PG_CONFIG=/usr/lib/postgresql/$version/bin/pg_config
	is_complete "$PG_CONFIG" || die "postgresql-$version and postgresql-server-dev-$version are installed, but $PG_CONFIG is not complete"
}

# find_postgres [MAJOR]: sets PG_CONFIG, pg_major and bindir; installs PostgreSQL and whatever else
# was found missing before. PG_CONFIG of the environment wins, then the newest that is here.
find_postgres() {
	local wanted=${1:-} found
	if [ -n "${PG_CONFIG:-}" ]; then
		have "$PG_CONFIG" || die "PG_CONFIG is $PG_CONFIG, which is no program"
		PG_CONFIG=$(command -v "$PG_CONFIG")
		is_complete "$PG_CONFIG" || die "the installation of PG_CONFIG=$PG_CONFIG lacks the server or its headers"
	else
		found=$(complete_installations)
		[ -z "$wanted" ] || found=$(grep "^$wanted " <<<"$found" || true)
		PG_CONFIG=$(head -n 1 <<<"$found" | cut -d ' ' -f 2-)
		found=$(head -n 1 <<<"$found" | cut -d ' ' -f 1)
		if [ -z "$PG_CONFIG" ] || { [ -z "$wanted" ] && [ "$found" -lt "$oldest_postgres" ]; }; then
			have apt-get || missing+=("PostgreSQL ${wanted:-$oldest_postgres or newer} with its server headers")
			apt_update
			[ -n "$wanted" ] || wanted=$(choose_version)
			install_postgres "$wanted"
		fi
	fi
	install_missing
	pg_major=$(major_of "$PG_CONFIG")
	[ -z "$wanted" ] || [ "$wanted" = "$pg_major" ] || die "PG_CONFIG is of PostgreSQL $pg_major, not $wanted"
	[ "$pg_major" -ge "$oldest_postgres" ] || die "bulk_sync needs PostgreSQL $oldest_postgres or newer, and $PG_CONFIG is of $pg_major"
	bindir=$("$PG_CONFIG" --bindir)
	export PG_CONFIG PATH="$bindir:$PATH"
}

# ---- Build and install ----

# prepare_build NAME: sets build_dir to a copy of the sources for this purpose and this PostgreSQL.
#
# A copy, because objects of another server version, or of another set of flags, must not be taken
# for up to date. It stays in build/ with the sources' times kept, so that make rebuilds only what changed.
prepare_build() {
	build_dir=$top/build/$1-$pg_major
	if ! { mkdir -p "$build_dir" && [ -w "$build_dir" ]; } 2>/dev/null; then
		build_dir=$work/$1-$pg_major
		mkdir -p "$build_dir"
	fi
	copy_sources "$build_dir"
}

# The posix format keeps times to the nanosecond: with whole seconds an edit right after a build goes unseen.
copy_sources() {
	local list=$1/.files file
	# tar exits with 1 when a file changed under its eyes, as in an editor: make will see to it next time.
	tar -C "$top" --format=posix -cvf "$work/sources.tar" --exclude=./.git --exclude=./build --exclude=./results \
		--exclude=./output_iso --exclude='./regression.*' --exclude='*.o' --exclude='*.so' --exclude='*.bc' \
		--exclude='*.d' --exclude=.deps --exclude=./.cache . >"$work/names" || [ $? = 1 ]
	sort "$work/names" >"$work/files"
	if [ -f "$list" ]; then
		# What is gone from the sources must go here too, and nothing else: the rest is what make built.
		comm -13 "$work/files" "$list" | while IFS= read -r file; do
			[ -d "$1/$file" ] || rm -f "$1/$file"
		done
	fi
	tar -C "$1" --no-same-owner -xf "$work/sources.tar"
	cp "$work/files" "$list"
	rm "$work/sources.tar"
}

# build [MAKE ARGUMENTS]: compiles in build_dir.
build() { make -s -C "$build_dir" -j "$(nproc)" PG_CONFIG="$PG_CONFIG" "$@"; }

install_extension() {
	local as=as_root
	if [ -w "$("$PG_CONFIG" --pkglibdir)" ] && [ -w "$("$PG_CONFIG" --sharedir)/extension" ]; then
		as=''
	fi
	${as:+"$as"} make -s -C "$build_dir" PG_CONFIG="$PG_CONFIG" "$@" install
}

# ---- The throw-away cluster ----

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

# start_cluster [LINE OF postgresql.conf]...: starts it and exports PGHOST and so on.
start_cluster() {
	local cluster=$work/cluster
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
	as_cluster_user "$bindir/pg_ctl" -D "$cluster/data" -l "$cluster/server.log" -w -t 60 -s "${postgres_options[@]}" start || {
		cat "$cluster/server.log"
		return 1
	}
}

use_cluster() {
	# shellcheck disable=SC2034 # for those who source this
	server_log=$work/cluster/server.log
	export PGHOST=$work/cluster PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
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
	local data=$work/cluster/data
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
