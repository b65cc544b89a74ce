--
-- An inheritance parent is synced with its children, as a query of it would read them.
--
\i test/oracle.sql

CREATE TABLE target (id int, v text);
CREATE TABLE child (extra int DEFAULT 7) INHERITS (target);
CREATE TABLE grandchild (more text, v text, id int) INHERITS (child);
CREATE TABLE staging (id int, v text);
INSERT INTO target VALUES (1, 'a'), (2, 'b'), (3, 'c');
INSERT INTO child VALUES (4, 'd', 1), (5, 'e', 1), (6, 'f', 1);
INSERT INTO grandchild (id, v, extra, more) VALUES (7, 'g', 2, 'm'), (8, 'h', 2, 'm'), (9, 'i', 2, 'm');
INSERT INTO staging SELECT id, CASE WHEN id % 3 = 1 THEN upper(v) ELSE v END FROM target WHERE id % 3 <> 2;
INSERT INTO staging VALUES (10, 'j');
-- Rows are updated and deleted where they are; new rows go into the parent.
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT tableoid::regclass, id, v FROM target ORDER BY id;
TABLE grandchild ORDER BY id;
-- The same key in parent and child is a duplicate.
INSERT INTO target VALUES (7, 'again');
SELECT state, detail FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
DELETE FROM ONLY target WHERE id = 7;
-- A child alone does not see its parent's rows, but those of its own children.
DELETE FROM staging;
INSERT INTO staging VALUES (4, 'dd'), (9, 'i'), (11, 'k');
SELECT * FROM sync_checked('child', 'staging', '{id}');
SELECT tableoid::regclass, id, v FROM target ORDER BY id;
-- A parent as staging.
CREATE TABLE copy (v text, id int);
SELECT * FROM sync_checked('copy', 'target', '{id}');
SELECT count(*) FROM copy;
-- Locked as one.
BEGIN;
SELECT * FROM bulk_sync('target', 'copy', '{id}', lock => 'table');
SELECT relation::regclass FROM pg_locks WHERE mode = 'ShareRowExclusiveLock' AND locktype = 'relation' AND pid = pg_backend_pid() ORDER BY relation::regclass::text;
COMMIT;
DROP TABLE target, child, grandchild, staging, copy;
