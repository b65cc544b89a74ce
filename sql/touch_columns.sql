--
-- touch_columns: every row that a call writes gets now() there, and no other row.
--
\i test/oracle.sql
\set ECHO none
\i test/compare_oracle.sql

CREATE DOMAIN moment AS timestamptz(0) CHECK (VALUE > '2000-01-01');
CREATE TABLE t (
	id int PRIMARY KEY, a text, b int, at timestamptz NOT NULL DEFAULT '2001-01-01', local timestamp, day date, short moment, kept timestamptz DEFAULT '2002-02-02',
	late text GENERATED ALWAYS AS (CASE WHEN local > '2020-01-01' THEN 'late' ELSE 'early' END) STORED);
CREATE TABLE s (id int, a text, b int);
CREATE PROCEDURE fill() LANGUAGE sql AS $$
	TRUNCATE t, s;
	INSERT INTO t SELECT i, 'a' || i, i, '2001-01-01', '2001-01-01', '2001-01-01', '2001-01-01' FROM generate_series(1, 6) AS i;
	INSERT INTO s SELECT i, 'a' || CASE WHEN i > 4 THEN -i ELSE i END, i + (i = 3)::int FROM generate_series(2, 8) AS i;
$$;
-- Which columns of a row have the time of its transaction?
CREATE VIEW seen AS
SELECT id, a, b, at > '2020-01-01' AS at, local > '2020-01-01' AS local, day > '2020-01-01' AS day, short > '2020-01-01' AS short,
	kept::date AS kept, late FROM t;
CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE '% % %', TG_WHEN, TG_OP, TG_LEVEL;
	RETURN NULL;
END $$;

-- Directly, and by statements.
CALL fill();
SELECT * FROM sync_checked('t', 's', '{id}', touch_columns => '{at,local,day,short}');
SELECT * FROM seen ORDER BY id;
CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER pass BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION pass();
CALL fill();
SELECT * FROM sync_checked('t', 's', '{id}', touch_columns => '{at,local,day,short}');
SELECT * FROM seen ORDER BY id;
DROP TRIGGER pass ON t;
DROP FUNCTION pass;
-- By position, all arguments; by name; with an empty list, and none.
CALL fill();
SELECT * FROM bulk_sync('t', 's', '{id}', NULL, NULL, NULL, false, false, false, false, NULL, NULL, NULL, NULL, false, 'rows', false, false, '{at}');
SELECT count(*) FILTER (WHERE at) AS at, count(*) FILTER (WHERE local) AS local FROM seen;
CALL fill();
SELECT * FROM sync_checked('t', 's', '{id}', touch_columns => '{}');
SELECT count(*) FILTER (WHERE at) AS at FROM seen;
SELECT * FROM bulk_sync('t', 's', '{id}', touch_columns => NULL);

-- The same moment in all of them, that of the transaction, as in the mark of deleted rows.
ALTER TABLE t ADD deleted_at timestamptz;
CALL fill();
BEGIN;
SELECT * FROM bulk_sync('t', 's', '{id}', touch_columns => '{at}', soft_delete => 'deleted_at');
SELECT id, at = now() AS at, deleted_at = now() AS deleted_at FROM t ORDER BY id;
COMMIT;
-- Marked already, it stays as it is; called back, it is touched.
UPDATE t SET at = '2001-01-01';
INSERT INTO s VALUES (1, 'a1', 1);
SELECT * FROM agreed('t', 's', '{id}', soft_delete => 'deleted_at');
UPDATE t SET at = '2001-01-01', deleted_at = CASE WHEN id = 2 THEN now() END;
DELETE FROM s WHERE id IN (2, 3);
SELECT * FROM bulk_sync('t', 's', '{id}', touch_columns => '{at}', soft_delete => 'deleted_at');
SELECT id FROM t WHERE at > '2020-01-01' ORDER BY id;
UPDATE t SET at = '2001-01-01';
INSERT INTO s VALUES (2, 'a2', 2);
SELECT * FROM bulk_sync('t', 's', '{id}', touch_columns => '{at}', soft_delete => 'deleted_at');
SELECT id FROM t WHERE at > '2020-01-01' ORDER BY id;
-- Marking and updating in one call set the same columns: triggers for statements fire once each.
CREATE TRIGGER log_before BEFORE UPDATE OF at, b ON t FOR EACH STATEMENT EXECUTE FUNCTION log();
CREATE TRIGGER log_after AFTER UPDATE OF at ON t FOR EACH STATEMENT EXECUTE FUNCTION log();
UPDATE s SET b = b + 1 WHERE id = 4;
DELETE FROM s WHERE id = 5;
SELECT * FROM bulk_sync('t', 's', '{id}', touch_columns => '{at}', soft_delete => 'deleted_at', verbose => false);
SELECT * FROM bulk_sync('t', 's', '{id}', touch_columns => '{at}', soft_delete => 'deleted_at');
DROP TRIGGER log_before ON t;
DROP TRIGGER log_after ON t;
DROP FUNCTION log();
ALTER TABLE t DROP deleted_at;

-- Skipped, suppressed or held back rows are not touched, and what is skipped needs no touching.
CALL fill();
SELECT * FROM sync_checked('t', 's', '{id}', touch_columns => '{at}', skip_updates => true);
SELECT string_agg(id::text, ' ' ORDER BY id) AS touched FROM seen WHERE at;
SELECT * FROM sync_checked('t', 's', '{id}', touch_columns => '{at}', skip_creates => true, update_when => 'new.b > old.b');
SELECT string_agg(id::text, ' ' ORDER BY id) AS touched FROM seen WHERE at;
-- The condition sees the time; staged times are ignored ones.
CALL fill();
UPDATE t SET at = 'infinity' WHERE id = 5;
SELECT * FROM sync_checked('t', 's', '{id}', touch_columns => '{at}', update_when => 'new.at > old.at AND new.day = old.day');
SELECT string_agg(id::text, ' ' ORDER BY id) AS touched FROM seen WHERE at;
SELECT * FROM sync_checked('t', 's', '{id}', touch_columns => '{local,at}', update_when => 'new.late = ''late'' AND old.late = ''early''');
SELECT string_agg(id::text, ' ' ORDER BY id) AS touched FROM seen WHERE local;
ALTER TABLE s ADD at timestamptz DEFAULT '2001-01-01';
CALL fill();
SELECT * FROM sync_checked('t', 's', '{id}', ignore_columns => '{at}', touch_columns => '{at}');
SELECT string_agg(id::text, ' ' ORDER BY id) AS touched FROM seen WHERE at;
SELECT * FROM bulk_sync_json('t', '[{"id": 2, "b": 3, "at": "2001-01-01"}, {"id": 99, "b": null}]', '{id}', ignore_columns => '{at}', touch_columns => '{at,day}',
	skip_deletes => true);
SELECT * FROM seen WHERE id IN (2, 99) ORDER BY id;
SELECT * FROM bulk_sync_json('t', '[]', '{id}', 'id = 99', ignore_columns => '{at}', touch_columns => '{at,day}', allow_empty => true);
ALTER TABLE s DROP at;
-- So they may be of any type, also of one that has no cast, where a column that is only ignored is for new rows.
ALTER TABLE s ADD at int DEFAULT 7;
CALL fill();
SELECT message FROM failure($$SELECT * FROM bulk_sync('t', 's', '{id}', ignore_columns => '{at}')$$);
SELECT * FROM sync_checked('t', 's', '{id}', ignore_columns => '{at}', touch_columns => '{at}');
SELECT string_agg(id::text, ' ' ORDER BY id) AS touched FROM seen WHERE at;
ALTER TABLE s DROP at;

-- A filter over a touched column: what is stored must be in scope.
CALL fill();
SELECT message, detail FROM failure($$SELECT * FROM bulk_sync('t', 's', '{id}', 'at < now() - interval ''1 day''', touch_columns => '{at}')$$);
SELECT message, detail FROM failure($$SELECT * FROM bulk_sync('t', 's', '{id}', 'at < now() - interval ''1 day''', touch_columns => '{at}', skip_creates => true, dry_run => true)$$);
SELECT message, detail FROM failure($$SELECT * FROM bulk_sync('t', 's', '{id}', 'late = ''early''', touch_columns => '{local}')$$);
SELECT * FROM sync_checked('t', 's', '{id}', 'at <= now()', touch_columns => '{at}');
-- Its default may be volatile, for it is not used.
ALTER TABLE t ALTER at SET DEFAULT clock_timestamp();
CALL fill();
SELECT * FROM sync_checked('t', 's', '{id}', 'at <= now()', touch_columns => '{at}');
SELECT message FROM failure($$SELECT * FROM bulk_sync('t', 's', '{id}', 'at <= now() AND local IS NOT NULL', touch_columns => '{local}', allow_empty => true, insert_defaults => '{"day": "today"}')$$);

-- The rights on the column, for what is not skipped. A dry run needs none, and works in a read-only transaction.
CREATE ROLE regress_bulk_sync_user;
GRANT SELECT, DELETE, INSERT (id, a, b), UPDATE (id, a, b) ON t TO regress_bulk_sync_user;
GRANT SELECT ON s TO regress_bulk_sync_user;
CALL fill();
SET ROLE regress_bulk_sync_user;
SELECT message FROM failure($$SELECT * FROM bulk_sync('t', 's', '{id}', touch_columns => '{at}')$$);
SELECT message FROM failure($$SELECT * FROM bulk_sync('t', 's', '{id}', touch_columns => '{at}', skip_creates => true)$$);
SELECT message FROM failure($$SELECT * FROM bulk_sync('t', 's', '{id}', touch_columns => '{at}', skip_updates => true)$$);
SELECT * FROM bulk_sync('t', 's', '{id}', touch_columns => '{at}', skip_updates => true, skip_creates => true);
START TRANSACTION READ ONLY;
SELECT * FROM bulk_sync('t', 's', '{id}', touch_columns => '{at}', dry_run => true);
COMMIT;
RESET ROLE;
GRANT INSERT (at) ON t TO regress_bulk_sync_user;
SET ROLE regress_bulk_sync_user;
SELECT message FROM failure($$SELECT * FROM bulk_sync('t', 's', '{id}', touch_columns => '{at}')$$);
SELECT * FROM bulk_sync('t', 's', '{id}', touch_columns => '{at}', skip_updates => true);
RESET ROLE;
GRANT UPDATE (at) ON t TO regress_bulk_sync_user;
SET ROLE regress_bulk_sync_user;
SELECT * FROM bulk_sync('t', 's', '{id}', touch_columns => '{at}');
RESET ROLE;
-- Also when it turns out that there is no such row.
REVOKE UPDATE (at) ON t FROM regress_bulk_sync_user;
SET ROLE regress_bulk_sync_user;
SELECT message FROM failure($$SELECT * FROM bulk_sync('t', 's', '{id}', touch_columns => '{at}')$$);
SELECT * FROM bulk_sync('t', 's', '{id}', touch_columns => '{at}', skip_updates => true);
RESET ROLE;
REVOKE INSERT (at) ON t FROM regress_bulk_sync_user;
SET ROLE regress_bulk_sync_user;
SELECT message FROM failure($$SELECT * FROM bulk_sync('t', 's', '{id}', touch_columns => '{at}', skip_updates => true)$$);
RESET ROLE;
DROP VIEW seen;
DROP TABLE t, s;
DROP PROCEDURE fill;
DROP ROLE regress_bulk_sync_user;
-- A domain may refuse the time.
CREATE DOMAIN past AS timestamptz CHECK (VALUE < '2001-01-01');
CREATE TABLE t (id int PRIMARY KEY, v int, at past);
CREATE TABLE s (id int, v int);
INSERT INTO t VALUES (1, 1);
INSERT INTO s VALUES (1, 2);
SELECT message FROM failure($$SELECT * FROM bulk_sync('t', 's', '{id}', touch_columns => '{at}')$$);
SELECT * FROM t;
DROP TABLE t, s;
DROP DOMAIN past, moment;

-- A partition key, which moves the row; an index; the first value of a column that was added later.
CREATE TABLE t (id int, v int, at timestamptz) PARTITION BY RANGE (at);
CREATE TABLE old PARTITION OF t FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
CREATE TABLE new PARTITION OF t FOR VALUES FROM ('2020-01-01') TO (MAXVALUE);
CREATE INDEX ON t (at);
CREATE TABLE s (id int, v int);
INSERT INTO t SELECT i, i, '2001-01-01' FROM generate_series(1, 4) AS i;
INSERT INTO s SELECT i, i + i % 2 FROM generate_series(2, 6) AS i;
SELECT message, detail FROM failure($$SELECT * FROM bulk_sync('t', 's', '{id}', 'at < ''2020-01-01''', touch_columns => '{at}')$$);
SELECT * FROM sync_checked('t', 's', '{id}', touch_columns => '{at}', update_when => 'old.at < new.at');
SELECT tableoid::regclass, id, v FROM t ORDER BY id;
DROP TABLE t;
CREATE TABLE t (id int PRIMARY KEY, v int);
CREATE TABLE child () INHERITS (t);
INSERT INTO t VALUES (1, 1), (2, 2);
INSERT INTO child VALUES (3, 3), (4, 4);
ALTER TABLE t ADD at timestamptz DEFAULT '2001-01-01', ADD gone int;
ALTER TABLE t DROP gone;
SELECT * FROM sync_checked('t', 's', '{id}', touch_columns => '{at}');
SELECT tableoid::regclass, id, v, at > '2020-01-01' AS touched FROM t ORDER BY id;
DROP TABLE t, s CASCADE;

-- A key that is generated from a touched column is not what was staged.
CREATE TABLE t (k text GENERATED ALWAYS AS (CASE WHEN local > '2020-01-01' THEN 'late' ELSE 'early' END) STORED, v int, local timestamp);
CREATE TABLE s (k text, v int);
INSERT INTO t (v, local) VALUES (1, '2001-01-01');
INSERT INTO s VALUES ('early', 2);
SELECT state, message, detail FROM failure($$SELECT * FROM bulk_sync('t', 's', '{k}', touch_columns => '{local}')$$);
UPDATE s SET v = 1;
SELECT * FROM sync_checked('t', 's', '{k}', touch_columns => '{local}');
INSERT INTO s VALUES ('late', 3);
SELECT * FROM sync_checked('t', 's', '{k}', touch_columns => '{local}');
SELECT k, v FROM t ORDER BY v;
DROP TABLE t, s;

-- Many rows, in files and in batches.
CREATE TABLE t (id int PRIMARY KEY, v text, at timestamptz);
CREATE TABLE s (id int, v text);
INSERT INTO t SELECT i, 'v' || i, '2001-01-01' FROM generate_series(1, 5000) AS i;
INSERT INTO s SELECT i, 'v' || i + (i % 3 = 0)::int FROM generate_series(1000, 8000) AS i;
SET work_mem = '64kB';
SELECT * FROM sync_checked('t', 's', '{id}', touch_columns => '{at}', update_when => 'old.id % 2 = 0');
RESET work_mem;
SELECT count(*) FROM t WHERE at > '2020-01-01';
DROP TABLE t, s;
