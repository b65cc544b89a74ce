--
-- A thousand calls that fail leave no memory behind in the session, and neither do those that do
-- their work.
--
\i test/oracle.sql

CREATE TABLE employee (id int PRIMARY KEY, name text);
CREATE TABLE import (id int, name text);
CREATE VIEW a_view AS TABLE employee;
INSERT INTO employee SELECT i, 'x' || i FROM generate_series(1, 500) AS i;
INSERT INTO import SELECT i, 'x' || i % 200 FROM generate_series(50, 550) AS i;
CREATE TABLE before AS SELECT ctid::text AS place, xmin::text AS version, * FROM employee;
CREATE FUNCTION memory() RETURNS bigint LANGUAGE sql
AS 'SELECT sum(total_bytes)::bigint FROM pg_backend_memory_contexts';

-- Ten ways to fail, the last of them at the end of all writes.
CREATE TABLE wrong (id text, name text);
INSERT INTO wrong VALUES ('1', 'a'), ('x', 'b');
CREATE FUNCTION fail_often(times int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	calls text[] := ARRAY[
		'NULL, ''import'', ''{id}''',
		'''employee'', ''import'', ''{nmae}''',
		'''employee'', ''import'', ''{id}'', ''1=1) OR (1=1''',
		'''employee'', ''import'', ''{id}'', ''random() < 1''',
		'''employee'', ''wrong'', ''{id}''',
		'''employee'', ''import'', ''{id}'', max_deletes => 0',
		'''employee'', ''import'', ''{id}'', ''id < 100''',
		'''employee'', ''import'', ''{name}''',
		'''a_view'', ''import'', ''{id}''',
		'''employee'', ''import'', ''{id}'''];
	call text;
BEGIN
	FOR i IN 1 .. times LOOP
		FOREACH call IN ARRAY calls LOOP
			BEGIN
				EXECUTE format('SELECT * FROM bulk_sync(%s)', call);
				RAISE EXCEPTION 'no failure of %', call USING ERRCODE = 'P0099';
			EXCEPTION WHEN SQLSTATE 'P0099' THEN RAISE; WHEN OTHERS THEN NULL;
			END;
		END LOOP;
	END LOOP;
END $$;
ALTER TABLE employee ADD CONSTRAINT short CHECK (id < 550) NOT VALID;
SELECT fail_often(2);
SELECT memory() AS memory_before \gset
SELECT fail_often(100);
SELECT memory() - :memory_before < 50000 AS no_leak;
SELECT count(*) AS left_over FROM pg_backend_memory_contexts WHERE name ILIKE '%bulk_sync%';
SELECT count(*) AS changed FROM (
	TABLE before EXCEPT SELECT ctid::text, xmin::text, * FROM employee) AS c;
ALTER TABLE employee DROP CONSTRAINT short;
-- So do calls that do their work.
SELECT count(*) AS calls, sum(s.created + s.updated + s.deleted) AS done
	FROM generate_series(1, 50) AS i, bulk_sync('employee', 'import', '{id}', max_deletes => i + 100) AS s;
SELECT memory() - :memory_before < 50000 AS no_leak;
SELECT count(*) AS left_over FROM pg_backend_memory_contexts WHERE name ILIKE '%bulk_sync%';

SELECT * FROM sync_checked('employee', 'import', '{id}');
DROP VIEW a_view;
DROP TABLE employee, import, before, wrong;
DROP FUNCTION memory(), fail_often(int);
