--
-- Hints: following one helps, in the situation in which it is shown.
--
\i test/oracle.sql
\pset format unaligned
\pset tuples_only on

CREATE FUNCTION hint(call text) RETURNS text LANGUAGE sql AS $$ SELECT coalesce(hint, message) FROM failure(call) $$;

-- Duplicates in the target among which are rows marked as deleted: a filter leaves those out, and the history stays.
CREATE TABLE account (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text, name text, deleted_at timestamptz, "Is gone" boolean NOT NULL DEFAULT false);
CREATE TABLE account_new (email text, name text);
INSERT INTO account (email, name, deleted_at, "Is gone") VALUES ('a@example.org', 'old', '2020-01-01', true), ('a@example.org', 'now', NULL, false), ('b@example.org', 'b', NULL, false);
INSERT INTO account_new VALUES ('a@example.org', 'new'), ('c@example.org', 'c');
SELECT state, message, detail, hint FROM failure($$SELECT * FROM bulk_sync('account', 'account_new', '{email}', soft_delete => 'deleted_at')$$);
SELECT hint($$SELECT * FROM bulk_sync('account', 'account_new', '{email}', soft_delete => 'Is gone', dry_run => true)$$);
SELECT hint($$SELECT * FROM bulk_compare('account', 'account_new', '{email}', 'email <> ''x''', soft_delete => 'deleted_at')$$);
SELECT hint($$SELECT * FROM bulk_sync_json('account', '[{"email": "a@example.org", "name": "new"}]', '{email}', soft_delete => 'Is gone', skip_deletes => true)$$);
-- The marked row may come last, or be the third, or all may be marked.
UPDATE account SET deleted_at = CASE name WHEN 'now' THEN date '2021-01-01' END;
SELECT hint($$SELECT * FROM bulk_sync('account', 'account_new', '{email}', soft_delete => 'deleted_at')$$);
INSERT INTO account (email, name, deleted_at) VALUES ('a@example.org', 'third', NULL);
SELECT hint($$SELECT * FROM bulk_sync('account', 'account_new', '{email}', soft_delete => 'deleted_at')$$);
UPDATE account SET deleted_at = NULL;
UPDATE account SET deleted_at = '2022-01-01' WHERE name = 'third';
SELECT hint($$SELECT * FROM bulk_sync('account', 'account_new', '{email}', soft_delete => 'deleted_at')$$);
-- None of the duplicates is marked, though other rows are; and without soft_delete.
UPDATE account SET deleted_at = CASE email WHEN 'b@example.org' THEN date '2021-01-01' END;
SELECT hint($$SELECT * FROM bulk_sync('account', 'account_new', '{email}', soft_delete => 'deleted_at')$$);
SELECT hint($$SELECT * FROM bulk_sync('account', 'account_new', '{email}')$$);
-- Following the hint.
UPDATE account SET deleted_at = CASE WHEN name IN ('old', 'third') THEN date '2021-01-01' END;
SELECT * FROM bulk_sync('account', 'account_new', '{email}', 'deleted_at IS NULL', soft_delete => 'deleted_at');
SELECT * FROM bulk_sync('account', 'account_new', '{email}', 'deleted_at IS NULL', soft_delete => 'deleted_at');
SELECT email, name, deleted_at IS NOT NULL FROM account ORDER BY id;
UPDATE account SET "Is gone" = deleted_at IS NOT NULL;
SELECT * FROM bulk_sync('account', 'account_new', '{email}', '"Is gone" IS NOT TRUE', soft_delete => 'Is gone');
-- With more than fits into memory.
TRUNCATE account, account_new;
INSERT INTO account (email, deleted_at) SELECT 'm' || i, CASE WHEN i = 7 THEN date '2020-01-01' END FROM generate_series(1, 5000) AS i;
INSERT INTO account (email) VALUES ('m7');
INSERT INTO account_new SELECT email, repeat('x', 100) FROM account WHERE deleted_at IS NULL;
SET work_mem = '64kB';
SELECT hint($$SELECT * FROM bulk_sync('account', 'account_new', '{email}', soft_delete => 'deleted_at')$$);
RESET work_mem;

-- Duplicates in staging.
INSERT INTO account_new VALUES ('m7', 'y');
SELECT hint($$SELECT * FROM bulk_sync('account', 'account_new', '{email}')$$);
SELECT hint($$SELECT * FROM bulk_sync_json('account', '[{"email": "a"}, {"email": "a"}]', '{email}')$$);

-- A character that cannot be seen in a name: of a staging column, at its start, at its end, within; two of them.
CREATE TEMP TABLE bom (U&"\FEFFemail" text, name text);
SELECT hint($$SELECT * FROM bulk_sync('account', 'bom', '{email}')$$);
SELECT hint($$SELECT * FROM bulk_sync('account', 'bom', '{name}')$$);
SELECT hint($$SELECT * FROM bulk_sync('account', 'bom', '{name}', columns => '{email}')$$);
SELECT hint($$SELECT * FROM bulk_sync('account', 'bom', '{name}', ignore_columns => '{email}')$$);
SELECT hint($$SELECT * FROM bulk_compare('account', 'bom', '{email}')$$);
DO $$
DECLARE
	name text;
	hint text;
BEGIN
	FOREACH name IN ARRAY ARRAY[U&'email\FEFF', U&'em\200Bail', U&'email\00A0', 'email ', ' email', E'email\r', E'email\t', U&'e\00ADmail', U&'\2060email',
		U&'\FEFFemail\000D', U&'\200B\200C\200D\200E\200F', U&'\FEFFphone', U&'e\200Bm\200Ba\200Bi\200Bl\FEFF', ' ', U&'\FEFFEmail', 'e mail']
	LOOP
		EXECUTE format('CREATE TEMP TABLE renamed (%I text, name text)', name);
		FOR hint IN SELECT h.hint FROM unnest(ARRAY['email', 'name']) AS key,
			failure(format('SELECT * FROM bulk_sync(''account'', ''renamed'', ''{%s}'')', key)) AS h
		LOOP
			RAISE INFO '%: %', to_json(name), hint;
		END LOOP;
		DROP TABLE renamed;
	END LOOP;
END $$;
-- Of a member in JSON; in any argument that names a column.
SELECT hint($$SELECT * FROM bulk_sync_json('account', '[{"\ufeffemail": "a"}]', '{email}')$$);
SELECT hint($$SELECT * FROM bulk_sync_json('account', '[{"email": "a", "name\r": "a"}]', '{email}')$$);
SELECT hint(format($$SELECT * FROM bulk_sync('account', 'account_new', %L)$$, ARRAY[U&'\FEFFemail']));
SELECT hint(format($$SELECT * FROM bulk_sync('account', 'account_new', '{email}', columns => %L)$$, ARRAY['name ']));
SELECT hint(format($$SELECT * FROM bulk_sync('account', 'account_new', '{email}', ignore_columns => %L)$$, ARRAY[E'name\r']));
SELECT hint(format($$SELECT * FROM bulk_sync('account', 'account_new', '{email}', soft_delete => %L)$$, U&'deleted\200B_at'));
SELECT hint($$SELECT * FROM bulk_sync('account', 'account_new', '{email}', insert_defaults => '{"\u00a0deleted_at": null}')$$);
SELECT hint(format($$SELECT * FROM bulk_sync('account', 'account_new', '{email}', ignore_columns => %L)$$, ARRAY[U&'\FEFF']));
-- Of a column of the target.
CREATE TABLE odd (U&"id\FEFF" int PRIMARY KEY, v int, U&"\200Bw" int);
CREATE TABLE odd_new (id int, v int, w int);
SELECT hint($$SELECT * FROM bulk_sync('odd', 'odd_new', '{id}')$$);
SELECT hint($$SELECT * FROM bulk_sync('odd', 'odd_new', '{v}')$$);
SELECT hint(format($$SELECT * FROM bulk_sync('odd', 'odd_new', %L, ignore_columns => '{id,w}')$$, ARRAY[U&'id\FEFF']));
-- On both sides it is a name like any other.
CREATE VIEW odd_both AS SELECT id AS U&"id\FEFF", v, w AS U&"\200Bw" FROM odd_new;
SELECT * FROM bulk_sync('odd', 'odd_both', ARRAY[U&'id\FEFF']);

-- A staging column of another name than its column: rename that, unless another column of both is meant.
CREATE TEMP TABLE upper_case ("Email" text, name text);
SELECT hint($$SELECT * FROM bulk_sync('account', 'upper_case', '{email}')$$);
SELECT hint($$SELECT * FROM bulk_sync('account', 'upper_case', '{Email}')$$);
SELECT hint($$SELECT * FROM bulk_sync('account', 'upper_case', '{nam}')$$);
SELECT hint($$SELECT * FROM bulk_sync_json('account', '[{"Email": "a"}]', '{email}')$$);
-- What is to be ignored may be a column of staging alone.
CREATE TEMP TABLE more (email text, remark text);
SELECT hint($$SELECT * FROM bulk_sync('account', 'more', '{email}', ignore_columns => '{remarks}')$$);

-- Rows that come as JSON are not called a staging relation.
SELECT hint($$SELECT * FROM bulk_sync_json('account', '[{"email": "a"}]', '{email}', max_deletes => 3)$$);
DELETE FROM account_new WHERE email <> 'm9';
SELECT hint($$SELECT * FROM bulk_sync('account', 'account_new', '{email}', max_delete_ratio => 0)$$);
SET client_min_messages = warning;
DROP TABLE account, account_new, odd, odd_new CASCADE;
RESET client_min_messages;

-- New rows outside of the scope: where staging lacks what the filter asks for, and where it does not.
CREATE TABLE employee (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, company_id int, name text, double int GENERATED ALWAYS AS (company_id * 2) STORED);
CREATE TABLE import (name text);
INSERT INTO import VALUES ('Ann');
SELECT hint($$SELECT * FROM bulk_sync('employee', 'import', '{name}', 'company_id = 501')$$);
SELECT hint($$SELECT * FROM bulk_sync('employee', 'import', '{name}', 'double = 1002 AND name <> ''x''')$$);
SELECT hint($$SELECT * FROM bulk_sync('employee', 'import', '{name}', 'company_id = 501', insert_defaults => '{"company_id": 502}')$$);
SELECT hint($$SELECT * FROM bulk_sync_json('employee', '[{"name": "Ann"}]', '{name}', 'company_id = 501')$$);
SELECT hint($$SELECT * FROM bulk_sync_json('employee', '[{"name": "Ann"}]', '{name}', 'name = ''Bob''')$$);
SELECT * FROM bulk_sync('employee', 'import', '{name}', 'company_id = 501', insert_defaults => '{"company_id": 501}');
SELECT hint($$SELECT * FROM bulk_sync_json('employee', '[{"name": "Ann", "company_id": 502}]', '{name}', 'company_id = 501')$$);
DROP TABLE employee, import;
