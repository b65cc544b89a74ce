#!/usr/bin/env bash
#
# The tests of clients/django/bulk_sync.py, the file that Django projects copy, with both drivers: psycopg2 and psycopg 3,
# the latter also with parameters that the server binds. Prints a line for each; exits with 0 when none failed.
#
# psycopg 3 needs Django 4.2 or newer. Where the system's is older (Debian 12 has 3.2), the packages of the next Debian are
# unpacked into a temporary folder; they are Python alone. Where these are not to be had either, it says that it skipped.
#
# PGHOST, PGPORT and PGUSER give the server, on which each run makes databases of its own.
#
# packages: python3-psycopg2 python3-psycopg python3-django
set -euo pipefail
# shellcheck source=test/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
readonly next_release=trixie
make_work
export PYTHONDONTWRITEBYTECODE=1
failed=no

# tests DRIVER: 77 if this Django does not have that driver.
tests() {
	local status=0 log=$work/tests.log
	(cd "$top/test/clients/django" && /usr/bin/python3 run_tests.py "$1") >"$log" 2>&1 || status=$?
	case $status in
	0) say "ok      $(head -n 1 "$log"): $(grep '^Ran' "$log")" ;;
	77) return 77 ;;
	*)
		failed=yes
		say "FAILED  $1"
		cat "$log"
		;;
	esac
}

# Unpacks the next release's packages into $work/next. Uses apt with lists of its own: the system stays as it is.
unpack_next_release() {
	local mirror folder=$work/next package
	# shellcheck disable=SC1091,SC2016 # the file is the system's; apt-get knows the names
	mirror=$(. /etc/os-release && apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
		awk -v release="$VERSION_CODENAME" '$1 == release { print $2; exit }')
	[ -n "$mirror" ] || return 1
	mkdir -p "$folder"/{lists,cache/archives}/partial
	echo "deb $mirror $next_release main" >"$folder/sources.list"
	cat >"$folder/apt.conf" <<-END
		Dir::Etc::SourceList "$folder/sources.list";
		Dir::Etc::SourceParts "/dev/null";
		Dir::State::Lists "$folder/lists";
		Dir::Cache "$folder/cache";
		Acquire::Languages "none";
		APT::Sandbox::User "root";
	END
	export APT_CONFIG=$folder/apt.conf
	apt-get -q update || return
	(cd "$folder" && apt-get -q download python3-django python3-psycopg python3-typing-extensions) || return
	for package in "$folder"/*.deb; do
		dpkg -x "$package" "$folder" || return
	done
}

tests psycopg2 || say 'skipped psycopg2: this Django does not have it'
if ! /usr/bin/python3 -c 'import django; exit(django.VERSION < (4, 2))'; then
	say "$(/usr/bin/python3 -c 'import django; print("Django", django.get_version())') does not know psycopg 3: trying that of $next_release"
	if have apt-get && (unpack_next_release) >"$work/apt.log" 2>&1; then
		export PYTHONPATH=$work/next/usr/lib/python3/dist-packages
	else
		grep -m 3 '^[EW]:' "$work/apt.log" || true
	fi
fi
for driver in psycopg psycopg-server; do
	tests "$driver" || say "skipped $driver: it needs Django 4.2 with psycopg 3.1.8 or newer"
done
[ "$failed" = no ]
