#!/usr/bin/env bash
#
# A short run of the fault injection, on a cluster of its own: see test/faults. PG_CONFIG gives the server, for which
# bulk_sync is installed. The seed is printed.
#
# packages: python3-psycopg2
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ "${BULK_SYNC_QUICK:-0}" = 1 ]; then
	exec "$here/../faults" --installed --seconds 6 --soak 0 "$@"
fi
exec "$here/../faults" --installed --seconds 20 --soak 50 "$@"
