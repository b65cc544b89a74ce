--
-- bulk_sync_json converts values as jsonb_populate_record() does: for many types and JSON values both store the same
-- image, or both raise the same error. Objects and arrays are errors in types that would take their text for something
-- else.
--
\i test/oracle.sql
\set VERBOSITY terse
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, YMD';

CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TYPE pair AS (x int, y varchar(3));
CREATE DOMAIN positive AS int CHECK (value > 0);
CREATE DOMAIN digit AS positive CHECK (value < 10);
CREATE DOMAIN required AS text NOT NULL;
CREATE DOMAIN short AS varchar(3);
CREATE DOMAIN price AS numeric(4,1);
CREATE DOMAIN document AS jsonb CHECK (value <> 'false');
CREATE DOMAIN plain_document AS json CHECK (value::text <> 'false');
CREATE DOMAIN numbers AS int[] NOT NULL CHECK (cardinality(value) < 3);
CREATE DOMAIN "a pair" AS pair CHECK ((value).x > 0);
CREATE DOMAIN required_pair AS pair NOT NULL;
CREATE TYPE nested AS (pair pair, "a pair" "a pair", digits digit[], document jsonb, short short);

CREATE TABLE types (number int GENERATED ALWAYS AS IDENTITY, name text);
INSERT INTO types (name) SELECT unnest(ARRAY[
	'int2', 'int4', 'int8', 'oid', 'numeric', 'numeric(6,2)', 'numeric(3,-2)', 'float4', 'float8', 'money', 'bool',
	'text', 'varchar', 'varchar(3)', 'char', 'char(4)', '"char"', 'name', 'bytea', 'bit(4)', 'bit varying(5)',
	'date', 'time', 'time(1)', 'timetz', 'timestamp', 'timestamp(0)', 'timestamptz', 'timestamptz(2)', 'interval', 'interval day to second(1)',
	'uuid', 'inet', 'cidr', 'macaddr', 'point', 'box', 'tid', 'pg_lsn', 'cid', 'xid', 'xid8', 'refcursor', 'tsvector', 'tsquery', 'jsonpath',
	'json', 'jsonb', 'mood', 'int4range', 'int4multirange', 'tstzrange', 'int2vector', 'oidvector',
	'int[]', 'int[][]', 'text[]', 'numeric(6,2)[]', 'varchar(3)[]', 'bool[]', 'json[]', 'jsonb[]', 'mood[]', 'pair[]', 'digit[]', '"a pair"[]',
	'pair', 'nested', 'nested[]', 'positive', 'digit', 'required', 'short', 'price', 'document', 'plain_document', 'numbers', '"a pair"', 'required_pair']);
-- With hstore and citext where they are there.
DO $$
DECLARE name text;
BEGIN
	FOR name IN SELECT e.name FROM pg_available_extensions AS e WHERE e.name IN ('hstore', 'citext') ORDER BY 1 LOOP
		EXECUTE format('CREATE EXTENSION IF NOT EXISTS %I', name);
		INSERT INTO types (name) VALUES (name), (name || '[]');
	END LOOP;
END $$;

-- SQL NULL stands for an object that lacks the member.
CREATE TABLE member_values (number int GENERATED ALWAYS AS IDENTITY, value jsonb);
INSERT INTO member_values (value) VALUES (NULL);
INSERT INTO member_values (value) SELECT jsonb_array_elements($$[
	null, true, false, 0, -0, 1, -1, 7, 10, 127, 128, 32767, 32768, -32768, -32769, 2147483647, 2147483648, -2147483648, -2147483649,
	4294967295, 4294967296, 9223372036854775807, 9223372036854775808, -9223372036854775808, 123456789012345678901234567890.123456789,
	0.1, 1.0, 1.00, 1.5, -1.50, 2.5, 12.345, 999.94, 999.95, 9999.994, 9999.995, 99949, 99950, 1e3, 1E+3, 1e-3, 1.50e2, 1e38, 1e39, 1e-50, 1e308, 1e309, 1e-400, 1e1000,
	"", " ", "1", " 1 ", "+1", "-7", "1.5", "1e3", "1e400", "x", "abc", "abcd", "abc  ", "abcd ", "é", "éèê", "ééééé", "😀", "a\"b\\c\/d\b\f\n\r\t", "\u0001\u007f\u00ff\uffff",
	"\\u0000", "\\x00ff", "\\x0", "\\000", "\\", "{\"a\": \"\\u0000\"}", "{\"a\": 1, \"a\":  2}", "[1, 2.50]", "null", "NULL", "true", "t", "yes", "on", "off", "False", "2",
	"NaN", "nan", "inf", "-Infinity", "infinity", "epoch", "0101", "01012", "010101", "sad", "Glad", "glad", "$1,234.56", "-$1", "12,345.6",
	"2024-02-29", "2024-02-30", "0044-03-15 BC", "294276-12-31", "294277-01-01", "2024-02-29 12:34:56.789654+02", "2024-02-29T24:00:00Z", "12:34:56.789", "25:00", "24:00:00", "allballs", "1 day", "P1Y2M3DT4H5M6.7S", "1.5 years ago", "178000001 years",
	"00000000-0000-0000-0000-000000000001", "{00000000000000000000000000000002}", "10.0.0.1/8", "10.0.0.0/8", "::1", "08:00:2b:01:02:03", "(1,2)", "(1,2),(0,0)", "0/16B3748", "a b:1A", "a & b", "$.a[*]", "strict $",
	"[1,3)", "(1,3]", "[3,1)", "empty", "{[1,2),[5,7)}", "[2024-01-01,)", "1 2 3", "1 x", "{}", "{1,2}", "{1,NULL,3}", "[0:1]={1,2}", "{{1,2},{3,4}}", "{1,{2}}", "{x}", "{abcd}", "{\"(1,a)\"}", "(1,a)", "(1,abcd)", "(0,a)", "(,)", "(1)", "(\"(1,a)\",,,,)", "a=>1, b=>NULL", "a=>",
	[], {}, [null], [[]], [[], []], [1], [1, 2], [1, 2, 3], ["1", "2"], [1, null], [1.5], [12.345], [true, "f"], ["abcd"], ["glad", null], [[1, 2], [3, 4]], [[1], [2, 3]], [[1], 2], [1, [2]], [{"a": 1}], [0], [10], [{}], [[{}]], [[[[[[[1]]]]]]],
	{"x": 1}, {"x": 1, "y": "abc"}, {"x": "1", "y": "abcd"}, {"x": 0, "y": null}, {"x": "x"}, {"x": 1.5}, {"x": {"a": 1}}, {"y": {"a": 1}}, {"X": 1}, {"x": [1], "z": 1},
	[{"x": 1, "y": "a"}, null, {"y": "b"}], [{"x": 0}], [{"x": "y"}], ["(1,a)"], [{"pair": {"x": 1}, "a pair": {"x": 2}, "digits": [1, 9]}], [{"a pair": "(0,)"}],
	{"pair": {"x": 1, "y": "é"}, "a pair": {"x": 2}, "digits": [1, 9], "document": {"b": [1.50, null, "x"]}, "short": "abc"}, {"a pair": {"x": 0}}, {"a pair": null, "digits": "{1,2}"}, {"a pair": {"x": 1}, "digits": [10]}, {"a pair": {"x": 1}, "short": "abcd"}, {"a pair": "(1,)", "document": "x"}, {"a pair": {"x": 1}, "pair": [1]},
	{"a": {"b": {"c": [1, {"d": "\"\\"}]}}}, [1.50, "x", null, {"y": 1e2}]
	]$$);

-- What a statement raises: all that the server says of it but the context, and the first line of that.
CREATE FUNCTION outcome(statement text, OUT error text, OUT context text) LANGUAGE plpgsql AS $$
DECLARE detail text; hint text;
BEGIN
	EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
	error := format('%s %s (%s, %s)', SQLSTATE, SQLERRM, detail, hint);
END $$;

-- Each value once by way of the server's function, and once by way of a sync: all that are taken in one call, and some
-- of those that are refused, three of each kind, in a call of their own as the second element.
CREATE TABLE results (type text, number int, value jsonb, expected text, synced text, same_image boolean, context text);
CREATE FUNCTION object(number int, value jsonb) RETURNS jsonb
RETURN jsonb_build_object('k', number) || CASE WHEN value IS NULL THEN '{}' ELSE jsonb_build_object('v', value) END;
CREATE FUNCTION try_expected(type_name text, other_value jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO results (type, number, value, expected)
	SELECT type_name, number, value, (outcome(format('INSERT INTO expected_probe SELECT * FROM jsonb_populate_record(NULL::probe, %L)',
		object(number, coalesce(other_value, value))))).error
	FROM member_values ORDER BY number;
	UPDATE results SET expected = format('22P02 JSON %s cannot become a value of type %s (, %s)', jsonb_typeof(value), type, CASE type
		WHEN 'bytea' THEN 'Give bytes as a string: \x and hexadecimal digits.' ELSE 'Give the value as a string.' END)
	WHERE type = type_name AND jsonb_typeof(value) IN ('object', 'array') AND type = ANY (
		'{bytea,"\"char\"",name,refcursor,tsvector,tsquery,cid,xid,xid8}');
END $$;
CREATE FUNCTION try_taken(type_name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	rows jsonb := (SELECT jsonb_agg(object(number, value) ORDER BY number) FROM results WHERE type = type_name AND expected IS NULL);
	synced record := outcome(format('SELECT bulk_sync_json(''probe'', %L, ''{k}'', allow_missing => true)', rows));
BEGIN
	UPDATE results SET synced = synced.error, context = synced.context, same_image =
		(SELECT count(*) = 1 FROM probe AS p JOIN expected_probe AS e USING (k) WHERE k = number AND p *= e)
	WHERE type = type_name AND expected IS NULL;
END $$;
CREATE FUNCTION try_refused(type_name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	taken jsonb := (SELECT object(number, value) FROM results WHERE type = type_name AND expected IS NULL AND value IS NOT NULL LIMIT 1);
	refused results;
	synced record;
BEGIN
	DELETE FROM results WHERE type = type_name AND number IN (
		SELECT number FROM (
			SELECT number, row_number() OVER (PARTITION BY left(expected, 5), jsonb_typeof(value) ORDER BY number) AS of_its_kind
			FROM results WHERE type = type_name AND expected IS NOT NULL) AS r
		WHERE of_its_kind > 3);
	FOR refused IN SELECT * FROM results WHERE type = type_name AND expected IS NOT NULL LOOP
		synced := outcome(format('SELECT bulk_sync_json(''probe'', %L, ''{k}'', dry_run => true, allow_missing => true)',
			jsonb_build_array(taken, object(refused.number, refused.value))));
		UPDATE results SET synced = synced.error, context = synced.context
		WHERE type = type_name AND number = refused.number;
	END LOOP;
END $$;
CREATE FUNCTION try_type(name text, other_value jsonb DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE probe (k int PRIMARY KEY, v %s)', name);
	CREATE TABLE expected_probe (LIKE probe);
	PERFORM try_expected(name, other_value);
	PERFORM try_taken(name);
	PERFORM try_refused(name);
	DROP TABLE probe, expected_probe;
END $$;
CREATE VIEW differences AS
	SELECT type, value, expected, synced, same_image FROM results
	WHERE synced IS DISTINCT FROM expected OR NOT same_image;

SELECT try_type(name) FROM types ORDER BY number \g /dev/null
SELECT * FROM differences;
-- Of each type many values were taken, and some refused, but for the types that refuse nothing. (Before PostgreSQL 16,
-- xid and its like are among those.)
SELECT name, count(*) FILTER (WHERE same_image) > 5 AS many_taken, count(synced) > 0 AS some_refused
FROM types JOIN results ON type = name WHERE name !~ 'hstore|citext|^xid8?$|^cid$' GROUP BY types.number, name ORDER BY types.number;
SELECT count(*) FILTER (WHERE same_image) > 3000 AS taken, count(synced) > 500 AS refused FROM results;
-- The errors tell the member, its value and the element.
SELECT DISTINCT type, split_part(context, E'\n', 1) AS member, split_part(context, E'\n', 2) AS element FROM results WHERE type IN ('digit', 'required', 'pair', 'uuid[]') AND (value IS NULL OR value IN ('true', '11', '[1]')) AND synced IS NOT NULL ORDER BY 1, 2;
SELECT type, value, context FROM results WHERE synced IS NOT NULL AND context NOT LIKE
	CASE WHEN value IS NULL THEN '%missing member "v"' ELSE '%member "v", value %' END || E'\nelement 1 of argument "rows", counted from 0%';

-- This test can fail.
TRUNCATE results;
DELETE FROM member_values WHERE value IS NULL OR value::text NOT IN ('1', '"x"');
SELECT try_type('positive', '1'), try_type('varchar', '"x "'), try_type('numeric', '1.0');
SELECT * FROM differences;

DROP VIEW differences;
DROP FUNCTION outcome, object, try_expected, try_taken, try_refused, try_type;
DROP TABLE results, member_values, types;

-- Objects that are alike, that differ in a member, that have other members of the same length or in the same number,
-- and that have so many that jsonb keeps offsets among their lengths: each finds its members again.
DO $$
BEGIN
	EXECUTE (SELECT format('CREATE TABLE t (k int PRIMARY KEY, d digit, r required, %s)', string_agg(format('%s%s %s', c, i,
		(ARRAY['int', 'text', 'numeric', 'jsonb', 'text[]', 'pair', 'bool', 'short'])[1 + i % 8]), ', ' ORDER BY i, c))
		FROM generate_series(1, 50) AS i, unnest('{a,b,long_}'::text[]) AS c);
END $$;
CREATE TABLE expected (LIKE t);
CREATE FUNCTION member_value(seed bigint, number int) RETURNS jsonb
RETURN CASE WHEN seed % 5 = 0 THEN 'null' ELSE
	CASE number % 8
		WHEN 0 THEN to_jsonb(seed % 1000) WHEN 1 THEN to_jsonb(repeat('x', (seed % 300)::int) || seed) WHEN 2 THEN to_jsonb(seed / 64.0)
		WHEN 3 THEN jsonb_build_object('b', seed, 'a', jsonb_build_array(seed, 'x', NULL)) WHEN 4 THEN jsonb_build_array('a', seed, NULL)
		WHEN 5 THEN jsonb_build_object('x', seed % 100, 'y', 'y') WHEN 6 THEN to_jsonb(seed % 2 = 0) ELSE to_jsonb(left(seed::text, 3)) END
	END;
-- An object in eight has all members, one has those of its predecessor, and the others have some.
CREATE TABLE objects AS
SELECT k, jsonb_build_object('k', k, 'r', 'r' || k, 'd', 1 + k % 9) || coalesce(jsonb_object_agg(c || i, member_value(hashint8(k * 1000 + i) & 1048575, i))
	FILTER (WHERE k % 8 = 0 OR hashint8(alike * 200 + i * 3 + ascii(c)) & 3 >= alike % 4), '{}') AS object
FROM generate_series(1, 1000) AS k, LATERAL (SELECT k - (k % 8 = 3)::int) AS a (alike), generate_series(1, 50) AS i, unnest('{a,b,long_}'::text[]) AS c
GROUP BY k;
SELECT count(DISTINCT members) > 500 AS many_kinds, count(*) FILTER (WHERE members = predecessor) > 100 AS some_alike FROM (
	SELECT members, lag(members) OVER (ORDER BY k) AS predecessor
	FROM (SELECT k, (SELECT array_agg(m) FROM jsonb_object_keys(object) AS m) AS members FROM objects) AS o) AS o;
INSERT INTO expected SELECT r.* FROM objects, jsonb_populate_record(NULL::expected, object) AS r;
SELECT jsonb_agg(object || '{"no column": {"a1": [1, 2]}}' ORDER BY k) AS rows FROM objects \gset
SELECT * FROM bulk_sync_json('t', :'rows', '{k}', ignore_columns => '{no column}', allow_missing => true);
SELECT count(*) AS rows, count(*) FILTER (WHERE t *= e) AS same, count(t.a1) > 0 AS a1, count(t.long_50) > 0 AS long_50 FROM t FULL JOIN expected AS e USING (k);
SELECT * FROM bulk_sync_json('t', :'rows', '{k}', ignore_columns => '{no column}', allow_missing => true);
\unset rows
-- Two members that take each other's place, in objects that are alike but for that.
SELECT * FROM bulk_sync_json('t', '[{"k": 1, "r": "", "d": 1, "a1": 1}, {"k": 2, "r": "", "d": 1, "b1": 2}, {"k": 3, "r": "", "d": 1, "b1": 3}, {"k": 4, "r": "", "a1": 4, "d": 2}, {"d": 3, "k": 5, "r": ""}]',
	'{k}', 'k < 6', allow_missing => true);
SELECT k, d, a1, b1 FROM t WHERE k < 6 ORDER BY k;
-- What an object lacks is told of that object, after many that are alike.
\set VERBOSITY default
\set SHOW_CONTEXT errors
SELECT * FROM bulk_sync_json('t', '[{"k": 1, "r": "a"}, {"k": 2, "r": "b"}, {"r": "c", "d": 1}, {"k": 4, "r": "d"}]', '{k}');
SELECT * FROM bulk_sync_json('t', '[{"r": "a"}, {"r": "b"}, {"r": "c", "k": 1}]', '{k}');
SELECT * FROM bulk_sync_json('t', '[{"k": 1, "r": "a"}, {"k": 2, "r": "b"}, {"k": 3, "d": 3}, {"k": 4, "r": "d"}]', '{k}', allow_missing => true);
SELECT * FROM bulk_sync_json('t', '[{"k": 1, "r": "a"}, {"k": 2, "r": "b"}, {"k": 3, "d": 3}, {"k": 4, "r": "d"}]', '{k}');
SELECT * FROM bulk_sync_json('t', '[{"k": 1, "r": "a", "a8": 1}, {"k": 2, "r": "b", "a8": "x", "d": 10, "b8": "x"}]', '{k}', allow_missing => true);
DROP TABLE t, expected, objects;
DROP FUNCTION member_value;
DROP TYPE nested;
DROP DOMAIN positive, digit, required, short, price, document, plain_document, numbers, "a pair", required_pair;
DROP TYPE pair, mood;
