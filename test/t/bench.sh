#!/usr/bin/env bash
#
# A run of test/bench with all its scenarios, very small: each contender, bulk_sync as well as plain SQL, has to end in
# the state that the scenario wants. What they take says nothing at this size. BULK_SYNC_QUICK=1 runs a few scenarios.
# Then the figures of the documents, very small as well, and their charts and tables in a copy of the documents. Then
# mistakes are made on purpose, which have to be found.
#
# PGHOST, PGPORT, PGUSER (a superuser) and PGDATABASE give the server.
#
# packages: python3-psycopg2 python3-matplotlib
set -euo pipefail
# shellcheck source=test/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# bench FOLDER ARGUMENT...: that of this tree or of a copy of it; what it prints is in $work/out.
bench() {
	local folder=$1
	shift
	"$folder/test/bench" --rows 2000 --rounds 1 --database "$database" "$@" >"$work/out" 2>&1
}

# expect TEXT: a line of what it printed begins so, less its indentation.
expect() {
	grep -qE "^ *$1" "$work/out" || {
		cat "$work/out"
		echo "no line begins with: $1"
		return 1
	}
}

begin_test bulk_sync_bench_$$
scenarios=()
[ "${BULK_SYNC_QUICK:-0}" = 0 ] || scenarios=(plain text changed-1 load calls-10-changed compare-2)
bench "$top" "${scenarios[@]}" || expect 'an exit code of 0'
expect 'all contenders end in the same state, in all scenarios that ran$'
# The one that is left out by default; its figures go into a file.
bench "$top" growth --json "$work/figures" || expect 'an exit code of 0'
/usr/bin/python3 - "$work/figures" <<'END'
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    (scenario,) = json.load(file)["scenarios"]
if not scenario["same_state"] or not all(contender["wall"] for contender in scenario["contenders"]):
    sys.exit(f"not as expected: {scenario}")
END

# A copy with the documents, the results and charts of which are made anew.
copy=$work/copy results=$work/copy/docs/performance/results.json
mkdir -p "$copy/test/clients"
cp -r "$top/sql" "$top/README.md" "$top/docs" "$copy"
cp -r "$top/test/bench" "$top/test/benchmark" "$copy/test"
cp -r "$top/test/clients/django" "$copy/test/clients"
rm -f "$copy"/docs/performance/*

# figures COMMAND ARGUMENT...: of the copy.
figures() { "$copy/test/bench" figures "$@" >"$work/out" 2>&1; }

run_figures() { figures run --rows 1000 --rounds 1 --machine 'a machine' --database "$database" "$@"; }

parts=()
[ "${BULK_SYNC_QUICK:-0}" = 0 ] || parts=(--only memory)
run_figures "${parts[@]}" || expect 'an exit code of 0'
! grep FAILED "$work/out" || exit 1
if /usr/bin/python3 -c 'import matplotlib' 2>"$work/matplotlib"; then
	figures make || expect 'an exit code of 0'
	sha256sum "$copy"/docs/performance/*.svg >"$work/charts"
	figures make || expect 'an exit code of 0'
	sha256sum --quiet --check "$work/charts" # the same file from the same results
	for chart in lead shares rows memory; do
		[ -s "$copy/docs/performance/$chart.svg" ]
	done
	figures check || expect 'an exit code of 0'
	grep -q 'on a machine' "$copy/docs/performance.md"

	# A number that somebody has written by hand, and results that are not those of the charts.
	sed -i -E '0,/bulk_sync took [0-9.]+ s/s//bulk_sync took 0.00001 s/' "$copy/README.md"
	! figures check || exit 1
	expect 'README.md: differs from the results'
	sed -i 's/"a machine"/"another machine"/' "$results"
	! figures check || exit 1
	expect 'docs/performance/lead.svg: is of other results'
else
	say 'without charts: Python does not find matplotlib'
fi

# One rival forgets the rows to delete.
sed -i 's/return f"DELETE FROM t WHERE/return f"DELETE FROM t WHERE false AND/' "$copy/test/benchmark/rivals.py"
status=0
bench "$copy" changed-1 || status=$?
expect 'FAILED  DELETE, UPDATE, INSERT: leaves 2010 rows with the sum'
expect 'NOT all contenders end in the same state: changed-1$'
[ "$status" = 1 ]
rm -f "$results"
status=0
run_figures --only memory || status=$?
expect 'FAILED  DELETE and MERGE: leaves '
expect 'FAILED: not all contenders end in the same state; no results are written$'
[ "$status" = 1 ]
[ ! -e "$results" ]

# Another one writes rows that are equal.
sed -i 's/THEN UPDATE SET/OR s.a = s.a THEN UPDATE SET/; s/ AND false AND/ AND/; s/WHERE false AND/WHERE/' \
	"$copy/test/benchmark/rivals.py"
! run_figures --only memory || exit 1
expect 'FAILED  DELETE and MERGE: has written 1000 rows, not 10$'
