--
-- The filter means what it would mean typed into SELECT .. FROM target WHERE: these are the accepted
-- forms, and each call syncs the rows that such a SELECT shows, no more and no fewer.
--
\i test/oracle.sql

CREATE SCHEMA hr;
CREATE TABLE hr.employee (
	id int PRIMARY KEY, name text, company_id int, "Büro" text, hired date DEFAULT '2024-01-01');
CREATE TABLE hr.company (id int PRIMARY KEY, country text);
INSERT INTO hr.company VALUES (501, 'DE'), (502, 'DE'), (503, 'FR');
SET search_path = hr, public;

-- One call of each filter: company 501's row 1 is equal, 2 differs, 3 is missing in staging, 4 is new.
CREATE TABLE original (id int, name text, company_id int, "Büro" text);
INSERT INTO original VALUES (1, 'Ann', 501, 'A'), (2, 'Bob', 501, 'A'), (3, 'Cid', 501, 'B'),
	(5, 'Eve', 503, 'A'), (6, 'Fay', NULL, NULL);
CREATE TABLE import (id int, name text, company_id int, "Büro" text);
INSERT INTO import VALUES (1, 'Ann', 501, 'A'), (2, 'Rob', 501, 'A'), (4, 'Dee', 501, 'A');

CREATE FUNCTION try(filter text) RETURNS TABLE (result text) LANGUAGE plpgsql AS $$
BEGIN
	TRUNCATE employee;
	INSERT INTO employee (id, name, company_id, "Büro") TABLE original;
	RETURN QUERY SELECT format('%s %s %s %s %s %s', created, updated, deleted, unchanged, skipped, verdict)
		FROM sync_checked('employee', 'import', '{id}', filter);
END $$;

-- Names, operators and comments.
SELECT try('company_id = 501');
SELECT try('employee.company_id = 501');
SELECT try('hr.employee.company_id = 501');
SELECT try('"employee"."company_id" = 501 AND "Büro" IN (''A'', ''B'')');
SELECT try('company_id = 501 -- and no more');
SELECT try(E'-- a comment\ncompany_id /* and a /* nested */ one */ = 501\n--');
SELECT try('((company_id = 501))');
SELECT try('company_id = 501 OR false');
SELECT try('"Büro" IS NOT NULL AND company_id IS NOT DISTINCT FROM 501');
SELECT try('CASE company_id WHEN 501 THEN true ELSE false END');
SELECT try('company_id BETWEEN 500 AND 501 AND name LIKE ''%'' AND name ~ E''\\w''');
SELECT try('company_id = ANY (ARRAY[501, 502])');
SELECT try('(company_id, coalesce(name, '''')) >= (501, '''') AND company_id < 502');
SELECT try('name = $$Ann$$ OR name <> $x$ ) -- ; $x$ AND company_id = 501');
SELECT try('''t'' AND company_id = 501');

-- Sub-selects: alone, correlated, over staging, over the target itself.
SELECT try('company_id IN (SELECT c.id FROM company c WHERE c.country = ''DE'')');
SELECT try('EXISTS (SELECT FROM company WHERE company.id = employee.company_id AND country = ''DE'')');
SELECT try('EXISTS (SELECT FROM company c WHERE c.id = company_id AND c.country = ''DE'')');
SELECT try('company_id IN (SELECT i.company_id FROM import i)');
SELECT try('company_id = (SELECT min(company_id) FROM employee)');
SELECT try('company_id < (SELECT count(*) + 500 FROM generate_series(1, 2))');
SELECT try('(WITH de AS (SELECT id FROM company WHERE country = ''DE'') SELECT company_id IN (TABLE de))');

-- Stable functions, and names like those of bulk_sync's own relations.
SELECT try('company_id = 501 AND hired <= current_date AND current_user IS NOT NULL');
SET test.company = '501';
SELECT try('company_id = current_setting(''test.company'')::int');
CREATE TABLE "bulk_sync updates" AS SELECT 501 AS c1;
CREATE TABLE d AS SELECT 501 AS c1;
CREATE TABLE t AS SELECT 501 AS c1;
SELECT try('company_id IN (SELECT c1 FROM "bulk_sync updates" UNION SELECT d.c1 FROM d UNION SELECT t.c1 FROM t)');
SELECT try('employee IS NOT NULL AND company_id = 501');

-- The whole table: NULL, or true. Nothing: false, or a condition that is never true.
SELECT try(NULL);
SELECT try('true');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'false', skip_updates => true, allow_out_of_scope => true,
	skip_creates => true);
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'NULL', skip_updates => true, allow_out_of_scope => true,
	skip_creates => true);

-- A row for which the filter is NULL is out of scope, like one for which it is false.
SELECT try('company_id <> 503');

-- The filter is read under the search_path of the caller.
CREATE SCHEMA elsewhere;
CREATE TABLE elsewhere.company AS SELECT 503 AS id, 'DE'::text AS country;
SET search_path = elsewhere, hr, public;
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id IN (SELECT id FROM company WHERE country = ''DE'')',
	skip_creates => true, allow_out_of_scope => true, dry_run => true);

RESET search_path;
DROP SCHEMA hr, elsewhere CASCADE;
