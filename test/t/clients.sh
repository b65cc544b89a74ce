#!/usr/bin/env bash
#
# Real clients: psql, Python (psycopg2, psycopg 3, SQLAlchemy, Django), Node (pg, postgres.js) and Java (JDBC), each with a
# program of its own, see clients/. Each starts with the same table, and what it prints and leaves is compared. What stands
# between "docs: begin" and "docs: end" there is what the documents print, word for word: test/t/examples.py sees to that.
# Hence the database with the name hr.
#
# PGHOST, PGPORT and PGUSER give the server, which must not have a database hr yet. Prints a line per client; exits with 0
# when all passed. Node is left out, and says so, when its packages are not to be had, and Java where there is no compiler
# or no driver.
#
# packages: python3-psycopg2 python3-psycopg python3-sqlalchemy python3-django
# commands: node:nodejs npm:npm
set -euo pipefail
# shellcheck source=test/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
clients=$top/test/clients

createdb hr # fails where there is one, before begin_test says that it is ours to drop
begin_test hr
export PGDATABASE=$database PYTHONDONTWRITEBYTECODE=1
query() { psql -X -q -At -v ON_ERROR_STOP=1 "$@"; }
PGOPTIONS='-c client_min_messages=warning' query -c 'CREATE EXTENSION IF NOT EXISTS bulk_sync'

failed=no

# client NAME PRINTED ROWS COMMAND...: what it prints, and the rows of company 501 in the end, with "kept" where the row
# is one of those that it began with. The other company's row must always be there.
client() {
	local name=$1 printed=$2 expected=$3$'\n502|Alice|9999|lawyer|kept' rows status=0
	shift 3
	PGOPTIONS='-c client_min_messages=warning' query -f "$clients/employee.sql"
	cp "$clients"/*.* "$clients/django/bulk_sync.py" "$work"
	(cd "$work" && "$@") >"$work/out" 2>&1 || status=$?
	rows=$(query -c "SELECT company_id, name, phone, title, CASE WHEN id <= 4 THEN 'kept' END FROM employee ORDER BY 1, 2")
	if [ "$status" = 0 ] && [ "$rows" = "$expected" ] && [ "$(tr -s ' \n' ' ' <"$work/out")" = "$printed " ]; then
		echo "ok      $name: $printed"
	else
		failed=yes
		printf 'FAILED  %s (exit code %s)\n%s\n%s\n' "$name" "$status" "$(cat "$work/out")" "$rows"
	fi
}

# Installed by their names into the temporary folder; npm's own settings and cache of the user stay out of it.
install_for_node() {
	command -v node >/dev/null && command -v npm >/dev/null &&
		(cd "$work" && npm install --no-save --no-audit --no-fund --no-package-lock --ignore-scripts --silent "$@") >"$work/npm.log" 2>&1
}

# PostgreSQL's driver knows TCP alone, and the programs connect as a user of their own: both are changed in the copy.
readonly driver=/usr/share/java/postgresql.jar

java_program() {
	local port forwarder status=0
	coproc "$clients/forward.py"
	forwarder=$!
	read -r port <&"${COPROC[0]}"
	sed -i "s|//localhost/hr\", \"hr\", \"secret\"|//localhost:$port/hr\", \"$PGUSER\", \"\"|" "$1"
	{ javac -cp "$driver" "$1" && java -cp "$driver:." "${1%.java}"; } || status=$?
	kill "$forwarder"
	return "$status"
}

readonly from_file='501|Alice|1111|engineer|kept
501|Bob|2223|engineer|kept
501|Erin|5555||'

client psql '1|1|1|1|0' "$from_file" psql -X -q -At -v ON_ERROR_STOP=1 -f psql.sql
client 'Python: COPY' '1 1 1 1 0' "$from_file" /usr/bin/python3 psycopg2_copy.py
client 'Python: COPY, short' '1 1 1 1 0' "$from_file" /usr/bin/python3 psycopg2_short.py
client 'Python: psycopg 3' '(1, 1, 1, 1, 0)' "$from_file" /usr/bin/python3 psycopg3_copy.py
client 'Python: SQLAlchemy' 'Erin 5' "$from_file" /usr/bin/python3 sqlalchemy_ids.py
client Django "{'created': 1, 'updated': 2, 'deleted': 1} {'created': 1, 'updated': 1, 'deleted': 1} [1, 2, 5]" \
	"$from_file" /usr/bin/python3 django_models.py
if install_for_node pg postgres; then
	client 'Node: pg' "{ created: '0', updated: '1', deleted: '1', unchanged: '1', skipped: '0' }" '501|Alice|1111|engineer|kept
501|Bob|2224||kept' node node_json.mjs
	client 'Node: pg, ids' "[ { name: 'Erin', id: 5 } ]" "$from_file" node node_ids.mjs
	client 'Node: postgres.js' "[ { name: 'Erin', id: 5 } ]" "$from_file" node postgres_js_ids.mjs
else
	echo 'skipped Node: its packages pg and postgres are not to be had'
	tail -n 3 "$work/npm.log" 2>/dev/null || true
fi
if command -v javac >/dev/null && [ -f "$driver" ]; then
	client Java '1 new, 1 changed, 1 gone' "$from_file" java_program Sync.java
	client 'Java, short' '1 new, 1 changed, 1 gone' "$from_file" java_program ShortSync.java
	client 'Java, ids' 'Erin 5' "$from_file" java_program NewIds.java
else
	echo 'skipped Java: it needs javac and the JDBC driver (default-jdk-headless, libpostgresql-jdbc-java)'
fi
[ "$failed" = no ]
