--
-- A sync is one atomic step of the caller's transaction.
--
\i test/oracle.sql

CREATE TABLE target (id int PRIMARY KEY, v text CHECK (v <> 'bad'));
CREATE TABLE staging (id int, v text);
INSERT INTO target VALUES (1, 'a'), (2, 'b'), (3, 'c');
INSERT INTO staging VALUES (1, 'a'), (2, 'B'), (4, 'd');

-- Rolled back with its transaction, and with a savepoint.
BEGIN;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
ROLLBACK;
TABLE target ORDER BY id;
BEGIN;
INSERT INTO target VALUES (5, 'e');
SAVEPOINT s;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
ROLLBACK TO s;
SELECT count(*) FROM target;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
RELEASE s;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
COMMIT;
TABLE target ORDER BY id;

-- It sees what the transaction has done before, also to rows that it made itself.
BEGIN;
UPDATE target SET v = 'changed' WHERE id = 1;
INSERT INTO target VALUES (6, 'f'), (7, 'g');
SAVEPOINT s;
UPDATE target SET v = 'changed' WHERE id = 6;
DELETE FROM staging WHERE id = 2;
INSERT INTO staging VALUES (6, 'F');
SELECT * FROM sync_checked('target', 'staging', '{id}');
UPDATE staging SET v = v || v;
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT * FROM target WHERE id > 4 FOR UPDATE;
SELECT * FROM target ORDER BY id FOR KEY SHARE;
UPDATE staging SET v = v || v;
DELETE FROM staging WHERE id = 4;
SELECT * FROM sync_checked('target', 'staging', '{id}');
COMMIT;
TABLE target ORDER BY id;

-- An error undoes all of it, and only it.
BEGIN;
INSERT INTO target VALUES (8, 'h');
SAVEPOINT s;
UPDATE staging SET v = 'bad' WHERE id = 6;
INSERT INTO staging VALUES (9, 'i');
SELECT * FROM bulk_sync('target', 'staging', '{id}');
ROLLBACK TO s;
TABLE target ORDER BY id;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
COMMIT;
SELECT * FROM sync_checked('target', 'staging', '{id}');
-- Caught in PL/pgSQL, and again and again in one transaction.
DO $$
DECLARE
	result bulk_sync_stats;
BEGIN
	INSERT INTO staging VALUES (10, 'bad');
	FOR i IN 1 .. 20 LOOP
		BEGIN
			PERFORM bulk_sync('target', 'staging', '{id}');
			RAISE NOTICE 'not reached';
		EXCEPTION WHEN check_violation THEN
			NULL;
		END;
		BEGIN
			PERFORM bulk_sync('target', 'staging', '{nothing}');
		EXCEPTION WHEN undefined_column THEN
			NULL;
		END;
	END LOOP;
	UPDATE staging SET v = 'good' WHERE v = 'bad';
	result := bulk_sync('target', 'staging', '{id}');
	RAISE NOTICE 'created %, all of it %', result.created, result;
	SELECT * INTO result FROM bulk_sync('target', 'staging', '{id}');
	RAISE NOTICE '%', result;
END $$;
TABLE target ORDER BY id;

-- From a function, whose plan outlives changes of both tables.
CREATE FUNCTION import(OUT result bulk_sync_stats) LANGUAGE plpgsql AS $$
BEGIN
	result := bulk_sync('target', 'staging', ARRAY['id'], 'id < 1000', max_deletes => 5);
END $$;
SELECT * FROM import();
ALTER TABLE target ADD w int DEFAULT 3;
ALTER TABLE staging ADD w int DEFAULT 4;
SELECT * FROM import();
ALTER TABLE staging DROP v;
SELECT * FROM import();
ALTER TABLE staging ADD v text DEFAULT 'new';
ALTER TABLE target DROP COLUMN w;
SELECT * FROM import();
ALTER TABLE staging DROP w;
SELECT * FROM import();
TABLE target ORDER BY id;
DROP TABLE staging;
SELECT state, message FROM failure('SELECT import()');
CREATE TABLE staging (v varchar(9), id bigint);
INSERT INTO staging SELECT 'again', id FROM target WHERE id > 1;
SELECT * FROM import();
DROP FUNCTION import;

-- From a trigger of another table; and from a procedure that commits in between.
CREATE TABLE journal (n int);
CREATE FUNCTION on_journal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE '%', bulk_sync('target', 'staging', '{id}');
	RETURN NULL;
END $$;
CREATE TRIGGER on_journal AFTER INSERT ON journal FOR EACH ROW EXECUTE FUNCTION on_journal();
UPDATE staging SET v = 'third';
INSERT INTO journal VALUES (1), (2);
CREATE PROCEDURE import() LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 3 LOOP
		UPDATE staging SET v = 'loop ' || i;
		RAISE NOTICE '%', bulk_sync('target', 'staging', '{id}');
		IF i = 2 THEN
			ROLLBACK;
		ELSE
			COMMIT;
		END IF;
	END LOOP;
END $$;
CALL import();
SELECT DISTINCT v FROM target;
DROP PROCEDURE import;
DROP TABLE journal;
DROP FUNCTION on_journal;

-- In a query with a WITH clause, and through a cursor.
UPDATE staging SET v = 'with';
WITH synced AS (SELECT * FROM bulk_sync('target', 'staging', '{id}')) SELECT updated FROM synced;
BEGIN;
UPDATE staging SET v = 'cursor';
DECLARE c CURSOR FOR SELECT updated FROM bulk_sync('target', 'staging', '{id}');
FETCH ALL FROM c;
SELECT DISTINCT v FROM target;
COMMIT;
-- A query that reads the target while its own function writes it sees what was there when it began.
UPDATE staging SET v = 'later';
SELECT DISTINCT t.v FROM bulk_sync('target', 'staging', '{id}') AS s, target AS t;
SELECT DISTINCT v FROM target;

-- REPEATABLE READ and SERIALIZABLE, several calls in one transaction.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM target;
UPDATE staging SET v = 'rr';
INSERT INTO staging VALUES ('new', 20);
SELECT * FROM sync_checked('target', 'staging', '{id}');
DELETE FROM staging WHERE id = 20;
SELECT * FROM sync_checked('target', 'staging', '{id}', lock => 'table');
SAVEPOINT s;
UPDATE staging SET v = 'bad';
SELECT * FROM bulk_sync('target', 'staging', '{id}');
ROLLBACK TO s;
SELECT * FROM sync_checked('target', 'staging', '{id}');
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
UPDATE staging SET v = 'ser';
SELECT * FROM sync_checked('target', 'staging', '{id}');
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE;
SELECT * FROM bulk_sync('target', 'staging', '{id}', dry_run => true);
COMMIT;
-- Without a unique index on the keys.
ALTER TABLE target DROP CONSTRAINT target_pkey;
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO staging VALUES ('new', 21);
SELECT * FROM sync_checked('target', 'staging', '{id}');
INSERT INTO staging VALUES ('new', 22);
SELECT * FROM sync_checked('target', 'staging', '{id}');
COMMIT;
TABLE target ORDER BY id;

-- Two targets in one transaction, one call within an open cursor on the other's target.
CREATE TABLE second (LIKE target);
BEGIN;
DECLARE c CURSOR FOR SELECT v FROM target ORDER BY id;
FETCH c;
UPDATE staging SET v = 'two';
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT * FROM sync_checked('second', 'target', '{id}');
FETCH c;
COMMIT;
-- No lock is held when all is done.
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory';
DROP TABLE target, staging, second;
