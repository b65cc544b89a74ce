# Builds and installs the extension with PostgreSQL's own extension build, PGXS.
#   make && make install      PG_CONFIG=/path/to/pg_config chooses the server
#   make installcheck         regression and isolation tests against a running server
#   make -f ../Makefile       in any folder: builds there, and leaves nothing in the sources
#   make dist                 build/bulk_sync-VERSION.zip, the archive for PGXN; needs Git and no PostgreSQL
MODULE_big = bulk_sync
EXTENSION = bulk_sync
DATA = sql/bulk_sync--1.0.sql sql/bulk_sync--1.0--1.1.sql
PGFILEDESC = "bulk_sync - make a table match a staging table"

# Where the sources are: here, or in another folder than the one to build in.
TOP := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))

# The one list of sources, shared with CMakeLists.txt.
SOURCES := $(shell cat $(TOP)/src/sources.txt)
OBJS = $(SOURCES:.cpp=.o)

# The library shows what the server looks for, and nothing of the standard library and of Boost, which has symbols that are
# visible whatever the compiler is told: another extension may have them from another version.
SHLIB_EXPORTS = build/exports.txt

# For users; in a folder of our own, because some of the names are everybody's.
DOCS = README.md CHANGELOG.md $(patsubst $(TOP)/%,%,$(sort $(filter-out $(TOP)/docs/adding_%,$(wildcard $(TOP)/docs/*.md))))

REGRESS = $(filter-out bulk_sync--%,$(patsubst $(TOP)/sql/%.sql,%,$(sort $(wildcard $(TOP)/sql/*.sql))))
REGRESS_OPTS = --inputdir=$(TOP) --outputdir=build/regress
ISOLATION = $(patsubst $(TOP)/test/specs/%.spec,%,$(sort $(wildcard $(TOP)/test/specs/*.spec)))
ISOLATION_OPTS = --inputdir=$(TOP)/test --outputdir=build/isolation --load-extension=bulk_sync

EXTRA_CLEAN = build/regress build/isolation build/server $(SHLIB_EXPORTS) $(OBJS:.o=.d)

PG_CONFIG ?= pg_config

# Bitcode would only serve inlining of SQL-callable functions into JIT code, which gains nothing
# for a function that runs once per query; and its rule ignores the C++ flags.
override with_llvm = no

ifneq ($(MAKECMDGOALS),dist)
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)
endif

docmoduledir = bulk_sync

# Only sources are looked for where they are: the objects and folders of a build there are none of this one's. (PGXS takes
# srcdir from VPATH where that is given, as packagers do.)
srcdir := $(srcdir)
override VPATH =
vpath %.cpp $(TOP)
vpath %.control $(TOP)
vpath %.sql $(TOP)
vpath %.md $(TOP)

# -Wno-register: headers before PostgreSQL 16 use the keyword. The server's headers are system
# headers here, so that -Wextra speaks of our code alone.
override CPPFLAGS := -I$(TOP)/src -isystem $(includedir_server) $(CPPFLAGS)
override CXXFLAGS += -std=c++20 -Wextra -Wno-register -fvisibility=hidden -fvisibility-inlines-hidden \
	-MMD -MP $(COPT)
# Linked by the C++ compiler: the C compiler would leave libstdc++ out.
override COMPILER = $(CXX) $(CXXFLAGS)

-include $(OBJS:.o=.d)

# The server that the objects are for, as it was configured. For another one they are made anew.
$(OBJS): build/server | $(sort $(dir $(OBJS)))
build/server: FORCE | build
	@$(PG_CONFIG) --version --configure | cmp -s - $@ || $(PG_CONFIG) --version --configure >$@
FORCE:

# The library's mark, its start, and each function that SQL declares, with its description.
build/exports.txt: $(DATA) | build
	{ printf '%s\n' Pg_magic_func _PG_init; \
	sed -nE "s/.*'MODULE_PATHNAME', '([a-z_]+)'.*/\1 pg_finfo_\1/p" $^ | tr ' ' '\n'; } | sort -u | awk '{ print $$1, NR }' >$@

# PGXS looks for documents where they were among the sources.
uninstall: uninstall-docs
uninstall-docs:
	rm -rf '$(DESTDIR)$(docdir)/$(docmoduledir)'

# pg_regress makes the last folder of its output alone. The tests include files of test/ from where they run.
installcheck: | build $(if $(filter-out .,$(TOP)),test)
test:
	ln -s $(TOP)/test $@
build $(sort $(dir $(OBJS))):
	mkdir -p $@

# What is committed, in a folder with the version in its name, as PGXN wants it. TAG=v1.2.0 packs that tag, if
# META.json is of this version.
TAG =
dist_version = $(shell sed -nE '1,/"version"/s/^ *"version": "([0-9.]+)".*/\1/p' $(TOP)/META.json)
dist_name = bulk_sync-$(dist_version)
dist: | build
	test "$(or $(TAG),v$(dist_version))" = "v$(dist_version)"
	git -C $(TOP) archive --format=zip --prefix=$(dist_name)/ $(or $(TAG),HEAD) >build/$(dist_name).zip
.PHONY: dist uninstall-docs FORCE
