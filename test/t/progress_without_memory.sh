#!/usr/bin/env bash
#
# Calls go on when there is no shared memory to show them. On a cluster of its own, whose folder for such memory takes no
# more files. PG_CONFIG gives the server, for which bulk_sync is installed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/lib.sh
. "$here/../lib.sh"

PG_CONFIG=${PG_CONFIG:-$(command -v pg_config)}
if [ "$(major_of "$PG_CONFIG")" -lt 17 ]; then
	say 'before PostgreSQL 17 the memory is there from the start, or never'
	exit 77
fi
begin_work
bindir=$("$PG_CONFIG" --bindir)
export PATH="$bindir:$PATH"

failed=no

# expect TEXT EXPECTED SQL: in a new session, whose first call it is.
expect() {
	local got
	got=$(psql -X -q -At -v VERBOSITY=sqlstate -c "$3" 2>&1 | paste -sd ' ') || true
	if [ "$got" = "$2" ]; then
		say "ok      $1"
	else
		failed=yes
		say "FAILED  $1: $got and not $2"
	fi
}

# calls EXPECTED-IN-VIEW: the trigger looks at the view while the call runs.
calls() {
	psql -X -q -c 'TRUNCATE target, seen'
	expect 'a call' '3|0|0|0|0' "SELECT * FROM bulk_sync('target', 'staged', '{id}')"
	expect 'what the view had' "$1" 'SELECT rows FROM seen'
	expect 'two calls in a session' '0|0|0|3|0 0|1|0|2|0' "SELECT * FROM bulk_sync('target', 'staged', '{id}'); UPDATE staged SET v = v || 'x' WHERE id = 1;
		SELECT * FROM bulk_sync('target', 'staged', '{id}')"
	expect 'inside a savepoint' '0|0|0|3|0 2|0|3|0|0 3' "BEGIN; SAVEPOINT a; SELECT * FROM bulk_sync('target', 'staged', '{id}');
		SELECT * FROM bulk_sync_json('target', '[{\"id\": 8}, {\"id\": 9}]', '{id}'); ROLLBACK TO a; SELECT count(*) FROM target; COMMIT"
	expect 'inside a block that catches errors' '0|0|0|3|0' "DO \$\$ BEGIN PERFORM bulk_sync('target', 'staged', '{id}'); EXCEPTION WHEN OTHERS THEN NULL; END \$\$;
		SELECT * FROM bulk_sync('target', 'staged', '{id}')"
	expect 'a dry run in a read-only transaction' '0|0|0|3|0' "BEGIN READ ONLY; SELECT * FROM bulk_sync('target', 'staged', '{id}', dry_run => true); COMMIT"
	expect 'a temporary target in a read-only transaction' '3|0|0|0|0' "CREATE TEMP TABLE t (LIKE target); BEGIN READ ONLY;
		SELECT * FROM bulk_sync('t', 'staged', '{id}'); COMMIT"
	expect 'a call that fails' 'ERROR:  42703' "SELECT * FROM bulk_sync('target', 'staged', '{nothing}')"
	expect 'the view' 0 'SELECT count(*) FROM bulk_sync_progress'
}

step 'Starting a cluster' start_cluster 'dynamic_shared_memory_type = mmap' 'min_dynamic_shared_memory = 0' 'max_parallel_workers_per_gather = 0'
use_cluster
psql -X -q -v ON_ERROR_STOP=1 <<'SQL'
CREATE EXTENSION bulk_sync;
CREATE TABLE target (id int PRIMARY KEY, v text);
CREATE TABLE staged (id int, v text);
INSERT INTO staged SELECT i, 'v' FROM generate_series(1, 3) AS i;
CREATE TABLE seen (rows bigint);
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO seen SELECT count(*) FROM bulk_sync_progress;
	RETURN NULL;
END $$;
CREATE TRIGGER look AFTER INSERT ON target FOR EACH STATEMENT EXECUTE FUNCTION look();
SQL
as_cluster_user chmod 500 "$work/cluster/data/pg_dynshmem"
calls 0
as_cluster_user chmod 700 "$work/cluster/data/pg_dynshmem"
say 'With memory again:'
psql -X -q -c "UPDATE staged SET v = 'v'"
expect 'a call' '0|1|0|2|0' "SELECT * FROM bulk_sync('target', 'staged', '{id}')"
if grep -nE 'WARNING:.*(leak|reference|still referenced|not closed|buffer refcount|snapshot)|PANIC|TRAP:|terminated by signal' "$server_log"; then
	failed=yes
fi
[ "$failed" = no ]
