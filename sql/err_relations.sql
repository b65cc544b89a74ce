--
-- Relations that cannot be the target, or staging, and calls from a trigger of a sync on the same
-- target: refused with the reason.
--
\i test/oracle.sql
\set VERBOSITY default
\set SHOW_CONTEXT never

CREATE TABLE employee (id int PRIMARY KEY, name text);
CREATE TABLE import (id int, name text);
INSERT INTO employee VALUES (1, 'Ann'), (2, 'Bob');
INSERT INTO import VALUES (1, 'Ann'), (2, 'Rob');
CREATE TABLE before AS SELECT ctid::text AS place, xmin::text AS version, * FROM employee;

-- Targets of other kinds.
CREATE VIEW a_view AS TABLE employee;
CREATE MATERIALIZED VIEW a_matview AS TABLE employee;
CREATE SEQUENCE a_sequence;
CREATE INDEX an_index ON employee (name);
CREATE TYPE a_type AS (id int, name text);
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE a_foreign_table (id int, name text) SERVER nowhere;
SELECT * FROM bulk_sync('a_view', 'import', '{id}');
SELECT * FROM bulk_sync('a_matview', 'import', '{id}');
SELECT * FROM bulk_sync('a_foreign_table', 'import', '{id}');
SELECT * FROM bulk_sync('a_sequence', 'import', '{id}');
SELECT * FROM bulk_sync('an_index', 'import', '{id}');
SELECT * FROM bulk_sync('a_type', 'import', '{id}');
SELECT * FROM bulk_sync('a_view', 'import', '{id}', dry_run => true);

-- Catalogs, and what is like them.
SET allow_system_table_mods = on;
SELECT * FROM bulk_sync('pg_class', 'import', '{oid}');
SELECT * FROM bulk_sync('pg_catalog.pg_description', 'import', '{objoid}');
SELECT * FROM bulk_sync('information_schema.sql_features', 'import', '{feature_id}');
SELECT * FROM bulk_sync('pg_catalog.pg_stat_activity', 'import', '{pid}');
RESET allow_system_table_mods;
CREATE TABLE toasted (t text);
SELECT f.state, regexp_replace(f.message, '\d+', 'N', 'g') AS message, f.detail FROM pg_class c,
	failure(format('SELECT * FROM bulk_sync(%s::regclass, ''import'', ''{chunk_id}'')', c.reltoastrelid)) AS f
	WHERE c.oid = 'toasted'::regclass;

-- A tree with a foreign table in it, as partition or as child, at any depth.
CREATE TABLE parted (id int, name text) PARTITION BY LIST (id);
CREATE TABLE parted1 PARTITION OF parted FOR VALUES IN (1) PARTITION BY LIST (name);
CREATE TABLE parted1a PARTITION OF parted1 FOR VALUES IN ('a');
CREATE FOREIGN TABLE parted1b PARTITION OF parted1 FOR VALUES IN ('b') SERVER nowhere;
SELECT * FROM bulk_sync('parted', 'import', '{id}');
SELECT * FROM bulk_sync('parted1', 'import', '{id}');
SELECT * FROM bulk_sync('parted1a', 'import', '{id}', skip_creates => true);
CREATE TABLE parent (id int, name text);
CREATE FOREIGN TABLE child () INHERITS (parent) SERVER nowhere;
SELECT * FROM bulk_sync('parent', 'import', '{id}');
SELECT * FROM bulk_sync('parent', 'import', '{id}', dry_run => true);

-- A table with rules.
CREATE RULE no_delete AS ON DELETE TO employee DO INSTEAD NOTHING;
SELECT * FROM bulk_sync('employee', 'import', '{id}');
DROP RULE no_delete ON employee;
CREATE RULE log AS ON INSERT TO employee DO ALSO NOTIFY employee;
SELECT * FROM bulk_sync('employee', 'import', '{id}', skip_creates => true);
DROP RULE log ON employee;

-- Itself. A view over the target is something else.
SELECT * FROM bulk_sync('employee', 'employee', '{id}');
SELECT * FROM bulk_sync('employee', 'a_view', '{id}');

-- Staging: whatever can be read, and nothing else.
SELECT * FROM bulk_sync('employee', 'a_sequence', '{id}');
SELECT * FROM bulk_sync('employee', 'an_index', '{id}');
SELECT * FROM bulk_sync('employee', 'a_type', '{id}');
SELECT * FROM bulk_sync('employee', 'a_matview', '{id}', dry_run => true);

-- A dropped relation of which the OID is still around.
CREATE TABLE gone (id int, name text);
SELECT 'gone'::regclass::oid AS gone \gset
DROP TABLE gone;
SELECT f.state, regexp_replace(f.message, '\d+', 'N') AS message
	FROM failure(format('SELECT * FROM bulk_sync(''employee'', %s::oid, ''{id}'')', :gone)) AS f;
SELECT f.state, regexp_replace(f.message, '\d+', 'N') AS message
	FROM failure(format('SELECT * FROM bulk_sync(%s::oid, ''import'', ''{id}'')', :gone)) AS f;

-- From a trigger of a sync: another target is fine, also a sync in it, the same is not.
CREATE TABLE other (LIKE employee);
CREATE FUNCTION sync_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_ARGV[0] = 'employee' OR TG_TABLE_NAME = 'other' THEN
		PERFORM bulk_sync('employee', 'import', '{id}', dry_run => coalesce(TG_ARGV[1] = 'dry', false));
	ELSE
		PERFORM bulk_sync('other', 'import', '{id}');
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER sync_again AFTER UPDATE ON employee FOR EACH STATEMENT EXECUTE FUNCTION sync_again('employee');
SELECT * FROM bulk_sync('employee', 'import', '{id}');
DROP TRIGGER sync_again ON employee;
CREATE TRIGGER sync_again BEFORE UPDATE ON employee FOR EACH ROW EXECUTE FUNCTION sync_again('employee', 'dry');
SELECT * FROM bulk_sync('employee', 'import', '{id}');
DROP TRIGGER sync_again ON employee;
CREATE TRIGGER sync_again AFTER UPDATE ON employee FOR EACH ROW EXECUTE FUNCTION sync_again('other');
CREATE TRIGGER sync_again AFTER INSERT ON other FOR EACH ROW EXECUTE FUNCTION sync_again();
SELECT * FROM bulk_sync('employee', 'import', '{id}');
TABLE other;
DROP TRIGGER sync_again ON other;
BEGIN;
SELECT * FROM bulk_sync('employee', 'import', '{id}');
SELECT * FROM other ORDER BY id;
ROLLBACK;
DROP TRIGGER sync_again ON employee;

-- Nothing has changed, and the session goes on.
SELECT count(*) AS changed FROM (
	TABLE before EXCEPT SELECT ctid::text, xmin::text, * FROM employee) AS c;
SELECT * FROM sync_checked('employee', 'import', '{id}');
SET client_min_messages = warning;
DROP FOREIGN DATA WRAPPER nowhere CASCADE;
DROP TABLE employee, import, before, toasted, parted, parent, other CASCADE;
DROP TYPE a_type;
DROP SEQUENCE a_sequence;
DROP FUNCTION sync_again();
