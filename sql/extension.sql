--
-- The extension itself: any schema will do, and whoever may create objects in a database may create it there.
--
\i test/oracle.sql

SELECT name, version, relocatable, trusted, superuser, schema FROM pg_available_extension_versions WHERE name = 'bulk_sync'
ORDER BY version;
-- What it consists of. None of the functions changes settings or runs as its owner.
SELECT p.proname, p.provolatile, p.proparallel, p.prosecdef, p.proconfig, p.proretset
FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
JOIN pg_extension e ON e.oid = d.refobjid WHERE e.extname = 'bulk_sync' AND p.proname = 'bulk_sync' ORDER BY p.proname;
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'bulk_sync_stats'::regclass AND attnum > 0 ORDER BY attnum;
SELECT * FROM string_to_table(pg_get_function_arguments('bulk_sync'::regproc), ', ') AS argument;

CREATE TABLE target (id int PRIMARY KEY, v text);
CREATE TABLE staging (id int, v text);
INSERT INTO target VALUES (1, 'a'), (2, 'b');
INSERT INTO staging VALUES (1, 'A'), (3, 'c');
-- In another schema, it works as before, named or found there.
CREATE SCHEMA extensions;
ALTER EXTENSION bulk_sync SET SCHEMA extensions;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
SELECT * FROM extensions.bulk_sync('target', 'staging', '{id}');
SET search_path = extensions, public;
SELECT * FROM sync_checked('target', 'staging', '{id}');
RESET search_path;
DROP EXTENSION bulk_sync;
-- Made anew, by somebody who is no superuser, while the library is loaded already.
CREATE ROLE regress_bulk_sync_maker;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_bulk_sync_maker', current_database()); END $$;
GRANT CREATE ON SCHEMA extensions TO regress_bulk_sync_maker;
GRANT USAGE ON SCHEMA extensions TO regress_bulk_sync_maker;
GRANT ALL ON target, staging TO regress_bulk_sync_maker;
SET ROLE regress_bulk_sync_maker;
CREATE EXTENSION bulk_sync SCHEMA extensions;
UPDATE staging SET v = 'made';
SELECT * FROM extensions.bulk_sync('target', 'staging', '{id}');
DROP EXTENSION bulk_sync;
RESET ROLE;
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_bulk_sync_maker', current_database()); END $$;
DROP TABLE target, staging;
DROP SCHEMA extensions;
DROP ROLE regress_bulk_sync_maker;
CREATE EXTENSION bulk_sync;
