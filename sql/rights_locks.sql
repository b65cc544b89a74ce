--
-- The right to read a table is not enough to hold up those who write it: a call that can write nothing takes the locks of a
-- reader, and lock => 'table' needs what LOCK TABLE needs.
--
\i test/oracle.sql

CREATE ROLE regress_bulk_sync_reader;
CREATE TABLE target (id int PRIMARY KEY, v text);
CREATE TABLE staging (LIKE target);
INSERT INTO target VALUES (1, 'a'), (2, 'b');
INSERT INTO staging VALUES (1, 'x'), (3, 'c');
GRANT SELECT ON target, staging TO regress_bulk_sync_reader;
CREATE VIEW locks AS
	SELECT CASE locktype WHEN 'relation' THEN relation::regclass::text ELSE locktype END AS locked, mode
	FROM pg_locks WHERE pid = pg_backend_pid() AND (relation IN ('target'::regclass, 'staging'::regclass) OR locktype IN ('advisory', 'userlock'))
	ORDER BY 1, 2;
GRANT SELECT ON locks TO regress_bulk_sync_reader;

SET ROLE regress_bulk_sync_reader;
BEGIN;
SELECT * FROM bulk_sync('target', 'staging', '{id}', skip_creates => true, skip_updates => true, skip_deletes => true, lock => 'table');
TABLE locks;
SELECT * FROM bulk_sync('target', 'staging', '{id}', dry_run => true, lock => 'table');
TABLE locks;
COMMIT;
SELECT state, message FROM failure($$SELECT bulk_sync('target', 'staging', '{id}', lock => 'table')$$);
RESET ROLE;

-- INSERT gives LOCK TABLE no lock against other writers, nor does UPDATE on a column.
GRANT INSERT, UPDATE (v) ON target TO regress_bulk_sync_reader;
SET ROLE regress_bulk_sync_reader;
SELECT state, message FROM failure($$LOCK TABLE target IN SHARE ROW EXCLUSIVE MODE$$);
SELECT state, message FROM failure($$SELECT bulk_sync('target', 'staging', '{id}', skip_deletes => true, lock => 'table')$$);
BEGIN;
SELECT * FROM bulk_sync('target', 'staging', '{id}', skip_deletes => true);
TABLE locks;
ROLLBACK;
RESET ROLE;
GRANT UPDATE ON target TO regress_bulk_sync_reader;
SET ROLE regress_bulk_sync_reader;
BEGIN;
LOCK TABLE target IN SHARE ROW EXCLUSIVE MODE;
ROLLBACK;
BEGIN;
SELECT * FROM bulk_sync('target', 'staging', '{id}', skip_deletes => true, lock => 'table');
TABLE locks;
COMMIT;
RESET ROLE;
TABLE target ORDER BY id;
DROP VIEW locks;
DROP TABLE target, staging;
DROP ROLE regress_bulk_sync_reader;
