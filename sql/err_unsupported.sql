--
-- Options that are declared and not built yet are refused, never ignored.
--
\i test/oracle.sql
\set VERBOSITY default

CREATE TABLE employee (id int PRIMARY KEY, name text, gone boolean);
CREATE TABLE import (id int, name text);
INSERT INTO employee VALUES (1, 'Ann', false);
INSERT INTO import VALUES (1, 'Rob');

SELECT * FROM bulk_sync('employee', 'import', '{id}', soft_delete => 'gone');
SELECT * FROM bulk_sync('employee', 'import', '{id}', insert_defaults => '{"gone": false}');
SELECT * FROM bulk_sync('employee', 'import', '{id}', verbose => true);
SELECT * FROM bulk_sync('employee', 'import', '{id}', soft_delete => 'gone', dry_run => true);
\echo :SQLSTATE

TABLE employee;
SELECT * FROM sync_checked('employee', 'import', '{id}');
DROP TABLE employee, import;
