--
-- Options that leave things out, guards against deleting too much, the dry run and the table lock.
--
\i test/oracle.sql

CREATE TABLE target (id int PRIMARY KEY, v text);
CREATE TABLE staging (LIKE target);
CREATE PROCEDURE set_up() LANGUAGE sql AS $$
	DELETE FROM target;
	DELETE FROM staging;
	INSERT INTO target SELECT i, 'v' || i FROM generate_series(1, 10) AS i;
	INSERT INTO staging SELECT i, CASE WHEN i < 6 THEN 'changed' ELSE 'v' || i END FROM generate_series(4, 12) AS i;
$$;

-- What is skipped: creates and updates are counted in skipped; rows to delete are not looked for at all.
CALL set_up();
SELECT * FROM sync_checked('target', 'staging', '{id}', skip_creates => true);
CALL set_up();
SELECT * FROM sync_checked('target', 'staging', '{id}', skip_updates => true);
CALL set_up();
SELECT * FROM sync_checked('target', 'staging', '{id}', skip_deletes => true);
CALL set_up();
SELECT * FROM sync_checked('target', 'staging', '{id}', skip_creates => true, skip_updates => true);
CALL set_up();
SELECT * FROM sync_checked('target', 'staging', '{id}', skip_creates => true, skip_deletes => true);
CALL set_up();
SELECT * FROM sync_checked('target', 'staging', '{id}', skip_updates => true, skip_deletes => true);
CALL set_up();
SELECT * FROM sync_checked('target', 'staging', '{id}', skip_creates => true, skip_updates => true, skip_deletes => true);
CALL set_up();
SELECT * FROM sync_checked('target', 'staging', '{id}', 'id > 2', skip_creates => true, skip_updates => true);
TABLE target ORDER BY id;

-- An empty staging table is an accident until said otherwise.
TRUNCATE staging;
\set VERBOSITY default
SELECT * FROM bulk_sync('target', 'staging', '{id}');
SELECT * FROM bulk_sync('target', 'staging', '{id}', dry_run => true);
\set VERBOSITY terse
SELECT count(*) FROM target;
-- Not when nothing is in scope, or nothing would be deleted.
SELECT * FROM sync_checked('target', 'staging', '{id}', 'id > 100');
SELECT * FROM sync_checked('target', 'staging', '{id}', skip_deletes => true);
-- Other guards hold all the same.
SELECT * FROM bulk_sync('target', 'staging', '{id}', allow_empty => true, max_deletes => 7);
SELECT * FROM sync_checked('target', 'staging', '{id}', 'id > 8', allow_empty => true);
SELECT * FROM sync_checked('target', 'staging', '{id}', allow_empty => true);
SELECT * FROM sync_checked('target', 'staging', '{id}');

-- max_deletes: as many are fine, one more is not, and nothing has been written then.
CALL set_up();
\set VERBOSITY default
SELECT * FROM bulk_sync('target', 'staging', '{id}', max_deletes => 2);
SELECT * FROM bulk_sync('target', 'staging', '{id}', max_deletes => 0, dry_run => true);
\set VERBOSITY terse
SELECT count(*) FROM target WHERE v = 'changed';
SELECT * FROM sync_checked('target', 'staging', '{id}', max_deletes => 3);
SELECT * FROM sync_checked('target', 'staging', '{id}', max_deletes => 0);
CALL set_up();
SELECT * FROM sync_checked('target', 'staging', '{id}', 'id > 2', max_deletes => 1);
CALL set_up();
SELECT * FROM sync_checked('target', 'staging', '{id}', max_deletes => 0, skip_deletes => true);

-- max_delete_ratio: of the rows in scope.
CALL set_up();
\set VERBOSITY default
SELECT * FROM bulk_sync('target', 'staging', '{id}', max_delete_ratio => 0.29);
\set VERBOSITY terse
SELECT * FROM bulk_sync('target', 'staging', '{id}', 'id > 2', max_delete_ratio => 0.1);
SELECT * FROM sync_checked('target', 'staging', '{id}', 'id > 2', max_delete_ratio => 0.125);
CALL set_up();
SELECT * FROM sync_checked('target', 'staging', '{id}', max_delete_ratio => 0.3);
CALL set_up();
SELECT * FROM bulk_sync('target', 'staging', '{id}', max_delete_ratio => 0);
SELECT * FROM sync_checked('target', 'staging', '{id}', max_delete_ratio => 0, skip_deletes => true);
CALL set_up();
SELECT * FROM bulk_sync('target', 'staging', '{id}', max_delete_ratio => 0.9, max_deletes => 1);
SELECT * FROM bulk_sync('target', 'staging', '{id}', max_delete_ratio => 0.1, max_deletes => 9);
SELECT * FROM sync_checked('target', 'staging', '{id}', max_delete_ratio => 1, max_deletes => 9);
TRUNCATE target;
SELECT * FROM sync_checked('target', 'staging', '{id}', max_delete_ratio => 0, max_deletes => 0);

-- A dry run counts, checks and writes nothing, not even where nothing may be written.
CALL set_up();
BEGIN TRANSACTION READ ONLY;
SELECT * FROM bulk_sync('target', 'staging', '{id}', dry_run => true);
SELECT * FROM bulk_sync('target', 'staging', '{id}', 'id > 2', dry_run => true, skip_deletes => true);
SAVEPOINT s;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
ROLLBACK TO s;
SELECT * FROM bulk_sync('target', 'staging', '{id}', max_deletes => 1, dry_run => true);
COMMIT;
-- It raises the errors that the call would raise before its first write.
INSERT INTO staging VALUES (4, 'twice');
SELECT * FROM bulk_sync('target', 'staging', '{id}', dry_run => true);
DELETE FROM staging WHERE v = 'twice';
SELECT * FROM bulk_sync('target', 'staging', '{id}', 'id < 11', dry_run => true);
SELECT * FROM bulk_sync('target', 'staging', '{nothing}', dry_run => true);
-- It takes no lock that would keep a writer waiting.
BEGIN;
SELECT * FROM bulk_sync('target', 'staging', '{id}', dry_run => true, lock => 'table');
SELECT mode FROM pg_locks WHERE relation = 'target'::regclass AND pid = pg_backend_pid() ORDER BY mode;
COMMIT;

-- lock => 'rows' is the lock of any writer, lock => 'table' keeps other writers out to the end of the transaction.
BEGIN;
SELECT * FROM bulk_sync('target', 'staging', '{id}', lock => 'rows');
SELECT mode FROM pg_locks WHERE relation = 'target'::regclass AND pid = pg_backend_pid() AND mode LIKE '%Exclusive%' ORDER BY mode;
ROLLBACK;
BEGIN;
SELECT * FROM bulk_sync('target', 'staging', '{id}', lock => 'table');
SELECT 'ShareRowExclusiveLock' IN (SELECT mode FROM pg_locks WHERE relation = 'target'::regclass AND pid = pg_backend_pid()) AS locked;
ROLLBACK;
SELECT * FROM sync_checked('target', 'staging', '{id}', lock => 'table');
-- Also when there is nothing to do.
BEGIN;
SELECT * FROM bulk_sync('target', 'staging', '{id}', lock => 'table');
SELECT 'ShareRowExclusiveLock' IN (SELECT mode FROM pg_locks WHERE relation = 'target'::regclass AND pid = pg_backend_pid()) AS locked;
ROLLBACK;
DROP PROCEDURE set_up;
DROP TABLE target, staging;
