# shellcheck shell=bash
#
# For test/sanitize: a PostgreSQL server built from the sources of Debian's package, with assertions and for valgrind.
# Sourced by it, after test/lib.sh.
# shellcheck disable=SC2154,SC2164,SC2034 # of lib.sh: work, top; and its steps run under -e; for lib.sh: PG_CONFIG

# What the tests need beside the server itself.
readonly contrib_of_tests='citext file_fdw postgres_fdw'

# Freed memory is overwritten, and pieces of memory are checked for writes over their end, in a server with assertions. A
# relation's entry in the cache goes as soon as nobody holds it. (The same for catalog rows would look up everything anew for
# each row that is read.) The requests to valgrind cost little where it does not run, so one server serves both.
readonly server_flags='-DUSE_VALGRIND -DRELCACHE_FORCE_RELEASE'

# apt with lists of its own, which leaves nothing in the system's.
source_apt() {
	local tool=$1
	shift
	"$tool" -q -o Dir::Etc::sourcelist=- -o Dir::Etc::sourceparts="$work/apt/parts" -o Dir::State::lists="$work/apt/lists" \
		-o Dir::Cache="$work/apt/cache" -o APT::Sandbox::User="$(id -un)" "$@"
}

# Where the system's packages come from, their sources come from too.
list_sources() {
	local file
	mkdir -p "$work/apt/parts" "$work/apt/lists/partial" "$work/apt/cache/archives/partial"
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
		case $file in
		*.list) [ ! -f "$file" ] || sed -nE 's/^deb([[:space:]])/deb-src\1/p' "$file" >"$work/apt/parts/${file##*/}" ;;
		*.sources) sed -E 's/^Types:.*/Types: deb-src/' "$file" >"$work/apt/parts/${file##*/}" ;;
		esac
	done
}

# download_source MAJOR: into the current folder. The newest version whose files are really there: an archive may announce one that
# it has taken away.
download_source() {
	local version
	list_sources
	source_apt apt-get update
	for version in $(source_apt apt-cache showsrc --only-source "postgresql-$1" | sed -n 's/^Version: //p' | sort -rVu); do
		if source_apt apt-get --download-only source "postgresql-$1=$version"; then
			return
		fi
		rm -f ./*.orig.tar.*
	done
	say "no sources of postgresql-$1 can be had"
	return 1
}

# Where the built server would be, if it were not below a folder of ours: a place that nobody has.
readonly server_prefix=/bulk_sync

# build_server MAJOR FOLDER: the server, installed in FOLDER/$server_prefix.
#
# The sources are taken without Debian's patches: one of them makes /usr/lib/postgresql/15/lib the place of the modules,
# whatever the prefix. And they are installed below FOLDER by DESTDIR, so that nothing can get to where it would be.
build_server() {
	local major=$1 folder=$2 module
	rm -rf "$folder"
	mkdir -p "$folder/source" "$folder/build"
	cd "$folder"
	download_source "$major"
	tar -C source --strip-components=1 -xf postgresql-"$major"_*.orig.tar.*
	cd build
	../source/configure -q --prefix="$server_prefix" --enable-cassert --enable-debug --with-icu --with-libxml --without-readline \
		--without-zlib --with-extra-version=' (bulk_sync: assertions)' CFLAGS='-O1 -g' CPPFLAGS="$server_flags"
	make -s -j "$(nproc)" -C src
	make -s -C src DESTDIR="$folder" install
	for module in $contrib_of_tests; do
		make -s -C "contrib/$module" DESTDIR="$folder" install
	done
	cp ../source/src/tools/valgrind.supp "$folder"
	cd "$folder"
	rm -r source build ./postgresql-*
	echo "$server_flags" >"$folder/complete"
}

# use_built_server: builds it when it is not there yet, and copies it. Sets PG_CONFIG, bindir and pg_major, and
# suppressions, a file for valgrind.
use_built_server() {
	local major=${version:-} server
	[ -n "$major" ] || major=$(default_version)
	server=$top/build/server-$major
	if [ "$(cat "$server/complete" 2>/dev/null)" != "$server_flags" ]; then
		want_command pkg-config pkg-config
		want_command bzip2 bzip2
		want_package libicu-dev
		want_package libxml2-dev
		want_package valgrind
		install_missing
		mkdir -p "$server"
		step "Building PostgreSQL $major with assertions, which takes minutes" build_server "$major" "$server"
	fi
	mkdir "$work/server"
	cp -a "$server$server_prefix" "$work/server"
	suppressions=$work/valgrind.supp
	cp "$server/valgrind.supp" "$suppressions"
	PG_CONFIG=$work/server$server_prefix/bin/pg_config
	# The programs look for libpq at the place that nobody has.
	export LD_LIBRARY_PATH=$work/server$server_prefix/lib
	find_postgres
	server_is_in "$work"
}
