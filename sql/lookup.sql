--
-- With skip_deletes, rows that staging does not mention need not be read: an index on the keys saves the scan of a
-- large target.
--
\i test/oracle.sql

CREATE TABLE target (id int PRIMARY KEY, code text UNIQUE, region int, v int);
INSERT INTO target SELECT i, 'c' || i, i % 10, i FROM generate_series(1, 30000) AS i;
VACUUM ANALYZE target;
CREATE TABLE staging (id int, code text, region int, v int);
INSERT INTO staging VALUES (10, 'c10', 0, 10), (20, 'c20', 0, -20), (30001, 'c30001', 1, 1);
-- How often the target was scanned from end to end in this transaction, and whether an index was used. Counts
-- of transactions before have to be flushed first.
CREATE VIEW scans AS SELECT seq_scan > 0 AS scanned, idx_scan > 0 AS index_used FROM pg_stat_xact_user_tables WHERE relname = 'target';

SELECT pg_stat_force_next_flush();
BEGIN;
SELECT * FROM bulk_sync('target', 'staging', '{id}', skip_deletes => true);
TABLE scans;
COMMIT;
SELECT pg_stat_force_next_flush();
BEGIN;
SELECT * FROM bulk_sync('target', 'staging', '{code}', skip_deletes => true);
TABLE scans;
-- Together with a filter, which is one more condition of the look-up.
SELECT * FROM bulk_sync('target', 'staging', '{id}', 'region < 5', skip_deletes => true);
TABLE scans;
-- In a dry run too.
SELECT * FROM bulk_sync('target', 'staging', '{id}', skip_deletes => true, dry_run => true);
TABLE scans;
COMMIT;
-- When rows may have to go, all rows in scope are read.
SELECT pg_stat_force_next_flush();
BEGIN;
SELECT * FROM bulk_sync('target', 'staging', '{id}', 'region = 100 OR id < 5', allow_out_of_scope => true, skip_creates => true, dry_run => true);
SELECT scanned FROM scans;
COMMIT;

-- The result is the same as without an index.
UPDATE staging SET v = v + 1;
INSERT INTO staging VALUES (0, 'c0', 0, 0), (30, 'c30', 1, 1);
CREATE TABLE unindexed AS SELECT * FROM target;
SELECT * FROM sync_checked('unindexed', 'staging', '{id}', skip_deletes => true);
SELECT * FROM sync_checked('target', 'staging', '{id}', skip_deletes => true);
SELECT count(*) FROM (TABLE target EXCEPT ALL TABLE unindexed) AS d;
-- Rows out of scope are not matched by a look-up either.
UPDATE staging SET v = v + 1;
SELECT * FROM sync_checked('target', 'staging', '{id}', 'id > 25', allow_out_of_scope => true, skip_creates => true, skip_deletes => true);
SELECT id, v FROM target WHERE id IN (0, 10, 20, 30, 30001) ORDER BY id;
-- NULL in a key matches NULL in this way too, and duplicates are found.
CREATE TABLE pairs (a int, b int, v int, UNIQUE (a, b));
INSERT INTO pairs SELECT i, CASE WHEN i % 2 = 0 THEN i END, i FROM generate_series(1, 20000) AS i;
INSERT INTO pairs VALUES (NULL, NULL, 1);
VACUUM ANALYZE pairs;
CREATE TABLE pairs_staged (LIKE pairs);
INSERT INTO pairs_staged VALUES (1, NULL, -1), (2, 2, -2), (2, NULL, -2), (NULL, NULL, 2);
SELECT * FROM sync_checked('pairs', 'pairs_staged', '{a,b}', skip_deletes => true);
INSERT INTO pairs VALUES (1, NULL, 7);
SELECT state, detail FROM failure($$SELECT bulk_sync('pairs', 'pairs_staged', '{a,b}', skip_deletes => true)$$);
INSERT INTO pairs_staged VALUES (2, 2, 0);
SELECT state, detail FROM failure($$SELECT bulk_sync('pairs', 'pairs_staged', '{a,b}', skip_deletes => true)$$);
DROP TABLE pairs, pairs_staged;
-- A row of NULLs is a value, not NULL.
CREATE TYPE place AS (x int, y int);
CREATE TABLE places (at place, name text, v int, UNIQUE NULLS NOT DISTINCT (at, name));
INSERT INTO places VALUES ('(,)', 'a', 1), (NULL, 'b', 2);
CREATE TABLE places_staged (LIKE places);
INSERT INTO places_staged VALUES ('(,)', 'a', -1), (NULL, 'a', -1), (NULL, 'b', -2), ('(,)', 'b', -2);
SET enable_seqscan = off;
SELECT * FROM sync_checked('places', 'places_staged', '{at,name}', skip_deletes => true);
RESET enable_seqscan;
TABLE places ORDER BY at IS NOT DISTINCT FROM NULL, name;
DROP TABLE places, places_staged;
DROP TYPE place;
-- Keys whose equality is that of any enum, any array or any range, also under a domain.
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN any_mood AS mood;
CREATE DOMAIN few AS int[];
CREATE DOMAIN period AS int4range;
CREATE TABLE odd (m any_mood, f few, p period, v int);
CREATE TABLE odd_staged (LIKE odd);
INSERT INTO odd VALUES ('sad', '{1}', '[1,2)', 1), ('ok', '{2}', '[1,2)', 1), ('ok', NULL, 'empty', 1);
INSERT INTO odd_staged VALUES ('sad', '{1}', '[1,2)', 2), ('happy', '{2}', '[1,2)', 2), ('ok', NULL, 'empty', 2);
CREATE UNIQUE INDEX ON odd (m, f, p) NULLS NOT DISTINCT;
SET enable_seqscan = off;
SELECT * FROM bulk_sync('odd', 'odd_staged', '{m,f,p}', skip_deletes => true);
RESET enable_seqscan;
TABLE odd ORDER BY m, f;
DROP TABLE odd, odd_staged;
DROP DOMAIN any_mood, few, period;
DROP TYPE mood;

-- A partitioned target: the look-up goes to the partitions that can have the keys.
CREATE TABLE parted (id int PRIMARY KEY, v int) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10000);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (10000) TO (100000);
INSERT INTO parted SELECT i, i FROM generate_series(1, 20000) AS i;
VACUUM ANALYZE parted;
CREATE TABLE parted_staged (id int, v int);
INSERT INTO parted_staged VALUES (5, -5), (15000, -5), (15001, 15001), (99999, 1);
SELECT pg_stat_force_next_flush();
BEGIN;
SELECT * FROM bulk_sync('parted', 'parted_staged', '{id}', skip_deletes => true, dry_run => true);
SELECT relname, seq_scan > 0 AS scanned, idx_scan > 0 AS index_used FROM pg_stat_xact_user_tables WHERE relname LIKE 'parted__' ORDER BY relname;
COMMIT;
SELECT * FROM sync_checked('parted', 'parted_staged', '{id}', skip_deletes => true);
DROP TABLE parted, parted_staged;

-- An empty staging table: nothing to look up.
TRUNCATE staging;
SELECT * FROM sync_checked('target', 'staging', '{id}', skip_deletes => true);
DROP VIEW scans;
DROP TABLE target, staging, unindexed;
