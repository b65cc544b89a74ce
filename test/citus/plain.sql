-- A target on this machine alone, from staging that Citus distributes.
\i test/citus/agree.sql
CALL twins('CREATE TABLE employee (company_id int, name text, phone text DEFAULT ''none'', age numeric(5,1), id bigserial, gone timestamptz,
	PRIMARY KEY (company_id, name))');
CALL twins('CREATE TABLE import (company_id int, name text, phone text, age numeric(5,1))');
SELECT create_distributed_table('d.import', 'company_id');
CALL twins('CREATE TABLE import_single (company_id int, name text, phone text, age numeric(5,1))');
SELECT create_distributed_table('d.import_single', NULL);
CALL twins('CREATE TABLE import_ref (company_id int, name text, phone text, age numeric(5,1))');
SELECT create_reference_table('d.import_ref');
CALL twins('CREATE TABLE import_node (company_id int, name text, phone text, age numeric(5,1))');
SELECT citus_add_local_table_to_metadata('d.import_node');
CALL twins('CREATE TABLE import_parted (company_id int, name text, phone text, age numeric(5,1)) PARTITION BY LIST (phone)');
CALL twins('CREATE TABLE import_parted_same PARTITION OF import_parted FOR VALUES IN (''same'')');
CALL twins('CREATE TABLE import_parted_rest PARTITION OF import_parted DEFAULT');
SELECT create_distributed_table('d.import_parted', 'company_id');
CALL twins('CREATE TABLE import_text (company_id text, name text, phone text, age text)');
SELECT create_distributed_table('d.import_text', 'name');
CALL twins('CREATE VIEW import_view AS SELECT i.name, i.company_id, max(r.phone) AS phone, max(i.age) AS age FROM import AS i
	JOIN import_ref AS r USING (company_id, name) GROUP BY i.company_id, i.name');

CREATE PROCEDURE d.stage(companies int, rows int, version text) LANGUAGE plpgsql AS $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY '{import,import_single,import_ref,import_node,import_parted,import_text}'::text[] LOOP
		CALL in_both(format('DELETE FROM %I', name));
		CALL in_both(format('INSERT INTO %I SELECT g %% %s, ''name '' || g, CASE WHEN g %% 10 = 3 THEN %L ELSE ''same'' END, g / 10.0
			FROM generate_series(1, %s) AS g', name, companies, version, rows));
	END LOOP;
END $$;

\echo * staging
CALL d.stage(20, 500, 'first');
SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}')$$);
SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}')$$);
CALL d.stage(20, 510, 'second');
SELECT agree($$bulk_sync('employee', 'import_single', '{company_id,name}')$$);
CALL d.stage(20, 480, 'third');
SELECT agree($$bulk_sync('employee', 'import_ref', '{company_id,name}')$$);
CALL d.stage(21, 480, 'third');
SELECT agree($$bulk_sync('employee', 'import_node', '{company_id,name}')$$);
CALL d.stage(23, 400, 'fourth');
SELECT agree($$bulk_sync('employee', 'import_text', '{company_id,name}')$$);
CALL d.stage(20, 600, 'fifth');
SELECT agree($$bulk_sync('employee', 'import_view', '{company_id,name}')$$);
CALL d.stage(20, 300, 'sixth');
SELECT agree($$bulk_sync('employee', 'import_parted', '{company_id,name}', dry_run => true)$$);
SELECT agree($$bulk_sync('employee', 'import_parted', '{company_id,name}')$$);
SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}')$$);

\echo * options
CALL d.stage(20, 200, 'first');
SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}', skip_deletes => true)$$);
SELECT agree_on_error('23505', $$bulk_sync('employee', 'import_single', '{company_id,name}', 'company_id < 5', allow_out_of_scope => true)$$);
SELECT agree_on_error('44000', $$bulk_sync('employee', 'import', '{company_id,name}', 'company_id < 5')$$);
SELECT agree_on_error('55000', $$bulk_sync('employee', 'import', '{company_id,name}', max_deletes => 9)$$);
SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}', soft_delete => 'gone', update_when => 'new.age > old.age')$$);
SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}', 'company_id IN (SELECT company_id FROM import_ref WHERE age < 1)', allow_out_of_scope => true, skip_creates => true, lock => 'table')$$);
SELECT agree($$bulk_sync_returning('employee', 'import', '{company_id,name}', ignore_columns => '{phone}', dry_run => true)$$);
SELECT agree($$bulk_sync_returning('employee', 'import', '{company_id,name}', skip_creates => true)$$);
SELECT agree($$bulk_compare('employee', 'import', '{company_id,name}')$$);

\echo * errors
CALL in_both('INSERT INTO import SELECT * FROM import WHERE name = ''name 5''');
SELECT agree_on_error('21000', $$bulk_sync('employee', 'import', '{company_id,name}')$$);
CALL in_both('UPDATE import_text SET age = ''x1'' WHERE name = ''name 77''');
SELECT agree_on_error('22P02', $$bulk_sync('employee', 'import_text', '{company_id,name}')$$);

CALL in_both('UPDATE import_ref SET phone = ''changed'' WHERE company_id = 3');
CALL in_both('INSERT INTO import VALUES (3, ''newest'')');
CALL in_both('INSERT INTO import_ref VALUES (3, ''newest'')');
SELECT refused_there('0A000', $$bulk_sync('employee', 'import_view', '{company_id,name}', 'company_id IN (SELECT company_id FROM import_ref)')$$);
SELECT refused_there('0A000', $$bulk_sync('employee', 'import_view', '{company_id,name}', update_when => 'new.company_id IN (SELECT company_id FROM import)')$$);

\echo * transactions
CALL d.stage(20, 100, 'first');
BEGIN;
SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}')$$);
CALL in_both('DELETE FROM import WHERE age > 5');
SAVEPOINT s;
SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}')$$);
ROLLBACK TO s;
SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}', dry_run => true)$$);
SELECT agree($$bulk_sync('employee', 'import_ref', '{company_id,name}')$$);
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}')$$);
COMMIT;
SELECT agree($$bulk_sync('employee', 'import', '{company_id,name}', dry_run => true)$$);
