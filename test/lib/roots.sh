# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # of lib.sh and test/matrix: work, cache, update; for test/matrix: reason
#
# Root folders with other releases of Debian, kept in a cache, in which commands run. Sourced by test/matrix, after lib.sh.
# All of it runs as root.

# Ends in an error that says why when something is missing that this needs.
want_root_tools() {
	want_command debootstrap debootstrap
	want_command unshare util-linux
	want_command flock util-linux
	[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || missing+=(debian-archive-keyring)
	install_missing
}

# debian_mirror: prints where this machine has its packages from, if it is a Debian. Otherwise debootstrap knows one.
debian_mirror() {
	# shellcheck disable=SC1091,SC2016 # the file is the system's; apt-get knows the names
	(. /etc/os-release && [ "$ID" = debian ] && apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
		awk -v release="$VERSION_CODENAME" '$1 == release { print $2; exit }')
}

# make_root RELEASE: sets root to the folder of that release; makes it when it is not there. experimental is no whole
# release: it is laid over sid.
make_root() {
	local release=$1 base=$1 mirror
	[ "$release" != experimental ] || base=sid
	root=$cache/$release
	mkdir -p "$cache"
	exec 8>"$cache/$release.lock"
	flock -n 8 || { reason="another test/matrix is at work in $root"; return 1; }
	if [ -d "$root" ]; then
		take_apt_settings "$root"
		rm -rf "$root"/tmp/bulk_sync.* # of a run that was killed
		mend_packages
		return
	fi
	rm -rf "$root.new"
	mirror=$(debian_mirror || true)
	printf 'Making a root of Debian %s in %s, which fetches some 100 MB ...\n' "$release" "$root"
	# What it mounts in the folder shall be gone when it is killed: the next run removes the folder.
	# shellcheck disable=SC2086 # no word where there is no mirror
	unshare --mount debootstrap --variant=minbase "$base" "$root.new" $mirror >"$work/debootstrap.log" 2>&1 || {
		reason="no root of Debian $base can be made: $(grep -E '^[EW]:' "$work/debootstrap.log" | tail -n 1)"
		return 1
	}
	if [ "$release" != "$base" ]; then
		sed "s/ $base / $release /" "$root.new/etc/apt/sources.list" >"$root.new/etc/apt/sources.list.d/$release.list"
		# What else is there waits for other things, and may not even be installable.
		printf '%s\n' 'Package: postgresql* libpq*' "Pin: release a=$release" 'Pin-Priority: 600' >"$root.new/etc/apt/preferences.d/$release"
	fi
	# Packages must not start servers.
	printf '#!/bin/sh\nexit 101\n' >"$root.new/usr/sbin/policy-rc.d"
	chmod 755 "$root.new/usr/sbin/policy-rc.d"
	mkdir -p "$root.new/etc/postgresql-common/createcluster.d"
	echo 'create_main_cluster = false' >"$root.new/etc/postgresql-common/createcluster.d/bulk_sync_test.conf"
	take_apt_settings "$root.new"
	mv "$root.new" "$root"
}

# take_apt_settings FOLDER: what this machine's apt is told about the way to the archive, and about its clock, holds in the
# root as well.
take_apt_settings() {
	apt-config dump | grep -E '^Acquire::(https?::Proxy|Check-Valid-Until|Check-Date) ' >"$1/etc/apt/apt.conf.d/90machine" || true
}

# in_root COMMAND...: runs it there. Mounts and processes are in namespaces of their own: at the end nothing of them is left.
# The first process is a shell that stays: apt, which changes its user, would outlive a test/matrix that is killed.
in_root() {
	cp -L /etc/resolv.conf "$root/etc/resolv.conf"
	# shellcheck disable=SC2016 # for the inner shell
	unshare --mount --pid --ipc --fork --kill-child sh -c '
		root=$1
		shift
		mount --bind /dev "$root/dev" && mount -t tmpfs tmpfs "$root/dev/shm" && chmod 1777 "$root/dev/shm" && mount -t proc proc "$root/proc" || exit
		chroot "$root" "$@"
		exit "$?"' sh "$root" env -i \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
		${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} ${no_proxy:+no_proxy="$no_proxy"} "$@" 8>&-
}

# apt_in_root ARGUMENT...: apt-get there; its output is in a log. Ends with a reason when it fails.
apt_in_root() {
	in_root apt-get -q -y --no-install-recommends "$@" >"$work/apt.log" 2>&1 || {
		reason="apt-get $1 fails there: $(grep '^E:' "$work/apt.log" | tail -n 1)"
		return 1
	}
}

# mend_packages: a run that was killed while packages were installed leaves some that are half there, and apt refuses all
# work then.
mend_packages() {
	local broken
	# What waits for a package that is not there is left to apt.
	in_root dpkg --configure -a >"$work/dpkg.log" 2>&1 || true
	[ -n "$(in_root dpkg --audit)" ] || return 0
	printf 'Mending the packages in %s, which an earlier run left half installed ...\n' "$root"
	# What was being unpacked is put back by its name alone.
	# shellcheck disable=SC2016 # dpkg-query knows the names
	broken=$(in_root dpkg-query -W -f '${db:Status-Eflag} ${binary:Package}\n' | sed -n 's/^reinstreq //p')
	# shellcheck disable=SC2086 # a word each
	apt_in_root update && apt_in_root install --fix-broken --reinstall $broken
}

# install_in_root RELEASE MAJOR: that server and its headers. With update=yes also all newer packages of the release.
install_in_root() {
	local release=$1 major=$2 package
	if [ "$update" = no ] && in_root test -x "/usr/lib/postgresql/$major/bin/postgres" -a -d "/usr/include/postgresql/$major/server"; then
		return
	fi
	apt_in_root update || return
	[ "$update" = no ] || apt_in_root dist-upgrade || return
	for package in "postgresql-$major" "postgresql-server-dev-$major"; do
		if [ -z "$(in_root apt-cache madison "$package")" ]; then
			reason="Debian $release has no $package"
			return 1
		fi
	done
	printf 'Installing PostgreSQL %s there ...\n' "$major"
	apt_in_root install "postgresql-$major" "postgresql-server-dev-$major"
}
