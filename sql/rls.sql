--
-- Row-level security. On the target a policy narrows the scope to what the caller may see, and a row
-- that may be seen but not written is an error. On staging a policy that applies to the caller is
-- refused: rows that it hides would be missing, and live rows deleted for it.
--
\i test/oracle.sql
\set VERBOSITY default

CREATE ROLE regress_bulk_sync_owner;
CREATE ROLE regress_bulk_sync_clerk;
CREATE TABLE employee (id int PRIMARY KEY, name text, company_id int);
CREATE TABLE import (id int, name text, company_id int);
ALTER TABLE employee OWNER TO regress_bulk_sync_owner;
ALTER TABLE import OWNER TO regress_bulk_sync_owner;
GRANT ALL ON employee, import TO regress_bulk_sync_clerk;
INSERT INTO employee VALUES (1, 'Ann', 501), (2, 'Bob', 501), (3, 'Cid', 501), (4, 'Dee', 502);
INSERT INTO import VALUES (1, 'Ann', 501), (2, 'Rob', 501), (5, 'Eve', 501);
CREATE TABLE before AS TABLE employee;
CREATE VIEW changed AS SELECT count(*) AS changed FROM (
	(TABLE before EXCEPT TABLE employee) UNION ALL (TABLE employee EXCEPT TABLE before)) AS c;

-- The target's policy is one more condition of the scope: company 502 stays, without any filter.
ALTER TABLE employee ENABLE ROW LEVEL SECURITY;
CREATE POLICY company501 ON employee TO regress_bulk_sync_clerk USING (company_id = 501);
SET ROLE regress_bulk_sync_clerk;
BEGIN;
SELECT * FROM bulk_sync('employee', 'import', '{id}', dry_run => true);
SELECT * FROM bulk_sync('employee', 'import', '{id}');
RESET ROLE;
TABLE employee ORDER BY id;
ROLLBACK;

-- With a filter, both hold.
SET ROLE regress_bulk_sync_clerk;
BEGIN;
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'id > 1', allow_out_of_scope => true, skip_creates => true);
RESET ROLE;
TABLE employee ORDER BY id;
ROLLBACK;

-- A hidden row's key is taken, which the index says; a new row that the policy forbids is its error.
SET ROLE regress_bulk_sync_clerk;
BEGIN;
INSERT INTO import VALUES (4, 'Dora', 501);
SELECT * FROM bulk_sync('employee', 'import', '{id}');
ROLLBACK;
BEGIN;
INSERT INTO import VALUES (6, 'Fay', 502);
SELECT * FROM bulk_sync('employee', 'import', '{id}');
ROLLBACK;
RESET ROLE;

-- A row that may be seen but not updated, or not deleted.
CREATE POLICY fixed ON employee AS RESTRICTIVE FOR UPDATE TO regress_bulk_sync_clerk USING (id <> 2);
SET ROLE regress_bulk_sync_clerk;
SELECT * FROM bulk_sync('employee', 'import', '{id}');
SELECT * FROM bulk_sync('employee', 'import', '{id}', skip_updates => true, dry_run => true);
RESET ROLE;
DROP POLICY fixed ON employee;
CREATE POLICY kept ON employee AS RESTRICTIVE FOR DELETE TO regress_bulk_sync_clerk USING (id <> 3);
SET ROLE regress_bulk_sync_clerk;
SELECT * FROM bulk_sync('employee', 'import', '{id}');
RESET ROLE;
DROP POLICY kept ON employee;
CREATE POLICY named ON employee AS RESTRICTIVE FOR UPDATE TO regress_bulk_sync_clerk WITH CHECK (name <> 'Rob');
SET ROLE regress_bulk_sync_clerk;
SELECT * FROM bulk_sync('employee', 'import', '{id}');
RESET ROLE;
DROP POLICY named ON employee;
TABLE changed;

-- The owner is not subject to the policy, unless it is forced.
SET ROLE regress_bulk_sync_owner;
BEGIN;
SELECT * FROM bulk_sync('employee', 'import', '{id}');
ROLLBACK;
ALTER TABLE employee FORCE ROW LEVEL SECURITY;
SELECT * FROM bulk_sync('employee', 'import', '{id}');
ALTER TABLE employee NO FORCE ROW LEVEL SECURITY;
RESET ROLE;
TABLE changed;

-- row_security = off asks for an error where a policy would apply.
SET ROLE regress_bulk_sync_clerk;
SET row_security = off;
SELECT * FROM bulk_sync('employee', 'import', '{id}');
RESET row_security;
RESET ROLE;

-- Staging with a policy that applies to the caller, directly or through a view.
ALTER TABLE employee DISABLE ROW LEVEL SECURITY;
ALTER TABLE import ENABLE ROW LEVEL SECURITY;
CREATE POLICY partial ON import TO regress_bulk_sync_clerk USING (id <> 2);
CREATE VIEW invoker WITH (security_invoker) AS TABLE import;
CREATE VIEW invoker2 WITH (security_invoker) AS SELECT i.* FROM invoker i WHERE i.id IN (SELECT id FROM import);
CREATE VIEW definer AS TABLE import;
ALTER VIEW definer OWNER TO regress_bulk_sync_owner;
GRANT SELECT ON invoker, invoker2, definer TO regress_bulk_sync_clerk, regress_bulk_sync_owner;
SET ROLE regress_bulk_sync_clerk;
SELECT * FROM bulk_sync('employee', 'import', '{id}');
SELECT * FROM bulk_sync('employee', 'import', '{id}', dry_run => true);
SELECT * FROM bulk_sync('employee', 'invoker', '{id}');
SELECT * FROM bulk_sync('employee', 'invoker2', '{id}');
SET row_security = off;
SELECT * FROM bulk_sync('employee', 'import', '{id}');
RESET row_security;
RESET ROLE;
TABLE changed;

-- It does not apply to the owner, to a superuser, or to whom a view of the owner's shows all.
BEGIN;
SELECT * FROM bulk_sync('employee', 'import', '{id}');
ROLLBACK;
SET ROLE regress_bulk_sync_owner;
BEGIN;
SELECT * FROM bulk_sync('employee', 'import', '{id}');
ROLLBACK;
BEGIN;
SELECT * FROM bulk_sync('employee', 'invoker2', '{id}');
ROLLBACK;
SET ROLE regress_bulk_sync_clerk;
BEGIN;
SELECT * FROM bulk_sync('employee', 'definer', '{id}');
ROLLBACK;
RESET ROLE;

-- Forced, it applies to the owner. What a view shows with its owner's rights, it shows to every caller.
ALTER TABLE import FORCE ROW LEVEL SECURITY;
SET ROLE regress_bulk_sync_owner;
SELECT * FROM bulk_sync('employee', 'import', '{id}');
SET ROLE regress_bulk_sync_clerk;
SELECT * FROM bulk_sync('employee', 'definer', '{id}');
RESET ROLE;
TABLE changed;

SELECT * FROM sync_checked('employee', 'import', '{id}');
DROP VIEW changed, invoker2, invoker, definer;
DROP TABLE employee, import, before;
DROP ROLE regress_bulk_sync_clerk, regress_bulk_sync_owner;
