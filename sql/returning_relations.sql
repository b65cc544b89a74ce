--
-- bulk_sync_returning by table: whatever writes the rows, and whoever has a say before, the result is what is stored.
--
\i test/oracle.sql
\i test/returning_oracle.sql

CREATE TABLE staging (id int, part int, v text);
INSERT INTO staging VALUES (9, 2, 'new'), (1, 1, 'one'), (2, 1, 'TWO'), (4, 2, 'moved'), (8, 1, 'new');
CREATE FUNCTION rows(OUT n bigint, OUT action text, OUT key jsonb, OUT old jsonb, OUT new jsonb, OUT changes jsonb) RETURNS SETOF record
LANGUAGE sql AS 'TABLE returned ORDER BY n';

-- Partitions with their columns in another order, with dropped ones, below each other. Row 4 moves.
CREATE TABLE target (id int, part int, v text, twice int GENERATED ALWAYS AS (id * 2) STORED, note text DEFAULT 'none') PARTITION BY LIST (part);
CREATE TABLE target1 (v text, gone int, note text, twice int GENERATED ALWAYS AS (id * 2) STORED, part int, id int);
ALTER TABLE target1 DROP gone;
ALTER TABLE target ATTACH PARTITION target1 FOR VALUES IN (1);
CREATE TABLE target2 PARTITION OF target FOR VALUES IN (2) PARTITION BY RANGE (id);
CREATE TABLE target2a (gone text, note text DEFAULT 'of 2a', id int, part int, v text, twice int GENERATED ALWAYS AS (id * 2) STORED);
ALTER TABLE target2a DROP gone;
ALTER TABLE target2 ATTACH PARTITION target2a FOR VALUES FROM (0) TO (5);
CREATE TABLE target2b PARTITION OF target2 DEFAULT;
INSERT INTO target (id, part, v, note) VALUES (1, 1, 'one', 'a'), (2, 1, 'two', 'b'), (3, 1, 'three', 'c'), (4, 1, 'four', 'd'), (5, 2, 'five', 'e'), (6, 2, 'six', 'f');
CREATE TABLE before AS SELECT id, part, v, note FROM target;
CREATE PROCEDURE refill() LANGUAGE sql AS 'TRUNCATE target; INSERT INTO target (id, part, v, note) SELECT * FROM before';
SELECT * FROM returned('target', 'staging', '{id}');
SELECT * FROM rows();
-- Where the row has gone to.
SELECT tableoid::regclass, * FROM target ORDER BY id;
CALL refill();
SELECT * FROM returned('target', 'staging', '{id}', $$'part = 1', allow_out_of_scope => true, skip_creates => true$$);
SELECT * FROM rows();
-- One partition by itself.
CALL refill();
SELECT * FROM returned('target2a', 'staging', '{id}', $$skip_creates => true, skip_updates => true$$);
SELECT action, key, old FROM rows();
-- A trigger of a partition changes rows, another one suppresses some, and one refuses the row that moves.
CALL refill();
CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF tg_op <> 'INSERT' AND old.id IN (3, 6) OR tg_op = 'INSERT' AND new.id = 9 THEN
		RETURN NULL;
	ELSIF tg_op = 'DELETE' THEN
		RETURN old;
	END IF;
	new.note := format('%s by %s', tg_op, tg_table_name);
	RETURN new;
END $$;
CREATE TRIGGER meddle BEFORE INSERT OR UPDATE OR DELETE ON target FOR EACH ROW EXECUTE FUNCTION meddle();
SELECT * FROM returned('target', 'staging', '{id}', triggers_interfere => true);
SELECT * FROM rows();
DROP TABLE target, before;
DROP PROCEDURE refill;

-- Many partitions, rows to which come in no order; the store spills.
CREATE TABLE target (id int, part int, v text) PARTITION BY LIST (part);
DO $$ BEGIN
	FOR i IN 0 .. 19 LOOP
		EXECUTE format('CREATE TABLE target%s PARTITION OF target FOR VALUES IN (%s)', i, i);
	END LOOP;
END $$;
INSERT INTO target SELECT i, hashint4(i) & 15, 'old' FROM generate_series(1, 3000) AS i;
CREATE TABLE many AS SELECT i AS id, (hashint4(i) & 15) + (i % 3) AS part, CASE WHEN i % 2 = 0 THEN 'new' ELSE 'old' END AS v
FROM generate_series(500, 3500) AS i ORDER BY hashint4(i + 1);
SET work_mem = '64kB';
SELECT * FROM returned('target', 'many', '{id}');
RESET work_mem;
DROP TABLE target, many;

-- Inheritance: children with columns of their own, of which nothing is told.
CREATE TABLE target (id int, part int, v text, note text DEFAULT 'none');
CREATE TABLE child (own text DEFAULT 'own') INHERITS (target);
CREATE TABLE grandchild (v text, note text, own text, part int, id int) INHERITS (child);
INSERT INTO target VALUES (1, 1, 'one', 'a'), (2, 1, 'two', 'b');
INSERT INTO child VALUES (3, 1, 'three', 'c', 'x'), (4, 1, 'four', 'd', 'y');
INSERT INTO grandchild (id, part, v, note, own) VALUES (8, 1, 'eight', 'e', 'z'), (7, 1, 'seven', 'f', 'z');
SELECT * FROM returned('target', 'staging', '{id}');
SELECT * FROM rows();
SELECT tableoid::regclass, * FROM target ORDER BY id;
DROP TABLE target CASCADE;

-- Triggers that change and suppress rows, in an ordinary table; what they make of a key shows in the row.
CREATE TABLE target (id int, part int, v text, note text);
INSERT INTO target VALUES (1, 1, 'one', 'a'), (2, 1, 'two', 'b'), (3, 1, 'three', 'c'), (4, 1, 'four', 'd'), (5, 2, 'five', 'e');
CREATE TRIGGER meddle BEFORE INSERT OR UPDATE OR DELETE ON target FOR EACH ROW EXECUTE FUNCTION meddle();
SELECT * FROM returned('target', 'staging', '{id}', triggers_interfere => true);
SELECT * FROM rows();
CREATE FUNCTION renumber() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN new.id := new.id + 1000; RETURN new; END';
CREATE TRIGGER renumber BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION renumber();
DELETE FROM target WHERE id = 8;
SELECT * FROM returned('target', 'staging', '{id}', $$skip_deletes => true$$, triggers_interfere => true);
SELECT * FROM rows();
DROP TRIGGER renumber ON target;
DROP TRIGGER meddle ON target;
-- All are suppressed: the result is empty, and nothing is reported twice.
CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER swallow BEFORE INSERT OR UPDATE OR DELETE ON target FOR EACH ROW EXECUTE FUNCTION swallow();
INSERT INTO staging VALUES (10, 1, 'ten');
SELECT count(*) FROM bulk_sync_returning('target', 'staging', '{id}');
SELECT * FROM bulk_sync('target', 'staging', '{id}');
DELETE FROM staging WHERE id = 10;
DROP TABLE target;
DROP FUNCTION swallow, renumber;

-- Identity, generated and defaulted columns, domains; with row-wise defaults of staged NULLs, in batches and one by one.
CREATE DOMAIN upper AS text DEFAULT 'D' CHECK (value = upper(value));
CREATE TABLE target (
	n int GENERATED ALWAYS AS IDENTITY (START 100) PRIMARY KEY, id int, part int DEFAULT 7, v text,
	both_of text GENERATED ALWAYS AS (v || '/' || part) STORED, d upper, made text DEFAULT 'at ' || current_date - current_date);
INSERT INTO target (id, part, v) VALUES (1, 1, 'one'), (2, 1, 'two'), (3, 1, 'three');
CREATE TABLE numbered AS SELECT CASE WHEN id = 9 THEN 7000 END AS n, * FROM staging;
SELECT * FROM returned('target', 'numbered', '{id}');
SELECT * FROM rows();
DROP TABLE target, numbered;
DROP DOMAIN upper;
CREATE TABLE target (n serial, id int, part int, v text);
CREATE TABLE thousands AS SELECT i AS id, i % 2 AS part, 'v' || i AS v FROM generate_series(1, 3210) AS i ORDER BY hashint4(i);
SELECT * FROM returned('target', 'thousands', '{id}');
SELECT bool_and((new ->> 'n')::int = n + 3210) AS in_order, bool_and(key ->> 'id' = new ->> 'id') AS own_keys FROM rows();
ALTER TABLE target ADD CHECK (v <> 'x' OR random() > 2), ADD UNIQUE (id);
TRUNCATE target;
SELECT * FROM returned('target', 'thousands', '{id}');
-- A row that is refused has all of it undone, and says so as ever.
INSERT INTO thousands VALUES (0, 0, 'x');
\set SHOW_CONTEXT always
\set VERBOSITY default
TRUNCATE target;
SELECT * FROM bulk_sync_returning('target', 'thousands', '{id}');
\set SHOW_CONTEXT never
\set VERBOSITY terse
SELECT count(*) FROM target;
DROP TABLE target, thousands;

-- soft_delete: a marked row is deleted, and shown as it is marked; a revived one is updated.
CREATE TABLE target (id int, part int, v text, gone boolean, is_there boolean GENERATED ALWAYS AS (gone IS NOT TRUE) STORED);
INSERT INTO target VALUES (1, 1, 'one', NULL), (2, 1, 'TWO', true), (3, 1, 'three', false), (5, 2, 'five', true);
SELECT * FROM returned('target', 'staging', '{id}', $$soft_delete => 'gone'$$);
SELECT * FROM rows();
CREATE TABLE child () INHERITS (target);
INSERT INTO child VALUES (6, 1, 'six', false);
UPDATE target SET gone = id <> 3, v = 'x' WHERE id < 5;
SELECT * FROM returned('target', 'staging', '{id}', $$soft_delete => 'gone'$$);
SELECT * FROM rows();
DROP TABLE target CASCADE;
CREATE TABLE target (id int, part int, v text, gone timestamptz);
INSERT INTO target VALUES (1, 1, 'one', NULL), (2, 1, 'TWO', 'epoch'), (3, 1, 'three', NULL);
SELECT action, key, (new ->> 'gone')::timestamptz = now() AS marked_now, changes ? 'gone' AS changed
FROM bulk_sync_returning('target', 'staging', '{id}', soft_delete => 'gone', skip_creates => true);
DROP TABLE target;

-- Deferred checks, and a foreign key whose action changes rows that are being written: AFTER triggers come last.
CREATE TABLE target (id int PRIMARY KEY, part int, v text, boss int REFERENCES target ON DELETE SET NULL);
INSERT INTO target VALUES (3, 1, 'three', NULL), (1, 1, 'one', 3), (2, 1, 'two', 3);
SELECT action, key, new FROM bulk_sync_returning('target', 'staging', '{id}');
TABLE target ORDER BY id;
DROP TABLE target;

-- Rights: those of bulk_sync, and SELECT on the whole target in any case.
CREATE ROLE regress_bulk_sync_clerk;
CREATE TABLE target (id int PRIMARY KEY, part int, v text, secret text DEFAULT 's');
INSERT INTO target VALUES (1, 1, 'one'), (2, 1, 'two'), (3, 1, 'three');
GRANT SELECT ON staging TO regress_bulk_sync_clerk;
GRANT SELECT (id, part, v), INSERT, UPDATE, DELETE ON target TO regress_bulk_sync_clerk;
SET ROLE regress_bulk_sync_clerk;
SELECT * FROM bulk_sync_returning('target', 'staging', '{id}');
RESET ROLE;
GRANT SELECT ON target TO regress_bulk_sync_clerk;
REVOKE UPDATE, INSERT ON target FROM regress_bulk_sync_clerk;
GRANT UPDATE (id, part, v), INSERT (id, part, v) ON target TO regress_bulk_sync_clerk;
SET ROLE regress_bulk_sync_clerk;
SELECT action, key, new FROM bulk_sync_returning('target', 'staging', '{id}');
RESET ROLE;
REVOKE DELETE ON target FROM regress_bulk_sync_clerk;
SET ROLE regress_bulk_sync_clerk;
SELECT * FROM bulk_sync_returning('target', 'staging', '{id}');
SELECT * FROM bulk_sync_returning('target', 'staging', '{id}', dry_run => true);
RESET ROLE;
GRANT ALL ON target TO regress_bulk_sync_clerk;

-- Row-level security: what is not to be seen is not returned. A new row has to pass the policies for SELECT, as RETURNING
-- asks of it, and bulk_sync does not.
ALTER TABLE target ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON target FOR SELECT TO regress_bulk_sync_clerk USING (part = 1);
CREATE POLICY made ON target FOR INSERT TO regress_bulk_sync_clerk WITH CHECK (true);
CREATE POLICY changed ON target FOR UPDATE TO regress_bulk_sync_clerk USING (true);
CREATE POLICY gone ON target FOR DELETE TO regress_bulk_sync_clerk USING (true);
TRUNCATE target;
INSERT INTO target VALUES (1, 1, 'x'), (2, 1, 'two'), (3, 1, 'three'), (5, 2, 'hidden');
DELETE FROM staging WHERE part = 2;
SET ROLE regress_bulk_sync_clerk;
BEGIN;
SELECT * FROM bulk_sync_returning('target', 'staging', '{id}', dry_run => true);
SELECT * FROM bulk_sync_returning('target', 'staging', '{id}');
RESET ROLE;
TABLE target ORDER BY id;
ROLLBACK;
RESET ROLE;
INSERT INTO staging VALUES (6, 2, 'unseen');
SET ROLE regress_bulk_sync_clerk;
BEGIN;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
ROLLBACK;
SELECT * FROM bulk_sync_returning('target', 'staging', '{id}');
SELECT action, key FROM bulk_sync_returning('target', 'staging', '{id}', dry_run => true);
RESET ROLE;
DROP TABLE target, staging;
DROP ROLE regress_bulk_sync_clerk;
DROP FUNCTION rows, meddle;
