#!/usr/bin/env bash
#
# The Makefile, on a tree with a single small source: a build in another folder leaves nothing in the sources and takes
# nothing from there but sources; what is up to date is left alone; objects for another server are made anew, also by
# make -j; all that users need is installed, and is in the archive. And the library that is installed shows no more than it must.
#
# PG_CONFIG gives the server, for which bulk_sync is installed.
#
# commands: nm:binutils python3:python3
set -euo pipefail
# shellcheck source=test/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
make_work
PG_CONFIG=${PG_CONFIG:-$(command -v pg_config)}
failed=no

not_ok() {
	failed=yes
	say "FAILED  $*"
}

# expect TEXT EXPECTED GOT
expect() {
	if [ "$2" = "$3" ]; then
		say "ok      $1"
	else
		not_ok "$1"
		diff <(say "$2") <(say "$3") || true
	fi
}

tree=$work/tree
out=$work/out

make_tree() {
	local folder name=bulk_sync_call
	mkdir -p "$tree/src/part" "$tree/sql" "$tree/test/specs" "$out"
	cp -r "$top/Makefile" "$top/META.json" "$top/README.md" "$top/CHANGELOG.md" "$top/bulk_sync.control" "$top/docs" "$tree"
	cp "$top"/sql/bulk_sync--*.sql "$tree/sql"
	for folder in src src/part; do
		# What is in namespace std is visible, as this is.
		printf '#include "shared.hpp"\nextern "C" __attribute__((visibility("default"))) int %s() { return shared; }\n' "$name" \
			"${folder##*/}_function" >"$tree/$folder/one.cpp"
		name=bulk_compare_call
	done
	printf '#pragma once\ninline constexpr int shared = 1;\n' >"$tree/src/shared.hpp"
	printf '%s\n' src/one.cpp src/part/one.cpp >"$tree/src/sources.txt"
	# Of another server, if it only looked like one.
	cat >"$work/other_config" <<-END
		#!/bin/sh
		"$PG_CONFIG" "\$@" | sed '/^PostgreSQL/s/\$/ (another build)/'
	END
	chmod 755 "$work/other_config"
}

# build FOLDER MAKE-ARGUMENTS...: prints which objects were made.
build() {
	local folder=$1 before=$work/before
	shift
	touch "$before"
	sleep 0.05
	make -s -C "$folder" -j 4 PG_CONFIG="$PG_CONFIG" "$@" >"$work/make.log" 2>&1 || {
		cat "$work/make.log"
		return 1
	}
	(cd "$folder" && find src -name '*.o' -newer "$before" | sort | paste -sd ' ')
}

builds() {
	local folder=$1 name=$2
	shift 2
	expect "$name: the first build" 'src/one.o src/part/one.o' "$(build "$folder" "$@")"
	expect "$name: nothing to do" '' "$(build "$folder" "$@")"
	touch "$tree/src/part/one.cpp"
	expect "$name: one source" 'src/part/one.o' "$(build "$folder" "$@")"
	touch "$tree/src/shared.hpp"
	expect "$name: a header" 'src/one.o src/part/one.o' "$(build "$folder" "$@")"
	expect "$name: another server" 'src/one.o src/part/one.o' "$(build "$folder" "$@" PG_CONFIG="$work/other_config")"
	expect "$name: nothing to do for it" '' "$(build "$folder" "$@" PG_CONFIG="$work/other_config")"
	expect "$name: the first one again" 'src/one.o src/part/one.o' "$(build "$folder" "$@")"
	expect "$name: what the library shows" 'bulk_compare_call bulk_sync_call' \
		"$(nm -D --defined-only "$folder/bulk_sync.so" | sed 's/.* //' | sort | paste -sd ' ')"
}

# installs FOLDER [MAKE-ARGUMENT]...
installs() {
	local folder=$1 destination=$work/destination name
	shift
	make -s -C "$folder" -f "$tree/Makefile" PG_CONFIG="$PG_CONFIG" DESTDIR="$destination" "$@" install >"$work/make.log" 2>&1 ||
		not_ok "make install: $(tail -n 1 "$work/make.log")"
	for name in "$("$PG_CONFIG" --pkglibdir)/bulk_sync.so" "$("$PG_CONFIG" --sharedir)"/extension/bulk_sync{.control,--1.0.sql,--1.0--1.1.sql} \
		"$("$PG_CONFIG" --docdir)"/bulk_sync/{README,CHANGELOG,reference}.md; do
		[ -s "$destination$name" ] || not_ok "not installed: $name"
	done
	[ ! -e "$destination$("$PG_CONFIG" --docdir)/bulk_sync/adding_an_option.md" ] || not_ok 'a document for developers is installed'
	make -s -C "$folder" -f "$tree/Makefile" PG_CONFIG="$PG_CONFIG" DESTDIR="$destination" "$@" uninstall >"$work/make.log" 2>&1
	expect 'nothing is left after uninstall' '' "$(find "$destination" -type f)"
}

# What the server looks for: the library's mark, its start, and each function that SQL declares, with its description.
shown() {
	local library
	library=$("$PG_CONFIG" --pkglibdir)/bulk_sync.so
	expect 'the library shows what the server looks for, and nothing else' \
		"$({
			printf '%s\n' Pg_magic_func _PG_init
			sed -nE "s/.*'MODULE_PATHNAME', '([a-z_]+)'.*/\1\npg_finfo_\1/p" "$top"/sql/bulk_sync--*.sql
		} | sort -u)" "$(nm -D --defined-only "$library" | sed 's/.* //' | sort)"
}

# The archive for PGXN has what users need, and not what serves only those who work on the sources.
archive() {
	local names folder
	folder=bulk_sync-$(sed -nE '1,/"version"/s/^ *"version": "(.*)".*/\1/p' "$top/META.json")
	make -s -C "$out" -f "$top/Makefile" dist >"$work/make.log" 2>&1 || not_ok "make dist: $(tail -n 1 "$work/make.log")"
	names=$(/usr/bin/python3 -m zipfile -l "$out/build/$folder.zip" | sed -nE "s|^$folder/([^ ]*).*|\1|p")
	expect 'the archive has all of these' '' "$(printf '%s\n' META.json Makefile README.md LICENSE bulk_sync.control src/sources.txt \
		sql/basic.sql expected/basic.out test/oracle.sql docs/reference.md | grep -vxF "$names")"
	expect 'and none of these' '' "$(grep -E '^(\.ci/|\.git|debian/|test/matrix)' <<<"$names")"
}

make_tree
list=$(cd "$tree" && find . | sort)
builds "$out" 'in another folder' -f "$tree/Makefile"
installs "$out"
make -s -C "$out" -f "$tree/Makefile" PG_CONFIG="$PG_CONFIG" clean >"$work/make.log"
builds "$out" 'in another folder, as packagers do' -f "$tree/Makefile" VPATH="$tree"
installs "$out" VPATH="$tree"
expect 'nothing of it is in the sources' "$list" "$(cd "$tree" && find . | sort)"
builds "$tree" 'in the sources'
make -s -C "$out" -f "$tree/Makefile" PG_CONFIG="$PG_CONFIG" clean >"$work/make.log"
expect 'objects in the sources are none of another folder' 'src/one.o src/part/one.o' "$(build "$out" -f ../tree/Makefile)"
make -s -C "$tree" PG_CONFIG="$PG_CONFIG" clean >"$work/make.log"
expect 'make clean' "$list" "$(cd "$tree" && find . ! -path ./build | sort)"
shown
if git -C "$top" rev-parse HEAD >"$work/git.log" 2>&1; then
	archive
else
	say 'skipped make dist: it needs a checkout of Git'
fi
[ "$failed" = no ]
