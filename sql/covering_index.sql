--
-- Which unique indexes keep two calls of different scopes from having to wait for each other: those that make it sure
-- that neither can insert a key of the other. Where there is none, a call locks out all others of the target.
--
\i test/oracle.sql

CREATE TABLE target (a int, b text, v int);
CREATE TABLE staging (a int, b text, v int);
INSERT INTO target VALUES (1, 'x', 1), (2, 'y', 2);
INSERT INTO staging TABLE target;
-- The locks between calls, as pg_locks shows them: that of the whole target is shared when an index covers the keys.
CREATE FUNCTION locks(keys text[], filter text DEFAULT NULL, target regclass DEFAULT 'target') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM bulk_sync(target, 'staging', keys, filter);
	RETURN (SELECT string_agg(CASE objid WHEN 0 THEN 'whole target' ELSE 'scope' END || ' ' || mode, ', ' ORDER BY objid)
		FROM pg_locks WHERE locktype = 'advisory' AND objsubid = -19172 AND classid = target AND pid = pg_backend_pid() AND granted);
END $$;
SELECT locks('{a,b}');
-- Columns that may be NULL let the same key in twice, but for NULLS NOT DISTINCT.
CREATE UNIQUE INDEX i ON target (a, b);
SELECT locks('{a,b}');
ALTER TABLE target ALTER a SET NOT NULL;
SELECT locks('{a,b}');
ALTER TABLE target ALTER b SET NOT NULL;
SELECT locks('{a,b}');
ALTER TABLE target ALTER a DROP NOT NULL, ALTER b DROP NOT NULL;
DROP INDEX i;
CREATE UNIQUE INDEX i ON target (a, b) NULLS NOT DISTINCT;
SELECT locks('{b,a}');
-- In whatever order the keys are, and with others beside; all columns of the index have to be among them.
SELECT locks('{v,b,a}');
SELECT locks('{a}');
SELECT locks('{a,v}');
DROP INDEX i;
ALTER TABLE target ALTER a SET NOT NULL, ALTER b SET NOT NULL;
CREATE UNIQUE INDEX i ON target (a) INCLUDE (b, v);
SELECT locks('{a}'), locks('{b,a}');
SELECT locks('{b,v}');
DROP INDEX i;
-- Not a part of the rows, unless the scope is in it, not an expression, not another equality or collation.
CREATE UNIQUE INDEX i ON target (a) WHERE v > 0;
SELECT locks('{a}');
SELECT locks('{a}', 'v > 0');
DROP INDEX i;
CREATE UNIQUE INDEX i ON target (lower(b));
SELECT locks('{b}');
DROP INDEX i;
CREATE UNIQUE INDEX i ON target (a, lower(b));
SELECT locks('{a,b}');
DROP INDEX i;
CREATE UNIQUE INDEX i ON target (b text_pattern_ops);
SELECT locks('{b}');
DROP INDEX i;
CREATE UNIQUE INDEX i ON target (b COLLATE "POSIX");
SELECT locks('{b}');
DROP INDEX i;
CREATE UNIQUE INDEX i ON target (b);
SELECT locks('{b}');
DROP INDEX i;
-- A constraint that is deferred still is one at the end. An index that is not valid is none.
ALTER TABLE target ADD CONSTRAINT c UNIQUE (a) DEFERRABLE INITIALLY DEFERRED;
SELECT locks('{a}');
ALTER TABLE target DROP CONSTRAINT c;
ALTER TABLE target ADD CONSTRAINT c EXCLUDE (a WITH =);
SELECT locks('{a}');
ALTER TABLE target DROP CONSTRAINT c;
INSERT INTO target VALUES (1, 'z', 1);
CREATE UNIQUE INDEX CONCURRENTLY i ON target (a);
DELETE FROM target WHERE b = 'z';
SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass;
SELECT locks('{a}');
REINDEX INDEX i;
SELECT locks('{a}');
-- What the filter fixes counts as covered: a column that is compared, alone or under AND, with a value that is not of
-- the row, by the column's own equality and collation. Such a column may be NULL elsewhere.
CREATE TABLE company_target (a int NOT NULL, b text NOT NULL, c int, t text, w varchar(9), d date, flag boolean, gone timestamptz, n name, z text COLLATE "C");
CREATE TABLE company_staging (a int, b text, c int, t text, w varchar(9), d date, flag boolean, gone timestamptz, n name, z text);
CREATE FUNCTION waits(filter text, column_name text, keys text[] DEFAULT '{b}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	mode text;
BEGIN
	EXECUTE format('CREATE UNIQUE INDEX company_i ON company_target (%s)', column_name);
	PERFORM bulk_sync('company_target', 'company_staging', keys, filter, allow_empty => true);
	SELECT CASE l.mode WHEN 'ShareLock' THEN 'side by side' ELSE 'one after the other' END INTO STRICT mode FROM pg_locks AS l
		WHERE locktype = 'advisory' AND objsubid = -19172 AND classid = 'company_target'::regclass AND pid = pg_backend_pid() AND objid = 0;
	RAISE EXCEPTION USING MESSAGE = mode, ERRCODE = 'UE001';
EXCEPTION WHEN SQLSTATE 'UE001' THEN
	RETURN mode;
END $$;
CREATE FUNCTION pg_temp.answer() RETURNS int STABLE LANGUAGE sql AS 'SELECT 501';
SELECT filter, waits(filter, 'c, b') FROM (VALUES ('c = 501'), ('501 = c'), ('c = 501::bigint'), ('c = 500 + 1 AND b > '''''), ('(b > '''' AND (c = 501 AND true))'),
	('c = pg_temp.answer()'), ('c = (SELECT max(v) FROM target)'), ('company_target.c = current_setting(''server_version_num'')::int'), ('(c, t) = (1, ''x'')'), ('c IN (501)'),
	('c = 501 OR c = 502'), ('c IN (501, 502)'), ('c > 501'), ('c >= 501 AND c <= 501'), ('c IS NULL'), ('c = a'), ('c = a + 1'), ('c::text = ''501'''), ('c + 0 = 501'),
	('c = (SELECT max(v) FROM target WHERE target.a = company_target.a)'), ('NOT (c = 501)'), ('NOT (c <> 501)'), ('c = 501 IS TRUE'), ('c = 501.0'), ('b = ''x''')) AS _ (filter);
SELECT filter, waits(filter, 't, b') FROM (VALUES ('t = ''x'''), ('t = ''x''::varchar'), ('t = ''x'' COLLATE "C"'), ('t COLLATE "C" = ''x'''), ('t LIKE ''x'''), ('t = lower(''X'')'), ('t = ''x''::name'), ('t = current_user')) AS _ (filter);
SELECT filter, waits(filter, 'w, b') FROM (VALUES ('w = ''x'''), ('w = ''x''::varchar'), ('''x''::text = w'), ('w = ''x'' COLLATE "C"')) AS _ (filter);
SELECT filter, waits(filter, 'z, b') FROM (VALUES ('z = ''x'''), ('z = ''x'' COLLATE "POSIX"')) AS _ (filter);
SELECT filter, waits(filter, 'n, b') FROM (VALUES ('n = ''x'''), ('n = ''x''::name'), ('n::text = ''x''')) AS _ (filter);
SELECT filter, waits(filter, 'd, b') FROM (VALUES ('d = ''2024-01-01'''), ('d = ''2024-01-01''::timestamp'), ('d = current_date')) AS _ (filter);
SELECT filter, waits(filter, 'flag, b') FROM (VALUES ('flag'), ('NOT flag'), ('flag IS TRUE'), ('flag IS FALSE'), ('flag = true'), ('flag IS NOT TRUE'), ('flag IS NOT FALSE'), ('flag IS NOT NULL'), ('flag OR NOT flag')) AS _ (filter);
-- The index has to be by the column's equality and collation too; of its other columns all have to be keys.
SELECT waits('t = ''x''', 't COLLATE "C", b'), waits('t = ''x''', 't text_pattern_ops, b'), waits('c = 501', 'c, b, t'), waits('c = 501', 'c, lower(b)'), waits('c = 501', 'c');
-- A key may not be NULL, unless it is fixed as well.
SELECT waits('c = 501', 'c, t', '{t}'), waits('c = 501', 'c, t', '{c,t}'), waits('c = 501', 'a, c', '{a,c}'), waits('c > 501', 'a, c', '{a,c}');
-- A partial index counts when the filter has no row outside of it.
SELECT filter, waits(filter, 'c, b) WHERE (gone IS NULL') FROM (VALUES ('c = 501 AND gone IS NULL'), ('c = 501'), ('c = 501 AND gone IS NOT NULL'), ('c = 501 AND gone IS NULL OR c = 502 AND gone IS NULL')) AS _ (filter);
SELECT filter, waits(filter, 'b) WHERE (c > 500') FROM (VALUES ('c = 501'), ('c IN (501, 502)'), ('c > 400'), ('c = (SELECT 501)')) AS _ (filter);
DROP TABLE company_target, company_staging;
DROP FUNCTION waits;
-- The text of the filter tells scopes apart.
BEGIN;
SELECT locks('{a}', 'v > 0');
SELECT locks('{a}', 'v > 0');
SELECT locks('{a}', 'v>0');
SELECT locks('{a}');
COMMIT;
-- A dry run takes none.
BEGIN;
SELECT unchanged FROM bulk_sync('target', 'staging', '{a}', dry_run => true);
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
COMMIT;
-- An index of a parent does not see the rows of its children, one of a partitioned table those of all partitions.
CREATE TABLE child () INHERITS (target);
SELECT locks('{a}');
CREATE TABLE parted (a int PRIMARY KEY, b text, v int) PARTITION BY LIST (a);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE parted_2 (v int, b text, a int NOT NULL UNIQUE);
ALTER TABLE parted ATTACH PARTITION parted_2 FOR VALUES IN (2);
SELECT locks('{a}', target => 'parted');
SELECT locks('{a,b}', target => 'parted');
SELECT locks('{b}', target => 'parted');
-- With what the filter fixes it is the same.
DELETE FROM staging WHERE a <> 1;
SELECT locks('{b}', 'a = 1', 'parted');
SELECT locks('{b}', 'a >= 1', 'parted');
SELECT locks('{b}', 'a = 1');
SELECT locks('{b}', 'a = 1', 'parted_1');
DROP FUNCTION locks;
DROP TABLE child, target, staging, parted;
