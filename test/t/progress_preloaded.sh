#!/usr/bin/env bash
#
# progress.py on a cluster of its own, with the library in shared_preload_libraries: before PostgreSQL 17 the view shows
# something only there. PG_CONFIG gives the server, for which bulk_sync is installed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/lib.sh
. "$here/../lib.sh"

begin_work
PG_CONFIG=${PG_CONFIG:-$(command -v pg_config)}
bindir=$("$PG_CONFIG" --bindir)
export PATH="$bindir:$PATH"
step 'Starting a cluster with the library preloaded' start_cluster "shared_preload_libraries = 'bulk_sync'"
use_cluster
"$here/progress.py"
