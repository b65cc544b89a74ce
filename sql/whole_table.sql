--
-- Plain tables are read without a plan: staging, and a target whose scope is the whole table. What the executor looks
-- at before it reads a table is looked at all the same.
--
\i test/oracle.sql

CREATE TABLE target (id int PRIMARY KEY, v text, n int);
CREATE TABLE staging (id int, v text, n int);
INSERT INTO target SELECT i, 'v' || i, i FROM generate_series(1, 2000) AS i;
INSERT INTO staging SELECT i, CASE WHEN i % 7 = 0 THEN 'w' ELSE 'v' END || i, i FROM generate_series(3, 2002) AS i;
-- Each is scanned once, and all its rows are counted. Counts of transactions before have to be flushed first.
CREATE VIEW scans AS SELECT relname, seq_scan, seq_tup_read FROM pg_stat_xact_user_tables
	WHERE relname IN ('target', 'staging') ORDER BY relname;
SELECT pg_stat_force_next_flush();
BEGIN;
SELECT * FROM bulk_sync('target', 'staging', '{id}', dry_run => true);
TABLE scans;
ROLLBACK;
SELECT * FROM sync_checked('target', 'staging', '{id}');
-- A part of the target goes through a plan, staging does not.
UPDATE staging SET n = -n WHERE id < 1000;
DELETE FROM staging WHERE id >= 1900;
SELECT * FROM sync_checked('target', 'staging', '{id}', 'id < 1900');
-- Nothing to read.
TRUNCATE staging;
SELECT * FROM sync_checked('target', 'staging', '{id}', allow_empty => true);
SELECT * FROM sync_checked('target', 'staging', '{id}', allow_empty => true);
INSERT INTO staging VALUES (1, 'one', 1), (2, NULL, NULL);
SELECT * FROM sync_checked('target', 'staging', '{id}');

-- What was written before in the same transaction is read, what a rolled back subtransaction wrote is not.
BEGIN;
INSERT INTO staging VALUES (3, 'three', 3);
SAVEPOINT a;
DELETE FROM staging WHERE id = 1;
INSERT INTO target VALUES (7, 'seven', 7);
ROLLBACK TO a;
DELETE FROM target WHERE id = 2;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
SELECT * FROM target ORDER BY id;
COMMIT;

-- Serializable transactions note that they have read both.
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT * FROM bulk_sync('target', 'staging', '{id}', dry_run => true);
SELECT relation::regclass, locktype FROM pg_locks WHERE mode = 'SIReadLock' ORDER BY relation::regclass::text;
COMMIT;

-- A materialized view is read like a table, but not before it has rows.
CREATE MATERIALIZED VIEW prepared AS SELECT id, v || '!' AS v, n FROM staging WITH NO DATA;
SELECT * FROM bulk_sync('target', 'prepared', '{id}');
REFRESH MATERIALIZED VIEW prepared;
SELECT * FROM sync_checked('target', 'prepared', '{id}');
DROP MATERIALIZED VIEW prepared;

-- Rights on the columns that are read are enough for staging; one that is not read needs none.
CREATE ROLE regress_bulk_sync_clerk;
ALTER TABLE staging ADD note text;
GRANT SELECT, INSERT, UPDATE, DELETE ON target TO regress_bulk_sync_clerk;
GRANT SELECT (id, v) ON staging TO regress_bulk_sync_clerk;
SET ROLE regress_bulk_sync_clerk;
SELECT * FROM bulk_sync('target', 'staging', '{id}', ignore_columns => '{note}');
RESET ROLE;
GRANT SELECT (n) ON staging TO regress_bulk_sync_clerk;
SET ROLE regress_bulk_sync_clerk;
SELECT * FROM bulk_sync('target', 'staging', '{id}', ignore_columns => '{note}');
RESET ROLE;
ALTER TABLE staging DROP note;

-- Policies of staging would hide rows.
ALTER TABLE staging ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON staging USING (id = 1);
SET ROLE regress_bulk_sync_clerk;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
SET row_security = off;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
RESET row_security;
RESET ROLE;
ALTER TABLE staging DISABLE ROW LEVEL SECURITY;

-- Policies of the target say which rows there are: the others are no part of the call.
ALTER TABLE target ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON target USING (id <= 2);
DELETE FROM staging WHERE id = 3;
UPDATE staging SET n = 20 WHERE id = 2;
INSERT INTO target VALUES (100, 'hidden', 100);
SET ROLE regress_bulk_sync_clerk;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
RESET ROLE;
SELECT * FROM target ORDER BY id;
DROP VIEW scans;
DROP TABLE target CASCADE;
DROP TABLE staging CASCADE;
DROP ROLE regress_bulk_sync_clerk;
