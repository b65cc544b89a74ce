# shellcheck shell=bash
# shellcheck disable=SC2154 # of lib.sh and postgres.sh: top, bindir, build_dir
#
# A server of our own to install the extension into: the one of PG_CONFIG stays as it is, and so does what runs on it.
# Sourced by lib.sh, after postgres.sh.
#
# PostgreSQL finds its folders from where its program is. So a folder with the programs and, at the same distance as in the
# original, its folders of libraries and shared files makes a server. The programs are copied, since a link would lead back
# to the original; everything else is a link to it. It takes about 15 MB and less than a second.

# The programs that tests use: where all programs of the system are in one folder, the rest are none of PostgreSQL's.
readonly server_programs='postgres initdb pg_ctl pg_config psql createdb dropdb createuser dropuser pg_isready pg_dump pg_dumpall
	pg_restore pg_basebackup pg_upgrade pg_resetwal pg_controldata pg_checksums pg_waldump pg_receivewal pg_recvlogical pgbench vacuumdb'

# private_server FOLDER: makes it in FOLDER/server, or brings it up to date, and sets PG_CONFIG and bindir to it. The cluster's
# user must be able to get to FOLDER. Nothing of bulk_sync that the original has is in it.
private_server() {
	local copy=$1/server program
	for program in $server_programs; do
		copy_program "$bindir/$program" "$copy$bindir/$program"
	done
	link_files "$("$PG_CONFIG" --pkglibdir)" "$copy"
	link_files "$("$PG_CONFIG" --sharedir)" "$copy"
	link_files "$("$PG_CONFIG" --sharedir)/extension" "$copy"
	link_folder "$("$PG_CONFIG" --includedir-server)" "$copy"
	PG_CONFIG=$copy$bindir/pg_config
	bindir=$copy$bindir
	export PATH="$bindir:$PATH"
	server_is_in "$copy"
}

# copy_program FILE COPY: unless it is there. A program that runs cannot be overwritten, but replaced.
copy_program() {
	[ -x "$1" ] || return 0
	mkdir -p "${2%/*}"
	cmp -s "$1" "$2" || cp --remove-destination "$1" "$2"
}

# link_files FOLDER COPY: a folder in COPY with links to all that the original has, except what is ours. The folder of the
# extensions is one of its own, see private_server.
link_files() {
	local file
	mkdir -p "$2$1"
	for file in "$1"/*; do
		case ${file##*/} in
		bulk_sync | bulk_sync.* | bulk_sync--* | extension) ;;
		*) ln -sfn "$file" "$2$1/${file##*/}" ;;
		esac
	done
}

link_folder() {
	mkdir -p "$(dirname "$2$1")"
	ln -sfn "$1" "$2$1"
}

# server_is_in FOLDER: nothing may be installed into a server of the system.
server_is_in() {
	local folder option
	for option in --bindir --pkglibdir --sharedir --docdir; do
		folder=$("$PG_CONFIG" "$option")
		[ "${folder#"$1"/}" != "$folder" ] || die "this server does not work from another folder, and nothing may be installed into it: $folder"
	done
}

# install_extension [MAKE ARGUMENTS]: into the private server.
install_extension() { make -s -C "$build_dir" PG_CONFIG="$PG_CONFIG" "$@" install; }
