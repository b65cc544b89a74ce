--
-- soft_delete: rows that have to go are marked, and revived when they come back.
--
\i test/oracle.sql

CREATE TABLE employee (id int PRIMARY KEY, name text, phone text, gone timestamptz);
CREATE TABLE import (name text, phone text);
INSERT INTO employee VALUES (1, 'Ann', '1', NULL), (2, 'Bob', '2', NULL), (3, 'Cid', '3', NULL), (4, 'Dee', '4', '2020-01-01'), (5, 'Eve', '5', '2020-01-01'),
	(6, 'Fay', '6', 'infinity');
INSERT INTO import VALUES ('Ann', '1'), ('Bob', '22'), ('Dee', '4'), ('Eve', '55');
CREATE TABLE before AS SELECT ctid::text AS place, xmin::text AS version, * FROM employee;

-- Cid is marked; Dee and Eve return, Eve with a new phone; Fay stays away, and is not touched and not counted.
SELECT * FROM bulk_sync('employee', 'import', '{name}', soft_delete => 'gone', dry_run => true);
SELECT count(*) FROM (TABLE before EXCEPT SELECT ctid::text, xmin::text, * FROM employee) AS d;
BEGIN;
SELECT * FROM bulk_sync('employee', 'import', '{name}', soft_delete => 'gone');
SELECT id, name, phone, gone IS NOT NULL AS gone, gone = now() AS now FROM employee ORDER BY id;
SELECT b.name FROM before b JOIN employee e ON e.ctid::text = b.place AND e.xmin::text = b.version ORDER BY name;
COMMIT;
-- Again, later: nothing is written, and the marks are those of the first call.
CREATE TABLE after AS SELECT ctid::text AS place, xmin::text AS version, * FROM employee;
SELECT * FROM bulk_sync('employee', 'import', '{name}', soft_delete => 'gone');
SELECT count(*) FROM (TABLE after EXCEPT SELECT ctid::text, xmin::text, * FROM employee) AS d;
-- A call without soft_delete knows nothing of marks: it leaves a matched row's as it is, and deletes what it does not find.
INSERT INTO import VALUES ('Cid', '33');
SELECT * FROM sync_checked('employee', 'import', '{name}');
SELECT id, name, phone, gone IS NOT NULL AS gone FROM employee ORDER BY id;
DROP TABLE before, after;

-- Each type: the mark is now(), or true; a revived row's is NULL, or false. A boolean that is NULL is not marked, and
-- stays NULL.
CREATE TABLE t (id int, v text DEFAULT 'x', b boolean, tz timestamptz(0), ts timestamp, d date);
CREATE TABLE s AS SELECT id FROM generate_series(1, 4) AS id;
CREATE PROCEDURE fill() LANGUAGE sql AS $$
	TRUNCATE t;
	INSERT INTO t (id, b, tz, ts, d) VALUES
		(1, NULL, NULL, NULL, NULL), (2, false, NULL, NULL, NULL), (3, true, 'epoch', 'epoch', 'epoch'),
		(5, NULL, NULL, NULL, NULL), (6, false, NULL, NULL, NULL), (7, true, 'epoch', 'epoch', 'epoch');
$$;
CALL fill();
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'b');
SELECT id, b FROM t ORDER BY id;
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'b');
CALL fill();
BEGIN;
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'tz');
SELECT id, tz = now()::timestamptz(0) AS now, extract(epoch FROM tz) = 0 AS epoch FROM t ORDER BY id;
COMMIT;
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'tz');
CALL fill();
SET TimeZone = 'Pacific/Auckland';
BEGIN;
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'ts');
SELECT id, ts = localtimestamp AS now, extract(epoch FROM ts) = 0 AS epoch FROM t ORDER BY id;
COMMIT;
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'ts');
CALL fill();
BEGIN;
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'd');
SELECT id, d = current_date AS today, extract(epoch FROM d) = 0 AS epoch FROM t ORDER BY id;
COMMIT;
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'd');
RESET TimeZone;
-- A domain over one of them, and a column NOT NULL.
CREATE DOMAIN flag AS boolean NOT NULL DEFAULT false;
CREATE TABLE flagged (id int PRIMARY KEY, f flag, n boolean NOT NULL DEFAULT false);
INSERT INTO flagged VALUES (1, false, true), (9, false, false), (2, true, true);
SELECT * FROM bulk_sync('flagged', 's', '{id}', soft_delete => 'f');
SELECT id, f FROM flagged ORDER BY id;
SELECT * FROM bulk_sync('flagged', 's', '{id}', soft_delete => 'n');
SELECT id, n FROM flagged ORDER BY id;
DROP TABLE flagged;
DROP DOMAIN flag;

-- Guards count soft deletes, and leave marked rows out: 3 rows are to be marked, of 4 that are not.
CALL fill();
UPDATE s SET id = id + 1000 WHERE id > 1;
\set VERBOSITY default
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'b', max_deletes => 2);
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'b', max_delete_ratio => 0.7);
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'b', max_delete_ratio => 0.7, dry_run => true);
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'b', max_deletes => 3, max_delete_ratio => 0.75, dry_run => true);
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'b', max_deletes => 0, max_delete_ratio => 0, skip_deletes => true, dry_run => true);
TRUNCATE s;
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'b');
\set VERBOSITY terse
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'b', allow_empty => true);
-- All are marked: an empty staging table takes nothing away now, and no guard has anything to say.
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'b', max_deletes => 0, max_delete_ratio => 0);
SELECT * FROM bulk_sync('t', 's', '{id}', 'b', soft_delete => 'b');

-- With the mark in the filter, marked rows do not exist: what returns is a new row, and the old one stays marked.
CALL fill();
ALTER TABLE t ADD number int GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
INSERT INTO s VALUES (2), (3), (4), (5);
SELECT * FROM bulk_sync('t', 's', '{id}', 'tz IS NULL', soft_delete => 'tz');
SELECT id, tz IS NULL AS here FROM t ORDER BY id, number;
-- Marked rows left the scope, and that is right; the next call does not see them.
SELECT * FROM bulk_sync('t', 's', '{id}', 'tz IS NULL', soft_delete => 'tz');
SELECT * FROM bulk_sync('t', 's', '{id}', 'b IS NOT TRUE', soft_delete => 'b');
-- A scope of marked rows only: reviving moves them out of it, which is error 44000 as for other updates.
SELECT * FROM bulk_sync('t', 's', '{id}', 'd IS NOT NULL', soft_delete => 'd', skip_creates => true);
SELECT * FROM bulk_sync('t', 's', '{id}', 'd IS NOT NULL', soft_delete => 'd', skip_creates => true, allow_out_of_scope => true);

-- What is skipped.
CALL fill();
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'b', skip_updates => true, skip_creates => true);
SELECT id, b FROM t ORDER BY id;
CALL fill();
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'b', skip_deletes => true);
SELECT id, b FROM t ORDER BY id;
-- columns => '{}' compares the keys alone, and revives all the same.
CALL fill();
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'b', columns => '{}');
-- Staging may have the column, if it is ignored; its values are not taken.
ALTER TABLE s ADD b boolean DEFAULT true;
CALL fill();
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'b', ignore_columns => '{b}');
SELECT id, b FROM t ORDER BY id;
ALTER TABLE s DROP b;

-- Duplicates: a marked row and a live one with the same key both match.
CALL fill();
INSERT INTO t (id, b) VALUES (3, false);
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'b');
SELECT * FROM bulk_sync('t', 's', '{id}', 'b IS NOT TRUE', soft_delete => 'b');
DROP TABLE t, s;
DROP PROCEDURE fill;

-- To triggers and foreign keys it is an UPDATE of the mark alone.
TRUNCATE employee, import;
INSERT INTO employee VALUES (1, 'Ann', '1', NULL), (2, 'Bob', '2', NULL), (3, 'Cid', '3', 'epoch');
INSERT INTO import VALUES ('Ann', '1'), ('Cid', '3');
CREATE TABLE badge (employee int REFERENCES employee ON DELETE CASCADE);
INSERT INTO badge VALUES (1), (2), (3);
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_LEVEL = 'STATEMENT' THEN
		RAISE NOTICE '% % %', TG_WHEN, TG_OP, TG_NAME;
	ELSE
		RAISE NOTICE '% % % of %: % to %', TG_WHEN, TG_OP, TG_NAME, OLD.name, OLD.gone IS NOT NULL, NEW.gone IS NOT NULL;
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER before_each BEFORE INSERT OR UPDATE OR DELETE ON employee FOR EACH ROW EXECUTE FUNCTION tell();
CREATE TRIGGER after_each AFTER INSERT OR UPDATE OR DELETE ON employee FOR EACH ROW EXECUTE FUNCTION tell();
CREATE TRIGGER of_mark AFTER UPDATE OF gone ON employee FOR EACH ROW EXECUTE FUNCTION tell();
CREATE TRIGGER of_phone AFTER UPDATE OF phone ON employee FOR EACH ROW EXECUTE FUNCTION tell();
CREATE TRIGGER statement AFTER DELETE ON employee EXECUTE FUNCTION tell();
SELECT * FROM bulk_sync('employee', 'import', '{name}', soft_delete => 'gone');
SELECT count(*) FROM badge;
-- A BEFORE trigger that suppresses the mark: skipped, as other suppressed writes.
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
DROP TRIGGER before_each ON employee;
CREATE TRIGGER keep BEFORE UPDATE ON employee FOR EACH ROW EXECUTE FUNCTION keep();
DELETE FROM import WHERE name = 'Ann';
SELECT * FROM bulk_sync('employee', 'import', '{name}', soft_delete => 'gone');
SELECT name, gone IS NOT NULL AS gone FROM employee ORDER BY name;
DROP TRIGGER keep ON employee;
DROP TRIGGER after_each ON employee;
DROP TRIGGER of_mark ON employee;
DROP TABLE badge;

-- UPDATE is the right that it needs, on the mark and on what is updated.
CREATE ROLE regress_bulk_sync_clerk;
GRANT SELECT ON import TO regress_bulk_sync_clerk;
GRANT SELECT, INSERT, DELETE, UPDATE (name, phone) ON employee TO regress_bulk_sync_clerk;
SET ROLE regress_bulk_sync_clerk;
SELECT * FROM bulk_sync('employee', 'import', '{name}', soft_delete => 'gone');
RESET ROLE;
REVOKE DELETE ON employee FROM regress_bulk_sync_clerk;
GRANT UPDATE (gone) ON employee TO regress_bulk_sync_clerk;
SET ROLE regress_bulk_sync_clerk;
SELECT * FROM bulk_sync('employee', 'import', '{name}', skip_creates => true);
SELECT * FROM bulk_sync('employee', 'import', '{name}', soft_delete => 'gone');
RESET ROLE;
-- To revive is to update: the right is needed for that too, and for nothing when all of it is skipped.
REVOKE UPDATE ON employee FROM regress_bulk_sync_clerk;
GRANT UPDATE (name, phone) ON employee TO regress_bulk_sync_clerk;
SET ROLE regress_bulk_sync_clerk;
SELECT * FROM bulk_sync('employee', 'import', '{name}', soft_delete => 'gone', skip_deletes => true);
SELECT * FROM bulk_sync('employee', 'import', '{name}', soft_delete => 'gone', skip_updates => true);
SELECT * FROM bulk_sync('employee', 'import', '{name}', soft_delete => 'gone', skip_deletes => true, skip_updates => true);
RESET ROLE;

-- Row-level security: what may be seen and not written is an error.
TRUNCATE employee;
INSERT INTO employee VALUES (1, 'Ann', '1'), (2, 'Bob', '2');
GRANT UPDATE ON employee TO regress_bulk_sync_clerk;
ALTER TABLE employee ENABLE ROW LEVEL SECURITY;
CREATE POLICY read ON employee FOR SELECT USING (true);
CREATE POLICY write ON employee FOR UPDATE USING (name <> 'Bob');
CREATE POLICY new ON employee FOR INSERT WITH CHECK (true);
TRUNCATE import;
INSERT INTO import VALUES ('Ann', '1');
SET ROLE regress_bulk_sync_clerk;
SELECT * FROM bulk_sync('employee', 'import', '{name}', soft_delete => 'gone');
RESET ROLE;
TABLE employee ORDER BY id;
DROP TABLE employee, import;
DROP FUNCTION tell, keep;
DROP ROLE regress_bulk_sync_clerk;

-- Partitions by the mark: a marked row moves. Children.
CREATE TABLE t (id int, gone boolean NOT NULL DEFAULT false, v text) PARTITION BY LIST (gone);
CREATE TABLE t_here PARTITION OF t FOR VALUES IN (false);
CREATE TABLE t_gone PARTITION OF t FOR VALUES IN (true);
INSERT INTO t VALUES (1, false, 'a'), (2, false, 'b'), (3, true, 'c'), (4, true, 'd');
CREATE TABLE s AS VALUES (1, 'a'), (3, 'C');
ALTER TABLE s RENAME column1 TO id;
ALTER TABLE s RENAME column2 TO v;
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'gone');
SELECT tableoid::regclass, * FROM t ORDER BY id;
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'gone');
DROP TABLE t;
CREATE TABLE t (id int, gone date, v text);
CREATE TABLE t_child (more int) INHERITS (t);
INSERT INTO t VALUES (1, NULL, 'a'), (2, NULL, 'b');
INSERT INTO t_child VALUES (3, 'epoch', 'c', 3), (4, 'epoch', 'd', 4), (5, NULL, 'e', 5);
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'gone');
SELECT tableoid::regclass, id, gone IS NOT NULL AS gone, gone = current_date AS today, v FROM t ORDER BY id;
DROP TABLE t, t_child, s;

-- A primary key is kept when the row returns, and a unique index that leaves marked rows out is served.
CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, code int, gone timestamptz);
CREATE UNIQUE INDEX ON t (code) WHERE gone IS NULL;
CREATE TABLE s (id int, name text, code int);
INSERT INTO t (name, code) VALUES ('Ann', 1), ('Bob', 2);
-- Bob's code goes to Cid in the same call: marks come before new values.
INSERT INTO s (name, code) VALUES ('Ann', 1), ('Cid', 2);
SELECT * FROM bulk_sync('t', 's', '{name}', soft_delete => 'gone');
SELECT id, name, code, gone IS NULL AS here FROM t ORDER BY id;
-- Back again, with another id in staging, which is not looked at.
UPDATE s SET id = 70, name = 'Bob' WHERE name = 'Cid';
SELECT * FROM bulk_sync('t', 's', '{name}', soft_delete => 'gone');
SELECT id, name, code, gone IS NULL AS here FROM t ORDER BY id;
DROP TABLE t, s;

-- What cannot be a mark.
\set VERBOSITY default
CREATE TABLE t (id int PRIMARY KEY, k date, name text, gone date, "Away" boolean, made date GENERATED ALWAYS AS (date '2024-01-01') STORED, tm time,
	many timestamptz[], dropped date);
ALTER TABLE t DROP dropped;
CREATE TABLE s (id int, k date, name text);
INSERT INTO t (id, k) VALUES (1, '2024-01-01'), (2, '2024-01-01');
INSERT INTO s VALUES (1, '2024-01-01');
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'gon');
\echo :SQLSTATE
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'away');
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => '');
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'ctid');
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'dropped');
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'name');
\echo :SQLSTATE
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'tm');
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'many');
SELECT * FROM bulk_sync('t', 's', '{k}', soft_delete => 'k');
\echo :SQLSTATE
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'k');
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'made');
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'k', ignore_columns => '{k}', dry_run => true);
ALTER TABLE s ADD gone date;
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'gone', columns => '{gone}');
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'gone');
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'gone', columns => '{name}');
ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (id, k);
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'k', ignore_columns => '{k}');
SELECT * FROM bulk_sync('t', 's', '{id}', soft_delete => 'Away', dry_run => true);
-- As everywhere: nothing has changed.
SELECT id, k, gone, "Away" FROM t ORDER BY id;
DROP TABLE t, s;
\set VERBOSITY terse

-- A default that would mark a row: new rows are stored unmarked all the same, so the next call finds nothing.
CREATE DOMAIN moment AS timestamptz DEFAULT now();
CREATE DOMAIN flag AS boolean NOT NULL DEFAULT true;
CREATE TABLE born (id int PRIMARY KEY, name text, tz timestamptz DEFAULT clock_timestamp(), ts timestamp DEFAULT 'infinity', d date DEFAULT current_date,
	b boolean NOT NULL DEFAULT true, n boolean DEFAULT NULL, m moment, f flag, kept boolean NOT NULL DEFAULT false);
CREATE TABLE staged (id int, name text);
INSERT INTO staged VALUES (1, 'a'), (2, 'b');
CREATE PROCEDURE check_mark(mark text) LANGUAGE plpgsql AS $$
DECLARE
	rehearsed bulk_sync_stats;
	first bulk_sync_stats;
	second bulk_sync_stats;
	compared text;
	stored text;
BEGIN
	DELETE FROM born;
	SELECT string_agg(status || ' ' || coalesce(new ->> mark, 'null') || CASE WHEN new ? mark THEN '' ELSE ' by default' END, ', ') INTO compared
	FROM bulk_compare('born', 'staged', '{id}', soft_delete => mark);
	SELECT * INTO rehearsed FROM bulk_sync('born', 'staged', '{id}', soft_delete => mark, dry_run => true);
	SELECT * INTO first FROM bulk_sync('born', 'staged', '{id}', soft_delete => mark);
	EXECUTE format('SELECT string_agg(coalesce(%I::text, ''null''), '', '') FROM born', mark) INTO stored;
	SELECT * INTO second FROM bulk_sync('born', 'staged', '{id}', soft_delete => mark);
	RAISE NOTICE '%: % %, then %; stored %, compared %', mark, rehearsed, first, second, stored, compared;
	DELETE FROM born;
	SELECT * INTO first FROM bulk_sync_json('born', (SELECT jsonb_agg(to_jsonb(s)) FROM staged AS s), '{id}', soft_delete => mark);
	SELECT * INTO second FROM bulk_sync_json('born', (SELECT jsonb_agg(to_jsonb(s)) FROM staged AS s), '{id}', soft_delete => mark);
	EXECUTE format('SELECT string_agg(coalesce(%I::text, ''null''), '', '') FROM born', mark) INTO stored;
	RAISE NOTICE 'json %: %, then %; stored %', mark, first, second, stored;
END $$;
CALL check_mark('tz');
CALL check_mark('ts');
CALL check_mark('d');
CALL check_mark('b');
CALL check_mark('n');
CALL check_mark('m');
CALL check_mark('f');
CALL check_mark('kept');
-- Other columns of the kind take their defaults, as does the mark of a call that does not name it.
SELECT id, tz IS NULL AS tz, ts, d IS NULL AS d, b, n, m IS NULL AS m, f, kept FROM born ORDER BY id;
DELETE FROM born;
SELECT * FROM bulk_sync('born', 'staged', '{id}');
SELECT id, tz IS NULL AS tz, ts, d IS NULL AS d, b, n, m IS NULL AS m, f, kept FROM born ORDER BY id;
-- The rows that an older release stored with a mark are revived, and that is all.
SELECT * FROM bulk_sync('born', 'staged', '{id}', soft_delete => 'b');
SELECT * FROM bulk_sync('born', 'staged', '{id}', soft_delete => 'b');
-- The check of the scope knows what is stored.
DELETE FROM born;
SELECT * FROM bulk_sync('born', 'staged', '{id}', 'b', soft_delete => 'b');
SELECT * FROM bulk_sync('born', 'staged', '{id}', 'tz IS NOT NULL', soft_delete => 'tz');
SELECT * FROM bulk_sync('born', 'staged', '{id}', 'NOT b', soft_delete => 'b');
DELETE FROM born;
SELECT * FROM bulk_sync('born', 'staged', '{id}', 'tz IS NULL', soft_delete => 'tz');
SELECT status, key FROM bulk_compare('born', 'staged', '{id}', 'tz IS NULL', soft_delete => 'tz');
-- Staging may have the column, ignored; a column that may not be NULL refuses to be unmarked.
ALTER TABLE staged ADD b boolean DEFAULT true;
DELETE FROM born;
SELECT * FROM bulk_sync('born', 'staged', '{id}', soft_delete => 'b', ignore_columns => '{b}');
SELECT id, b FROM born ORDER BY id;
ALTER TABLE staged DROP b;
DELETE FROM born;
ALTER TABLE born ALTER ts SET NOT NULL;
SELECT * FROM bulk_sync('born', 'staged', '{id}', soft_delete => 'ts');
-- To write the mark is a right of its own, as far as the default makes it necessary.
CREATE ROLE regress_bulk_sync_clerk;
GRANT SELECT, DELETE, INSERT (id, name), UPDATE ON born TO regress_bulk_sync_clerk;
GRANT SELECT ON staged TO regress_bulk_sync_clerk;
SET ROLE regress_bulk_sync_clerk;
SELECT * FROM bulk_sync('born', 'staged', '{id}', soft_delete => 'b');
SELECT * FROM bulk_sync('born', 'staged', '{id}', soft_delete => 'b', skip_creates => true);
SELECT * FROM bulk_sync('born', 'staged', '{id}', soft_delete => 'b', dry_run => true);
SELECT * FROM bulk_sync('born', 'staged', '{id}', soft_delete => 'kept');
RESET ROLE;
GRANT INSERT (b) ON born TO regress_bulk_sync_clerk;
DELETE FROM born;
SET ROLE regress_bulk_sync_clerk;
SELECT * FROM bulk_sync('born', 'staged', '{id}', soft_delete => 'b');
RESET ROLE;
DROP TABLE born, staged;
DROP PROCEDURE check_mark;
DROP DOMAIN moment, flag;
DROP ROLE regress_bulk_sync_clerk;
-- Partitions: what a partition says of the column does not matter, for rows come by way of its parent.
CREATE TABLE born (id int, gone boolean) PARTITION BY LIST (gone);
CREATE TABLE here PARTITION OF born (gone DEFAULT true) FOR VALUES IN (false, NULL);
CREATE TABLE there PARTITION OF born FOR VALUES IN (true);
CREATE TABLE staged AS SELECT id FROM generate_series(1, 3) AS id;
SELECT * FROM bulk_sync('born', 'staged', '{id}', soft_delete => 'gone');
SELECT tableoid::regclass, * FROM born ORDER BY id;
ALTER TABLE born ALTER gone SET DEFAULT true;
INSERT INTO staged VALUES (4);
SELECT * FROM bulk_sync('born', 'staged', '{id}', soft_delete => 'gone');
SELECT * FROM bulk_sync('born', 'staged', '{id}', soft_delete => 'gone');
SELECT tableoid::regclass, * FROM born ORDER BY id;
DROP TABLE born, staged;
-- A domain that does not permit what unmarked rows have is asked, both for new rows and for rows that return.
CREATE DOMAIN at_some_time AS timestamptz NOT NULL DEFAULT now();
CREATE DOMAIN always AS boolean DEFAULT true CHECK (VALUE);
CREATE TABLE born (id int, at at_some_time, gone always);
CREATE TABLE staged AS SELECT 1 AS id;
SELECT * FROM bulk_sync('born', 'staged', '{id}', soft_delete => 'at');
SELECT * FROM bulk_sync('born', 'staged', '{id}', soft_delete => 'gone');
INSERT INTO born VALUES (1);
SELECT * FROM bulk_sync('born', 'staged', '{id}', soft_delete => 'at');
SELECT * FROM bulk_sync('born', 'staged', '{id}', soft_delete => 'gone', dry_run => true);
SELECT status FROM bulk_compare('born', 'staged', '{id}', soft_delete => 'gone');
DROP TABLE born, staged;
DROP DOMAIN at_some_time, always;
