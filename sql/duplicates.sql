--
-- A key twice, in staging or among the rows in scope that match staging, is an error that names the keys; never is
-- one of the rows picked silently.
--
\i test/oracle.sql

CREATE TABLE target (k int, b text, v int);
CREATE TABLE staging (LIKE target);

-- Twice in staging, with such a row in the target.
INSERT INTO target VALUES (1, 'x', 1), (2, 'y', 2);
INSERT INTO staging VALUES (1, 'x', 10), (1, 'x', 11), (2, 'y', 2);
SELECT state, message, detail, hint FROM failure($$SELECT bulk_sync('target', 'staging', '{k}')$$) \gx
-- Also when both rows are equal to each other and to the target's.
UPDATE staging SET v = 1 WHERE k = 1;
SELECT state, detail FROM failure($$SELECT bulk_sync('target', 'staging', '{k}')$$);
-- Twice in staging among the new rows.
DELETE FROM target WHERE k = 1;
SELECT state, detail FROM failure($$SELECT bulk_sync('target', 'staging', '{k}')$$);
-- With everything that might be done about them skipped, too.
SELECT state, detail FROM failure($$SELECT bulk_sync('target', 'staging', '{k}', skip_creates => true, skip_updates => true,
	skip_deletes => true)$$);
SELECT state, detail FROM failure($$SELECT bulk_sync('target', 'staging', '{k}', dry_run => true)$$);
SELECT state, detail FROM failure($$SELECT bulk_sync('target', 'staging', '{k}', skip_deletes => true)$$);
-- A target that is empty.
TRUNCATE target;
SELECT state, detail FROM failure($$SELECT bulk_sync('target', 'staging', '{k}')$$);
SELECT count(*) FROM target;
-- Three times is one key.
INSERT INTO staging VALUES (1, 'x', 1), (1, 'x', 2);
SELECT state, detail FROM failure($$SELECT bulk_sync('target', 'staging', '{k}')$$);

-- Twice among the target's rows.
TRUNCATE staging;
INSERT INTO target VALUES (1, 'x', 1), (1, 'x', 1), (2, 'y', 2);
INSERT INTO staging VALUES (1, 'x', 1), (2, 'y', 2);
SELECT state, message, detail, hint FROM failure($$SELECT bulk_sync('target', 'staging', '{k}')$$) \gx
SELECT state, detail FROM failure($$SELECT bulk_sync('target', 'staging', '{k}', skip_deletes => true)$$);
UPDATE staging SET v = 5;
SELECT state, detail FROM failure($$SELECT bulk_sync('target', 'staging', '{k}', skip_updates => true)$$);
SELECT state, detail FROM failure($$SELECT bulk_sync('target', 'staging', '{k}')$$);
TABLE target ORDER BY k, v;
-- Those out of scope are nobody's business.
UPDATE target SET b = 'z' WHERE ctid = (SELECT min(ctid) FROM target WHERE k = 1);
SELECT * FROM sync_checked('target', 'staging', '{k}', 'b <> ''z''');
-- Those that staging does not mention are deleted rows, as many as they are.
INSERT INTO target VALUES (7, 'x', 1), (7, 'x', 1), (7, 'x', 2), (NULL, 'x', 1), (NULL, 'x', 1);
SELECT * FROM sync_checked('target', 'staging', '{k}', 'b <> ''z''');
TABLE target ORDER BY k, b;

-- Each of a pair of columns may repeat.
TRUNCATE target, staging;
INSERT INTO staging VALUES (1, 'x', 1), (1, 'y', 1), (2, 'x', 1);
SELECT * FROM sync_checked('target', 'staging', '{k,b}');
SELECT state, detail FROM failure($$SELECT bulk_sync('target', 'staging', '{k}')$$);

-- NULL is a key like any other, though a unique index would let it in twice.
CREATE UNIQUE INDEX ON target (k, b);
TRUNCATE target, staging;
INSERT INTO staging VALUES (NULL, NULL, 1), (NULL, NULL, 2);
SELECT state, detail FROM failure($$SELECT bulk_sync('target', 'staging', '{k,b}')$$);
UPDATE staging SET k = 1;
SELECT state, detail FROM failure($$SELECT bulk_sync('target', 'staging', '{k,b}')$$);
SELECT state, detail FROM failure($$SELECT bulk_sync('target', 'staging', '{b,k}')$$);
SELECT state, detail FROM failure($$SELECT bulk_sync('target', 'staging', '{b}')$$);
TRUNCATE staging;
INSERT INTO target VALUES (1, NULL, 1), (1, NULL, 2);
INSERT INTO staging VALUES (1, NULL, 1);
SELECT state, detail FROM failure($$SELECT bulk_sync('target', 'staging', '{k,b}')$$);
UPDATE target SET k = NULL;
UPDATE staging SET k = NULL;
SELECT state, detail FROM failure($$SELECT bulk_sync('target', 'staging', '{k,b}')$$);

-- The first five are shown, and how many more there are.
TRUNCATE target, staging;
INSERT INTO staging SELECT i, 'n' || i, j FROM generate_series(1, 5) AS i, generate_series(1, 2) AS j;
SELECT detail FROM failure($$SELECT bulk_sync('target', 'staging', '{k}')$$);
INSERT INTO staging SELECT i, 'n' || i, j FROM generate_series(6, 12) AS i, generate_series(1, 2) AS j;
SELECT detail FROM failure($$SELECT bulk_sync('target', 'staging', '{k,b}')$$);
DROP INDEX target_k_b_idx;
INSERT INTO target SELECT * FROM staging;
DELETE FROM staging WHERE v = 2;
SELECT detail FROM failure($$SELECT bulk_sync('target', 'staging', '{k,b}')$$);

-- Keys that are equal by their type only.
CREATE TABLE amounts (k numeric, v int);
CREATE TABLE amounts_staged (LIKE amounts);
INSERT INTO amounts_staged VALUES (1.0, 1), (1.00, 2);
SELECT state, detail FROM failure($$SELECT bulk_sync('amounts', 'amounts_staged', '{k}')$$);
TRUNCATE amounts_staged;
INSERT INTO amounts VALUES (1.0, 1), (1.00, 2);
INSERT INTO amounts_staged VALUES (1, 1);
SELECT state, detail FROM failure($$SELECT bulk_sync('amounts', 'amounts_staged', '{k}')$$);
DROP TABLE amounts, amounts_staged;

-- A key that is long is shown in part, and one with odd characters as it is.
CREATE TABLE odd (k text, v int);
CREATE TABLE odd_staged (LIKE odd);
INSERT INTO odd_staged VALUES ('a, b)=(c', 1), ('a, b)=(c', 2);
SELECT state, detail FROM failure($$SELECT bulk_sync('odd', 'odd_staged', '{k}')$$);
TRUNCATE odd_staged;
INSERT INTO odd_staged VALUES (repeat('long', 50000), 1), (repeat('long', 50000), 2);
SELECT state, length(detail) BETWEEN 20 AND 2000 AS short FROM failure($$SELECT bulk_sync('odd', 'odd_staged', '{k}')$$);
DROP TABLE odd, odd_staged;

-- After all these errors, the session goes on.
DELETE FROM target WHERE v = 2;
SELECT * FROM sync_checked('target', 'staging', '{k}');
DROP TABLE target, staging;
