--
-- Rows are compared as they are stored, whatever the layout of the two tables: in memory and in files.
--
\i test/oracle.sql
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE SCHEMA stored_rows;
SET search_path = stored_rows, public;
CREATE TYPE pair AS (a numeric, b text);
CREATE DOMAIN word AS text CHECK (value <> '');

-- Each column is NULL in some rows, also together with its neighbours.
CREATE TABLE source AS
SELECT i AS id, 'key ' || i AS name, nullif(i % 5, 0)::int2 AS a, nullif(chr(65 + i % 7), 'A')::"char" AS b,
	nullif(i % 11, 0)::int8 * 1000000007 AS c, nullif(repeat('d', i % 140), '') AS d, nullif(i % 13, 0) / 4.0 AS e,
	nullif(timestamptz '2020-01-01 00:00+00' + (i % 17) * interval '1 h', '2020-01-01 00:00+00') AS f,
	nullif(i % 3, 0) > 1 AS g, CASE WHEN i % 7 > 0 THEN jsonb_build_object('i', i % 7, 's', repeat('x', i % 50)) END AS h,
	CASE WHEN i % 9 > 0 THEN md5(i::text)::uuid END AS j
FROM generate_series(1, 600) AS i;

-- Makes the two tables, which have the same rows, and syncs them: as they are, in memory alone, and after changes of
-- staging, or of the table that a view as staging reads.
CREATE FUNCTION rounds(tables text, options text DEFAULT '', more_changes text DEFAULT '', changed text DEFAULT 'staging',
	keys text DEFAULT '{id,name}') RETURNS TABLE (memory text, equal text, changes text) LANGUAGE plpgsql AS $$
DECLARE
	call text := format('SELECT ROW(s.*)::text FROM sync_checked(''target'', ''staging'', %L%s) AS s', keys, options);
BEGIN
	FOREACH memory IN ARRAY ARRAY['4MB', '64kB'] LOOP
		PERFORM set_config('work_mem', memory, true), set_config('hash_mem_multiplier', '1', true);
		EXECUTE tables;
		IF memory = '4MB' THEN
			EXECUTE call INTO equal;
		ELSE
			equal := NULL;
		END IF;
		EXECUTE format('UPDATE %1$s SET a = a + 1 WHERE id %% 100 = 7;
			UPDATE %1$s SET d = NULL WHERE id %% 100 = 8;
			UPDATE %1$s SET f = now(), h = ''{"i": 1}'' WHERE id %% 100 = 9;
			UPDATE %1$s SET d = concat(d, ''!'') WHERE id %% 100 = 10;
			UPDATE %1$s SET e = 1.00 WHERE e = 1;
			DELETE FROM %1$s WHERE id %% 100 = 11;
			UPDATE %1$s SET id = -id WHERE id %% 100 = 12;
			UPDATE %1$s SET name = NULL WHERE id = 500', changed);
		EXECUTE more_changes;
		EXECUTE call INTO changes;
		RETURN NEXT;
		DROP TABLE target;
		EXECUTE (SELECT format('DROP %s staging', CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END)
			FROM pg_class WHERE oid = 'staging'::regclass);
	END LOOP;
END
$$;

-- The same columns, in the same order or another one; other columns around them.
SELECT * FROM rounds('CREATE TABLE target AS TABLE source; CREATE TABLE staging AS TABLE source');
SELECT * FROM rounds('CREATE TABLE target AS TABLE source; CREATE TABLE staging AS SELECT j, h, g, f, e, d, c, b, a, name, id FROM source');
SELECT * FROM rounds('CREATE TABLE target AS TABLE source; CREATE TABLE staging AS SELECT c, d, e, id, name, a, h, j, b, f, g FROM source');
SELECT * FROM rounds('CREATE TABLE target AS SELECT true AS "first", * FROM source; CREATE TABLE staging AS TABLE source');
SELECT * FROM rounds('CREATE TABLE target AS SELECT *, id AS "last" FROM source; CREATE TABLE staging AS TABLE source');
SELECT * FROM rounds('CREATE TABLE target AS TABLE source; CREATE TABLE staging AS SELECT id::int2 AS "first", *, NULL::text AS "last" FROM source',
	', ignore_columns => ''{first,last}''');
SELECT * FROM rounds('CREATE TABLE target AS SELECT true AS "first", id, name, a, b, c, d, e, f, 1 AS "between", g, h, j FROM source;
	CREATE TABLE staging AS SELECT id, name, a, b, c, d, e, f, 1 AS "between", g, h, j FROM source', ', ignore_columns => ''{between}''');

-- Dropped columns.
SELECT * FROM rounds('CREATE TABLE target AS SELECT id AS x, id, name, a, b, 1::int8 AS y, c, d, e, f, g, h, j, ''z'' AS z FROM source;
	ALTER TABLE target DROP x, DROP y, DROP z; CREATE TABLE staging AS TABLE source');
SELECT * FROM rounds('CREATE TABLE target AS TABLE source;
	CREATE TABLE staging AS SELECT ''x''::text AS x, id, name, a, NULL::text AS y, b, c, d, e, f, g, h, j FROM source; ALTER TABLE staging DROP x, DROP y');
SELECT * FROM rounds('CREATE TABLE target AS SELECT true AS x, * FROM source; ALTER TABLE target DROP x;
	CREATE TABLE staging AS SELECT 1 AS x, * FROM source; ALTER TABLE staging DROP x');

-- Columns that older rows lack: they have the default of then.
SELECT * FROM rounds('CREATE TABLE target AS TABLE source; ALTER TABLE target ADD m int DEFAULT 7, ADD n text DEFAULT ''n'', ADD o int;
	UPDATE target SET o = NULL WHERE id % 2 = 0; CREATE TABLE staging AS SELECT *, 7 AS m, ''n''::text AS n, NULL::int AS o FROM source',
	more_changes => 'UPDATE staging SET m = 8 WHERE id % 100 = 20; UPDATE staging SET n = NULL WHERE id % 100 = 21; UPDATE staging SET o = 1 WHERE id % 100 = 22');
SELECT * FROM rounds('CREATE TABLE target AS SELECT *, 7 AS m, ''n''::text AS n, NULL::int AS o FROM source;
	CREATE TABLE staging AS TABLE source; ALTER TABLE staging ADD m int DEFAULT 7, ADD n text DEFAULT ''n'', ADD o int',
	more_changes => 'UPDATE staging SET m = 8 WHERE id % 100 = 20; UPDATE staging SET n = NULL WHERE id % 100 = 21; UPDATE staging SET o = 1 WHERE id % 100 = 22');
SELECT * FROM rounds('CREATE TABLE target AS TABLE source; CREATE TABLE staging AS TABLE source;
	ALTER TABLE target ADD m int DEFAULT 7; ALTER TABLE staging ADD m int DEFAULT 7',
	more_changes => 'UPDATE staging SET m = 8 WHERE id % 100 = 20');
SELECT * FROM rounds('CREATE TABLE target AS TABLE source; ALTER TABLE target ADD k int DEFAULT 7; CREATE TABLE staging AS SELECT *, 7 AS k FROM source',
	more_changes => 'UPDATE staging SET k = 8 WHERE id % 100 = 20; UPDATE staging SET k = NULL WHERE id % 100 = 21', keys => '{id,name,k}');

-- The same values with other headers, compressed, and out of line; keys among them.
SELECT * FROM rounds('CREATE TABLE target (LIKE source); ALTER TABLE target ALTER d SET STORAGE PLAIN, ALTER name SET STORAGE PLAIN;
	INSERT INTO target TABLE source; CREATE TABLE staging AS TABLE source');
SELECT * FROM rounds('CREATE TABLE target AS TABLE source; CREATE TABLE staging (LIKE source);
	ALTER TABLE staging ALTER d SET STORAGE PLAIN, ALTER name SET STORAGE PLAIN; INSERT INTO staging TABLE source');
CREATE TABLE long_source AS SELECT id, repeat(name, 400) AS name, a, b, c, repeat(d, 50) AS d, e, f, g, h, j FROM source WHERE id <= 150 OR id = 500;
SELECT * FROM rounds('CREATE TABLE target (LIKE long_source);
	ALTER TABLE target ALTER d SET STORAGE EXTERNAL, ALTER h SET STORAGE MAIN, ALTER name SET STORAGE EXTERNAL; INSERT INTO target TABLE long_source;
	CREATE TABLE staging (LIKE long_source) WITH (toast_tuple_target = 128); INSERT INTO staging TABLE long_source');
SELECT * FROM rounds('CREATE TABLE target (LIKE long_source); ALTER TABLE target ALTER name SET STORAGE MAIN; INSERT INTO target TABLE long_source;
	CREATE TABLE staging (LIKE long_source); ALTER TABLE staging ALTER d SET STORAGE EXTERNAL; INSERT INTO staging TABLE long_source');

-- One side, or both, cannot be taken as they are stored.
CREATE TABLE below (LIKE source);
SELECT * FROM rounds('CREATE TABLE target AS TABLE source; TRUNCATE below; INSERT INTO below TABLE source;
	CREATE VIEW staging AS TABLE below', changed => 'below');
SELECT * FROM rounds('CREATE TABLE target AS TABLE source; TRUNCATE below; INSERT INTO below TABLE source;
	CREATE VIEW staging AS SELECT j, h, g, f::text AS f, e, d, c, b, a, name, id FROM below', changed => 'below');
SELECT * FROM rounds('CREATE TABLE target (LIKE source) PARTITION BY HASH (id); CREATE TABLE p0 PARTITION OF target FOR VALUES WITH (MODULUS 2, REMAINDER 0);
	CREATE TABLE p1 (x int, j uuid, h jsonb, g bool, f timestamptz, e numeric, d text, c int8, b "char", a int2, name text, id int); ALTER TABLE p1 DROP x;
	ALTER TABLE target ATTACH PARTITION p1 FOR VALUES WITH (MODULUS 2, REMAINDER 1); INSERT INTO target TABLE source; CREATE TABLE staging AS TABLE source');
SELECT * FROM rounds('CREATE TABLE target (LIKE source) PARTITION BY HASH (id); CREATE TABLE p0 PARTITION OF target FOR VALUES WITH (MODULUS 2, REMAINDER 0);
	CREATE TABLE p1 PARTITION OF target FOR VALUES WITH (MODULUS 2, REMAINDER 1); INSERT INTO target TABLE source; TRUNCATE below; INSERT INTO below TABLE source;
	CREATE VIEW staging AS SELECT d, id, a, name, b, c, e, f, g, h, j FROM below', changed => 'below');
SELECT * FROM rounds('CREATE TABLE target AS SELECT *, name AS pad1, md5(name) AS pad2, md5(name) AS pad3, md5(name) AS pad4 FROM source;
	CREATE TABLE staging AS TABLE target', ', columns => ''{id,name,a,d}''');
SELECT * FROM rounds('CREATE TABLE target AS TABLE source; CREATE TEMP TABLE staging AS TABLE source');
SELECT * FROM rounds('CREATE TABLE target AS TABLE source; TRUNCATE below; INSERT INTO below TABLE source; CREATE MATERIALIZED VIEW staging AS TABLE below',
	more_changes => 'REFRESH MATERIALIZED VIEW staging', changed => 'below');
-- By an index, within a scope.
SELECT * FROM rounds('CREATE TABLE target AS TABLE source; CREATE INDEX ON target (id); ANALYZE target; SET LOCAL enable_seqscan = off;
	CREATE TABLE staging AS SELECT * FROM source WHERE id < 400', ', filter => ''id < 400''');
SELECT * FROM rounds('CREATE TABLE target AS SELECT 1 AS x, * FROM source; ALTER TABLE target DROP x; CREATE INDEX ON target (id); ANALYZE target; SET LOCAL enable_seqscan = off;
	CREATE TABLE staging AS SELECT * FROM source WHERE id < 400', ', filter => ''id < 400''');

-- More than 64 columns.
SELECT format('CREATE TABLE wide AS SELECT id, name, a, %s, d, f, h, e FROM source WHERE id <= 200',
	string_agg(format('nullif(id %% %s, 0)%s AS c%s', n + 1, CASE WHEN n % 3 = 0 THEN '::text' WHEN n % 3 = 1 THEN '::int2' ELSE '' END, n), ', ')) AS make_wide
FROM generate_series(1, 70) AS n \gset
:make_wide;
SELECT * FROM rounds('CREATE TABLE target AS TABLE wide; CREATE TABLE staging AS TABLE wide',
	more_changes => 'UPDATE staging SET c70 = NULL WHERE id % 100 = 30; UPDATE staging SET c69 = ''x'' WHERE id % 100 = 31');
SELECT * FROM rounds('CREATE TABLE target AS SELECT 1 AS x, * FROM wide; ALTER TABLE target DROP x; CREATE TABLE staging AS TABLE wide',
	more_changes => 'UPDATE staging SET c70 = NULL WHERE id % 100 = 30; UPDATE staging SET c69 = ''x'' WHERE id % 100 = 31');

-- Keys of all kinds, hashed as they are stored or through their type, in rows that are stored and in rows that are formed. Equal keys are
-- written in different ways where the type has some.
CREATE FUNCTION key_rounds(type text, here text, there text) RETURNS TABLE (memory text, stored text, formed text) LANGUAGE plpgsql AS $$
DECLARE
	call text := 'SELECT ROW(s.*)::text FROM sync_checked(''target'', %L, ''{k}'') AS s';
	rows text := 'SELECT (%s)::%s AS k, repeat(''v'', 150) || i AS v FROM generate_series(1, 400) AS i UNION ALL SELECT NULL, ''null''';
BEGIN
	FOREACH memory IN ARRAY ARRAY['4MB', '64kB'] LOOP
		PERFORM set_config('work_mem', memory, true), set_config('hash_mem_multiplier', '1', true);
		EXECUTE 'CREATE TABLE target AS ' || format(rows, here, type);
		EXECUTE 'CREATE TABLE staging AS ' || format(rows, there, type);
		CREATE TABLE other AS SELECT v, k FROM staging;
		CREATE VIEW other_view AS TABLE other;
		UPDATE other SET v = 'changed' WHERE right(v, 1) = '3' OR k IS NULL;
		EXECUTE format(call, 'staging') INTO stored;
		EXECUTE format(call, 'other_view') INTO formed;
		RETURN NEXT;
		DROP VIEW other_view;
		DROP TABLE target, staging, other;
	END LOOP;
END
$$;
SELECT * FROM key_rounds('numeric', 'i * 1.25', 'i * 1.250000');
SELECT * FROM key_rounds('numeric', 'i * 10000::numeric ^ 20', '(i * 10000::numeric ^ 20)::numeric(200, 30)');
SELECT * FROM key_rounds('citext', '''Key '' || i', '''kEY '' || i');
SELECT * FROM key_rounds('pair', 'ROW(i * 1.5, ''b'')', 'ROW(i * 1.50, ''b'')');
SELECT * FROM key_rounds('numeric[]', 'ARRAY[i, 1.5]', 'ARRAY[i, 1.500]');
SELECT * FROM key_rounds('numrange', 'numrange(i, i + 1)', 'numrange(i + 0.0, i + 1)');
SELECT * FROM key_rounds('jsonb', 'jsonb_build_object(''a'', i, ''b'', 1.0)', 'jsonb_build_object(''b'', 1.00, ''a'', i)');
SELECT * FROM key_rounds('char(12)', '''k'' || i', '''k'' || i || ''  ''');
SELECT * FROM key_rounds('word', '''k'' || i', '''k'' || i');
SELECT * FROM key_rounds('text', 'repeat(md5(i::text), 100)', 'repeat(md5(i::text), 100)');
SELECT * FROM key_rounds('name', '''k'' || i', '''k'' || i');
SELECT * FROM key_rounds('float8', 'CASE i WHEN 1 THEN float8 ''NaN'' WHEN 2 THEN 0 ELSE i / 4.0 END', 'CASE i WHEN 1 THEN float8 ''NaN'' WHEN 2 THEN ''-0'' ELSE i / 4.0 END');
SELECT * FROM key_rounds('uuid', 'md5(i::text)', 'md5(i::text)');
SELECT * FROM key_rounds('interval', 'i * interval ''24 h''', 'i * interval ''1 day''');
SELECT * FROM key_rounds('int2', 'i - 300', 'i - 300');

DROP SCHEMA stored_rows CASCADE;
RESET search_path;
RESET client_min_messages;
