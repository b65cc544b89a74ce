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
-- Not a part of the rows, not an expression, not another equality or collation.
CREATE UNIQUE INDEX i ON target (a) WHERE v > 0;
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
DROP FUNCTION locks;
DROP TABLE child, target, staging, parted;
