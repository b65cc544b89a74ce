--
-- The filter is exactly one boolean expression over the target. Whatever else is refused with an
-- error that shows where, and nothing of it is run.
--
\i test/oracle.sql
\set VERBOSITY default
\set SHOW_CONTEXT errors

CREATE TABLE employee (id int PRIMARY KEY, name text, company_id int);
INSERT INTO employee VALUES (1, 'Ann', 501), (2, 'Bob', 501), (3, 'Cid', 502);
CREATE TABLE import AS SELECT id, name || '!' AS name, company_id FROM employee WHERE company_id = 501;
CREATE TABLE before AS SELECT ctid::text AS place, xmin::text AS version, * FROM employee;

-- Texts that would break out of our parentheses, or swallow what follows them.
SELECT * FROM bulk_sync('employee', 'import', '{id}', '1=1) OR (1=1');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'true) --');
SELECT * FROM bulk_sync('employee', 'import', '{id}', '(company_id = 501');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id = 501; DROP TABLE employee');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id = 501;');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id = 501 /* and');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'name = ''Ann');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'name = $q$Ann');
SELECT * FROM bulk_sync('employee', 'import', '{id}', '"name = ''Ann''');

-- Not an expression, or not one.
SELECT * FROM bulk_sync('employee', 'import', '{id}', '');
SELECT * FROM bulk_sync('employee', 'import', '{id}', E' \n\t');
SELECT * FROM bulk_sync('employee', 'import', '{id}', '-- nothing');
SELECT * FROM bulk_sync('employee', 'import', '{id}', '/* nothing */');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'true, false');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id =');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'WHERE company_id = 501');
SELECT * FROM bulk_sync('employee', 'import', '{id}', '*');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'employee.*');

-- An expression with more behind it, or before it.
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'true AS x');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'true x');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'true FROM import');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'true WHERE true');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'true GROUP BY id');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'true HAVING true');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'true WINDOW w AS ()');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'true ORDER BY id');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'true LIMIT 1');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'true OFFSET 1');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'true FOR UPDATE');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'DISTINCT true');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'DISTINCT ON (id) true');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'true UNION SELECT true');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'true INTO TEMP loot');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'WITH x AS (SELECT true) SELECT true');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'DELETE FROM employee');

-- What may not stand in WHERE.
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id');
SELECT * FROM bulk_sync('employee', 'import', '{id}', '''no boolean''');
SELECT * FROM bulk_sync('employee', 'import', '{id}', '(true, false)');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id = $1');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'count(*) > 0');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'row_number() OVER () = 1');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'generate_series(1, 3) = id');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'CURRENT OF c');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'DEFAULT');
SELECT * FROM bulk_sync('employee', 'import', '{id}', '(SELECT company_id, id FROM employee)');
SELECT * FROM bulk_sync('employee', 'import', '{id}',
	'(WITH gone AS (DELETE FROM employee RETURNING *) SELECT count(*) > 0 FROM gone)');

-- Only the target is in reach, under its own name.
\set VERBOSITY terse
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'compnay_id = 501');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'import.company_id = 501');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'other.employee.company_id = 501');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id = ''x''');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'no_such_function(id)');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'EXISTS (SELECT FROM no_such_table)');

\set VERBOSITY default

-- Volatile functions, wherever they are.
CREATE FUNCTION moody(int) RETURNS boolean LANGUAGE sql VOLATILE RETURN $1 > 0;
CREATE FUNCTION moody_equal(text, text) RETURNS boolean LANGUAGE sql VOLATILE RETURN $1 = $2;
CREATE OPERATOR ~~~~ (LEFTARG = text, RIGHTARG = text, FUNCTION = moody_equal);
CREATE VIEW moods AS SELECT id FROM employee WHERE random() < 2;
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'random() < 0.5');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'clock_timestamp() IS NOT NULL');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'moody(id)');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'name ~~~~ ''Ann''');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'EXISTS (SELECT FROM import i WHERE moody(i.id))');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'id IN (SELECT id FROM moods)');

-- System columns, also from inside of a sub-select. Those of other tables are no concern.
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'ctid = ''(0,1)''');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'tableoid = ''employee''::regclass');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'employee.xmin IS NOT NULL AND company_id = 501');
SELECT * FROM bulk_sync('employee', 'import', '{id}',
	'EXISTS (SELECT FROM import i WHERE i.ctid = employee.ctid)');
SELECT * FROM bulk_sync('employee', 'import', '{id}',
	'EXISTS (SELECT FROM (SELECT i.id FROM import i, LATERAL (SELECT employee.cmin) AS l) AS x)');
SELECT * FROM bulk_sync('employee', 'import', '{id}',
	'company_id = 501 AND EXISTS (SELECT FROM import i WHERE i.ctid IS NOT NULL)', dry_run => true);

-- A dry run refuses the same.
SELECT * FROM bulk_sync('employee', 'import', '{id}', '1=1) OR (1=1', dry_run => true);

-- Nothing of all that has changed anything, and the session goes on.
SELECT count(*) AS changed FROM (
	TABLE before EXCEPT SELECT ctid::text, xmin::text, * FROM employee) AS c;
SELECT to_regclass('loot');
SELECT * FROM sync_checked('employee', 'import', '{id}', 'company_id = 501');

DROP VIEW moods;
DROP OPERATOR ~~~~ (text, text);
DROP FUNCTION moody(int), moody_equal(text, text);
DROP TABLE employee, import, before;
