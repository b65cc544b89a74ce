--
-- update_when is exactly one boolean expression over old and new. Whatever else is refused with an error that shows
-- where, and nothing of it is run.
--
\i test/oracle.sql
\set VERBOSITY default
\set SHOW_CONTEXT errors

CREATE TABLE employee (id int PRIMARY KEY, name text, salary int);
CREATE TABLE import (id int, name text, salary int, batch int);
INSERT INTO employee VALUES (1, 'Ann', 1), (2, 'Bob', 2);
INSERT INTO import VALUES (1, 'Eve', 2, 7), (2, 'Fay', 3, 7);

-- Texts that would break out of our parentheses, or swallow what follows them.
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'old.id = 1) OR (1=1');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'new.id = 1; DROP TABLE employee');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'new.id = 1 /* and');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'new.name = ''Ann');

-- Not an expression, or not one.
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => '');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => '-- nothing');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'new.id = 1, old.id = 1');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'new.*');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'new.id = 1 AS x');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'new.id = 1 ORDER BY 1');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'DELETE FROM employee');

-- What may not stand there.
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'new.salary');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'new');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'new.id = $1');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'count(new.id) > 0');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'row_number() OVER (ORDER BY new.id) = 1');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'generate_series(1, 3) = new.id');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => '(WITH gone AS (DELETE FROM employee RETURNING *) SELECT count(*) > new.id FROM gone)');

-- It has to be about the rows, and only columns of the target are in reach, as old and new.
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'true');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'NULL');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'now() > ''2020-01-01''');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'EXISTS (SELECT FROM import new WHERE new.id = 1)');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'salary > 1');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'employee.salary > 1');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'new.salary > import.salary');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'new.batch = 7');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'batch = 7');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'new.salry > 1');
SELECT * FROM bulk_compare('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'excluded.salary > 1');

-- What may give another answer in each reading.
CREATE FUNCTION moody(int) RETURNS boolean LANGUAGE sql VOLATILE RETURN $1 > 0;
CREATE VIEW moods AS SELECT id FROM employee WHERE random() < 2;
CREATE SEQUENCE numbers;
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'moody(new.id)');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'old.id IN (SELECT id FROM moods)');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'EXISTS (SELECT FROM import i WHERE i.id = old.id FOR UPDATE)');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'old.id IN (SELECT id FROM import TABLESAMPLE SYSTEM (50))');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'old.id > (SELECT last_value FROM numbers)');

-- System columns, of either row, also from inside of a sub-select. Those of other tables are no concern.
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'old.ctid = ''(0,1)''');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'old.id = 1 AND new.tableoid > 0');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', update_when => 'EXISTS (SELECT FROM import i WHERE i.xmin = new.xmin)');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', dry_run => true,
	update_when => 'EXISTS (SELECT FROM import i WHERE i.ctid IS NOT NULL AND i.id = new.id)');

-- With nothing to update, in a dry run, and where updates are skipped, it is refused all the same.
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch,name,salary}', update_when => 'new.batch = 7');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', dry_run => true, update_when => 'true');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{batch}', skip_updates => true, update_when => 'true');
SELECT * FROM bulk_sync_json('employee', '[]', '{id}', allow_empty => true, update_when => 'true');

-- More columns of both rows than a row can have.
DO $$ BEGIN EXECUTE format('CREATE TABLE wide (%s)', (SELECT string_agg('c' || i || ' int', ', ' ORDER BY i) FROM generate_series(1, 1000) AS i)); END $$;
INSERT INTO wide (c1) VALUES (1);
CREATE TABLE to_wide AS TABLE wide;
SELECT state, message, detail, hint FROM failure($$SELECT * FROM bulk_sync('wide', 'to_wide', '{c1}', update_when => 'new IS DISTINCT FROM old')$$);
SELECT * FROM bulk_sync('wide', 'to_wide', '{c1}', update_when => 'new.c900 > old.c900');
DROP TABLE wide, to_wide;

TABLE employee;
DROP VIEW moods;
DROP SEQUENCE numbers;
DROP FUNCTION moody(int);
DROP TABLE employee, import;
