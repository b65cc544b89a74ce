--
-- Bad arguments: each error names the argument, and nothing is done.
--
\i test/oracle.sql
\set VERBOSITY default
\set SHOW_CONTEXT errors

CREATE TABLE employee (id int PRIMARY KEY, name text);
CREATE TABLE import (id int, name text);
INSERT INTO employee VALUES (1, 'Ann'), (2, 'Bob');
INSERT INTO import VALUES (1, 'Ann'), (2, 'Rob');
CREATE TABLE before AS SELECT ctid::text AS place, xmin::text AS version, * FROM employee;

-- NULL where it means nothing.
SELECT * FROM bulk_sync(NULL, 'import', '{id}');
SELECT * FROM bulk_sync('employee', NULL, '{id}');
SELECT * FROM bulk_sync('employee', 'import', NULL);
SELECT * FROM bulk_sync('employee', 'import', '{id}', skip_creates => NULL);
SELECT * FROM bulk_sync('employee', 'import', '{id}', skip_updates => NULL);
SELECT * FROM bulk_sync('employee', 'import', '{id}', skip_deletes => NULL);
SELECT * FROM bulk_sync('employee', 'import', '{id}', allow_empty => NULL);
SELECT * FROM bulk_sync('employee', 'import', '{id}', allow_out_of_scope => NULL);
SELECT * FROM bulk_sync('employee', 'import', '{id}', lock => NULL);
SELECT * FROM bulk_sync('employee', 'import', '{id}', dry_run => NULL);
SELECT * FROM bulk_sync('employee', 'import', '{id}', verbose => NULL);
SELECT * FROM bulk_sync(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

-- NULL where it is a value: no filter, no limit, all columns.
SELECT * FROM bulk_sync('employee', 'import', '{id}', NULL, NULL, NULL, max_deletes => NULL,
	max_delete_ratio => NULL, soft_delete => NULL, insert_defaults => NULL, dry_run => true);

-- Lists of columns.
SELECT * FROM bulk_sync('employee', 'import', '{}');
SELECT * FROM bulk_sync('employee', 'import', ARRAY[NULL]::text[]);
SELECT * FROM bulk_sync('employee', 'import', '{id,NULL}');
SELECT * FROM bulk_sync('employee', 'import', '{id,id}');
SELECT * FROM bulk_sync('employee', 'import', '{{id},{name}}');
SELECT * FROM bulk_sync('employee', 'import', '{""}');
SELECT * FROM bulk_sync('employee', 'import', '{id}', columns => '{name,NULL}');
SELECT * FROM bulk_sync('employee', 'import', '{id}', columns => '{name,name}');
SELECT * FROM bulk_sync('employee', 'import', '{id}', columns => '{{name}}');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{NULL}');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{name,name}');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{{name},{id}}');
SELECT * FROM bulk_sync('employee', 'import', '{id}', columns => '{name}', ignore_columns => '{name}');
SELECT * FROM bulk_sync('employee', 'import', '[0:0]={id}', dry_run => true);

-- Limits.
SELECT * FROM bulk_sync('employee', 'import', '{id}', max_deletes => -1);
SELECT * FROM bulk_sync('employee', 'import', '{id}', max_delete_ratio => -0.1);
SELECT * FROM bulk_sync('employee', 'import', '{id}', max_delete_ratio => 1.1);
SELECT * FROM bulk_sync('employee', 'import', '{id}', max_delete_ratio => 'NaN');
SELECT * FROM bulk_sync('employee', 'import', '{id}', max_delete_ratio => '-Infinity');
SELECT * FROM bulk_sync('employee', 'import', '{id}', max_deletes => 9223372036854775807,
	max_delete_ratio => 1, dry_run => true);

-- The lock.
SELECT * FROM bulk_sync('employee', 'import', '{id}', lock => 'row');
SELECT * FROM bulk_sync('employee', 'import', '{id}', lock => 'TABLE');
SELECT * FROM bulk_sync('employee', 'import', '{id}', lock => '');

-- What does not exist, or does not accept rows of the wanted kind.
SELECT * FROM bulk_sync('employees', 'import', '{id}');
SELECT * FROM bulk_sync(0, 'import', '{id}');
SELECT * FROM bulk_sync('employee', 4294967295, '{id}');

-- A transaction that takes no writes: only a dry run.
BEGIN READ ONLY;
SAVEPOINT start;
SELECT * FROM bulk_sync('employee', 'import', '{id}');
ROLLBACK TO start;
SELECT * FROM bulk_sync('employee', 'import', '{id}', dry_run => true);
ROLLBACK;

-- Nothing has changed, and the session goes on.
SELECT count(*) AS changed FROM (
	TABLE before EXCEPT SELECT ctid::text, xmin::text, * FROM employee) AS c;
SELECT * FROM sync_checked('employee', 'import', '{id}');
DROP TABLE employee, import, before;
