--
-- bulk_compare: errors and rights. They are those of bulk_sync, but for what it needs to write.
--
\i test/oracle.sql
\set VERBOSITY default

CREATE TABLE employee (id int PRIMARY KEY, name text, company_id int DEFAULT 501, secret text, gone boolean);
CREATE TABLE import (id int, name text, note text);
INSERT INTO employee VALUES (1, 'Ann', 501), (2, 'Bob', 501), (3, 'Bob', 501), (4, 'Cid', 502);
INSERT INTO import VALUES (1, 'Ann'), (2, 'Rob');

-- Columns.
SELECT * FROM bulk_compare('employee', 'import', '{id}');
SELECT * FROM bulk_compare('employee', 'import', '{nmae}', ignore_columns => '{note}');
SELECT * FROM bulk_compare('employee', 'import', '{id}', columns => '{phone}', ignore_columns => '{note}');
SELECT * FROM bulk_compare('employee', 'import', '{id}', ignore_columns => '{nte}');
SELECT * FROM bulk_compare('employee', 'import', '{id}', ignore_columns => '{note}', soft_delete => 'gon');
SELECT * FROM bulk_compare('employee', 'import', '{id}', ignore_columns => '{note}', soft_delete => 'secret');
SELECT * FROM bulk_compare('employee', 'import', '{id}', ignore_columns => '{note}', insert_defaults => '{"name": "x"}');
SELECT * FROM bulk_compare('employee', 'import', '{id}', ignore_columns => '{note}', insert_defaults => '{"company": 1}');
ALTER TABLE import DROP note;

-- Duplicates, in staging and in the target; those that staging does not mention are rows to remove.
INSERT INTO import VALUES (2, 'Bob');
SELECT * FROM bulk_compare('employee', 'import', '{id}');
\echo :SQLSTATE
DELETE FROM import WHERE name = 'Rob';
SELECT * FROM bulk_compare('employee', 'import', '{name}');
\echo :SQLSTATE
UPDATE import SET name = 'Rob' WHERE id = 2;
SELECT status, key FROM bulk_compare('employee', 'import', '{name}') ORDER BY status, key;

-- Rows outside of the scope.
SELECT * FROM bulk_compare('employee', 'import', '{id}', 'id > 1');
\echo :SQLSTATE
SELECT status, key FROM bulk_compare('employee', 'import', '{id}', 'id > 1', allow_out_of_scope => true) ORDER BY status, key;
-- Unchanged rows are in it, and so is an updated one by the value that it keeps.
SELECT status, key FROM bulk_compare('employee', 'import', '{id}', 'company_id = 501') ORDER BY status, key;
-- When the check needs what a sequence will give, it says so.
ALTER TABLE employee ALTER company_id SET DEFAULT (random() * 1000)::int;
INSERT INTO import VALUES (9, 'Ida');
SELECT * FROM bulk_compare('employee', 'import', '{id}', 'company_id = 501');
ALTER TABLE employee ALTER company_id SET DEFAULT 501;
DELETE FROM import WHERE id = 9;

-- Arguments.
SELECT * FROM bulk_compare(NULL, 'import', '{id}');
SELECT * FROM bulk_compare('employee', NULL, '{id}');
SELECT * FROM bulk_compare('employee', 'import', NULL);
SELECT * FROM bulk_compare('employee', 'import', '{}');
SELECT * FROM bulk_compare('employee', 'import', '{id}', include_unchanged => NULL);
SELECT * FROM bulk_compare('employee', 'import', '{id}', allow_out_of_scope => NULL);
SELECT * FROM bulk_compare('employee', 'import', '{id}', '1=1) OR (1=1');
SELECT * FROM bulk_compare('employee', 'import', '{id}', 'count(*) > 0');
SELECT * FROM bulk_compare('employee', 'import', '{id}', 'random() < 1');
SELECT * FROM bulk_compare(0, 'import', '{id}');
SELECT * FROM bulk_compare('employee', 'import', '{id}', insert_defaults => '[]');
SELECT * FROM bulk_compare('employee', 'import', '{id}', insert_defaults => 'null');
-- Values that do not convert, with the column, the value and the key.
\set SHOW_CONTEXT errors
CREATE TABLE texts (id text, company_id text);
INSERT INTO texts VALUES ('1', '501'), ('2', 'x');
SELECT * FROM bulk_compare('employee', 'texts', '{id}');
-- An error of the filter.
SELECT * FROM bulk_compare('employee', 'import', '{id}', '1 / (id - 1) = 0');
\set SHOW_CONTEXT never
-- The same session goes on.
SELECT status, key, changes FROM bulk_compare('employee', 'import', '{id}') ORDER BY status, key;

-- Rights: SELECT on what is read, and nothing else.
CREATE ROLE regress_bulk_sync_reader;
GRANT SELECT ON import TO regress_bulk_sync_reader;
SET ROLE regress_bulk_sync_reader;
SELECT status, key FROM bulk_compare('employee', 'import', '{id}') ORDER BY status, key;
RESET ROLE;
GRANT SELECT ON employee TO regress_bulk_sync_reader;
REVOKE SELECT ON import FROM regress_bulk_sync_reader;
SET ROLE regress_bulk_sync_reader;
SELECT status, key FROM bulk_compare('employee', 'import', '{id}') ORDER BY status, key;
RESET ROLE;
GRANT SELECT ON import TO regress_bulk_sync_reader;
SET ROLE regress_bulk_sync_reader;
SELECT status, key FROM bulk_compare('employee', 'import', '{id}') ORDER BY status, key;
RESET ROLE;
-- On columns: of staging those that are used, of the target all, for the result has whole rows.
REVOKE SELECT ON import FROM regress_bulk_sync_reader;
GRANT SELECT (id) ON import TO regress_bulk_sync_reader;
SET ROLE regress_bulk_sync_reader;
SELECT status, key FROM bulk_compare('employee', 'import', '{id}') ORDER BY status, key;
RESET ROLE;
GRANT SELECT (name) ON import TO regress_bulk_sync_reader;
ALTER TABLE import ADD secret text;
SET ROLE regress_bulk_sync_reader;
SELECT status, key FROM bulk_compare('employee', 'import', '{id}') ORDER BY status, key;
SELECT status, key FROM bulk_compare('employee', 'import', '{id}', columns => '{name}', ignore_columns => '{}') ORDER BY status, key;
RESET ROLE;
ALTER TABLE import DROP secret;
SET ROLE regress_bulk_sync_reader;
SELECT status, key FROM bulk_compare('employee', 'import', '{id}') ORDER BY status, key;
RESET ROLE;
REVOKE SELECT ON employee FROM regress_bulk_sync_reader;
GRANT SELECT (id, name, company_id, gone) ON employee TO regress_bulk_sync_reader;
SET ROLE regress_bulk_sync_reader;
SELECT status, key FROM bulk_compare('employee', 'import', '{id}', columns => '{name}') ORDER BY status, key;
RESET ROLE;
GRANT SELECT (secret) ON employee TO regress_bulk_sync_reader;
SET ROLE regress_bulk_sync_reader;
SELECT status, key FROM bulk_compare('employee', 'import', '{id}') ORDER BY status, key;
RESET ROLE;
-- A view is read with the rights of its owner.
REVOKE SELECT (secret) ON employee FROM regress_bulk_sync_reader;
CREATE VIEW staff AS SELECT id, name FROM employee;
GRANT SELECT ON staff TO regress_bulk_sync_reader;
SET ROLE regress_bulk_sync_reader;
SELECT status, key, old FROM bulk_compare('staff', 'import', '{id}') ORDER BY status, key;
SELECT status, key, old FROM bulk_compare('import', 'staff', '{id}') ORDER BY status, key;
RESET ROLE;
DROP VIEW staff;
DROP TABLE employee, import, texts;
DROP ROLE regress_bulk_sync_reader;
