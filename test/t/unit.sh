#!/usr/bin/env bash
#
# Unit tests of src/pg, of what keeps and matches rows in src/diff, and of the table of options, run inside of a
# server. Builds test/unit as a loadable module in a temporary folder, and loads it from there into a database of its
# own.
#
# PGHOST, PGPORT, PGUSER (a superuser) and PGDATABASE give the server, PG_CONFIG the headers. Prints
# a line per test; exits with 0 when all passed. BULK_SYNC_UNIT_WITHOUT, a regular expression, leaves out
# tests in C++ by their names.
set -euo pipefail
# shellcheck source=test/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
unit=$top/test/unit
pg_config=${PG_CONFIG:-pg_config}

# run FILE: runs a file of tests; false when it fails, or tells of a failure or a leak.
run() {
	local status=0
	PGOPTIONS='-c client_min_messages=warning -c statement_timeout=300s' psql -X -q -At -v ON_ERROR_STOP=1 -v module="$work/bulk_sync_unit" -d "$database" -f "$unit/$1" >"$work/out" 2>"$work/err" || status=$?
	cat "$work/out"
	if [ "$1" = leaks.sql ]; then
		check_errors
	else
		cat "$work/err"
	fi
	[ "$status" = 0 ] && ! grep -q '^FAILED' "$work/out" && ! grep -q 'WARNING' "$work/err"
}

# The thousand calls and the twelve before them each end in an error, of their own kind.
check_errors() {
	local errors
	errors=$(grep -cE 'ERROR:  (message with 100% and "é"|out of memory|unexpected exception in bulk_sync: .*|division by zero)$' "$work/err" || true)
	if [ "$errors" = 1012 ] && [ "$(grep -c 'ERROR:' "$work/err")" = 1012 ]; then
		echo 'ok      leaks: all errors came to the client'
	else
		echo "FAILED  leaks: $errors errors came to the client, not 1012" | tee -a "$work/out"
		grep -v '^CONTEXT\|^DETAIL\|^HINT' "$work/err" | sort | uniq -c | sort -rn | head -n 20
	fi
}

begin_test bulk_sync_unit_$$
make -s -C "$work" -f "$unit/Makefile" -j "$(nproc)" PG_CONFIG="$pg_config" >"$work/make.log" 2>&1 || {
	cat "$work/make.log"
	exit 1
}
chmod 755 "$work/bulk_sync_unit.so"

createdb "$database"
run functions.sql
psql -X -q -v ON_ERROR_STOP=1 -v without="${BULK_SYNC_UNIT_WITHOUT:-^$}" -d "$database" <<'END'
ALTER FUNCTION unit_names() RENAME TO all_unit_names;
SELECT format('CREATE FUNCTION unit_names() RETURNS text LANGUAGE sql RETURN %L', string_agg(name, E'\n'))
FROM string_to_table(all_unit_names(), E'\n') AS name WHERE name !~ :'without' \gexec
END
failed=no
for file in tests.sql errors.sql keys.sql conversions.sql tuples.sql options.sql leaks.sql; do
	run "$file" || failed=yes
done
[ "$failed" = no ]
