--
-- The checks between the diff and the first write: guards against too many deletes, duplicate keys,
-- staged rows out of scope. The facts are in the detail, and nothing has been written.
--
\i test/oracle.sql
\set VERBOSITY default
\set SHOW_CONTEXT errors

CREATE TABLE employee (id int, name text, company_id int DEFAULT 501);
CREATE TABLE import (id int, name text);
INSERT INTO employee SELECT i, 'n' || i, 500 + i % 2 FROM generate_series(1, 20) AS i;
CREATE TABLE before AS SELECT ctid::text AS place, xmin::text AS version, * FROM employee;
-- Nothing may fire when a check fails.
CREATE FUNCTION fired() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '% fired', TG_OP; RETURN NULL; END $$;
CREATE TRIGGER fired BEFORE INSERT OR UPDATE OR DELETE ON employee FOR EACH STATEMENT EXECUTE FUNCTION fired();

-- An empty staging table, and no rows in scope to lose.
SELECT * FROM bulk_sync('employee', 'import', '{id}');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'id <= 2');
SELECT * FROM bulk_sync('employee', 'import', '{id}', dry_run => true);
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'id > 100');
SELECT * FROM bulk_sync('employee', 'import', '{id}', skip_deletes => true);
SELECT * FROM bulk_sync('employee', 'import', '{id}', allow_empty => true, dry_run => true);
SELECT * FROM bulk_sync('employee', 'import', '{id}', allow_empty => true, max_deletes => 19);

-- Limits: 5 of 20 rows would go, or 5 of 10.
INSERT INTO import SELECT i, 'n' || i FROM generate_series(1, 15) AS i;
SELECT * FROM bulk_sync('employee', 'import', '{id}', max_deletes => 4);
SELECT * FROM bulk_sync('employee', 'import', '{id}', max_deletes => 0);
SELECT * FROM bulk_sync('employee', 'import', '{id}', max_delete_ratio => 0.2);
SELECT * FROM bulk_sync('employee', 'import', '{id}', max_delete_ratio => 0);
SELECT * FROM bulk_sync('employee', 'import', '{id}', max_deletes => 4, dry_run => true);
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'id > 10', max_delete_ratio => 0.49, skip_creates => true,
	allow_out_of_scope => true);
SELECT * FROM bulk_sync('employee', 'import', '{id}', max_deletes => 100, max_delete_ratio => 0.1);
SELECT * FROM bulk_sync('employee', 'import', '{id}', max_deletes => 5, max_delete_ratio => 0.25, dry_run => true);
SELECT * FROM bulk_sync('employee', 'import', '{id}', skip_deletes => true, max_deletes => 0,
	max_delete_ratio => 0, dry_run => true);
INSERT INTO import SELECT i, 'n' || i FROM generate_series(17, 20) AS i;
SELECT * FROM bulk_sync('employee', 'import', '{id}', max_deletes => 0);

-- The same key twice in staging: the first five keys, and how many more.
INSERT INTO import VALUES (3, 'again');
SELECT * FROM bulk_sync('employee', 'import', '{id}');
SELECT * FROM bulk_sync('employee', 'import', '{id}', dry_run => true, skip_creates => true, skip_updates => true);
INSERT INTO import VALUES (3, 'and again'), (100, 'new'), (100, 'new');
SELECT * FROM bulk_sync('employee', 'import', '{id}', skip_deletes => true);
INSERT INTO import SELECT i, 'twice' FROM generate_series(1, 12) AS i;
SELECT regexp_replace(detail, '\(id\)=\(\d+\)', '(id)=(..)', 'g') AS detail FROM failure($$
	SELECT * FROM bulk_sync('employee', 'import', '{id}') $$);
DELETE FROM import WHERE name !~ '^n\d';
INSERT INTO import VALUES (NULL, 'x'), (NULL, 'y');
SELECT * FROM bulk_sync('employee', 'import', '{id}');
SELECT * FROM bulk_sync('employee', 'import', '{id,name}', dry_run => true);
INSERT INTO import VALUES (NULL, 'y');
SELECT * FROM bulk_sync('employee', 'import', '{id,name}');
DELETE FROM import WHERE id IS NULL;

-- Rows in scope that match the same row of staging.
SELECT * FROM bulk_sync('employee', 'import', '{company_id}');
ALTER TABLE import ADD company_id int;
TRUNCATE import;
INSERT INTO import VALUES (1, 'n1', 501);
SELECT * FROM bulk_sync('employee', 'import', '{company_id}');
SELECT * FROM bulk_sync('employee', 'import', '{company_id}', 'id = 1', dry_run => true);
SELECT * FROM bulk_sync('employee', 'import', '{company_id}', 'id IN (1, 3)', dry_run => true);

-- Staged rows that are out of scope as they would be stored.
TRUNCATE import;
INSERT INTO import VALUES (1, 'n1', 501), (3, 'n3', 502), (30, 'new', 502), (31, 'new', NULL);
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id = 501');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id = 501', dry_run => true);
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id = 501', skip_creates => true);
INSERT INTO import SELECT i, 'new', 502 FROM generate_series(32, 40) AS i;
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id = 501');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id = 501', allow_out_of_scope => true, dry_run => true);
-- A column that staging lacks: its default counts. What a volatile one will be cannot be known.
ALTER TABLE import DROP company_id;
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id = 501', dry_run => true);
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id = 500');
CREATE SEQUENCE next_company;
ALTER TABLE employee ALTER company_id SET DEFAULT nextval('next_company');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id > 0');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id > 0', skip_creates => true, dry_run => true);
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id > 0', allow_out_of_scope => true, dry_run => true);

-- Nothing has changed, and the session goes on.
SELECT count(*) AS changed FROM (
	TABLE before EXCEPT SELECT ctid::text, xmin::text, * FROM employee) AS c;
DROP TRIGGER fired ON employee;
SELECT * FROM sync_checked('employee', 'import', '{id}');
DROP TABLE employee, import, before;
-- A ratio that is met exactly is not exceeded, though 0.29 * 100 is less than 29 in floating point.
CREATE TABLE employee AS SELECT i AS id FROM generate_series(1, 100) AS i;
CREATE TABLE import AS SELECT i AS id FROM generate_series(1, 71) AS i;
SELECT * FROM bulk_sync('employee', 'import', '{id}', max_delete_ratio => 0.29, dry_run => true);
SELECT * FROM bulk_sync('employee', 'import', '{id}', max_delete_ratio => 0.28999, dry_run => true);
DROP TABLE employee, import;
DROP SEQUENCE next_company;
DROP FUNCTION fired();
