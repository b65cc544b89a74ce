--
-- Limits that are reached, at different places of a call: the error is the server's own, nothing has
-- changed, and the same session can call again.
--
\i test/oracle.sql

CREATE TABLE employee (id int PRIMARY KEY, name text);
CREATE TABLE import (id int, name text);
INSERT INTO employee SELECT i, repeat('x', 50) || i FROM generate_series(1, 5000) AS i;
INSERT INTO import SELECT i, repeat('x', 50) || i % 2000 FROM generate_series(500, 5500) AS i;
CREATE TABLE before AS SELECT ctid::text AS place, xmin::text AS version, * FROM employee;
CREATE VIEW changed AS SELECT count(*) AS changed FROM (
	TABLE before EXCEPT SELECT ctid::text, xmin::text, * FROM employee) AS c;

-- The diff goes to disk with little memory. Not more than is allowed.
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SET temp_file_limit = '100kB';
SELECT state FROM failure($$ SELECT * FROM bulk_sync('employee', 'import', '{id}') $$);
\set VERBOSITY sqlstate
SELECT * FROM bulk_sync('employee', 'import', '{id}');
-- The diff fits, what it found does not.
SET hash_mem_multiplier = 1000;
SELECT * FROM bulk_sync('employee', 'import', '{id}');
\set VERBOSITY terse
SET hash_mem_multiplier = 1;
RESET temp_file_limit;
TABLE changed;
SELECT * FROM bulk_sync('employee', 'import', '{id}', dry_run => true);
RESET hash_mem_multiplier;
RESET work_mem;

-- statement_timeout, in each phase: while staging is read,
CREATE FUNCTION slow(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN $1; END $$;
CREATE FUNCTION slow_filter(int) RETURNS boolean STABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN true; END $$;
CREATE FUNCTION slow_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(10); RETURN NEW; END $$;
CREATE VIEW slow_import AS SELECT slow(id) AS id, name FROM import;
SET statement_timeout = '100ms';
SELECT * FROM bulk_sync('employee', 'slow_import', '{id}');
-- while the target is read, in the filter,
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'slow_filter(id)');
-- in a trigger before the rows are written, and in one after.
SET statement_timeout = 0;
CREATE TRIGGER slow BEFORE UPDATE ON employee FOR EACH ROW EXECUTE FUNCTION slow_trigger();
SET statement_timeout = '300ms';
SELECT * FROM bulk_sync('employee', 'import', '{id}');
SET statement_timeout = 0;
DROP TRIGGER slow ON employee;
CREATE TRIGGER slow AFTER INSERT ON employee FOR EACH STATEMENT EXECUTE FUNCTION slow_trigger();
SET statement_timeout = '300ms';
SELECT * FROM bulk_sync('employee', 'import', '{id}');
RESET statement_timeout;
DROP TRIGGER slow ON employee;
TABLE changed;

SELECT * FROM sync_checked('employee', 'import', '{id}');
DROP VIEW changed, slow_import;
DROP TABLE employee, import, before;
DROP FUNCTION slow(int), slow_filter(int), slow_trigger();
