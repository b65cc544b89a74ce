#!/usr/bin/env bash
#
# The short run of test/sanitize with AddressSanitizer and UndefinedBehaviorSanitizer: a few of the regression tests and
# of the cases of the differential test.
#
# PG_CONFIG gives the PostgreSQL, whose server is copied, so that the given one stays as it is. BULK_SYNC_QUICK=1 leaves it out.
set -euo pipefail

cannot_run() {
	echo "$*"
	exit 77
}

[ "${BULK_SYNC_QUICK:-0}" = 0 ] || cannot_run 'not under --quick: the extension is built once more'
for library in libasan.so libubsan.so; do
	[ -f "$(g++ -print-file-name="$library")" ] || cannot_run "g++ has no $library"
done
exec "$(dirname "${BASH_SOURCE[0]}")/../sanitize" --quick asan
