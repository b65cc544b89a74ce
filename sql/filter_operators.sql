--
-- Which operator a filter's IN, CASE, NULLIF or IS DISTINCT FROM calls is looked up by the search_path of the caller,
-- and the check of staged rows calls the same one. The operators of the call's own SQL are looked up by nobody.
--
\i test/oracle.sql
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS citext;
RESET client_min_messages;

-- citext without regard to case, in every form of a comparison. The row 'ANN' is in scope in each, 'Bob' in none.
CREATE TABLE target (id int, name citext, other citext, v int);
CREATE TABLE staging (id int, name text, other text, v int);
CREATE FUNCTION try(filter text) RETURNS TABLE (line text) LANGUAGE plpgsql AS $$
BEGIN
	TRUNCATE target, staging;
	INSERT INTO target VALUES (1, 'ANN', 'x', 1), (2, 'Bob', 'y', 2), (3, 'Ann', 'z', 3);
	INSERT INTO staging VALUES (1, 'aNN', 'x', 10), (4, 'anN', 'z', 4);
	RETURN QUERY SELECT format('%s created, %s updated, %s deleted, %s unchanged: %s', created, updated, deleted, unchanged, verdict)
		FROM sync_checked('target', 'staging', '{id}', filter);
	-- A new row that is outside, for the check of the scope.
	INSERT INTO staging VALUES (5, 'bOB', 'x', 5);
	RETURN QUERY SELECT format('%s: %s', state, detail) FROM failure(format($f$SELECT bulk_sync('target', 'staging', '{id}', %L)$f$, filter));
END $$;
SELECT try('name = ''ann''');
SELECT try('name IN (''ann'', ''ANNA'')');
SELECT try('NOT name IS DISTINCT FROM ''ann''');
SELECT try('name IS NOT DISTINCT FROM ''ann''::citext');
SELECT try('CASE name WHEN ''ann'' THEN true ELSE false END');
SELECT try('NULLIF(name, ''ann'') IS NULL');
SELECT try('name BETWEEN ''ann'' AND ''ANN''');
SELECT try('name = ANY (ARRAY[''ann'']::citext[])');
SELECT try('(name, 1) = (''ann'', 1)');
SELECT try('name LIKE ''a%'' AND name ~ ''^ANN$''');
SELECT try('EXISTS (SELECT FROM (VALUES (''ann''::citext, 1)) AS n (name, one) JOIN (VALUES (''Ann''::citext)) AS m (name) USING (name) WHERE n.name = target.name)');
-- Under another search_path they are other operators, for the call as for a SELECT; here, of text.
CREATE SCHEMA ci;
ALTER EXTENSION citext SET SCHEMA ci;
SELECT name IS DISTINCT FROM 'ann', count(*) FROM target GROUP BY 1 ORDER BY 1;
TRUNCATE target, staging;
INSERT INTO target VALUES (1, 'ANN', 'x', 1), (2, 'Bob', 'y', 2), (3, 'ann', 'z', 3);
INSERT INTO staging VALUES (3, 'ann', 'z', 30), (4, 'ann', 'z', 4);
SELECT * FROM sync_checked('target', 'staging', '{id}', 'name IS NOT DISTINCT FROM ''ann''');
UPDATE staging SET name = 'ANN' WHERE id = 4;
SELECT state, detail FROM failure($$SELECT bulk_sync('target', 'staging', '{id}', 'name IS NOT DISTINCT FROM ''ann''')$$);
-- The keys are matched by the equality of their type, wherever its operators are.
CREATE INDEX ON target (name);
INSERT INTO staging VALUES (1, 'aNN', 'x', 1), (2, 'BOB', 'y', 2);
SELECT * FROM bulk_sync('target', 'staging', '{name,id}');
SET search_path = '';
SELECT * FROM public.bulk_sync('public.target', 'public.staging', '{other,name,id}');
RESET search_path;
SELECT id, name FROM target ORDER BY id;
-- That is the one that an index has: rows are looked up by it, and the table is not read.
INSERT INTO target SELECT i, 'n' || i, 'x', i FROM generate_series(11, 20000) AS i;
VACUUM ANALYZE target;
TRUNCATE staging;
INSERT INTO staging VALUES (12, 'N12', 'x', 12), (20001, 'new', 'x', 1);
SET search_path = '';
SELECT FROM pg_stat_force_next_flush();
BEGIN;
SELECT * FROM public.bulk_sync('public.target', 'public.staging', '{name,id}', skip_deletes => true);
SELECT seq_scan > 0 AS scanned, idx_scan > 0 AS index_used FROM pg_stat_xact_user_tables WHERE relname = 'target';
COMMIT;
RESET search_path;
ALTER EXTENSION citext SET SCHEMA public;
DROP SCHEMA ci;
DROP FUNCTION try;
DROP TABLE target, staging;

-- An operator that fits better than that of pg_catalog is found though its schema comes later: it is the filter's, as
-- in a SELECT, and never the call's own.
CREATE TABLE target (id int PRIMARY KEY, k varchar(10), v varchar(10));
CREATE TABLE staging (id int, k varchar(10), v varchar(10));
INSERT INTO target VALUES (1, 'a', 'x'), (2, 'b', 'y');
INSERT INTO staging VALUES (1, 'a', 'X'), (2, 'b', 'y'), (3, 'c', 'z');
CREATE INDEX ON target (k);
CREATE FUNCTION hijacked(varchar, varchar) RETURNS boolean STABLE LANGUAGE plpgsql AS $$
BEGIN
	RAISE WARNING 'hijacked';
	RETURN false;
END $$;
CREATE OPERATOR = (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = hijacked);
CREATE OPERATOR <> (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = hijacked);
SELECT * FROM bulk_sync('target', 'staging', '{k}');
SELECT * FROM bulk_sync('target', 'staging', '{k}', skip_deletes => true);
SELECT * FROM bulk_sync('target', 'staging', '{k,v}', lock => 'table');
SELECT count(*) FROM bulk_compare('target', 'staging', '{k,id}');
BEGIN ISOLATION LEVEL REPEATABLE READ;
UPDATE staging SET v = 'w' WHERE id = 2;
DELETE FROM staging WHERE id = 1;
INSERT INTO staging VALUES (4, 'd', 'w');
SELECT * FROM bulk_sync('target', 'staging', '{k}');
COMMIT;
TABLE target ORDER BY id;
SELECT count(*) FROM target WHERE k = 'a'::varchar;
SELECT * FROM bulk_sync('target', 'staging', '{k}', 'k = ''b''::varchar', skip_creates => true);
DROP OPERATOR = (varchar, varchar);
DROP OPERATOR <> (varchar, varchar);
DROP FUNCTION hijacked;
DROP TABLE target, staging;

-- A function in the filter that tells what it sees is shown no row that a policy hides, neither of the target nor, in a
-- SECURITY DEFINER function, rows that the definer may not see.
CREATE ROLE regress_bulk_sync_clerk;
CREATE ROLE regress_bulk_sync_boss;
CREATE TABLE employee (id int PRIMARY KEY, name text, company_id int);
CREATE TABLE import (id int, name text, company_id int);
INSERT INTO employee VALUES (1, 'Ann', 501), (2, 'Bob', 501), (3, 'Cid', 502);
INSERT INTO import VALUES (1, 'Ann', 501), (2, 'Rob', 501), (4, 'Dee', 501);
CREATE FUNCTION told(text) RETURNS boolean STABLE COST 0.0001 LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE 'told of %', $1;
	RETURN true;
END $$;
ALTER TABLE employee ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON employee TO regress_bulk_sync_clerk USING (company_id = 501);
CREATE POLICY q ON employee TO regress_bulk_sync_boss USING (company_id = 502) WITH CHECK (company_id = 502);
GRANT ALL ON employee, import TO regress_bulk_sync_clerk, regress_bulk_sync_boss;
SET ROLE regress_bulk_sync_clerk;
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'told(name)', dry_run => true);
SELECT status, key FROM bulk_compare('employee', 'import', '{id}', 'told(name)') ORDER BY status;
BEGIN;
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'told(name)');
ROLLBACK;
RESET ROLE;
-- The filter's sub-selects too have the rights of the function's owner, and his policies, there.
CREATE TABLE payroll AS SELECT 3 AS id;
GRANT SELECT ON payroll TO regress_bulk_sync_boss;
CREATE FUNCTION sync_for(filter text) RETURNS SETOF bulk_sync_stats LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
	AS $$ SELECT * FROM bulk_sync('employee', 'import', '{id}', filter, skip_creates => true, allow_empty => true) $$;
ALTER FUNCTION sync_for OWNER TO regress_bulk_sync_boss;
SET ROLE regress_bulk_sync_clerk;
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'id IN (SELECT id FROM payroll)', dry_run => true);
BEGIN;
SELECT * FROM sync_for('id IN (SELECT id FROM payroll) AND told(name)');
RESET ROLE;
TABLE employee ORDER BY id;
ROLLBACK;
RESET ROLE;
DROP FUNCTION sync_for, told;
DROP TABLE employee, import, payroll;
DROP ROLE regress_bulk_sync_clerk, regress_bulk_sync_boss;
