-- Kinds of targets and of staging, with each option.
\i test/citus/agree.sql
CALL twins('CREATE TABLE employee (company_id int, name text, phone text DEFAULT ''none'', age numeric(5,1), id bigserial,
	gone timestamptz, at timestamptz DEFAULT now(), PRIMARY KEY (company_id, name))');
SELECT create_distributed_table('d.employee', 'company_id');
CALL twins('CREATE TABLE import (company_id int, name text, phone text, age numeric(5,1))');
SELECT create_distributed_table('d.import', 'company_id', colocate_with => 'd.employee');
CALL twins('CREATE TABLE import_other (company_id int, name text, phone text, age numeric(5,1))');
SELECT create_distributed_table('d.import_other', 'name', colocate_with => 'none');
CALL twins('CREATE TABLE import_ref (company_id int, name text, phone text, age numeric(5,1))');
SELECT create_reference_table('d.import_ref');
CALL twins('CREATE TABLE import_local (company_id int, name text, phone text, age numeric(5,1))');
CALL twins('CREATE TABLE import_text (company_id text, name text, phone text, age text)');
CALL twins('CREATE VIEW import_view AS SELECT age::text AS age, name, company_id::bigint AS company_id, phone FROM import_local');
SELECT bulk_sync_setup('d.employee');

-- Puts rows into all of them: those of `companies`, from row `first` on.
CREATE PROCEDURE d.stage(companies int, rows int, version text) LANGUAGE plpgsql AS $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY '{import,import_other,import_ref,import_local,import_text}'::text[] LOOP
		CALL in_both(format('DELETE FROM %I', name));
		CALL in_both(format('INSERT INTO %I SELECT g %% %s, ''name '' || g, CASE WHEN g %% 10 = 3 THEN %L ELSE ''same'' END, g / 10.0
			FROM generate_series(1, %s) AS g', name, companies, version, rows));
	END LOOP;
END $$;

-- Without rows, and then from one state to the next, by each kind of staging.
\echo * staging
CALL d.stage(20, 500, 'first');
SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}')$$);
SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}')$$);
CALL d.stage(20, 510, 'second');
SELECT agree($$bulk_sync('employee', 'import_other', '{company_id,name}')$$);
CALL d.stage(20, 480, 'third');
SELECT agree($$bulk_sync('employee', 'import_ref', '{company_id,name}')$$);
CALL d.stage(21, 480, 'third');
SELECT agree($$bulk_sync('employee', 'import_local', '{company_id,name}')$$);
CALL d.stage(23, 400, 'fourth');
SELECT agree($$bulk_sync('employee', 'import_text', '{company_id,name}')$$);
CALL d.stage(20, 600, 'fifth');
SELECT agree($$bulk_sync('employee', 'import_view', '{company_id,name}')$$);
CALL d.stage(20, 300, 'sixth');
CREATE TEMP TABLE import_temp AS TABLE l.import_local;
SELECT agree($$bulk_sync('employee', 'pg_temp.import_temp', '{company_id,name}')$$);
SELECT agree($$bulk_sync_json('employee', '[{"company_id": 1, "name": "a", "phone": "1"}, {"company_id": 2, "name": "b"}, {"company_id": 300, "name": "c", "age": 5}]',
	'{company_id,name}', allow_missing => true)$$);
SELECT agree($$bulk_sync_json('employee', '[{"company_id": 1, "name": "a", "phone": "2"}, {"company_id": 2, "name": "b"}]', '{company_id,name}', allow_missing => true)$$);
SELECT agree_on_error('2203A', $$bulk_sync_json('employee', '[{"company_id": 1, "name": "a", "phone": "2"}, {"company_id": 1, "name": "b"}]', '{name}', 'company_id = 1')$$);
SELECT agree($$bulk_sync_json('employee', '[{"company_id": 1, "name": "a"}, {"company_id": 1, "name": "b", "phone": "2"}]', '{name}', 'company_id = 1', allow_missing => true)$$);
SELECT agree_on_error('55000', $$bulk_sync_json('employee', '[]', '{company_id,name}')$$);
SELECT agree($$bulk_sync_json('employee', '[]', '{company_id,name}', allow_empty => true)$$);

\echo * options
CALL d.stage(20, 200, 'first');
SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}', dry_run => true)$$);
SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}', skip_creates => true)$$);
SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}', columns => '{phone}')$$);
CALL d.stage(20, 150, 'second');
SELECT agree($$bulk_sync('employee', 'import_local', '{company_id,name}', skip_updates => true, skip_deletes => true)$$);
SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}', skip_deletes => true)$$);
SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}', skip_creates => true, skip_updates => true, skip_deletes => true)$$);
SELECT agree_on_error('55000', $$bulk_sync('employee', 'import', '{company_id,name}', max_deletes => 49)$$);
SELECT agree_on_error('55000', $$bulk_sync('employee', 'import', '{company_id,name}', max_delete_ratio => 0.2)$$);
SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}', max_deletes => 50, max_delete_ratio => 0.25, lock => 'table')$$);
CALL d.stage(20, 120, 'second');
SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}', soft_delete => 'gone')$$);
SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}', soft_delete => 'gone')$$);
CALL d.stage(20, 130, 'second');
SELECT agree($$bulk_sync('employee', 'import_ref', '{company_id,name}', soft_delete => 'gone', ignore_columns => '{age}')$$);
SELECT agree_on_error('42P01', $$bulk_sync('employee', 'import', '{company_id,name}', 'employee.phone <> ''second'' OR d_or_l.x')$$);
SELECT agree_on_error('44000', $$bulk_sync('employee', 'import', '{company_id,name}', 'employee.age < 5', dry_run => true)$$);
SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}', 'employee.age < 50 AND at <= now()')$$);
SELECT agree_on_error('23505', $$bulk_sync('employee', 'import_local', '{company_id,name}', 'phone = ''same''', allow_out_of_scope => true)$$);
SELECT agree($$bulk_sync('employee', 'import_local', '{company_id,name}', 'phone = ''same''', allow_out_of_scope => true, skip_creates => true)$$);
SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}', insert_defaults => '{"gone": "2020-01-01"}')$$);

SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}', touch_columns => '{at}', update_when => 'new.age > old.age')$$);
CALL in_both('UPDATE import SET age = age + CASE WHEN company_id < 10 THEN 1 ELSE -1 END');
SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}', touch_columns => '{at}', update_when => 'new.age > old.age', dry_run => true)$$);
SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}', touch_columns => '{at}', update_when => 'new.age > old.age')$$);
SELECT agree($$bulk_sync('employee', 'import_local', '{company_id,name}', touch_columns => '{at}', soft_delete => 'gone', update_when => 'old.gone IS NULL')$$);
SELECT agree_on_error('42703', $$bulk_sync('employee', 'import', '{company_id,name}', update_when => 'new.nothing')$$);

\echo * one company
SELECT agree_on_error('44000', $$bulk_sync('employee', 'import', '{company_id,name}', 'company_id = 7')$$);
CALL in_both('DELETE FROM import WHERE company_id <> 7');
CALL in_both('UPDATE import SET age = 0 WHERE name LIKE ''%7''');
CALL in_both('INSERT INTO import VALUES (7, ''new'', ''x'', 1)');
SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}', 'company_id = 7')$$);
CALL in_both('DELETE FROM import WHERE name LIKE ''%2%''');
SELECT agree($$bulk_sync('employee', 'import', '{name}', 'company_id = 7')$$);
CALL in_both('DELETE FROM import_local WHERE company_id <> 7');
SELECT agree_on_error('44000', $$bulk_sync('employee', 'import_local', '{name}', 'company_id = 7 AND age > 1')$$);
SELECT agree($$bulk_sync('employee', 'import_local', '{name}', 'company_id = 7')$$);
SELECT agree($$bulk_sync_json('employee', '[{"name": "a"}, {"name": "b"}]', '{name}', 'company_id = 7', insert_defaults => '{"company_id": 7}')$$);
SELECT agree_on_error('44000', $$bulk_sync_json('employee', '[{"name": "a"}, {"name": "c"}]', '{name}', 'company_id = 7', insert_defaults => '{"company_id": 8}')$$);
SELECT agree($$bulk_sync_json('employee', '[]', '{name}', 'company_id = 7', allow_empty => true)$$);

\echo * errors
CALL d.stage(20, 100, 'first');
CALL in_both('INSERT INTO import SELECT * FROM import WHERE name = ''name 5''');
SELECT agree_on_error('21000', $$bulk_sync('employee', 'import', '{company_id,name}')$$);
SELECT agree_on_error('21000', $$bulk_sync('employee', 'import', '{company_id}')$$);
CALL in_both('DELETE FROM import');
SELECT agree_on_error('55000', $$bulk_sync('employee', 'import', '{company_id,name}')$$);
SELECT agree_on_error('42703', $$bulk_sync('employee', 'import', '{company_id,nam}')$$);
SELECT agree_on_error('42703', $$bulk_sync('employee', 'import', '{company_id,name}', 'compny_id = 1')$$);
SELECT agree_on_error('42P01', $$bulk_sync('employee', 'nothing', '{company_id,name}')$$);
SELECT agree_on_error('42809', $$bulk_sync('employee', 'employee', '{company_id,name}')$$);
CALL in_both('UPDATE import_text SET age = ''x1'' WHERE name = ''name 77''');
SELECT agree_on_error('22P02', $$bulk_sync('employee', 'import_text', '{company_id,name}')$$);
CALL in_both('ALTER TABLE employee ADD CONSTRAINT young CHECK (age < 100)');
CALL in_both('UPDATE import_local SET age = 100 WHERE name = ''name 77''');
SELECT agree_on_error('23514', $$bulk_sync('employee', 'import_local', '{company_id,name}')$$);
CALL in_both('ALTER TABLE employee DROP CONSTRAINT young');

\echo * transactions
BEGIN;
SELECT agree($$bulk_sync('employee', 'import_local', '{company_id,name}')$$);
SAVEPOINT s;
CALL in_both('DELETE FROM import_local WHERE age > 5');
SELECT agree($$bulk_sync('employee', 'import_local', '{company_id,name}')$$);
ROLLBACK TO s;
SELECT agree($$bulk_sync('employee', 'import_local', '{company_id,name}', dry_run => true)$$);
RELEASE s;
SELECT agree($$bulk_sync('employee', 'import_ref', '{company_id,name}')$$);
ROLLBACK;
SELECT agree($$bulk_sync('employee', 'import_ref', '{company_id,name}', dry_run => true)$$);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT agree($$bulk_sync('employee', 'import_ref', '{company_id,name}')$$);
COMMIT;
