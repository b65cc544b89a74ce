# shellcheck shell=bash
# shellcheck disable=SC2154 # of lib.sh and packages.sh: top, work, missing
#
# Finds PostgreSQL, builds bulk_sync for it and installs it. Sourced by lib.sh.

readonly oldest_postgres=15
pg_major=''

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
# copy_sources FOLDER [FROM]: from this tree, or that one.
copy_sources() {
	local list=$1/.files file
	# tar exits with 1 when a file changed under its eyes, as in an editor: make will see to it next time.
	tar -C "${2:-$top}" --format=posix -cvf "$work/sources.tar" --exclude=./.git --exclude=./build --exclude=./results \
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
