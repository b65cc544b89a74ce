-- Filters that compare the distribution column with a value of another type, or with one that no row can have. Keys
-- without the column go with these: the value alone says where a row is.
\i test/citus/agree.sql
CREATE PROCEDURE d.make(type text) LANGUAGE plpgsql AS $$
BEGIN
	CALL in_both('DROP TABLE IF EXISTS target, import');
	CALL twins(format('CREATE TABLE target (k %s, name text, v int)', type));
	PERFORM create_distributed_table('d.target', 'k', colocate_with => 'none');
	CALL twins('CREATE TABLE import (k text, name text, v int)');
END $$;

-- Makes a row of each value, and calls by the filter: with the first one staged, in a table or as JSON, and with none. What comes out may be an error, of rows out of scope.
CREATE PROCEDURE d.see(held text[], filter text, error text DEFAULT NULL) LANGUAGE plpgsql AS $$
DECLARE
	type text := (SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'd.target'::regclass AND attname = 'k');
	call text;
BEGIN
	CALL in_both('DELETE FROM target');
	CALL in_both('DELETE FROM import');
	CALL in_both(format('INSERT INTO target SELECT k::%s, ''a'', 1 FROM unnest(%L::text[]) AS k', type, held));
	CALL in_both(format('INSERT INTO import SELECT k, ''a'', 2 FROM unnest(%L::text[]) AS k LIMIT 1', held));
	FOREACH call IN ARRAY ARRAY['bulk_compare(''target'', ''import'', ''{name}'', %L)', 'bulk_sync_returning(''target'', ''import'', ''{name}'', %L, dry_run => true)',
		'bulk_sync(''target'', ''import'', ''{name}'', %L)', 'bulk_sync_json(''target'', (SELECT json_agg(i) FROM import AS i)::jsonb, ''{name}'', %L)']
	LOOP
		RAISE INFO '%', CASE WHEN error IS NULL THEN agree(format(call, filter), 'target') ELSE agree_on_error(error, format(call, filter), 'target') END;
	END LOOP;
	CALL in_both('DELETE FROM import');
	RAISE INFO '%', agree(format('bulk_compare(''target'', ''import'', ''{name}'', %L)', filter), 'target');
	RAISE INFO '%', agree(format('bulk_sync(''target'', ''import'', ''{name}'', %L, allow_empty => true)', filter), 'target');
	RAISE INFO '%', agree(format('bulk_sync_json_returning(''target'', ''[]'', ''{name}'', %L, allow_empty => true)', filter), 'target');
END $$;

\echo * integers
CALL d.make('int');
CALL d.see('{5,6}', 'k = 5');
CALL d.see('{5,6}', 'k = 5::bigint');
CALL d.see('{6,5}', '6::smallint = k');
CALL d.see('{5,6}', 'k = 99999999999', '44000');
CALL d.see('{5,6}', 'v > 0 AND k = -99999999999 -- to be refused', '44000');
CALL d.see('{5,6}', 'k = NULL', '44000');
CALL d.see('{5,6}', 'k = 5 AND k = 99999999999', '44000');
SELECT agree($$bulk_sync('target', 'import', '{name}', 'k = 99999999999', lock => 'table', skip_creates => true)$$, 'target');
SELECT agree_on_error('42703', $$bulk_sync('target', 'import', '{nam}', 'k = 99999999999')$$, 'target');
CALL in_both('INSERT INTO import VALUES (''5'', ''a'', 1), (''x'', ''b'', 2)');
SELECT agree_on_error('22P02', $$bulk_sync('target', 'import', '{name}', 'k = 99999999999')$$, 'target');
CALL in_both('UPDATE import SET k = ''6'', name = ''a''');
SELECT agree_on_error('21000', $$bulk_sync('target', 'import', '{name}', 'k = 99999999999')$$, 'target');
SELECT agree($$bulk_compare('target', 'import', '{name,v}', 'k = 99999999999 AND k IN (SELECT k FROM target)', allow_out_of_scope => true, columns => '{k}')$$, 'target');
CALL d.make('bigint');
CALL d.see('{99999999999,5}', 'k = 99999999999');
CALL d.see('{5,99999999999}', 'k = 5');
CALL d.see('{5,99999999999}', 'k = 8', '44000');

\echo * numbers
CALL d.make('numeric(5,1)');
CALL d.see('{5.5,6}', 'k = 5.50');
CALL d.see('{6,5.5}', 'k = 6');
CALL d.see('{5.5,6}', 'k = 5.55', '44000');
CALL d.see('{5.5,6}', 'k = 99999999999', '44000');
SET extra_float_digits = -3;
CALL d.make('float8');
CALL d.see('{0.30000000000000004,0.3}', 'k = 0.1::float8 + 0.2::float8');
CALL d.see('{0.30000000000000004,0.3}', 'k = 0.3::float8', '44000');
CALL d.make('float4');
CALL d.see('{0.5,0.1}', 'k = 0.5::float8');
CALL d.see('{0.5,0.1}', 'k = 0.5::float4');
CALL d.see('{0.5,0.1}', 'k = 0.1::float8', '44000');
CALL d.see('{0.5,0.1}', 'k = 1e300::float8', '44000');
RESET extra_float_digits;

\echo * texts
CALL d.make('varchar(5)');
CALL d.see('{abcde,fg}', 'k = ''abcde''');
CALL d.see('{abcde,fg}', 'k = ''abcdefgh''', '44000');
CALL d.make('char(5)');
CALL d.see('{ab,abcde}', 'k = ''ab''');
CALL d.see('{ab,abcde}', 'k = ''ab         ''::char(12)');
CALL d.see('{ab,abcde}', 'k = ''abcdefgh''', '44000');
CALL d.make('text');
CALL d.see('{postgres,x}', 'k = ''postgres''::name');
CALL d.see('{postgres,x}', 'k = NULL::text', '44000');

\echo * dates and times
SET TimeZone = 'Asia/Kolkata';
SET DateStyle = 'German';
CALL d.make('date');
CALL d.see('{2026-02-03,2026-02-04}', 'k = ''2026-02-03''::timestamp');
CALL d.see('{2026-02-03,2026-02-04}', 'k = ''2026-02-03 05:00''::timestamp', '44000');
CALL d.make('timestamp');
CALL d.see('{2026-02-03,2026-02-04}', 'k = ''2026-02-03''::date');
CALL d.see('{2026-02-03,2026-02-04}', 'k = ''5874897-01-01''::date', '44000');
CALL d.make('timestamptz');
CALL d.see('{2026-02-03,2026-02-04}', 'k = ''2026-02-03''::date');
CALL d.see('{2026-02-03,2026-02-04}', 'k = ''2026-02-03 00:00''::timestamp');
CALL d.see('{2026-02-03,2026-02-04}', 'k = ''5874897-01-01''::date', '44000');

\echo * domains, by which Citus finds no shard
CREATE DOMAIN public.small AS int CHECK (VALUE < 30000);
CALL d.make('small');
CALL d.see('{5,6}', 'k = 99999999999', '44000');
SELECT refused_there('0A000', $$bulk_sync('target', 'import', '{name}', 'k = 5')$$);
SELECT bulk_sync_setup('d.target');
CALL in_both('INSERT INTO import VALUES (''5'', ''a'', 5), (''5'', ''b'', 6)');
SELECT agree($$bulk_sync('target', 'import', '{k,name}', 'k = 5')$$, 'target');
SELECT agree($$bulk_compare('target', 'import', '{k,name}', 'k = 5', include_unchanged => true)$$, 'target');
