-- Other kinds of targets than a plain table that is distributed by an integer.
\i test/citus/agree.sql
CREATE PROCEDURE d.stage(staging text, rows int, version text) LANGUAGE plpgsql AS $$
BEGIN
	CALL in_both(format('DELETE FROM %I', staging));
	CALL in_both(format('INSERT INTO %I (company_id, name, phone) SELECT g %% 20, ''name '' || g, CASE WHEN g %% 10 = 3 THEN %L ELSE ''same'' END
		FROM generate_series(1, %s) AS g', staging, version, rows));
END $$;

\echo * a partitioned table
CALL twins('CREATE TABLE parted (company_id int, name text, phone text, UNIQUE (company_id, name, phone)) PARTITION BY LIST (phone)');
CALL twins('CREATE TABLE parted_same PARTITION OF parted FOR VALUES IN (''same'')');
CALL twins('CREATE TABLE parted_rest PARTITION OF parted DEFAULT');
SELECT create_distributed_table('d.parted', 'company_id');
CALL twins('CREATE TABLE import (company_id int, name text, phone text)');
SELECT create_distributed_table('d.import', 'company_id', colocate_with => 'd.parted');
SELECT bulk_sync_setup('d.parted');
CALL d.stage('import', 200, 'first');
SELECT agree($$bulk_sync('parted', 'import', '{company_id,name}')$$, 'parted');
CALL d.stage('import', 190, 'second');
SELECT agree_on_error('44000', $$bulk_sync('parted', 'import', '{company_id,name}', 'phone = ''same''')$$, 'parted');
SELECT agree($$bulk_sync('parted', 'import', '{company_id,name}')$$, 'parted');
CALL in_both('UPDATE import SET phone = ''same'' WHERE company_id < 5');
SELECT agree($$bulk_sync('parted', 'import', '{company_id,name}')$$, 'parted');
SELECT agree($$bulk_sync('parted', 'import', '{company_id,name}', dry_run => true)$$, 'parted');
SELECT agree($$bulk_sync('parted_same', 'import', '{company_id,name}', skip_creates => true)$$, 'parted_same');

\echo * one shard
CALL twins('CREATE TABLE single (company_id int, name text PRIMARY KEY, phone text, id bigserial, manager text REFERENCES single (name) DEFERRABLE INITIALLY DEFERRED)');
SELECT create_distributed_table('d.single', NULL);
CALL twins('CREATE TABLE single_import (company_id int, name text, phone text)');
SELECT create_distributed_table('d.single_import', NULL, colocate_with => 'd.single');
CALL d.stage('single_import', 50, 'first');
SELECT agree($$bulk_sync('single', 'single_import', '{name}')$$, 'single');
CALL d.stage('single_import', 40, 'second');
SELECT agree($$bulk_sync('single', 'single_import', '{name}')$$, 'single');
SELECT agree_on_error('44000', $$bulk_sync('single', 'import', '{name}', 'company_id < 5')$$, 'single');
CALL in_both('DELETE FROM import WHERE company_id >= 5');
SELECT agree($$bulk_sync('single', 'import', '{name}', 'company_id < 5')$$, 'single');
SELECT agree($$bulk_sync_json('single', '[{"name": "a", "manager": "b"}, {"name": "b", "manager": "a"}]', '{name}')$$, 'single');
SELECT agree($$bulk_sync_json('single', '[{"name": "a", "manager": "c"}, {"name": "c"}]', '{name}', allow_missing => true)$$, 'single');
SELECT bulk_sync_setup('d.single');

\echo * known to all nodes, on the coordinator
CALL twins('CREATE TABLE loc (company_id int, name text PRIMARY KEY, phone text, id bigserial)');
SELECT citus_add_local_table_to_metadata('d.loc');
CALL d.stage('import', 50, 'first');
SELECT agree($$bulk_sync('loc', 'import', '{name}')$$, 'loc');
CALL d.stage('single_import', 60, 'second');
SELECT agree($$bulk_sync('loc', 'single_import', '{name}')$$, 'loc');
CREATE TEMP TABLE import_temp AS TABLE l.import;
SELECT agree($$bulk_sync('loc', 'pg_temp.import_temp', '{name}')$$, 'loc');
SELECT agree_on_error('44000', $$bulk_sync('loc', 'pg_temp.import_temp', '{name}', 'company_id = 5', dry_run => true)$$, 'loc');

\echo * foreign keys, to the same shard and to a reference table
CALL twins('CREATE TABLE country (code text PRIMARY KEY)');
SELECT create_reference_table('d.country');
CALL in_both('INSERT INTO country VALUES (''de''), (''fr'')');
CALL twins('CREATE TABLE person (company_id int, name text, boss text, code text, PRIMARY KEY (company_id, name))');
SELECT create_distributed_table('d.person', 'company_id', colocate_with => 'd.parted');
CALL in_both('ALTER TABLE person ADD CONSTRAINT boss FOREIGN KEY (company_id, boss) REFERENCES person (company_id, name)');
CALL in_both('ALTER TABLE person ADD CONSTRAINT country FOREIGN KEY (code) REFERENCES country (code)');
SELECT agree($$bulk_sync_json('person', '[{"company_id": 1, "name": "a", "boss": "b", "code": "de"}, {"company_id": 1, "name": "b", "boss": "b"},
	{"company_id": 7, "name": "a", "code": "fr"}]', '{company_id,name}', allow_missing => true)$$, 'person');
SELECT agree($$bulk_sync_json('person', '[{"company_id": 1, "name": "c", "boss": "d", "code": "de"}, {"company_id": 1, "name": "d", "boss": "c"},
	{"company_id": 7, "name": "a", "code": "de"}]', '{company_id,name}', allow_missing => true)$$, 'person');
SELECT agree_on_error('23503', $$bulk_sync_json('person', '[{"company_id": 1, "name": "c", "boss": "x"}]', '{company_id,name}')$$, 'person');
SELECT agree_on_error('23503', $$bulk_sync_json('person', '[{"company_id": 1, "name": "c", "boss": "d", "code": "xx"}, {"company_id": 1, "name": "d"}]', '{company_id,name}', allow_missing => true)$$, 'person');

\echo * types of the distribution column
CREATE TYPE colour AS ENUM ('red', 'green', 'blue');
CREATE TYPE pair AS (a int, b text);
CALL twins('CREATE TABLE "Long Names, for a Test of what Citus Makes of Them" ("The Key" text, "V 1" colour, v2 pair, v3 int[], v4 regclass, v5 jsonb,
	v6 varchar(5), v7 char(4), v8 timestamp, PRIMARY KEY ("The Key"))');
SELECT create_distributed_table('d."Long Names, for a Test of what Citus Makes of Them"', 'The Key');
SELECT bulk_sync_setup('d."Long Names, for a Test of what Citus Makes of Them"');
CALL twins('CREATE TABLE long_import ("V 1" colour, "The Key" varchar, v2 pair, v3 int[], v4 regclass, v5 jsonb, v6 text, v7 char(4), v8 text)');
CALL in_both('INSERT INTO long_import SELECT ''red'', ''k'' || g, ROW(g, ''x,"y'')::pair, ARRAY[g, NULL], ''pg_catalog.pg_class'', jsonb_build_object(''a'', g), ''v'' || g, ''c'', timestamp ''2020-01-01'' + g * interval ''1 hour''
	FROM generate_series(1, 99) AS g');
SELECT agree($$bulk_sync('"Long Names, for a Test of what Citus Makes of Them"', 'long_import', '{"The Key"}')$$, 'Long Names, for a Test of what Citus Makes of Them');
SELECT agree($$bulk_sync('"Long Names, for a Test of what Citus Makes of Them"', 'long_import', '{"The Key"}')$$, 'Long Names, for a Test of what Citus Makes of Them');
CALL in_both('UPDATE long_import SET v2 = ROW(1, NULL)::pair, "V 1" = ''blue'' WHERE "The Key" LIKE ''k1%''');
SET DateStyle = 'German, DMY';
SELECT agree($$bulk_sync('"Long Names, for a Test of what Citus Makes of Them"', 'long_import', '{"The Key"}')$$, 'Long Names, for a Test of what Citus Makes of Them');
CALL in_both('UPDATE long_import SET v8 = ''02.03.2021 04:05:06''');
SELECT agree($$bulk_sync('"Long Names, for a Test of what Citus Makes of Them"', 'long_import', '{"The Key"}')$$, 'Long Names, for a Test of what Citus Makes of Them');
RESET DateStyle;
CALL in_both('UPDATE long_import SET v6 = ''too long'' WHERE "The Key" = ''k7''');
SELECT agree_on_error('22001', $$bulk_sync('"Long Names, for a Test of what Citus Makes of Them"', 'long_import', '{"The Key"}')$$, 'Long Names, for a Test of what Citus Makes of Them');
CALL in_both('UPDATE long_import SET "The Key" = NULL, v6 = NULL WHERE "The Key" = ''k7''');
SELECT refused_there('23502', $$bulk_sync('"Long Names, for a Test of what Citus Makes of Them"', 'long_import', '{"The Key"}')$$);

CALL twins('CREATE TABLE account (id uuid, number numeric(10,2), day date, PRIMARY KEY (id, number))');
SELECT create_distributed_table('d.account', 'number');
SELECT bulk_sync_setup('d.account');
CALL twins('CREATE TABLE account_import (id text, number numeric, day text)');
CALL in_both('INSERT INTO account_import SELECT md5(g::text), g / 7.0, date ''2020-01-01'' + g FROM generate_series(1, 99) AS g');
SELECT agree($$bulk_sync('account', 'account_import', '{number,id}')$$, 'account');
SELECT agree($$bulk_sync('account', 'account_import', '{number,id}', dry_run => true)$$, 'account');
SELECT agree_on_error('44000', $$bulk_sync('account', 'account_import', '{number,id}', 'number = 1.14 ')$$, 'account');
CALL in_both('DELETE FROM account_import WHERE number NOT BETWEEN 1.14 AND 1.15');
SELECT agree($$bulk_sync('account', 'account_import', '{id}', 'number = 1.14 ')$$, 'account');

\echo * defaults, generated columns, columns that were dropped
CREATE SEQUENCE public.numbers;
CALL twins('CREATE TABLE made (dropped int, k int PRIMARY KEY, a int, g int GENERATED ALWAYS AS (a * 2) STORED, id bigint GENERATED BY DEFAULT AS IDENTITY,
	n bigint DEFAULT nextval(''public.numbers''), at timestamptz DEFAULT now() + interval ''1 day'', who text DEFAULT current_user, s text)');
SELECT create_distributed_table('d.made', 'k');
CALL in_both('ALTER TABLE made DROP COLUMN dropped');
SELECT bulk_sync_setup('d.made');
SELECT agree($$bulk_sync_json('made', '[{"k": 1, "a": 5}, {"k": 2, "a": 6, "s": "x"}, {"k": 3}]', '{k}', dry_run => true, allow_missing => true)$$, 'made');
BEGIN;
SET LOCAL search_path = d, public;
SELECT bulk_sync_json('made', '[{"k": 1, "a": 5}, {"k": 2, "a": 6, "s": "x"}, {"k": 3, "id": 77}, {"k": 4, "id": null}]', '{k}', allow_missing => true);
-- In a query over shards, now() is that of each node.
WITH made AS MATERIALIZED (SELECT * FROM made)
SELECT CASE WHEN count(DISTINCT id) = 4 AND count(DISTINCT n) = 4 AND bool_and(at = now() + interval '1 day') AND bool_and(who = current_user)
	AND bool_or(id = 77) AND sum(g) = 22 THEN 'same: defaults' ELSE 'DIFFERENT' END FROM made;
SELECT bulk_sync_json('made', '[{"k": 1, "a": 7}, {"k": 5, "at": "2020-01-01"}]', '{k}', 'g > 0 OR a IS NULL', allow_missing => true);
SELECT CASE WHEN count(DISTINCT id) = 2 AND count(DISTINCT n) = 2 AND string_agg(g::text, '') = '14' AND count(*) FILTER (WHERE at = '2020-01-01') = 1
	THEN 'same: defaults' ELSE 'DIFFERENT' END FROM made;
ROLLBACK;
