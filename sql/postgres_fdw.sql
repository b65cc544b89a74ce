--
-- Foreign tables of postgres_fdw: fine as staging, also as partitions of it, and refused as the target or a part of it.
-- The other expected file is for servers that lack postgres_fdw, or that cannot be reached from themselves.
--
\i test/oracle.sql
SET client_min_messages = warning;
CREATE FUNCTION loop_back() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	CREATE EXTENSION IF NOT EXISTS postgres_fdw;
	EXECUTE format('CREATE SERVER loop_back FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L)',
		trim(split_part(current_setting('unix_socket_directories'), ',', 1)), current_setting('port'), current_database());
	CREATE USER MAPPING FOR CURRENT_USER SERVER loop_back;
	CREATE FOREIGN TABLE remote_types (typname name) SERVER loop_back OPTIONS (schema_name 'pg_catalog', table_name 'pg_type');
	RETURN EXISTS (SELECT FROM remote_types);
EXCEPTION WHEN feature_not_supported OR undefined_file OR fdw_error OR sqlclient_unable_to_establish_sqlconnection THEN
	RETURN false;
END $$;
SELECT NOT loop_back() AS skip \gset
DROP FUNCTION loop_back;
RESET client_min_messages;
\if :skip
\echo no postgres_fdw here
\quit
\endif

-- Staging is on the other side; keys, a filter and types as always.
CREATE TABLE target (id int PRIMARY KEY, name text, amount numeric(8,2), doc jsonb, tags text[], part text);
INSERT INTO target SELECT i, 'n' || i, i, '{}', '{}', 'a' FROM generate_series(1, 20) AS i;
CREATE TABLE far (part text, id int, tags text[], doc jsonb, amount numeric, name text);
INSERT INTO far SELECT 'a', i, CASE WHEN i = 9 THEN '{x,NULL}'::text[] ELSE '{}' END, '{}', CASE WHEN i % 5 = 0 THEN i + 0.555 ELSE i END, 'n' || i
	FROM generate_series(5, 25) AS i;
CREATE FOREIGN TABLE staging (id int, name text, amount numeric, doc jsonb, tags text[], part text) SERVER loop_back OPTIONS (table_name 'far');
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT id, amount, tags FROM target WHERE id IN (5, 9, 10) ORDER BY id;
UPDATE far SET name = repeat('long ', 20000) WHERE id = 6;
DELETE FROM far WHERE id > 23;
SELECT * FROM sync_checked('target', 'staging', '{id}', 'part = ''a''', max_deletes => 2);
SELECT * FROM bulk_sync('target', 'staging', '{id}', dry_run => true);
SELECT status, key FROM bulk_compare('target', 'staging', '{id}', include_unchanged => true) WHERE status <> 'unchanged';
-- The foreign table's names differ from those of its relation; text on the other side.
CREATE FOREIGN TABLE written ("The id" text OPTIONS (column_name 'id'), amount text) SERVER loop_back OPTIONS (table_name 'far');
CREATE VIEW renamed AS SELECT "The id" AS id, amount FROM written;
UPDATE far SET amount = -1 WHERE id = 7;
SELECT * FROM sync_checked('target', 'renamed', '{id}', columns => '{amount}');
SELECT id, amount FROM target WHERE id = 7;
-- Looked up by key, and joined with local rows.
CREATE VIEW joined AS SELECT s.id, s.name || '/' || b.n AS name FROM staging s JOIN (VALUES (8, 'eight'), (9, 'nine')) AS b (id, n) USING (id);
SELECT * FROM sync_checked('target', 'joined', '{id}', skip_deletes => true);
-- An error on the other side is the call's error; the session, and the connection, go on.
CREATE FOREIGN TABLE nowhere (id int, name text) SERVER loop_back OPTIONS (table_name 'no_such_table');
SELECT state, message FROM failure($$SELECT bulk_sync('target', 'nowhere', '{id}')$$);
CREATE VIEW broken AS SELECT id, amount, 1 / (id - 15) AS one FROM far;
CREATE FOREIGN TABLE breaks (id int, amount numeric, one int) SERVER loop_back OPTIONS (table_name 'broken');
ALTER TABLE target ADD one int;
SELECT state, message FROM failure($$SELECT bulk_sync('target', 'breaks', '{id}')$$);
ALTER TABLE target DROP one;
SELECT * FROM sync_checked('target', 'staging', '{id}');

-- Partitioned staging, one of its partitions on the other side; and a parent with a foreign child.
CREATE TABLE parted (id int, name text) PARTITION BY RANGE (id);
CREATE TABLE parted_near PARTITION OF parted FOR VALUES FROM (1) TO (10);
CREATE TABLE far_part (name text, id int);
CREATE FOREIGN TABLE parted_far PARTITION OF parted FOR VALUES FROM (10) TO (100) SERVER loop_back OPTIONS (table_name 'far_part');
INSERT INTO parted_near SELECT i, 'near' FROM generate_series(5, 9) AS i;
INSERT INTO far_part SELECT 'far', i FROM generate_series(10, 15) AS i;
SELECT * FROM sync_checked('target', 'parted', '{id}');
SELECT name, count(*) FROM target GROUP BY name ORDER BY name;
CREATE TABLE parent (id int, name text);
CREATE FOREIGN TABLE child () INHERITS (parent) SERVER loop_back OPTIONS (table_name 'far_part');
INSERT INTO parent VALUES (1, 'parent');
SELECT * FROM sync_checked('target', 'parent', '{id}');
-- The same row on both sides is twice the same key.
INSERT INTO parent VALUES (12, 'again');
SELECT state, detail FROM failure($$SELECT bulk_sync('target', 'parent', '{id}')$$);

-- As targets: refused, and the other side is left alone.
\set VERBOSITY default
CREATE TABLE import AS SELECT 10 AS id, 'new'::text AS name;
SELECT * FROM bulk_sync('child', 'import', '{id}');
SELECT * FROM bulk_sync('parted', 'import', '{id}');
SELECT * FROM bulk_sync('parted', 'import', '{id}', 'id > 5', dry_run => true);
-- Out of scope it is in nobody's way.
SELECT * FROM bulk_sync('parted', 'import', '{id}', 'id < 10', dry_run => true);
SELECT * FROM bulk_sync('parted_far', 'import', '{id}');
SELECT * FROM bulk_sync('parent', 'import', '{id}', lock => 'table');
\set VERBOSITY terse
SELECT count(*), count(*) FILTER (WHERE name = 'new') FROM far_part;
SELECT * FROM sync_checked('parted_near', 'import', '{id}', skip_deletes => true, skip_creates => true);
-- To compare with one is fine.
SELECT status, key, changes FROM bulk_compare('parted', 'import', '{id}', 'id IN (9, 10)') ORDER BY status;
-- What has been read from the other side in a transaction that is rolled back leaves nothing behind.
BEGIN;
SELECT * FROM bulk_sync('target', 'parted', '{id}');
ROLLBACK;
DELETE FROM ONLY parent;
SELECT * FROM sync_checked('target', 'parent', '{id}');

SET client_min_messages = warning;
DROP SERVER loop_back CASCADE;
RESET client_min_messages;
DROP VIEW broken;
DROP TABLE target, far, far_part, parted, parent, import;
DROP EXTENSION postgres_fdw;
