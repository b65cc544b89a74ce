-- Values of staging that do not become values of the distribution column: found while rows are divided, and told as on
-- one machine.
\i test/citus/agree.sql
SET client_min_messages = error;
CREATE PROCEDURE d.make(type text) LANGUAGE plpgsql AS $$
BEGIN
	CALL in_both('DROP TABLE IF EXISTS target, import CASCADE');
	CALL twins(format('CREATE TABLE target (name text, k %s, v int)', type));
	PERFORM create_distributed_table('d.target', 'k', colocate_with => 'none');
	PERFORM bulk_sync_setup('d.target');
END $$;

-- A table of staging whose columns have these types, with ten rows.
CREATE PROCEDURE d.stage(k_type text, v_type text) LANGUAGE plpgsql AS $$
BEGIN
	CALL in_both('DROP TABLE IF EXISTS import CASCADE');
	CALL twins(format('CREATE TABLE import (v %s, k %s, name text)', v_type, k_type));
	CALL in_both(format('INSERT INTO import SELECT g, g::text::%s, ''n'' || g FROM generate_series(1, 10) AS g', k_type));
END $$;

\echo * relations
CALL d.make('int');
CALL d.stage('text', 'int');
SELECT agree($$bulk_sync('target', 'import', '{k,name}')$$, 'target');
CALL in_both('UPDATE import SET k = ''x1'' WHERE name = ''n7''');
SELECT agree_on_error('22P02', $$bulk_sync('target', 'import', '{name,k}')$$, 'target');
SELECT agree_on_error('22P02', $$bulk_sync_returning('target', 'import', '{name,k}', dry_run => true)$$, 'target');
SELECT agree_on_error('22P02', $$bulk_compare('target', 'import', '{k,name}')$$, 'target');
CREATE TEMP TABLE mine AS TABLE l.import;
SELECT agree_on_error('22P02', $$bulk_sync('target', 'pg_temp.mine', '{k}')$$, 'target');
CALL in_both('CREATE VIEW seen AS SELECT upper(name) AS name, k, v FROM import');
SELECT agree_on_error('22P02', $$bulk_sync('target', 'seen', '{k}', ignore_columns => '{v}')$$, 'target');
CALL d.stage('bigint', 'int');
SELECT agree($$bulk_sync('target', 'import', '{k,name}', skip_creates => true)$$, 'target');
CALL in_both('UPDATE import SET k = 99999999999 WHERE name = ''n7''');
SELECT agree_on_error('22003', $$bulk_sync('target', 'import', '{k,name}')$$, 'target');

CALL twins('CREATE TABLE import_ref (name text, k text, v int)');
SELECT create_reference_table('d.import_ref');
CALL in_both('INSERT INTO import_ref SELECT ''n'' || g, CASE WHEN g = 7 THEN ''x1'' ELSE g::text END, g FROM generate_series(1, 10) AS g');
SELECT agree_on_error('22P02', $$bulk_sync('target', 'import_ref', '{k,name}')$$, 'target');

\echo * raised on another node, which has the rows: without the row
CALL twins('CREATE TABLE import_other (name text, k text, v int)');
SELECT create_distributed_table('d.import_other', 'name', colocate_with => 'none');
CALL in_both('INSERT INTO import_other SELECT ''n'' || g, g || ''x'', g FROM generate_series(1, 10) AS g');
SELECT CASE WHEN r ~ 'invalid input syntax for type integer: "\d+x" [|] column "k" of staging relation "import_other"$' THEN 'same: the column' ELSE r END
FROM refused_there('22P02', $$bulk_sync('target', 'import_other', '{k,name}')$$) AS r;
CALL in_both('UPDATE import_other SET k = v');
SELECT agree($$bulk_sync('target', 'import_other', '{k,name}')$$, 'target');

\echo * the first column, and the first row, that cannot be converted
CALL d.stage('text', 'text');
CALL in_both('UPDATE import SET k = ''x1'', v = ''y1'' WHERE name = ''n7''');
SELECT agree_on_error('22P02', $$bulk_sync('target', 'import', '{k,name}')$$, 'target');
CALL in_both('CREATE VIEW late AS SELECT name, k, 10 / (9 - length(name)) AS v FROM import');
SELECT agree_on_error('22P02', $$bulk_sync('target', 'late', '{k,name}')$$, 'target');
CALL in_both('UPDATE import SET k = 1, name = ''n23456789''');
SELECT agree_on_error('22012', $$bulk_sync('target', 'late', '{k,name}', skip_creates => true)$$, 'target');

\echo * in a transaction that goes on
CALL in_both('UPDATE import SET k = ''x1'', v = 1, name = ''n'' WHERE name LIKE ''n%''');
BEGIN;
SELECT agree_on_error('22P02', $$bulk_sync('target', 'import', '{k,name}')$$, 'target');
CALL in_both('DELETE FROM import');
CALL in_both('INSERT INTO import SELECT g, g, ''m'' || g FROM generate_series(1, 10) AS g');
SELECT agree($$bulk_sync('target', 'import', '{k,name}')$$, 'target');
SELECT agree_on_error('22P02', $$bulk_sync_json('target', '[{"k": 1, "name": "a", "v": 1}, {"k": "x", "name": "b", "v": 2}]', '{k,name}')$$, 'target');
SELECT agree($$bulk_sync_json('target', '[{"k": 1, "name": "a", "v": 1}, {"k": "7", "name": "b", "v": 2}]', '{k,name}')$$, 'target');
COMMIT;

\echo * objects
SELECT agree_on_error('22P02', $$bulk_sync_json('target', '[{"k": 1, "name": "a", "v": 1}, {"k": 2, "name": "a", "v": 1}, {"k": "x1", "name": "b", "v": 2}]', '{name,k}')$$, 'target');
SELECT agree_on_error('22P02', $$bulk_sync_json('target', '[{"k": 1, "name": "a", "v": 1}, {"k": [2], "name": "a", "v": 1}]', '{name,k}')$$, 'target');
SELECT agree_on_error('22003', $$bulk_sync_json_returning('target', '[{"k": 99999999999, "name": "a", "v": 1}]', '{name,k}', dry_run => true)$$, 'target');
SELECT agree_on_error('22P02', $$bulk_sync_json('target', '[{"k": 1, "name": "a", "v": "x"}]', '{name,k}')$$, 'target');
SELECT refused_there('23502', $$bulk_sync_json('target', '[{"k": null, "name": "a", "v": 1}]', '{name,k}')$$);

\echo * other types
CALL d.make('uuid');
CALL d.stage('text', 'int');
SELECT agree_on_error('22P02', $$bulk_sync('target', 'import', '{k}')$$, 'target');
SELECT agree_on_error('22P02', $$bulk_sync_json('target', '[{"k": "7", "name": "a"}]', '{k}')$$, 'target');
SELECT agree($$bulk_sync_json('target', '[{"k": "a0eebc999c0b4ef8bb6d6bb9bd380a11", "name": "a"}, {"k": "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A12", "name": "b"}]', '{k}')$$, 'target');
CALL d.make('varchar(3)');
CALL d.stage('text', 'int');
CALL in_both('UPDATE import SET k = ''long'' WHERE name = ''n7''');
SELECT agree_on_error('22001', $$bulk_sync('target', 'import', '{k}')$$, 'target');
SELECT agree_on_error('22001', $$bulk_sync_json('target', '[{"k": "7", "name": "a"}, {"k": "long", "name": "a"}]', '{k}')$$, 'target');
SELECT agree($$bulk_sync_json('target', '[{"k": "7", "name": "a"}, {"k": "8  ", "name": "a"}, {"k": {}, "name": "b"}]', '{k}')$$, 'target');
CALL d.make('bytea');
CALL d.stage('text', 'int');
SELECT agree_on_error('22P02', $$bulk_sync_json('target', '[{"k": {"a": 1}, "name": "a"}]', '{k}')$$, 'target');
CALL in_both('UPDATE import SET k = ''\x7''');
SELECT agree_on_error('22023', $$bulk_sync('target', 'import', '{k}')$$, 'target');
CREATE DOMAIN public.short AS int CHECK (VALUE < 30000);
CALL d.make('short');
CALL d.stage('int', 'int');
SELECT agree($$bulk_sync('target', 'import', '{k,name}')$$, 'target');
SELECT agree($$bulk_sync('target', 'import', '{k,name}', 'k = 5', allow_out_of_scope => true, skip_creates => true)$$, 'target');
CALL in_both('UPDATE import SET k = 50000 WHERE name = ''n7''');
SELECT agree_on_error('23514', $$bulk_sync('target', 'import', '{k,name}')$$, 'target');
SELECT agree_on_error('23514', $$bulk_sync_json('target', '[{"k": 7, "name": "a"}, {"k": 70000, "name": "a"}]', '{k}')$$, 'target');
