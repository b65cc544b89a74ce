# shellcheck shell=bash
# shellcheck disable=SC2154 # of lib.sh and its parts: top, work, build_dir, server_log, status, missing, llvm_versions; of test/check: quick
#
# For test/check: runs tests of each kind, and counts what came out. Sourced by it, after lib.sh.

passed=0
failed=0
skipped=0

ok() {
	passed=$((passed + 1))
	say "ok      $*"
}

not_ok() {
	failed=$((failed + 1))
	say "FAILED  $*"
}

skip() {
	skipped=$((skipped + 1))
	say "skipped $*"
}

indent() { sed 's/^/        /'; }

summary() {
	local text="$passed passed, $failed failed"
	[ "$skipped" = 0 ] || text="$text, $skipped skipped"
	say
	say "$text"
}

# run_test NAME COMMAND...: a test that is one command or function; 77 means that it cannot run here.
run_test() {
	local name=$1 start=$SECONDS status log=$work/test.log
	shift
	await_server
	attempt "$log" "$@"
	case $status in
	0) ok "$name ($((SECONDS - start)) s)" ;;
	77) skip "$name ($(tail -n 1 "$log"))" ;;
	*)
		not_ok "$name (exit code $status after $((SECONDS - start)) s)"
		tail -n 200 "$log" | indent
		;;
	esac
}

# Turns the lines of pg_regress, up to PostgreSQL 15 and after, into "ok|FAILED NAME (TIME)". The former say "ok" also
# when psql lost the server, if only the output is as expected: that is no success.
pg_regress_results() {
	sed -unE \
		-e 's/^(test| ) +([^ ]+) +\.\.\. ok +(\(test process.*)/FAILED \2 \3/p; t' \
		-e 's/^(test| ) +([^ ]+) +\.\.\. (ok|FAILED|failed)[^0-9]*([0-9]+ ms).*/\3 \2 (\4)/p; t' \
		-e 's/^(test| ) +([^ ]+) +\.\.\. (ok|FAILED|failed)(.*)/\3 \2 \4/p; t' \
		-e 's/^not ok [0-9]+ +[-+] ([^ ]+) +([0-9]+ ms).*/FAILED \1 (\2)/p; t' \
		-e 's/^ok [0-9]+ +[-+] ([^ ]+) +([0-9]+ ms).*/ok \1 (\2)/p'
}

# suite KIND MAKE-ARGUMENTS...: runs `make installcheck` and counts each of its tests. Leaves the log in $work/KIND.log.
suite() {
	local kind=$1 log=$work/$1.log status=0 count=0 failed_before=$failed result name diffs
	shift
	await_server
	find "$build_dir" -name regression.diffs -delete
	mkdir -p "$build_dir/build" # the Makefile's place for outputs, whose last folder alone pg_regress makes
	while read -r result name; do
		count=$((count + 1))
		case $result in
		ok) ok "$kind: $name" ;;
		*) not_ok "$kind: $name" ;;
		esac
	done < <(
		test_timeout=$((2 * test_timeout)) limited make -C "$build_dir" installcheck PG_CONFIG="$PG_CONFIG" "$@" 2>&1 |
			tee "$log" | pg_regress_results
	)
	wait "$!" || status=$?
	# Without its closing words, pg_regress stopped before the last test.
	if [ "$status" != 0 ] && { [ "$failed" = "$failed_before" ] || ! grep -qE 'tests? (passed|failed)' "$log"; }; then
		not_ok "$kind: did not run to its end (exit code $status)"
		tail -n 50 "$log" | indent
	elif [ "$status" = 0 ] && [ "$count" = 0 ]; then
		skip "$kind (there are none)"
	fi
	find "$build_dir" -name regression.diffs | while IFS= read -r diffs; do
		head -n 1000 "$diffs"
	done
}

test_programs() { find "$top/test/t" -maxdepth 1 -type f \( -name '*.sh' -o -name '*.py' \) -perm -u+x 2>/dev/null | sort; }

# want_packages_of_tests PROGRAM...
want_packages_of_tests() {
	local program package command
	for program in "$@"; do
		[ "$quick" = no ] || ! is_long "$program" || continue
		if [ "${program##*.}" = py ]; then
			want_command python3 python3
			/usr/bin/python3 -c 'import psycopg2' 2>/dev/null || missing+=(python3-psycopg2)
		fi
		while read -r package; do
			want_package "$package"
		done < <(sed -nE 's/^# packages: //p' "$program" | tr -s ' ' '\n')
		while IFS=: read -r command package; do
			[ -z "$command" ] || want_command "$command" "$package"
		done < <(sed -nE "s/^# commands$([ "$quick" = yes ] || say '( of the long run)?'): //p" "$program" | tr -s ' ' '\n')
	done
}

# tell_fetches PROGRAM...: what they fetch by themselves.
tell_fetches() {
	local program fetches
	[ "$quick" = no ] || return 0
	for program in "$@"; do
		fetches=$(sed -nE 's/^# fetches in the long run: //p' "$program")
		[ -z "$fetches" ] || say "${program##*/} will fetch $fetches."
	done
}

# is_long PROGRAM: does it take longer than --quick has?
is_long() { grep -q '^# not under --quick' "$1"; }

# programs PROGRAM...: those of test/t.
programs() {
	local program
	for program in "$@"; do
		if [ "$quick" = yes ] && is_long "$program"; then
			skip "t: $(basename "$program") (not under --quick)"
			continue
		fi
		run_test "t: $(basename "$program")" limited "$program"
	done
}

# The server's flags come from its own compiler; that clang does not know some of them says nothing of our code.
clang_build() {
	local build_dir
	prepare_build clang
	run_test 'build with clang++' limited make -s -C "$build_dir" -j "$(nproc)" PG_CONFIG="$PG_CONFIG" CXX=clang++ \
		COPT='-Werror -Wno-unknown-warning-option -Wno-ignored-optimization-argument -Wno-unused-command-line-argument'
}

# want_llvm_tool COMMAND PACKAGE VERSION...: the first of these versions that there is, unless one is here.
want_llvm_tool() {
	local command=$1 package=$2 version count=${#missing[@]}
	shift 2
	! llvm_tool "$command" "$@" >/dev/null || return 0
	for version in "$@"; do
		want_optional "$command-$version" "$package-$version"
		[ "${#missing[@]}" = "$count" ] || return 0
	done
}

want_lint_tools() {
	want_command cmake cmake
	want_command shellcheck shellcheck
	want_command python3 python3
	want_llvm_tool clang++ clang 14 16 15 # as test/raising wants it
	want_llvm_tool clang-format clang-format "${llvm_versions%% *}"
	# shellcheck disable=SC2086 # a word each
	want_llvm_tool clang-tidy clang-tidy $llvm_versions
	want_optional black black
	want_optional flake8 flake8
	want_optional yamllint yamllint
}

can_lint() { [ -f "$top/.clang-format" ]; }

lint_pid='' # of the checks that run beside the tests

run_lint() { test_timeout=$((2 * test_timeout)) limited "$top/test/lint" "$@"; }

# lint_beside: starts all checks of test/lint, which need no server. They take the processor that the tests leave idle; lint
# waits for them.
lint_beside() {
	can_lint || return 0
	(
		renice -n 19 -p "$BASHPID" >"$work/renice.log"
		run_lint
	) >"$work/lint.log" 2>&1 &
	lint_pid=$!
}

# lint [NAME]...: these checks of test/lint, or all, or what came of those beside.
lint() {
	local line status=0 failed_before=$failed
	if ! can_lint; then
		skip 'lint (the archive of a release has no settings for it: only in a checkout)'
		return
	fi
	while IFS= read -r line; do
		case $line in
		'ok '*) ok "lint: ${line#ok }" ;;
		'FAILED '*) not_ok "lint: ${line#FAILED }" ;;
		'skipped '*) skip "lint: ${line#skipped }" ;;
		*) say "    $line" ;;
		esac
	done < <(if [ -n "$lint_pid" ]; then tail -n +1 -f --pid="$lint_pid" "$work/lint.log"; else run_lint "$@" 2>&1; fi)
	wait "${lint_pid:-$!}" || status=$?
	# Of 1, test/lint itself has said which check failed.
	if [ "$status" -gt 1 ] || { [ "$status" = 1 ] && [ "$failed" = "$failed_before" ]; }; then
		not_ok "lint: did not run to its end (exit code $status)"
	fi
}

log_start=1 # the line of the server's log where this run begins: a kept cluster has older ones

# log_complaints LINE: prints what the server must not say, whatever the tests saw, from this line of its log on.
log_complaints() {
	tail -n "+$1" "$server_log" |
		grep -nE 'WARNING:.*(leak|reference|still referenced|not closed|buffer refcount|snapshot)|PANIC|TRAP:|terminated by signal' ||
		true
}

server_log_is_clean() {
	local found
	found=$(log_complaints "$log_start")
	if [ -n "$found" ]; then
		not_ok 'server log'
		head -n 50 <<<"$found" | indent
	else
		ok 'server log (no leak, no crash)'
	fi
}
