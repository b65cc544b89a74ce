#!/usr/bin/env bash
#
# Real clients: psql, Python (psycopg2) and Node (pg), each with the recipe of its own that the README shows. See
# clients/. Each starts with the same table and has to end with the same.
#
# PGHOST, PGPORT, PGUSER and PGDATABASE give the server. Prints a line per client; exits with 0 when all passed. Node's
# part is left out, and says so, when its package pg is not to be had.
#
# packages: python3-psycopg2
# commands: node:nodejs npm:npm
set -euo pipefail
# shellcheck source=test/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
clients=$top/test/clients

begin_test bulk_sync_clients_$$
createdb "$database"
export PGDATABASE=$database
query() { psql -X -q -At -v ON_ERROR_STOP=1 "$@"; }
PGOPTIONS='-c client_min_messages=warning' query -c 'CREATE EXTENSION IF NOT EXISTS bulk_sync'

readonly expected='501|Ann|1111|engineer|kept
501|Bob|2223|engineer|kept
501|Eve|5555||
502|Ann|9999|lawyer|kept'
failed=no

# client NAME COUNTS COMMAND...: what it prints has to contain the counts, a pattern.
client() {
	local name=$1 counts=$2 rows status=0
	shift 2
	PGOPTIONS='-c client_min_messages=warning' query -f "$clients/employee.sql"
	(cd "$clients" && "$@") >"$work/out" 2>&1 || status=$?
	rows=$(query -c "SELECT company_id, name, phone, title, CASE WHEN id <= 4 THEN 'kept' END FROM employee ORDER BY 1, 2")
	if [ "$status" = 0 ] && [ "$rows" = "$expected" ] && tr -d '\n' <"$work/out" | grep -qE "$counts"; then
		echo "ok      $name: $(tr -s ' \n' ' ' <"$work/out")"
	else
		failed=yes
		printf 'FAILED  %s (exit code %s)\n%s\n%s\n' "$name" "$status" "$(cat "$work/out")" "$rows"
	fi
}

# Installed by its name into the temporary folder; npm's own settings and cache of the user stay out of it.
install_pg() {
	command -v node >/dev/null && command -v npm >/dev/null &&
		(cd "$work" && npm install --no-save --no-audit --no-fund --no-package-lock --ignore-scripts --silent pg) >"$work/npm.log" 2>&1
}

client psql '^1\|1\|1\|1\|0$' psql -X -q -At -v ON_ERROR_STOP=1 -f psql.sql
client 'Python: COPY' "'created': 1, 'updated': 1, 'deleted': 1, 'unchanged': 1, 'skipped': 0" /usr/bin/python3 psycopg2_copy.py
client 'Python: as django-bulk-sync' "'created': 1, 'updated': 1, 'deleted': 1, 'unchanged': 1, 'skipped': 0" /usr/bin/python3 django_style.py
if install_pg; then
	client Node "created: '1', +updated: '1', +deleted: '1', +unchanged: '1', +skipped: '0'" env NODE_PATH="$work/node_modules" node node_json.js
else
	echo 'skipped Node: its package pg is not to be had'
	tail -n 3 "$work/npm.log" 2>/dev/null || true
fi
[ "$failed" = no ]
