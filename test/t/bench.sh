#!/usr/bin/env bash
#
# A run of test/bench with all its scenarios, very small: each contender, bulk_sync as well as plain SQL, has to end in
# the state that the scenario wants. What they take says nothing at this size. BULK_SYNC_QUICK=1 runs a few scenarios.
# Then a mistake is made on purpose, which has to be found.
#
# PGHOST, PGPORT, PGUSER (a superuser) and PGDATABASE give the server.
#
# packages: python3-psycopg2
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

# A copy in which one rival forgets the rows to delete.
mkdir -p "$work/copy/test"
cp -r "$top/sql" "$work/copy"
cp -r "$top/test/bench" "$top/test/benchmark" "$work/copy/test"
sed -i 's/return f"DELETE FROM t WHERE/return f"DELETE FROM t WHERE false AND/' "$work/copy/test/benchmark/rivals.py"
status=0
bench "$work/copy" changed-1 || status=$?
expect 'FAILED  DELETE, UPDATE, INSERT: leaves 2010 rows with the sum'
expect 'NOT all contenders end in the same state: changed-1$'
[ "$status" = 1 ]
