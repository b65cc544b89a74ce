--
-- Plans with workers: where the server reads staging or the target in parallel, the result is the same.
--
\i test/oracle.sql
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET min_parallel_index_scan_size = 0;
SET max_parallel_workers_per_gather = 2;

CREATE TABLE target (id int PRIMARY KEY, v text, n numeric);
CREATE TABLE staging (id int, v text, n numeric);
CREATE TABLE parted (id int, v text, n numeric) PARTITION BY HASH (id);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO target SELECT i, 'v' || i, i FROM generate_series(1, 4000) AS i;
INSERT INTO parted TABLE target;
INSERT INTO staging SELECT i, CASE WHEN i % 100 = 0 THEN 'w' ELSE 'v' END || i, i FROM generate_series(501, 4500) AS i;
ANALYZE target, staging, parted;
-- The queries of the call are of this form; they do have workers.
CREATE FUNCTION has_workers(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
	RETURN plan::text LIKE '%"Workers Planned": %';
END $$;
SELECT has_workers('SELECT tableoid, ctid, xmin, id, v, n FROM target'), has_workers('SELECT s.id, s.v, s.n FROM staging AS s');
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT * FROM sync_checked('parted', 'staging', '{id}', 'id > 500');
SELECT count(*) FROM parted WHERE id <= 500;
-- A staging view with a join and an aggregate; a filter with a sub-select.
CREATE VIEW counted AS SELECT s.id, min(s.v) || count(*) AS v, sum(t.n) AS n FROM staging s JOIN target t ON t.n = s.n GROUP BY s.id;
SELECT has_workers('SELECT s.id, s.v, s.n FROM counted AS s');
SELECT * FROM sync_checked('parted', 'counted', '{id}', 'id > 500 AND n < (SELECT max(n) + 1 FROM staging)');
-- Read under a snapshot that is older than what this transaction has written, and after a savepoint.
BEGIN ISOLATION LEVEL REPEATABLE READ;
UPDATE staging SET v = 'again' WHERE id % 1000 = 0;
SAVEPOINT s;
DELETE FROM staging WHERE id % 1000 = 1;
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT * FROM sync_checked('target', 'staging', '{id}', lock => 'table');
ROLLBACK TO s;
SELECT * FROM sync_checked('target', 'staging', '{id}');
COMMIT;
-- An error in a worker is the call's error, and nothing remains of it.
CREATE FUNCTION fails(int) RETURNS int LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
	IF $1 = 4123 THEN
		RAISE EXCEPTION 'not %', $1 USING ERRCODE = 'P0042';
	END IF;
	RETURN $1;
END $$;
CREATE VIEW failing AS SELECT fails(id) AS id, v, n FROM staging;
SELECT has_workers('SELECT s.id, s.v, s.n FROM failing AS s');
SELECT state, message FROM failure($$SELECT bulk_sync('target', 'failing', '{id}')$$);
SELECT state, message FROM failure($$SELECT bulk_sync('target', 'staging', '{id}', 'fails(id) > 0')$$);
SELECT state FROM failure($$SELECT bulk_sync('target', 'staging', '{id}', 'fails(id) > 0 AND id < 4000')$$);
-- What may not run in a worker does not: a temporary table, a function that is unsafe.
CREATE TEMP TABLE mine AS TABLE staging;
UPDATE mine SET v = 'mine' WHERE id < 600;
SELECT * FROM sync_checked('target', 'mine', '{id}');
CREATE FUNCTION unsafe(int) RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN $1; END $$;
SELECT * FROM sync_checked('target', 'staging', '{id}', 'unsafe(id) > 0');
SELECT count(*) FROM (TABLE target EXCEPT ALL TABLE staging) AS d;
DROP VIEW counted, failing;
DROP FUNCTION has_workers, fails, unsafe;
DROP TABLE target, staging, parted, mine;
