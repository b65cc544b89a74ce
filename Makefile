# Builds and installs the extension with PostgreSQL's own extension build, PGXS.
#   make && make install      PG_CONFIG=/path/to/pg_config chooses the server
#   make installcheck         regression and isolation tests against a running server
#   make dist                 build/bulk_sync-VERSION.zip, the archive for PGXN; needs Git and no PostgreSQL
MODULE_big = bulk_sync
EXTENSION = bulk_sync
DATA = sql/bulk_sync--1.0.sql sql/bulk_sync--1.0--1.1.sql
PGFILEDESC = "bulk_sync - make a table match a staging table"

# The one list of sources, shared with CMakeLists.txt.
SOURCES := $(shell cat $(dir $(lastword $(MAKEFILE_LIST)))src/sources.txt)
OBJS = $(SOURCES:.cpp=.o)

TESTS = $(sort $(filter-out sql/bulk_sync--%,$(wildcard sql/*.sql)))
REGRESS = $(patsubst sql/%.sql,%,$(TESTS))
REGRESS_OPTS = --inputdir=. --outputdir=build/regress
ISOLATION = $(patsubst test/specs/%.spec,%,$(sort $(wildcard test/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test --outputdir=build/isolation --load-extension=bulk_sync

EXTRA_CLEAN = build/regress build/isolation $(OBJS:.o=.d)

PG_CONFIG ?= pg_config

# Bitcode would only serve inlining of SQL-callable functions into JIT code, which gains nothing
# for a function that runs once per query; and its rule ignores the C++ flags.
override with_llvm = no

ifneq ($(MAKECMDGOALS),dist)
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)
endif

# -Wno-register: headers before PostgreSQL 16 use the keyword. The server's headers are system
# headers here, so that -Wextra speaks of our code alone.
override CPPFLAGS := -Isrc -isystem $(includedir_server) $(CPPFLAGS)
override CXXFLAGS += -std=c++20 -Wextra -Wno-register -fvisibility=hidden -fvisibility-inlines-hidden \
	-MMD -MP $(COPT)
# Linked by the C++ compiler: the C compiler would leave libstdc++ out.
override COMPILER = $(CXX) $(CXXFLAGS)

-include $(OBJS:.o=.d)

# pg_regress makes the last folder of its output alone.
installcheck: | build
build:
	mkdir -p $@

# What is committed, in a folder with the version in its name, as PGXN wants it. TAG=v1.2.0 packs that tag, if
# META.json is of this version.
TAG =
dist_version = $(shell sed -nE '1,/"version"/s/^ *"version": "([0-9.]+)".*/\1/p' META.json)
dist_name = bulk_sync-$(dist_version)
dist: | build
	test "$(or $(TAG),v$(dist_version))" = "v$(dist_version)"
	git archive --format=zip --prefix=$(dist_name)/ --output=build/$(dist_name).zip $(or $(TAG),HEAD)
.PHONY: dist
