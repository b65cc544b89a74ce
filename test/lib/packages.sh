# shellcheck shell=bash
#
# Installs what is missing: the want_ functions note packages by name, install_missing has apt install them.
# Sourced by lib.sh.

missing=() # packages by name, as often as they were found missing

# want_command COMMAND PACKAGE: remembers the package when the command is not there.
want_command() { have "$1" || missing+=("$2"); }

want_package() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] || missing+=("$1")
}

have_boost() {
	printf '#include <boost/container/small_vector.hpp>\n' |
		g++ -x c++ -std=c++20 -E - >/dev/null 2>&1
}

want_build_tools() {
	want_command g++ g++
	want_command make make
	have_boost || missing+=(libboost-dev)
}

# want_optional COMMAND PACKAGE: not every release has it, and nothing fails without it.
want_optional() {
	if ! have "$1" && have apt-cache && [ -n "$(apt-cache madison "$2" 2>/dev/null)" ]; then
		missing+=("$2")
	fi
}

# On Debian, installing a server makes and starts a cluster "main", and starts others that were stopped
# on purpose. Nobody asked us for that.
clusters_held=no
readonly no_main_cluster=/etc/postgresql-common/createcluster.d/bulk_sync_test.conf
readonly service_policy=/usr/sbin/policy-rc.d
readonly policy_mark='written by the tests of bulk_sync, to be removed by them'

hold_clusters() {
	clusters_held=yes
	# shellcheck disable=SC2016 # $1 and $2 are for the inner shell
	as_root sh -c '
		mkdir -p "$(dirname "$1")"
		echo "create_main_cluster = false" >"$1"
		[ -e "$2" ] || {
			printf "#!/bin/sh\n# %s\ncase \$1 in postgresql*|pgbouncer*) exit 101 ;; esac\nexit 0\n" "$3" >"$2"
			chmod 755 "$2"
		}' sh "$no_main_cluster" "$service_policy" "$policy_mark"
}

release_clusters() {
	[ "$clusters_held" = yes ] || return 0
	clusters_held=no
	as_root rm -f "$no_main_cluster"
	as_root rmdir -p --ignore-fail-on-non-empty "$(dirname "$no_main_cluster")"
	if grep -qs "$policy_mark" "$service_policy"; then
		as_root rm -f "$service_policy"
	fi
}

apt_is_fresh=no

apt_update() {
	[ "$apt_is_fresh" = no ] || return 0
	have apt-get || die "these have to be installed first, by whatever name your system has for them: ${missing[*]}"
	is_root || say 'Packages are missing: sudo may ask for your password.'
	is_root || as_root true
	# A source that cannot be reached does not matter when the others have what is missing.
	step 'Reading the lists of packages' as_root apt-get -q update
	apt_is_fresh=yes
}

apt_install() {
	as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 LC_ALL=C.UTF-8 \
		apt-get -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends install "$@"
}

# to_fetch PACKAGE...: how much that is, with what they need and what is not here yet.
to_fetch() {
	apt-get -qq --print-uris --no-install-recommends install "$@" 2>/dev/null |
		awk '{ bytes += $3 } END { printf "%.0f MB", bytes / 1e6 }'
}

# Installs what the want_ functions found missing, and forgets it. No call of apt when that is nothing.
install_missing() {
	[ "${#missing[@]}" -gt 0 ] || return 0
	mapfile -t missing < <(printf '%s\n' "${missing[@]}" | awk '!seen[$0]++') # several tests want the same ones
	apt_update
	# Several tests want the same.
	mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
	say "Missing packages: ${missing[*]}. With what they need, $(to_fetch "${missing[@]}") are to be fetched."
	hold_clusters
	step 'Installing them' apt_install "${missing[@]}"
	release_clusters
	missing=()
}
