#!/usr/bin/env bash
#
# Tables that Citus distributes: the same calls as on one machine, on a coordinator with two workers. Runs where the
# server of PG_CONFIG, for which bulk_sync is installed, has Citus.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/lib.sh
. "$here/../lib.sh"
# shellcheck source=test/lib/citus.sh
. "$here/../lib/citus.sh"

PG_CONFIG=${PG_CONFIG:-$(command -v pg_config)}
if ! citus_is_installed; then
	say 'Citus is not installed'
	exit 77
fi
begin_work
bindir=$("$PG_CONFIG" --bindir)
export PATH="$bindir:$PATH"

end_test() {
	local status=$?
	set +e
	stop_nodes
	(exit "$status")
	end_work
}
trap end_test EXIT

failed=no

not_ok() {
	failed=yes
	say "FAILED  $*"
}

# agree FILE: plays a script of calls that are made in two worlds; each has to come to the same.
agree() {
	local output=$work/$1.out
	if ! (cd "$top" && psql -X -q -At -v ON_ERROR_STOP=1 -d citus -f "test/citus/$1.sql") >"$output" 2>&1; then
		not_ok "$1 did not come to its end"
		tail -n 5 "$output"
	fi
	if grep -nE 'DIFFERENT|ERROR|server closed' "$output"; then not_ok "$1"; fi
	say "ok      $1: $(grep -c '^same' "$output") calls"
}

# query SQL: its rows, without decoration; the SQLSTATE of an error.
query() { psql -X -q -At -v VERBOSITY=sqlstate -d citus -c "$1" 2>&1 | paste -sd ' '; }

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
prepare() { PGOPTIONS='-c client_min_messages=error' psql -X -q -o /dev/null -v ON_ERROR_STOP=1 -d citus -c "$1"; }

step 'Starting a coordinator and two workers with Citus' start_nodes
step 'Making a database on all of them' make_distributed_database citus
use_node 0
agree kinds
