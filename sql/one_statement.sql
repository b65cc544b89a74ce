--
-- Deletes, updates and inserts behave like one SQL statement: foreign keys, cascades and deferrable constraints look
-- at the final state.
--
\i test/oracle.sql

-- Parents and children of one table change together: 2 moves from the deleted parent 1 to the new parent 9.
CREATE PROCEDURE try_tree(on_delete text)
LANGUAGE plpgsql AS $$
DECLARE
	line record;
BEGIN
	EXECUTE 'CREATE TABLE node (id int PRIMARY KEY, pid int REFERENCES node ' || on_delete || ', v text)';
	CREATE TABLE node_staged (id int, pid int, v text);
	INSERT INTO node VALUES (1, NULL, 'p'), (2, 1, 'c'), (3, NULL, 'x'), (4, 3, 'y'), (5, 1, 'gone with 1');
	INSERT INTO node_staged VALUES (2, 9, 'c2'), (3, NULL, 'x'), (4, 3, 'y'), (9, NULL, 'new'), (10, 9, 'new child');
	SELECT * INTO line FROM sync_checked('node', 'node_staged', '{id}');
	RAISE NOTICE '%: %', on_delete, line;
	SET CONSTRAINTS ALL IMMEDIATE;
	DROP TABLE node, node_staged;
END $$;
CALL try_tree('');
CALL try_tree('ON DELETE NO ACTION');
CALL try_tree('ON DELETE RESTRICT');
CALL try_tree('ON DELETE SET NULL');
CALL try_tree('ON DELETE SET DEFAULT');
CALL try_tree('ON DELETE CASCADE');
CALL try_tree('DEFERRABLE INITIALLY IMMEDIATE');
CALL try_tree('DEFERRABLE INITIALLY DEFERRED');
CALL try_tree('ON UPDATE CASCADE ON DELETE CASCADE DEFERRABLE');
DROP PROCEDURE try_tree;

-- A tree turned upside down, and a cycle that comes in one call.
CREATE TABLE node (id int PRIMARY KEY, pid int REFERENCES node, v text);
CREATE TABLE node_staged (LIKE node);
INSERT INTO node SELECT i, nullif(i - 1, 0) FROM generate_series(1, 50) AS i;
INSERT INTO node_staged SELECT i, nullif(i + 1, 51) FROM generate_series(1, 50) AS i;
SELECT * FROM sync_checked('node', 'node_staged', '{id}');
UPDATE node_staged SET pid = 60 WHERE id = 50;
INSERT INTO node_staged VALUES (60, 61), (61, 60);
SELECT * FROM sync_checked('node', 'node_staged', '{id}');
-- A reference that is wrong in the end is still an error, with the name of the constraint.
DELETE FROM node_staged WHERE id = 20;
SELECT * FROM bulk_sync('node', 'node_staged', '{id}');
UPDATE node_staged SET pid = 777 WHERE id = 19;
SELECT * FROM bulk_sync('node', 'node_staged', '{id}');
SELECT count(*), count(*) FILTER (WHERE id = 20) AS twenty FROM node;
UPDATE node_staged SET pid = NULL WHERE id = 19;
SELECT * FROM sync_checked('node', 'node_staged', '{id}');
DROP TABLE node, node_staged;

-- The cascade of a delete runs at the end: staging keeps a child whose parent goes, and the child goes too. The
-- next call would create a row that has no parent.
CREATE TABLE node (id int PRIMARY KEY, pid int REFERENCES node ON DELETE CASCADE);
CREATE TABLE node_staged (LIKE node);
INSERT INTO node VALUES (1, NULL), (2, 1), (3, NULL);
INSERT INTO node_staged VALUES (2, 1), (3, NULL);
SELECT * FROM bulk_sync('node', 'node_staged', '{id}');
TABLE node ORDER BY id;
SELECT * FROM bulk_sync('node', 'node_staged', '{id}');
DROP TABLE node, node_staged;

-- Rows of another table: deleted with their parent, or in the way of its end.
CREATE TABLE parent (id int PRIMARY KEY, code text UNIQUE, v int);
CREATE TABLE parent_staged (LIKE parent);
CREATE TABLE child (id int PRIMARY KEY, parent_id int REFERENCES parent ON DELETE CASCADE, code text REFERENCES parent (code) ON UPDATE CASCADE);
INSERT INTO parent VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3);
INSERT INTO child VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 2, 'c'), (4, 3, 'c');
INSERT INTO parent_staged VALUES (2, 'bb', 2), (3, 'c', 30);
SELECT * FROM sync_checked('parent', 'parent_staged', '{id}');
TABLE child ORDER BY id;
DELETE FROM parent_staged WHERE id = 3;
SELECT * FROM bulk_sync('parent', 'parent_staged', '{id}');
SELECT count(*) FROM parent;
DROP TABLE child, parent, parent_staged;

-- A unique value goes from a deleted row to an updated one, and from that to a new one.
CREATE TABLE target (id int PRIMARY KEY, code text UNIQUE);
CREATE TABLE staging (LIKE target);
INSERT INTO target VALUES (1, 'x'), (2, 'y'), (3, 'z');
INSERT INTO staging VALUES (2, 'x'), (4, 'y'), (3, 'z');
SELECT * FROM sync_checked('target', 'staging', '{id}');
TABLE target ORDER BY id;
-- Two updated rows swap theirs: the index refuses that in the middle of the statement, as it would for any UPDATE.
UPDATE staging SET code = CASE id WHEN 2 THEN 'z' ELSE 'x' END WHERE id IN (2, 3);
SELECT state, "constraint", hint FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
TABLE target ORDER BY id;
-- A deferrable constraint looks at the end.
ALTER TABLE target DROP CONSTRAINT target_code_key, ADD UNIQUE (code) DEFERRABLE;
SELECT * FROM sync_checked('target', 'staging', '{id}');
TABLE target ORDER BY id;
-- And a real violation is one, with its own name.
UPDATE staging SET code = 'x';
SELECT * FROM bulk_sync('target', 'staging', '{id}');
UPDATE staging SET code = 'x' || id;
-- Deferred to the end of the transaction, it may be set right before.
ALTER TABLE target DROP CONSTRAINT target_code_key, ADD UNIQUE (code) DEFERRABLE INITIALLY DEFERRED;
UPDATE staging SET code = 'same' WHERE id <> 2;
BEGIN;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
UPDATE target SET code = 'other' WHERE id = 3;
COMMIT;
BEGIN;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
COMMIT;
TABLE target ORDER BY id;
DROP TABLE target, staging;

-- Positions moved up by one, deferrable; and an exclusion constraint.
CREATE TABLE target (id int PRIMARY KEY, pos int UNIQUE DEFERRABLE, during int4range, EXCLUDE USING gist (during WITH &&) DEFERRABLE);
CREATE TABLE staging (id int, pos int, during int4range);
INSERT INTO target SELECT i, i, int4range(i * 10, i * 10 + 10) FROM generate_series(1, 20) AS i;
INSERT INTO staging SELECT i, i + 1, int4range(i * 10 + 10, i * 10 + 20) FROM generate_series(0, 20) AS i WHERE i <> 7;
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT min(pos), max(pos), count(*) FROM target;
DROP TABLE target, staging;

-- Constraints keep their SQLSTATE and name.
CREATE TABLE target (id int PRIMARY KEY, v int NOT NULL CONSTRAINT positive CHECK (v > 0));
CREATE TABLE staging (id int, v int);
INSERT INTO target VALUES (1, 1);
INSERT INTO staging VALUES (1, 1), (2, -2);
SELECT * FROM bulk_sync('target', 'staging', '{id}');
DELETE FROM staging WHERE id = 2;
UPDATE staging SET v = NULL WHERE id = 1;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
UPDATE staging SET v = -1;
SELECT state, message, "constraint" FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
TABLE target;
DROP TABLE target, staging;
