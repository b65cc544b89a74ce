--
-- Temporary targets, and what a read-only transaction lets a call do
--
\i test/oracle.sql

CREATE TEMP TABLE scratch (id int PRIMARY KEY, v text, gone boolean NOT NULL DEFAULT false);
CREATE TABLE permanent (LIKE scratch INCLUDING ALL);
CREATE TABLE staged (id int, v text);
INSERT INTO scratch VALUES (1, 'a'), (2, 'b'), (3, 'c');
INSERT INTO permanent TABLE scratch;
INSERT INTO staged VALUES (1, 'a'), (2, 'B'), (4, 'd');

-- INSERT into a temporary table is allowed there, and so is this.
BEGIN TRANSACTION READ ONLY;
SELECT * FROM bulk_sync('scratch', 'staged', '{id}');
SELECT * FROM bulk_sync('scratch', 'staged', '{id}');
TABLE scratch ORDER BY id;
ROLLBACK;
TABLE scratch ORDER BY id;

-- With every way to write.
BEGIN TRANSACTION READ ONLY;
SAVEPOINT s;
SELECT * FROM bulk_sync('scratch', 'staged', '{id}', lock => 'table');
ROLLBACK TO s;
SELECT * FROM bulk_sync('scratch', 'staged', '{id}', skip_creates => true, skip_updates => true);
ROLLBACK TO s;
SELECT * FROM bulk_sync('scratch', 'staged', '{id}', skip_creates => true, skip_updates => true, skip_deletes => true);
ROLLBACK TO s;
SELECT * FROM bulk_sync('scratch', 'staged', '{id}', soft_delete => 'gone');
TABLE scratch ORDER BY id;
ROLLBACK TO s;
SELECT * FROM bulk_sync('scratch', 'staged', '{id}', 'id < 3', skip_deletes => true, allow_out_of_scope => true, dry_run => true);
SELECT * FROM bulk_sync_json('scratch', '[{"id": 2, "v": "x"}, {"id": 9, "v": "y"}]', '{id}');
TABLE scratch ORDER BY id;
ROLLBACK TO s;
SELECT * FROM bulk_sync_json('scratch', '[]', '{id}', allow_empty => true);
ROLLBACK;
BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT * FROM bulk_sync('scratch', 'staged', '{id}');
SELECT * FROM bulk_sync('scratch', 'staged', '{id}', lock => 'table');
ROLLBACK;
BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE READ ONLY;
SELECT * FROM bulk_sync('scratch', 'staged', '{id}');
COMMIT;
TABLE scratch ORDER BY id;

-- The transaction may become read-only on the way.
BEGIN;
INSERT INTO staged VALUES (5, 'e');
SET TRANSACTION READ ONLY;
SELECT * FROM bulk_sync('scratch', 'staged', '{id}');
COMMIT;
SELECT * FROM sync_checked('scratch', 'staged', '{id}');

-- Not for other tables, whatever staging is; and nothing else is written on the way.
CREATE TEMP TABLE staged_here AS TABLE staged;
BEGIN TRANSACTION READ ONLY;
SAVEPOINT s;
SELECT * FROM bulk_sync('permanent', 'staged_here', '{id}');
ROLLBACK TO s;
SELECT * FROM bulk_sync('permanent', 'staged_here', '{id}', skip_creates => true, skip_updates => true, skip_deletes => true);
ROLLBACK TO s;
SELECT * FROM bulk_sync_json('permanent', '[{"id": 2, "v": "x"}]', '{id}');
ROLLBACK TO s;
SELECT * FROM bulk_sync('permanent', 'staged_here', '{id}', dry_run => true);
SELECT status, key FROM bulk_compare('permanent', 'staged_here', '{id}') ORDER BY key->>'id';
ROLLBACK;
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO permanent VALUES (NEW.id + 100, NEW.v);
	RETURN NEW;
END $$;
CREATE TRIGGER tell AFTER INSERT ON scratch FOR EACH ROW EXECUTE FUNCTION tell();
INSERT INTO staged VALUES (6, 'f');
BEGIN TRANSACTION READ ONLY;
SELECT * FROM bulk_sync('scratch', 'staged', '{id}');
ROLLBACK;
TABLE scratch ORDER BY id;
DROP TRIGGER tell ON scratch;

-- Temporary tables in parts: rows move from one to another, and a foreign key between temporary tables is kept.
CREATE TEMP TABLE parts (id int, part int) PARTITION BY LIST (part);
CREATE TEMP TABLE part_1 PARTITION OF parts FOR VALUES IN (1);
CREATE TEMP TABLE part_2 PARTITION OF parts FOR VALUES IN (2);
CREATE TEMP TABLE parts_staged (id int, part int);
CREATE TEMP TABLE child (id int PRIMARY KEY, scratch int REFERENCES scratch ON DELETE CASCADE);
CREATE TEMP TABLE child_staged (id int, scratch int);
INSERT INTO parts VALUES (1, 1), (2, 2);
INSERT INTO parts_staged VALUES (1, 2), (3, 2);
INSERT INTO child VALUES (1, 1), (2, 2);
INSERT INTO child_staged VALUES (1, 1), (3, 5);
BEGIN TRANSACTION READ ONLY;
SELECT * FROM bulk_sync('parts', 'parts_staged', '{id}');
SELECT tableoid::regclass, * FROM parts ORDER BY id;
SELECT * FROM bulk_sync('child', 'child_staged', '{id}');
SELECT * FROM bulk_sync_json('scratch', '[{"id": 1}]', '{id}');
TABLE child;
COMMIT;
SELECT * FROM sync_checked('parts', 'parts_staged', '{id}');
TABLE child;
INSERT INTO child_staged VALUES (4, 77);
BEGIN TRANSACTION READ ONLY;
SELECT * FROM bulk_sync('child', 'child_staged', '{id}');
ROLLBACK;

DROP TABLE scratch, permanent, staged, staged_here, parts, parts_staged, child, child_staged CASCADE;
DROP FUNCTION tell();
