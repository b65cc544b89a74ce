# shellcheck shell=bash
# shellcheck disable=SC2154 # of lib.sh: top, build_dir
# shellcheck disable=SC2034 # for test/check: clang
#
# For test/check: which tests a name means. Sourced by it, after suites.sh.

# What was chosen, in the order of the names.
regression=()
isolation=()
chosen_programs=() # of test/t, as files
checks=()          # of test/lint
demonstration=no
clang=no

# all_tests: prints KIND, NAME and FILE of each test, with the kinds as test/check prints them. A name has no blanks.
all_tests() {
	local file name
	for file in "$top"/sql/*.sql; do
		name=$(basename "$file" .sql)
		case $name in
		bulk_sync--*) ;;
		*) say "regression $name sql/$name.sql" ;;
		esac
	done
	for file in "$top"/test/specs/*.spec; do
		say "isolation $(basename "$file" .spec) ${file#"$top"/}"
	done
	while IFS= read -r file; do
		say "t $(basename "$file") ${file#"$top"/}"
	done < <(test_programs)
	say 'demonstration demonstration test/demo.sql'
	say 'build clang++ -'
	"$top/test/lint" --list | sed 's/.*/lint & -/'
}

# matching_tests NAME: prints KIND and NAME of all that it means, of a list as all_tests prints it.
matching_tests() {
	local wanted=${1#"$top"/}
	wanted=${wanted#./}
	wanted=${wanted/: /:}
	awk -v wanted="${wanted// /-}" '
		# An expected output stands for its test: basic, and generated for generated_1.
		BEGIN {
			output = wanted
			if (sub(/^(test\/)?expected\//, "", output) && sub(/(_[0-9])?\.out$/, "", output))
				wanted = (wanted ~ /^test/ ? "isolation:" : "regression:") output
		}
		{ stem = $2; sub(/\.(sh|py)$/, "", stem) }
		wanted == $1 || wanted == $2 || wanted == stem || wanted == $3 || wanted == $1 ":" $2 || wanted == $1 ":" stem { print $1, $2 }'
}

# choose_tests NAME...: notes what they mean. Ends in an error when one means nothing, with the names that are nearest to it.
choose_tests() {
	local wanted list found kind name unknown=no
	list=$(all_tests)
	for wanted in "$@"; do
		found=$(matching_tests "$wanted" <<<"$list")
		if [ -z "$found" ]; then
			printf '%s: there is no test "%s"; did you mean %s?\n' "${0##*/}" "$wanted" \
				"$(awk -v wanted="$wanted" -f "$top/test/lib/nearest.awk" <<<"$list")" >&2
			unknown=yes
		fi
		while read -r kind name; do
			choose "$kind" "$name"
		done <<<"$found"
	done
	[ "$unknown" = no ] || exit 2
}

# choose KIND NAME: once, however many names mean it.
choose() {
	case $1 in
	regression) has "$2" "${regression[@]}" || regression+=("$2") ;;
	isolation) has "$2" "${isolation[@]}" || isolation+=("$2") ;;
	t) has "$top/test/t/$2" "${chosen_programs[@]}" || chosen_programs+=("$top/test/t/$2") ;;
	lint) has "$2" "${checks[@]}" || checks+=("$2") ;;
	demonstration) demonstration=yes ;;
	build) clang=yes ;;
	esac
}

# has WORD LIST...
has() {
	local word=$1 other
	shift
	for other in "$@"; do
		[ "$other" != "$word" ] || return 0
	done
	return 1
}

need_server() { [ "${#regression[@]}${#isolation[@]}${#chosen_programs[@]}$demonstration" != 000no ]; }

# pg_regress stops where a new test has no expected output yet. In the copy that is built, an empty one will do.
add_missing_outputs() {
	local name
	for name in "${regression[@]/#/expected/}" "${isolation[@]/#/test/expected/}"; do
		[ -e "$build_dir/$name.out" ] || : >"$build_dir/$name.out"
	done
}
