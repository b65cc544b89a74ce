#!/usr/bin/env bash
#
# Three clients at once, psql, Python and Perl, behind a pgbouncer that hands out two connections of the server a
# transaction at a time. Each syncs a company of its own in many rounds, by a temporary table that has the same name for
# all of them, and in every fifth round it meets an error. What each counts, and what is left, is compared.
#
# PGHOST, PGPORT and PGUSER give the server. Exits with 0 when all was right.
#
# packages: pgbouncer python3-psycopg libdbd-pg-perl
set -euo pipefail
# shellcheck source=test/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

begin_test "bulk_sync_pooled_$$"
createdb "$database"
export PGDATABASE=$database
readonly server=$PGHOST port=${PGPORT:-5432} rounds=40 pool=$work/pool
failed=no

query() { PGHOST=$server PGPORT=$port psql -X -q -At -v ON_ERROR_STOP=1 -c "$1"; }

# expect TEXT EXPECTED GOT
expect() {
	if [ "$2" = "$3" ]; then
		say "ok      $1"
	else
		failed=yes
		say "FAILED  $1: $3 and not $2"
	fi
}

end_test() {
	local status=$?
	set +e
	export PGHOST=$server PGPORT=$port
	[ ! -s "$pool/pid" ] || kill "$(cat "$pool/pid")"
	(exit "$status")
	end_work
}

# It refuses to run as root. Its socket lets everybody in, and lies in a folder that only its user may enter.
start_pooler() {
	mkdir -m 700 "$pool"
	cat >"$pool/ini" <<-END
		[databases]
		$database = host=$server port=$port user=${PGUSER:-$(id -un)}
		[pgbouncer]
		listen_addr =
		listen_port = 6432
		unix_socket_dir = $pool
		auth_type = any
		pool_mode = transaction
		default_pool_size = 2
		pidfile = $pool/pid
		logfile = $pool/log
	END
	! is_root || chown -R "$(cluster_user)" "$pool"
	PATH=$PATH:/usr/sbin as_cluster_user pgbouncer -q -d "$pool/ini"
	export PGHOST=$pool PGPORT=6432
}

# The same rounds as those of pooled/rounds.py, for psql.
rounds_of_psql() {
	local company=$1 round person
	for ((round = 1; round <= rounds; round++)); do
		say 'BEGIN; CREATE TEMP TABLE import (company_id int, name text, phone text) ON COMMIT DROP;'
		say "INSERT INTO served VALUES ($company, pg_backend_pid());"
		if ((round % 5)); then
			say 'COPY import FROM stdin;'
			for ((person = 0; person < 20; person++)); do
				printf '%s\tperson %s\t%s\n' "$company" "$person" "$round"
			done
			printf '%s\tround %s\t\\N\n\\.\n' "$company" "$round"
		fi
		say "SELECT created, deleted FROM bulk_sync('employee', 'import', '{company_id,name}', 'company_id = $company');"
		say 'COMMIT;'
	done
}

# What it prints are two numbers a round, and the errors by their codes.
psql_client() {
	psql -X -q -At -F ' ' -v VERBOSITY=sqlstate 2>&1 |
		awk '/ERROR: +55000/ { refused++; next } /^[0-9]+ [0-9]+$/ { created += $1; deleted += $2; next } { print }
			END { print created, deleted, refused + 0 }'
}

trap end_test EXIT
PGOPTIONS='-c client_min_messages=warning' query "CREATE EXTENSION bulk_sync;
	CREATE TABLE employee (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, company_id int NOT NULL, name text NOT NULL,
		phone text, UNIQUE (company_id, name));
	CREATE TABLE served (company_id int, pid int)"
start_pooler
rounds_of_psql 501 >"$work/rounds.sql"
psql_client <"$work/rounds.sql" >"$work/psql" 2>&1 &
clients=$!
/usr/bin/python3 "$top/test/pooled/rounds.py" 502 "$rounds" >"$work/python" 2>&1 &
clients+=" $!"
/usr/bin/perl "$top/test/pooled/rounds.pl" 503 "$rounds" >"$work/perl" 2>&1 &
clients+=" $!"
for client in $clients; do
	wait "$client" || true
done

# 32 rounds of 40 have rows; the first makes 21, each other one makes one and deletes one.
for client in psql python perl; do
	expect "$client: created, deleted, refused" '52 31 8' "$(paste -sd ' ' "$work/$client")"
done
expect 'the rows of each company' '501|21|39 502|21|39 503|21|39' "$(query "
	SELECT company_id, count(*), max(phone::int) FROM employee GROUP BY 1 ORDER BY 1" | paste -sd ' ')"
expect 'they had two connections' 2 "$(query 'SELECT count(DISTINCT pid) FROM served')"
expect 'which changed hands' t "$(query 'SELECT max(clients) > 1 FROM (SELECT count(DISTINCT company_id) AS clients FROM served GROUP BY pid) AS s')"
expect 'no table stayed behind' 0 "$(query "SELECT count(*) FROM pg_class WHERE relname = 'import'")"
[ "$failed" = no ]
