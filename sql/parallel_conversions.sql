--
-- Rows are converted, and written as JSON, while the executor may have workers running: what a worker forbids must not
-- come in the way of a call that is right without workers.
--
\i test/oracle.sql
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;

-- A subtransaction is such a thing.
CREATE FUNCTION is_json(value text) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	PERFORM value::json;
	RETURN true;
EXCEPTION WHEN OTHERS THEN
	RETURN false;
END $$;
CREATE DOMAIN document AS text CHECK (is_json(VALUE));
CREATE TABLE target (id int PRIMARY KEY, d document);
CREATE TABLE staging (id int, d text);
INSERT INTO staging SELECT i, '{"a": 1}' FROM generate_series(1, 5000) AS i;
CREATE VIEW viewed AS SELECT id, d FROM staging WHERE length(d) = 8;
ANALYZE staging;
SELECT * FROM sync_checked('target', 'viewed', '{id}');

-- Workers do read this view when nothing is in their way.
CREATE FUNCTION uses_workers(query text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
		IF line ~ 'Workers Planned' THEN
			RETURN true;
		END IF;
	END LOOP;
	RETURN false;
END $$;
SELECT uses_workers('SELECT id, d FROM viewed');

-- The names of the keys are known below a Gather too.
UPDATE staging SET d = '{"b": 1,' WHERE id = 77;
INSERT INTO staging VALUES (5001, repeat('x', 8));
CREATE TABLE numbers (id int PRIMARY KEY, d int);
CREATE VIEW numbers_viewed AS SELECT id, CASE WHEN id = 77 THEN 'x' ELSE '1' END AS d FROM staging WHERE length(d) = 8;
SELECT state, message, context FROM failure($$SELECT bulk_sync('numbers', 'numbers_viewed', '{id}')$$);
SELECT message, context FROM failure($$SELECT bulk_sync('target', 'viewed', '{id}')$$);

-- bulk_compare() computes generated columns and writes JSON as rows come.
CREATE TABLE made (id int PRIMARY KEY, d text, valid bool GENERATED ALWAYS AS (is_json(d)) STORED);
INSERT INTO made SELECT i, '{"a": 2}' FROM generate_series(1, 5000) AS i;
ANALYZE made;
DELETE FROM staging WHERE id > 5000;
UPDATE staging SET d = '{"a": 1}';
SELECT status, count(*), min(new->>'valid') AS valid FROM bulk_compare('made', 'viewed', '{id}', 'length(d) < 100') GROUP BY status;
DROP VIEW viewed, numbers_viewed;
DROP TABLE target, staging, numbers, made;
DROP DOMAIN document;
DROP FUNCTION is_json(text), uses_workers(text);
