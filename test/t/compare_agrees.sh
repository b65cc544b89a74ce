#!/usr/bin/env bash
#
# Plays the regression tests once more, with bulk_compare asked before each sync: on all their data it must agree with
# bulk_sync, row by row, or the verdict that they print is another one. See compare_oracle.sql.
#
# PGHOST, PGPORT and PGUSER (a superuser) give the server, PG_CONFIG its pg_regress; BULK_SYNC_QUICK=1 leaves out the
# largest data. Prints what pg_regress prints.
set -euo pipefail
# shellcheck source=test/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
pg_regress=$(dirname "$("${PG_CONFIG:-pg_config}" --pgxs)")/../test/regress/pg_regress

begin_test bulk_sync_compare_$$

# The tests as they are, and an oracle that has read the other one when it comes to its last settings. Tests that ask for
# the other one themselves get no more than what it ends with.
mkdir "$work/test"
cp -r "$top/sql" "$top/expected" "$work"
cp "$top"/test/*_oracle.sql "$work/test"
awk -v more="$top/test/compare_oracle.sql" '
	/^\\set VERBOSITY/ { while ((getline line < more) > 0) if (line !~ /^\\set ECHO/) print line }
	{ print }' "$top/test/oracle.sql" >"$work/test/oracle.sql"
grep -q oracle.sync_checked "$work/test/oracle.sql"
echo '\set ECHO all' >"$work/test/compare_oracle.sql"

cd "$work"
left_out='^$'
[ "${BULK_SYNC_QUICK:-0}" = 0 ] || left_out='^(lookup|spill|wide)$'
mapfile -t tests < <(grep -l 'sync_checked(' sql/*.sql | sed 's|^sql/||; s|\.sql$||' | grep -vE "$left_out")
"$pg_regress" --inputdir=. --outputdir=. --bindir="$("${PG_CONFIG:-pg_config}" --bindir)" --dbname="$database" "${tests[@]}" || {
	head -n 500 regression.diffs
	exit 1
}
