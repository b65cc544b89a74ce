--
-- How bulk_compare shows values: two images that differ look different, and showing a value never fails.
--
\i test/oracle.sql
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS hstore;
CREATE EXTENSION IF NOT EXISTS ltree;
CREATE EXTENSION IF NOT EXISTS isn;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS seg;
RESET client_min_messages;
CREATE SCHEMA compare_values;
SET search_path = compare_values, public;

-- What is shown of a table with one row and its counterpart, column by column. `consistent`: what `changes` has is what
-- `old` and `new` have.
CREATE FUNCTION shown(target regclass, staging regclass, keys text[] DEFAULT '{id}')
RETURNS TABLE (status text, key jsonb, name text, old jsonb, new jsonb, consistent boolean) LANGUAGE sql AS $$
	SELECT d.status, d.key, c.name, c.change -> 'old', c.change -> 'new',
		d.old -> c.name = c.change -> 'old' AND d.new -> c.name = c.change -> 'new'
	FROM bulk_compare(target, staging, keys) AS d LEFT JOIN LATERAL jsonb_each(d.changes) AS c (name, change) ON true
	ORDER BY 1, 2, 3
$$;

-- A cast to json that raises for one value and shows others alike, for an enum; for a range, and for types of extensions.
CREATE TYPE shade AS ENUM ('red', 'dark red', 'none');
CREATE FUNCTION shade_to_json(shade) RETURNS json LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	IF $1 = 'none' THEN RAISE EXCEPTION 'no shade at all'; END IF;
	RETURN to_json('red'::text);
END $$;
CREATE CAST (shade AS json) WITH FUNCTION shade_to_json(shade);
CREATE TYPE shades AS RANGE (SUBTYPE = shade);
CREATE FUNCTION shades_to_json(shades) RETURNS json LANGUAGE sql IMMUTABLE AS $$ SELECT to_json(1 / 0) $$;
CREATE CAST (shades AS json) WITH FUNCTION shades_to_json(shades);
CREATE FUNCTION ltree_to_json(ltree) RETURNS json LANGUAGE sql IMMUTABLE AS $$ SELECT to_json(nlevel($1)) $$;
CREATE CAST (ltree AS json) WITH FUNCTION ltree_to_json(ltree);
CREATE FUNCTION citext_to_json(citext) RETURNS json LANGUAGE sql IMMUTABLE AS $$ SELECT to_json(lower($1::text)) $$;
CREATE CAST (citext AS json) WITH FUNCTION citext_to_json(citext);
CREATE DOMAIN tint AS shade;
CREATE DOMAIN tints AS tint[];
CREATE TYPE paint AS (tone shade, tones shade[], amount int);
CREATE DOMAIN coat AS paint;
CREATE TABLE t (id int PRIMARY KEY, tone shade, a_domain tint, an_array shade[], domains tints, composite paint, coats coat[],
	range shades, multirange shades_multirange, path ltree, name citext, book isbn, pairs hstore, size seg);
CREATE TABLE s (LIKE t);
INSERT INTO t VALUES (1, 'red', 'red', '{none,red}', '{red}', '(red,"{red}",1)', ARRAY['(red,,1)'::coat], '[red,red]', '{[red,red]}',
	'a.b', 'Bob', '039304002X', 'a=>1', '1.0');
INSERT INTO s VALUES (1, 'none', 'dark red', '{none,"dark red"}', '{none,NULL}', '(none,"{red,none}",1)', ARRAY['(dark red,,1)'::coat, NULL],
	'[red,"dark red"]', '{}', 'a.c', 'bob', '0198520115', 'a=>NULL', '1.00');
SELECT name, old, new, consistent FROM shown('t', 's');
-- In rows that are added and removed, by keys, and by insert_defaults.
UPDATE s SET id = 2;
SELECT status, old = (SELECT (d.old - 'pairs') || '{"pairs": "\"a\"=>\"1\""}') AS old, new ->> 'tone' AS tone, new ->> 'pairs' AS pairs FROM bulk_compare('t', 's', '{id}') AS d ORDER BY status;
SELECT status, key FROM bulk_compare('t', 's', '{tone,an_array,path,name,book}') ORDER BY status;
ALTER TABLE s DROP tone, DROP range;
SELECT new -> 'tone' AS tone, new -> 'range' AS range FROM bulk_compare('t', 's', '{id}', insert_defaults => '{"tone": "none", "range": "[red,none]"}') WHERE status = 'added';
-- Nor does an ignored column's cast matter.
SELECT status, old -> 'tone' AS old, changes FROM bulk_compare('t', 's', '{id}', ignore_columns => '{tone,path}') ORDER BY status;
DROP TABLE t, s;

-- Settings that lose digits or choose a style have no effect, in containers either.
CREATE TYPE measure AS (weight float8, weights float4[], at timestamptz, took interval);
CREATE TYPE weights AS RANGE (SUBTYPE = float8);
CREATE TABLE t (id int PRIMARY KEY, f float8, f4 float4, a float8[], m measure, w weights, p point, c circle, b box[],
	period tstzrange, i interval, d date, ts timestamp, ds daterange, by bytea);
CREATE TABLE s (LIKE t);
INSERT INTO t VALUES (1, 0.3, 0.3, '{0.3}', '(0.3,{0.3},"2024-02-01 12:00+00",1 day)', '[0.3,1]', '(0.3,0)', '<(0,0),0.3>', '{(1,1),(0.3,0)}',
	'[2024-02-01 12:00+00,)', '1 day', '2024-02-01', '2024-02-01 12:00', '[2024-02-01,)', '\x00');
INSERT INTO s VALUES (1, 0.1::float8 + 0.2::float8, 0.3000001, ARRAY[0.1::float8 + 0.2::float8],
	ROW(0.1::float8 + 0.2::float8, '{0.3000001}', '2024-01-02 12:00+00', '24:00')::measure,
	weights(0.1::float8 + 0.2::float8, 1), point(0.1::float8 + 0.2::float8, 0), circle(point(0, 0), 0.1::float8 + 0.2::float8),
	ARRAY[box(point(1, 1), point(0.1::float8 + 0.2::float8, 0))], '[2024-01-02 12:00+00,)', '24:00', '2024-01-02', '2024-01-02 12:00',
	'[2024-01-02,)', '\x01');
SET TimeZone = 'UTC';
SELECT name, old, new, consistent FROM shown('t', 's');
CREATE TABLE exact AS SELECT * FROM bulk_compare('t', 's', '{id}');
SET extra_float_digits = -5;
SET DateStyle = 'SQL, DMY';
SET IntervalStyle = 'sql_standard';
SELECT count(*) AS the_same FROM exact e, bulk_compare('t', 's', '{id}') d WHERE (d.old, d.new, d.changes)::text = (e.old, e.new, e.changes)::text;
-- The filter, a view, text that is converted and generated columns have the caller's settings.
CREATE VIEW as_text AS SELECT id, f::text AS f, d::text AS d, '01/02/2024'::text AS ts FROM t;
SELECT changes FROM bulk_compare('t', 'as_text', '{id}', $$f::text = '0.3' AND d::text = '01/02/2024'$$);
CREATE FUNCTION style(i int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT current_setting('extra_float_digits') || current_setting('DateStyle') || current_setting('IntervalStyle')
$$;
CREATE TABLE styles (id int PRIMARY KEY, i int, style text GENERATED ALWAYS AS (style(i)) STORED);
INSERT INTO styles VALUES (1, 1);
CREATE VIEW other_styles AS SELECT 1 AS id, 2 AS i UNION ALL SELECT 2, 2;
SELECT status, old -> 'style' AS old, new -> 'style' AS new FROM bulk_compare('styles', 'other_styles', '{id}') ORDER BY status;
-- And after an error in the midst of writing the settings are the caller's, too.
CREATE TYPE broken AS ENUM ('whole', 'broken');
CREATE TABLE b (id int PRIMARY KEY, other int, kind broken, plain text);
INSERT INTO b VALUES (1, 1, 'whole', 'x'), (2, 1, 'broken', 'x');
CREATE TABLE b_new AS SELECT id, 2 AS other, plain FROM b;
DELETE FROM pg_enum WHERE enumtypid = 'broken'::regtype AND enumlabel = 'broken';
CREATE FUNCTION context_of(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	context text;
BEGIN
	EXECUTE call;
	RETURN 'no error';
EXCEPTION WHEN others THEN
	GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
	RETURN sqlstate || ' ' || split_part(context, E'\n', 1);
END $$;
SELECT context_of($$SELECT * FROM bulk_compare('b', 'b_new', '{id}')$$);
SHOW extra_float_digits;
SHOW DateStyle;
SHOW IntervalStyle;
SELECT 0.1::float8 + 0.2::float8 AS f, date '2024-02-01' AS d, interval '1 day' AS i;
-- The broken value as a key; in a new row and in one that is gone.
SELECT context_of($$SELECT * FROM bulk_compare('b', 'b', '{kind}', include_unchanged => true)$$);
SELECT context_of($$SELECT * FROM bulk_compare('b', 'b', '{kind,id}', 'id = 2', include_unchanged => true)$$);
CREATE TABLE b_empty (LIKE b);
SELECT context_of($$SELECT * FROM bulk_compare('b', 'b_empty', '{id}', 'id = 2')$$);
SELECT context_of($$SELECT * FROM bulk_compare('b_empty', 'b', '{id}')$$);
RESET ALL;
SET search_path = compare_values, public;
SET client_min_messages = warning;
DROP TABLE t, s, exact, styles, b, b_new, b_empty CASCADE;

-- Look-alikes: two images that JSON shows alike are shown as the type's own output has them.
CREATE TYPE pair AS (f float8, a int[], j json);
CREATE DOMAIN document AS json;
CREATE TABLE t (id int PRIMARY KEY, blanks json, members json, doc document, zero float8, zero4 float4, zeros float8[], bounds int[], texts text[],
	nothing json, nothing_b jsonb, docs json[], nulls jsonb[], c pair, more pair[], scale numeric, number json, number_b jsonb);
CREATE TABLE s (LIKE t);
INSERT INTO t VALUES (1, '{"a": 1}', '{"a": 1, "a": 2}', '[]', 0, 0, '{0}', '{1,2}', '[2:2]={x}', NULL, NULL, ARRAY['{}'::json], '{null}',
	'(0,"{1}",1)', ARRAY['(1,"[0:0]={1}",1)'::pair], 1.0, '1.0', '1.0');
INSERT INTO s VALUES (1, '{"a" :1}', '{"a": 2}', '[ ]', '-0', '-0', '{-0}', '[0:1]={1,2}', '{x}', 'null', 'null', ARRAY['{ }'::json], '{"null"}',
	'(-0,"{1}",1)', ARRAY['(1,"{1}",1)'::pair], 1.00, '1.00', '1.00');
SELECT name, old, new, consistent FROM shown('t', 's');
-- By some columns.
SELECT status, changes FROM bulk_compare('t', 's', '{id}', columns => '{blanks,number}');
-- Where only one of the two has no exact form; and the values of a row that has no counterpart.
UPDATE s SET zero = '-0', bounds = '[0:0]={7}', c = '(1,"[5:5]={7}",1)';
UPDATE t SET zero = 5;
SELECT name, old, new, consistent FROM shown('t', 's') WHERE name IN ('zero', 'bounds', 'c');
SELECT status, new -> 'zero' AS zero, new -> 'bounds' AS bounds, new -> 'c' AS c FROM bulk_compare('t', 's', '{id}', 'false', allow_out_of_scope => true);
-- As keys.
SELECT status, key FROM bulk_compare('t', 's', '{bounds,zeros}') ORDER BY 1, 2;
SELECT old, new FROM shown('t', 's') WHERE name = 'scale';
DROP TABLE t, s;

-- What json can hold and jsonb cannot.
CREATE TABLE t (id int PRIMARY KEY, j json, js json[], d document, jb jsonb);
CREATE TABLE s (LIKE t);
INSERT INTO t (id, j) SELECT i, '{"old": 1}' FROM generate_series(1, 50) AS i;
INSERT INTO s (id, j, js, d) SELECT row_number() OVER (), j, ARRAY[j, '1'], j FROM unnest(ARRAY[
	'"\u0000"', '{"\u0000": 1}', '"\\u0000"', '"\\\u0000"', '"a\"\u0000"', '"\ud83d\ude00"', '"\uD83D"', '"\ude00"', '"\ud83dx"', '"\ud83d\n"',
	'"\ud83d\ud83d"', '"\u00e9\u20AC"', '"\u0001\u001F"', '1e131071', '1e131072', '0.1e131072', '0.1e131073', '-12e131070', '-12e131071',
	'1e-16383', '1e-16384', '1.5e-16382', '1.5e-16383', '0e-16384', '0e999999', '0.0e16300', '0.01e131073', '0.01e131074', '10e131070', '10e131071', '0.10e-16381', '0.10e-16382', '1E+99999999999999999999', '1e-99999999999999999999',
	'[1, {"a": [1e200000]}]', '"1e200000"', '  [ ]  ', '"x"', 'null', 'true', '-0', '0.0']::json[]) AS j;
SELECT id, CASE WHEN length(new ->> 'j') < 99 THEN new ->> 'j' ELSE 'long' END AS new, jsonb_typeof(new -> 'j') AS type,
	jsonb_typeof(new -> 'd') AS domain, jsonb_typeof(new -> 'js' -> 0) AS element
FROM (SELECT (key ->> 'id')::int AS id, * FROM bulk_compare('t', 's', '{id}') WHERE status = 'updated') AS d ORDER BY id;
-- A string where conversion raises, and nowhere else that matters.
CREATE FUNCTION fits(j json) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM j::jsonb;
	RETURN true;
EXCEPTION WHEN others THEN
	RETURN false;
END $$;
SELECT id, j FROM (SELECT (key ->> 'id')::int AS id, new FROM bulk_compare('t', 's', '{id}') WHERE status = 'updated') AS d JOIN s USING (id)
WHERE fits(j) AND new -> 'j' IS DISTINCT FROM j::jsonb OR NOT fits(j) AND new -> 'j' <> to_jsonb(j::text);
-- A document with thousands of levels is too deep for wherever jsonb_in() finds itself; one with hundreds is none.
TRUNCATE t, s;
INSERT INTO t (id, j, jb) VALUES (1, '0', '0');
INSERT INTO s (id, j, jb) VALUES (1, (repeat('[', 2000) || repeat(']', 2000))::json, (repeat('[', 500) || repeat(']', 500))::jsonb);
SELECT name, jsonb_typeof(new) AS type, length(new #>> '{}') AS length FROM shown('t', 's');
DROP TABLE t, s;

-- Errors of generated columns say where.
CREATE TABLE t (id int PRIMARY KEY, n int, "the tenth" int GENERATED ALWAYS AS (100 / n) STORED);
INSERT INTO t VALUES (1, 1), (2, 2);
CREATE VIEW s AS SELECT id, id - 1 AS n FROM t;
SELECT * FROM failure($$SELECT * FROM bulk_compare('t', 's', '{id}')$$);
DROP TABLE t CASCADE;
-- Row types of tables, with columns that were dropped or added since; a table without columns in it.
CREATE TABLE part (a int, gone int, b text);
CREATE TABLE nothing ();
CREATE TABLE t (id int PRIMARY KEY, p part, n nothing);
CREATE TABLE s (LIKE t);
INSERT INTO t VALUES (1, '(1,2,x)', NULL);
ALTER TABLE part DROP gone;
ALTER TABLE part ADD c int;
INSERT INTO s VALUES (1, '(1,x,3)', '()');
SELECT name, old, new, consistent FROM shown('t', 's');
DROP TABLE t, s, part, nothing;
-- Arrays of other kinds; those of the catalogs begin at 0.
SELECT count(*) > 0 AS some, bool_and(jsonb_typeof(old -> 'indkey') = 'array') AS arrays FROM bulk_compare('pg_index', 'pg_index', '{indexrelid}', include_unchanged => true);
SELECT count(*) > 0 AS some FROM bulk_compare('pg_stats', 'pg_stats', '{schemaname,tablename,attname,inherited}', include_unchanged => true);
SELECT count(*) > 0 AS some FROM bulk_compare('pg_type', 'pg_type', '{oid}', include_unchanged => true);
-- Values that are the same to their own output functions: a hash of what is stored tells them apart.
CREATE TYPE growing AS (a int, b text);
CREATE TABLE t (id int PRIMARY KEY, x xml, p regproc, c growing);
CREATE TABLE s (LIKE t);
INSERT INTO t VALUES (1, '<?xml version="1.0"?><a/>', (SELECT min(oid) FROM pg_proc WHERE proname = 'lower'), '(1,x)');
ALTER TYPE growing ADD ATTRIBUTE c int;
INSERT INTO s VALUES (1, '<a/>', (SELECT max(oid) FROM pg_proc WHERE proname = 'lower'), '(1,x,)');
SELECT name, regexp_replace(old #>> '{}', '[0-9a-f]{16}', '..') AS old, regexp_replace(new #>> '{}', '[0-9a-f]{16}', '..') AS new, old <> new AS differ, consistent FROM shown('t', 's');
SELECT changes #>> '{p,old}' = format('pg_catalog.lower (image %s)', lpad(to_hex(p::oid::int), 16, '0')) AS oid_is_shown FROM bulk_compare('t', 's', '{id}'), t;
DROP TABLE t, s;
DROP TYPE growing;
-- bytea does not depend on the session's settings, which are as they were afterwards.
CREATE TABLE t (id int PRIMARY KEY, b bytea);
CREATE TABLE s (LIKE t);
INSERT INTO t VALUES (1, '\x00ff');
INSERT INTO s VALUES (1, '\x41');
SET bytea_output = 'escape';
SELECT changes FROM bulk_compare('t', 's', '{id}');
SELECT b FROM t;
RESET bytea_output;
DROP TABLE t, s;
RESET search_path;
DROP SCHEMA compare_values CASCADE;
