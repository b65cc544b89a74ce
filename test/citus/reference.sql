-- Reference tables: each node has a copy, and all of them get the same rows.
\i test/citus/agree.sql

CALL twins('CREATE TABLE country (code text PRIMARY KEY, name text UNIQUE DEFERRABLE, area numeric(10,1), id bigserial UNIQUE, gone timestamptz, at timestamptz DEFAULT now(),
	made timestamptz DEFAULT clock_timestamp(), token uuid DEFAULT gen_random_uuid(), who text DEFAULT current_user)');
SELECT create_reference_table('d.country');
CALL twins('CREATE TABLE import (code text, name text, area numeric(10,1))');
SELECT create_distributed_table('d.import', 'code');
CALL twins('CREATE TABLE import_ref (code text, name text, area numeric(10,1))');
SELECT create_reference_table('d.import_ref');
CALL twins('CREATE TABLE import_local (area text, code varchar, name text)');
CREATE PROCEDURE d.stage(rows int, version text) LANGUAGE plpgsql AS $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY '{import,import_ref,import_local}'::text[] LOOP
		CALL in_both(format('DELETE FROM %I', name));
		CALL in_both(format('INSERT INTO %I (code, name, area) SELECT ''c'' || g, ''name '' || CASE WHEN g %% 10 = 3 THEN %L ELSE ''same'' END || g, g / 10.0
			FROM generate_series(1, %s) AS g', name, version, rows));
	END LOOP;
END $$;

-- Columns that differ from call to call are compared between copies alone.
CREATE VIEW l.lands AS SELECT code, name, area, gone IS NULL AS is_there, who FROM l.country;
CREATE VIEW d.lands AS SELECT code, name, area, gone IS NULL AS is_there, who FROM d.country;

\echo * staging
CALL d.stage(50, 'first');
SELECT agree($$bulk_sync('country', 'import', '{code}')$$, 'lands');
SELECT copies('country');
SELECT agree($$bulk_sync('country', 'import', '{code}')$$, 'lands');
CALL d.stage(60, 'second');
SELECT agree($$bulk_sync('country', 'import_ref', '{code}', dry_run => true)$$, 'lands');
SELECT agree($$bulk_sync('country', 'import_ref', '{code}')$$, 'lands');
SELECT copies('country');
CALL d.stage(40, 'third');
SELECT agree($$bulk_sync('country', 'import_local', '{code}')$$, 'lands');
SELECT copies('country');
CREATE TEMP TABLE import_temp AS TABLE l.import_local;
UPDATE import_temp SET name = name || 'x' WHERE code LIKE '%5';
SELECT agree($$bulk_sync('country', 'pg_temp.import_temp', '{code}')$$, 'lands');
SELECT agree($$bulk_sync_json('country', '[{"code": "c1", "area": 5}, {"code": "c2", "name": "x"}, {"code": "n", "name": "y"}]', '{code}', allow_missing => true)$$, 'lands');
SELECT copies('country');
SELECT agree_on_error('55000', $$bulk_sync_json('country', '[]', '{code}')$$, 'lands');
SELECT agree($$bulk_sync_json('country', '[]', '{code}', allow_empty => true)$$, 'lands');
SELECT copies('country');

\echo * options
CALL d.stage(50, 'first');
SELECT agree($$bulk_sync('country', 'import', '{code}', 'area < 3', allow_out_of_scope => true)$$, 'lands');
CALL d.stage(30, 'second');
SELECT agree_on_error('44000', $$bulk_sync('country', 'import', '{code}', 'area < 2')$$, 'lands');
SELECT agree_on_error('55000', $$bulk_sync('country', 'import', '{code}', max_deletes => 19)$$, 'lands');
SELECT agree($$bulk_sync('country', 'import', '{code}', soft_delete => 'gone', touch_columns => '{at}')$$, 'lands');
SELECT copies('country');
SELECT agree($$bulk_sync('country', 'import', '{code}', soft_delete => 'gone')$$, 'lands');
CALL d.stage(40, 'second');
SELECT agree($$bulk_sync('country', 'import', '{code}', soft_delete => 'gone', update_when => 'new.area < 3.5')$$, 'lands');
SELECT agree($$bulk_sync('country', 'import', '{code}', skip_deletes => true)$$, 'lands');
SELECT agree($$bulk_sync('country', 'import_local', '{code}', skip_creates => true, skip_updates => true)$$, 'lands');
SELECT agree($$bulk_sync('country', 'import', '{name}', columns => '{area}', ignore_columns => '{code}')$$, 'lands');
SELECT copies('country');

\echo * errors
CALL in_both('INSERT INTO import_ref SELECT * FROM import_ref WHERE code = ''c5''');
SELECT agree_on_error('21000', $$bulk_sync('country', 'import_ref', '{code}')$$, 'lands');
CALL in_both('UPDATE import SET name = ''one'' WHERE code IN (''c1'', ''c2'')');
SELECT agree_on_error('23505', $$bulk_sync('country', 'import', '{code}')$$, 'lands');
CALL in_both('UPDATE import_local SET area = ''x'' WHERE code = ''c5''');
SELECT agree_on_error('22P02', $$bulk_sync('country', 'import_local', '{code}')$$, 'lands');
SELECT agree_on_error('42809', $$bulk_sync('country', 'country', '{code}')$$, 'lands');
SELECT agree_on_error('42703', $$bulk_sync('country', 'import', '{cod}')$$, 'lands');
SELECT copies('country');

\echo * transactions
CALL d.stage(45, 'fourth');
BEGIN;
SELECT agree($$bulk_sync('country', 'import', '{code}')$$, 'lands');
SAVEPOINT s;
CALL d.stage(20, 'fifth');
SELECT agree($$bulk_sync('country', 'import_ref', '{code}')$$, 'lands');
ROLLBACK TO s;
SELECT agree($$bulk_sync('country', 'import', '{code}', dry_run => true)$$, 'lands');
COMMIT;
SELECT copies('country');
BEGIN ISOLATION LEVEL REPEATABLE READ;
CALL d.stage(35, 'sixth');
SELECT agree($$bulk_sync('country', 'import', '{code}')$$, 'lands');
COMMIT;
SELECT copies('country');

\echo * identity, keys without a unique index, rows that refer to each other
CALL twins('CREATE TABLE part (k int, v text, id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, boss bigint REFERENCES part (id) DEFERRABLE, g int GENERATED ALWAYS AS (k * 2) STORED)');
SELECT create_reference_table('d.part');
CALL twins('CREATE TABLE part_import (k int, v text, id bigint)');
CALL in_both('INSERT INTO part_import VALUES (1, ''a'', NULL), (2, ''b'', NULL), (NULL, ''c'', NULL), (4, ''d'', 1000)');
SELECT agree($$bulk_sync('part', 'part_import', '{k}')$$, 'part');
SELECT copies('part');
CALL in_both('INSERT INTO part (k, v) VALUES (9, ''twice''), (9, ''twice'')');
CALL in_both('UPDATE part_import SET v = ''new'' WHERE k IS NULL OR k = 4');
SELECT agree($$bulk_sync('part', 'part_import', '{k}')$$, 'part');
SELECT copies('part');
CALL in_both('UPDATE part SET boss = (SELECT min(id) FROM part) WHERE k = 2');
CALL in_both('DELETE FROM part_import WHERE k <= 2');
CALL in_both('INSERT INTO part_import VALUES (5, ''e'', NULL)');
SELECT agree($$bulk_sync('part', 'part_import', '{k}', dry_run => true)$$, 'part');
SELECT agree($$bulk_sync('part', 'part_import', '{k}')$$, 'part');
SELECT copies('part');

\echo * referenced by distributed rows
CALL twins('CREATE TABLE place (code text REFERENCES country (code) ON DELETE CASCADE, n int)');
SELECT create_distributed_table('d.place', 'n');
CALL in_both('INSERT INTO place SELECT code, 1 FROM country');
CALL in_both('INSERT INTO place SELECT code, g FROM country, generate_series(2, 5) AS g WHERE code > ''c3''');
CALL d.stage(30, 'seventh');
SELECT agree($$bulk_sync('country', 'import_local', '{code}')$$, 'place');
SELECT agree($$bulk_sync('country', 'import_local', '{code}')$$, 'lands');
SELECT copies('country');
