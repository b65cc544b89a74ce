# shellcheck shell=bash
# shellcheck disable=SC2154 # of lib.sh, names.sh and suites.sh: top, work, build_dir, regression, isolation, failed, server_log
# shellcheck disable=SC2154 # of test/check: assume_yes, clang
#
# For test/check --accept: takes over what a test prints now as what it has to print. Sourced by it, after names.sh.

require_outputs() {
	if [ "${#chosen_programs[@]}${#checks[@]}$demonstration$clang" != 00nono ]; then
		die '--accept is for regression and isolation tests: the others have no expected output'
	fi
	if [ "$assume_yes" = no ] && [ ! -t 0 ]; then
		die '--accept asks before it writes, and this is no terminal: --yes goes without'
	fi
}

accept_chosen() {
	local name
	for name in "${regression[@]}"; do
		accept regression "$name" expected ISOLATION= REGRESS="$name"
	done
	for name in "${isolation[@]}"; do
		accept isolation "$name" test/expected REGRESS= ISOLATION="$name"
	done
}

# accept KIND NAME FOLDER MAKE-ARGUMENTS...: runs a test, shows the difference, asks, and writes the output to the folder.
accept() {
	local kind=$1 name=$2 folder=$3 failed_before=$failed log_before file result
	shift 3
	log_before=$(wc -l <"$server_log")
	suite "$kind" "$@"
	[ "$failed" != "$failed_before" ] || return 0
	result=$build_dir/build/$kind/results/$name.out
	[ "$kind" = isolation ] || result=$build_dir/build/regress/results/$name.out
	file=$folder/$(nearest_expected "$name")
	if crashed "$kind" "$log_before" "$result"; then
		say "        not taken over: the test did not run to its end, or the server crashed"
	elif confirm "Take this output over as $file?"; then
		# Into the file that is there, so that its owner and mode stay.
		cat "$result" >"$top/$file"
		failed=$failed_before
		ok "$kind: $name (now in $file)"
		tell_of_others "$folder" "$name" "$file"
	fi
}

# nearest_expected NAME: prints the one of NAME.out, NAME_1.out.. that pg_regress compared with: the most similar one.
nearest_expected() {
	find "$build_dir/build" -name regression.diffs -exec sed -nE "s#^diff .*/($1(_[0-9])?\.out) .*/results/$1\.out\$#\1#p" {} + | head -n 1 |
		grep . || say "$1.out"
}

# crashed KIND LINES-OF-LOG-BEFORE RESULT
crashed() {
	grep -qE 'test process (exited|was terminated)' "$work/$1.log" ||
		! grep -qE 'tests? (passed|failed)' "$work/$1.log" ||
		[ ! -s "$3" ] ||
		grep -qE 'server closed the connection unexpectedly|connection to server was lost' "$3" ||
		[ -n "$(log_complaints $(($2 + 1)))" ]
}

confirm() {
	local answer
	[ "$assume_yes" = no ] || return 0
	read -r -p "$1 [y/N] " answer
	case $answer in
	y | Y | yes) ;;
	*) return 1 ;;
	esac
}

# tell_of_others FOLDER NAME WRITTEN: other servers have other outputs, which this one cannot make.
tell_of_others() {
	local other
	for other in "$top/$1/$2".out "$top/$1/$2"_[0-9].out; do
		if [ -e "$other" ] && [ "$other" != "$top/$3" ]; then
			say "        look at $1/${other##*/} as well: it is what another server prints"
		fi
	done
}
