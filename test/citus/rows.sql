-- Rows that come back from the shards: what differs, and what was written.
\i test/citus/agree.sql
CALL twins('CREATE TABLE employee (company_id int, name text, phone text DEFAULT ''none'', age numeric(5,1), id bigserial, gone timestamptz,
	at timestamptz DEFAULT now(), twice numeric GENERATED ALWAYS AS (age * 2) STORED, PRIMARY KEY (company_id, name))');
SELECT create_distributed_table('d.employee', 'company_id');
CALL twins('CREATE TABLE import (company_id int, name text, phone text, age numeric(5,1))');
SELECT create_distributed_table('d.import', 'company_id', colocate_with => 'd.employee');
CALL twins('CREATE TABLE import_local (company_id text, name varchar, phone text, age text)');
CALL twins('CREATE TABLE import_ref (company_id int, name text, phone text, age numeric(5,1))');
SELECT create_reference_table('d.import_ref');

CREATE PROCEDURE d.stage(companies int, rows int, version text) LANGUAGE plpgsql AS $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY '{import,import_ref,import_local}'::text[] LOOP
		CALL in_both(format('DELETE FROM %I', name));
		CALL in_both(format('INSERT INTO %I SELECT g %% %s, ''name '' || g, CASE WHEN g %% 10 = 3 THEN %L ELSE ''same'' END, g / 10.0
			FROM generate_series(1, %s) AS g', name, companies, version, rows));
	END LOOP;
END $$;

\echo * compared where no helper table is
CALL d.stage(6, 20, 'first');
SELECT agree($$bulk_compare('employee', 'import', '{company_id,name}')$$);
SELECT bulk_sync_setup('d.employee');
\echo * all shards
SELECT agree($$bulk_compare('employee', 'import', '{company_id,name}')$$);
SELECT agree($$bulk_sync_returning('employee', 'import', '{company_id,name}', dry_run => true)$$);
SELECT agree($$bulk_sync_returning('employee', 'import', '{company_id,name}')$$);
SELECT agree($$bulk_sync_returning('employee', 'import', '{company_id,name}')$$);
SELECT agree($$bulk_compare('employee', 'import', '{company_id,name}')$$);
CALL d.stage(6, 24, 'second');
CALL in_both('DELETE FROM import WHERE name LIKE ''%8''');
CALL in_both('DELETE FROM import_local WHERE name LIKE ''%7''');
SELECT agree($$bulk_compare('employee', 'import', '{company_id,name}')$$);
SELECT agree($$bulk_compare('employee', 'import', '{company_id,name}', include_unchanged => true)$$);
SELECT agree($$bulk_compare('employee', 'import_local', '{company_id,name}', 'age < 2.1', allow_out_of_scope => true)$$);
SELECT agree_on_error('44000', $$bulk_compare('employee', 'import_local', '{company_id,name}', 'age < 1.5')$$);
SELECT agree($$bulk_compare('employee', 'import_ref', '{company_id,name}', soft_delete => 'gone', insert_defaults => '{"at": "2020-01-01"}')$$);
SELECT agree($$bulk_compare('employee', 'import_ref', '{company_id,name}', columns => '{phone}', update_when => 'new.name < old.name OR old.age < 1')$$);
SELECT agree($$bulk_sync_returning('employee', 'import', '{company_id,name}', soft_delete => 'gone', touch_columns => '{at}', dry_run => true)$$);
SELECT agree($$bulk_sync_returning('employee', 'import', '{company_id,name}', soft_delete => 'gone', touch_columns => '{at}')$$);
SELECT agree($$bulk_compare('employee', 'import_local', '{company_id,name}', soft_delete => 'gone')$$);
SELECT agree($$bulk_sync_returning('employee', 'import_local', '{company_id,name}', soft_delete => 'gone', skip_creates => true)$$);
SELECT agree($$bulk_sync_returning('employee', 'import_ref', '{company_id,name}', 'company_id IN (1, 2)', allow_out_of_scope => true, dry_run => true)$$);
SELECT agree($$bulk_sync_json_returning('employee', '[{"company_id": 1, "name": "name 1", "phone": "x"}, {"company_id": 2, "name": "new"}]', '{company_id,name}', 'company_id < 3', ignore_columns => '{age}', allow_missing => true)$$);
SELECT agree($$bulk_sync_json_returning('employee', '[]', '{company_id,name}', 'company_id = 4', allow_empty => true)$$);
SELECT agree_on_error('55000', $$bulk_sync_json_returning('employee', '[]', '{company_id,name}')$$);

\echo * one company
SELECT agree_on_error('44000', $$bulk_compare('employee', 'import', '{company_id,name}', 'company_id = 3')$$);
CALL in_both('DELETE FROM import WHERE company_id <> 3');
CALL in_both('INSERT INTO import (company_id, name) VALUES (3, ''a''), (3, ''b'')');
SELECT agree($$bulk_compare('employee', 'import', '{name}', 'company_id = 3')$$);
SELECT agree($$bulk_sync_returning('employee', 'import', '{name}', 'company_id = 3')$$);
SELECT agree($$bulk_sync_json_returning('employee', '[{"name": "a"}, {"name": "c", "phone": "c"}, {"name": "b", "phone": "b"}]', '{name}', 'company_id = 3', insert_defaults => '{"company_id": 3}', allow_missing => true)$$);

\echo * compared here, because the shards cannot be asked
SELECT agree($$bulk_compare('employee', 'import', '{name}')$$);
SELECT agree($$bulk_compare('employee', 'import', '{company_id,name}', 'company_id IN (SELECT company_id FROM import_ref)', allow_out_of_scope => true)$$);
SELECT agree($$bulk_compare('employee', 'import', '{company_id,name}', update_when => 'new.name > coalesce(current_setting(''a.b'', true), '''')')$$);

\echo * errors
CALL in_both('INSERT INTO import SELECT * FROM import WHERE name = ''a''');
SELECT agree_on_error('21000', $$bulk_compare('employee', 'import', '{company_id,name}')$$);
SELECT agree_on_error('21000', $$bulk_sync_returning('employee', 'import', '{company_id,name}')$$);
SELECT agree_on_error('21000', $$bulk_compare('employee', 'import_ref', '{company_id}')$$);
SELECT agree_on_error('42703', $$bulk_compare('employee', 'import_ref', '{company_id,nam}')$$);
SELECT agree($$bulk_compare('employee', 'employee', '{company_id,name}')$$);
CALL in_both('UPDATE import_local SET age = ''x'' WHERE name = ''name 5''');
SELECT agree_on_error('22P02', $$bulk_compare('employee', 'import_local', '{company_id,name}')$$);

\echo * relations that are read alone
CALL twins('CREATE VIEW seen AS SELECT company_id, name, phone FROM employee WHERE age < 2');
SELECT agree($$bulk_compare('seen', 'import_ref', '{company_id,name}', 'company_id < 3', ignore_columns => '{age}', allow_out_of_scope => true)$$);
SELECT agree($$bulk_compare('import', 'import_ref', '{company_id,name}', 'company_id = 3', allow_out_of_scope => true)$$);
SELECT agree_on_error('21000', $$bulk_compare('import_ref', 'import', '{company_id,name}')$$);
BEGIN READ ONLY;
SET search_path = d, public;
SELECT count(*) FROM bulk_compare('employee', 'import_ref', '{company_id,name}');
COMMIT;

\echo * other kinds of targets
CALL twins('CREATE TABLE single (company_id int, name text PRIMARY KEY, phone text, id bigserial)');
SELECT create_distributed_table('d.single', NULL);
CALL twins('CREATE TABLE node (company_id int, name text PRIMARY KEY, phone text, id bigserial)');
SELECT citus_add_local_table_to_metadata('d.node');
CALL twins('CREATE TABLE copied (company_id int, name text PRIMARY KEY, phone text, id bigserial)');
SELECT create_reference_table('d.copied');
CALL twins('CREATE TABLE parted (company_id int, name text, phone text, id bigserial) PARTITION BY LIST (company_id)');
CALL twins('CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1, 2, 3)');
CALL twins('CREATE TABLE parted_rest PARTITION OF parted DEFAULT');
SELECT create_distributed_table('d.parted', 'name', colocate_with => 'none');
SELECT bulk_sync_setup('d.parted');
CREATE PROCEDURE d.see_each(call text) LANGUAGE plpgsql AS $$
DECLARE
	target text;
BEGIN
	FOREACH target IN ARRAY '{single,node,copied,parted}'::text[] LOOP
		RAISE INFO '% %', target, agree(format(call, target), target);
	END LOOP;
END $$;
CALL d.stage(6, 12, 'first');
CALL d.see_each($$bulk_compare('%s', 'import_ref', '{name}', ignore_columns => '{age}')$$);
CALL d.see_each($$bulk_sync_returning('%s', 'import_ref', '{name}', ignore_columns => '{age}', dry_run => true)$$);
CALL d.see_each($$bulk_sync_returning('%s', 'import_ref', '{name}', ignore_columns => '{age}')$$);
CALL d.stage(5, 14, 'second');
CALL in_both('DELETE FROM import_local WHERE name LIKE ''%7''');
CALL d.see_each($$bulk_compare('%s', 'import_local', '{name}', ignore_columns => '{age}')$$);
CALL d.see_each($$bulk_sync_returning('%s', 'import_local', '{name}', ignore_columns => '{age}')$$);
CALL d.see_each($$bulk_sync_json_returning('%s', '[{"name": "name 7", "phone": "j"}, {"name": "name 1"}]', '{name}', allow_missing => true)$$);
CALL d.see_each($$bulk_compare('%s', 'import', '{name}', ignore_columns => '{age}', include_unchanged => true)$$);

\echo * order
CREATE TEMP TABLE actions AS SELECT row_number() OVER () AS n, action, CASE action WHEN 'deleted' THEN 1 WHEN 'updated' THEN 2 ELSE 3 END AS place
FROM bulk_sync_json_returning('d.parted', '[{"name": "name 1", "phone": "o"}, {"name": "a"}, {"name": "b"}, {"name": "name 2", "phone": "o"}, {"name": "c"}]', '{name}', dry_run => true, allow_missing => true);
SELECT CASE WHEN array_agg(place ORDER BY n) = array_agg(place ORDER BY place) AND count(DISTINCT place) = 3 THEN 'same: order' ELSE 'DIFFERENT' END FROM actions;
