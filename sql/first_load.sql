--
-- Where a good part of staging is new, its rows go into the table from where the diff has them, as they are where the
-- columns allow it; through a store where somebody has to see them first. All ways end in the rows that INSERT .. SELECT
-- makes. In which order they go there, new_rows shows.
--
\i test/oracle.sql
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS amcheck;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE SCHEMA first_load;
SET search_path = first_load, public;
CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE FUNCTION run() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN EXECUTE tg_argv[0]; RETURN NULL; END';

-- Makes the tables, syncs directly and by a statement, in memory, with files, and with more files than are read together,
-- and compares with what `model` puts into a copy of the target; `look` is one more thing to compare, an expression over t.
-- Nothing stays. Returns what the calls said, each answer once, and what is wrong.
CREATE FUNCTION loaded(ddl text, model text DEFAULT 'INSERT INTO model SELECT * FROM staging',
	call text DEFAULT $$bulk_sync('target', 'staging', '{id}')$$, look text DEFAULT 'true') RETURNS TABLE (answers text, wrong text) LANGUAGE plpgsql AS $$
DECLARE
	way record;
	answer text;
	other bigint;
	broken bigint;
BEGIN
	answers := '';
	FOR way IN SELECT memory, by_statement FROM unnest('{64MB,256kB,64kB}'::text[]) AS memory, unnest('{f,t}'::bool[]) AS by_statement LOOP
		BEGIN
			EXECUTE ddl;
			CREATE TABLE model (LIKE target INCLUDING ALL);
			IF way.by_statement THEN
				CREATE TRIGGER pass BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION pass();
			END IF;
			PERFORM set_config('work_mem', way.memory, true), set_config('hash_mem_multiplier', '1', true);
			EXECUTE 'SELECT (' || call || ')::text' INTO answer;
			EXECUTE model;
			EXECUTE format('WITH t AS (SELECT t::text, %1$s FROM target AS t), m AS (SELECT t::text, %1$s FROM model AS t) SELECT (SELECT count(*) FROM (TABLE t EXCEPT TABLE m) AS d) + (SELECT count(*) FROM (TABLE m EXCEPT TABLE t) AS d)', look) INTO other;
			SELECT count(*) INTO broken FROM verify_heapam('target');
			IF other > 0 OR broken > 0 THEN
				wrong := concat_ws(', ', wrong, format('%s: %s rows are other, %s broken', way, other, broken));
			END IF;
			RAISE EXCEPTION USING ERRCODE = 'ZZZZZ';
		EXCEPTION
			WHEN SQLSTATE 'ZZZZZ' THEN
			WHEN OTHERS THEN
				answer := concat_ws(' | ', sqlstate, sqlerrm);
		END;
		IF position(answer IN answers) = 0 THEN
			answers := concat_ws(' -- ', nullif(answers, ''), answer);
		END IF;
	END LOOP;
	RETURN NEXT;
END $$;

-- Columns of all kinds, each NULL in some rows, in more rows than a batch has.
CREATE TABLE source AS
SELECT i AS id, nullif('key ' || i % 7, 'key 0') AS name, nullif(i % 5, 0)::int2 AS a, nullif(chr(65 + i % 7), 'A')::"char" AS b,
	nullif(i % 11, 0)::int8 AS c, nullif(repeat('d', i % 140), '') AS d, nullif(i % 13, 0) / 4.0 AS e,
	timestamptz '2020-01-01 00:00+00' + i % 17 * interval '1 h' AS f, nullif(i % 3, 0) > 1 AS g,
	CASE WHEN i % 7 > 0 THEN jsonb_build_object('i', i, 's', repeat('x', i % 50)) END AS h, CASE WHEN i % 9 > 0 THEN md5(i::text)::uuid END AS j
FROM generate_series(1, 2500) AS i ORDER BY hashint4(i);
SELECT * FROM loaded('CREATE TABLE target (LIKE source); CREATE TABLE staging AS TABLE source');
SELECT * FROM loaded('CREATE TABLE target (LIKE source, PRIMARY KEY (id)); CREATE UNIQUE INDEX ON target (j, id); CREATE TEMP TABLE staging AS TABLE source');
SELECT * FROM loaded('CREATE UNLOGGED TABLE target (LIKE source, CHECK (id > 0), CHECK (a < 5 AND c < 11)); CREATE MATERIALIZED VIEW staging AS TABLE source');
-- In another order, with others beside them, formed and converted.
SELECT * FROM loaded('CREATE TABLE target (LIKE source); CREATE TABLE staging AS SELECT j, h, g, f, e, d, c, b, a, name, id FROM source',
	'INSERT INTO model TABLE source');
SELECT * FROM loaded('CREATE TABLE target (LIKE source); CREATE TABLE staging AS SELECT *, id AS more FROM source', 'INSERT INTO model TABLE source',
	$$bulk_sync('target', 'staging', '{id}', ignore_columns => '{more}')$$);
SELECT * FROM loaded($$CREATE TABLE target (front text DEFAULT 'f', LIKE source, back date DEFAULT '2024-01-01'); CREATE TABLE staging AS TABLE source$$,
	$$INSERT INTO model SELECT 'f', *, '2024-01-01' FROM source$$);
SELECT * FROM loaded('CREATE TABLE target (LIKE source); CREATE VIEW staging AS SELECT c, d, e, id, name, a, h, j, b, f, g FROM source',
	'INSERT INTO model TABLE source', $$bulk_sync('target', 'staging', '{name,id}')$$);
SELECT * FROM loaded('CREATE TABLE target (LIKE source); CREATE VIEW staging AS SELECT id::text, name, a::text, b::text, c::text, d, e::text, f, g::text, h::text, j::text FROM source',
	'INSERT INTO model TABLE source');
SELECT * FROM loaded('CREATE TABLE target (LIKE source)', 'INSERT INTO model TABLE source',
	$$bulk_sync_json('target', (SELECT jsonb_agg(to_jsonb(s) ORDER BY s.ctid) FROM source AS s), '{id}')$$);
SELECT * FROM loaded($$CREATE TABLE target (LIKE source, gone timestamptz); CREATE TABLE staging AS TABLE source$$, 'INSERT INTO model TABLE source',
	$$bulk_sync('target', 'staging', '{id}', soft_delete => 'gone')$$);
SELECT * FROM loaded('CREATE TABLE target (LIKE source); ALTER TABLE target ALTER name TYPE citext; CREATE TABLE staging AS TABLE source');
SELECT * FROM loaded((SELECT format('CREATE TABLE target (id int, %s); CREATE TABLE staging AS SELECT i AS id, %s FROM generate_series(1, 30) AS i',
	string_agg(format('c%s int', c), ', '), string_agg(format('nullif(i %% 9, %s) AS c%s', c % 9, c), ', ')) FROM generate_series(1, 100) AS c));

-- Columns that were added or dropped on either side, with old values in them.
SELECT * FROM loaded($$CREATE TABLE staging AS SELECT * FROM source WHERE id % 2 = 0; ALTER TABLE staging ADD late text DEFAULT 'late', ADD more int;
	INSERT INTO staging SELECT *, 'now', id FROM source WHERE id % 2 = 1; CREATE TABLE target (LIKE staging)$$);
SELECT * FROM loaded($$CREATE TABLE staging AS TABLE source; CREATE TABLE target (LIKE source); ALTER TABLE target ADD late text DEFAULT 'late'$$);
SELECT * FROM loaded('CREATE TABLE staging AS TABLE source; CREATE TABLE target (LIKE source); ALTER TABLE target DROP d; ALTER TABLE staging DROP d');
SELECT * FROM loaded('CREATE TABLE staging AS TABLE source; CREATE TABLE target (LIKE source); ALTER TABLE target DROP j; ALTER TABLE staging DROP j');
SELECT * FROM loaded('CREATE TABLE staging AS TABLE source; ALTER TABLE staging DROP h; CREATE TABLE target (LIKE staging)');
SELECT * FROM loaded('CREATE TABLE staging AS TABLE source; CREATE TABLE target (LIKE source); ALTER TABLE target DROP h, ADD h jsonb',
	'INSERT INTO model SELECT id, name, a, b, c, d, e, f, g, j, h FROM source');

-- Long values: compressed, out of line, and in columns that store them otherwise. What is out of line is the table's own.
CREATE TABLE long_source AS
SELECT i AS id, CASE i % 4 WHEN 0 THEN repeat(md5(i::text), 50) WHEN 1 THEN (SELECT string_agg(md5(i * j || ''), '') FROM generate_series(1, 200) AS j)
	WHEN 2 THEN 's' || i END AS v, i AS n FROM generate_series(1, 40) AS i;
SELECT storage, l.* FROM unnest('{main,external,extended}'::text[]) AS storage,
	loaded('CREATE TABLE staging AS TABLE long_source; CREATE TABLE target (LIKE staging); ALTER TABLE target ALTER v SET STORAGE ' || storage ||
		'; ALTER TABLE staging ALTER v SET STORAGE external; INSERT INTO staging SELECT id + 40, v, n FROM staging WHERE length(v) < 5000',
		look => 'pg_column_size(v)') AS l;
SELECT * FROM loaded($$CREATE TABLE staging (id int, v text); ALTER TABLE staging ALTER v SET STORAGE plain; INSERT INTO staging SELECT id, left(v, 2000) FROM long_source;
	CREATE TABLE target (id int, v text)$$, look => 'pg_column_size(v)');
SELECT * FROM loaded($$CREATE TABLE target (id int, v text); ALTER TABLE target ALTER v SET STORAGE plain; CREATE TABLE staging AS SELECT id, left(v, 2000) AS v FROM long_source$$);
-- They stay when staging has gone; a trigger may not take it away, but its rows.
CREATE TABLE target (id int, v text, n int);
CREATE TABLE staging AS TABLE long_source;
SELECT bulk_sync('target', 'staging', '{id}');
DROP TABLE staging;
SELECT count(*) FROM target FULL JOIN long_source AS s USING (id, n) WHERE target.v IS DISTINCT FROM s.v;
DROP TABLE target;
SELECT action, l.* FROM unnest('{DELETE FROM staging,UPDATE staging SET v = n,TRUNCATE staging,DROP TABLE staging}'::text[]) AS action,
	loaded(format($$CREATE TABLE staging AS TABLE long_source; CREATE TABLE target (LIKE staging); CREATE TRIGGER b BEFORE INSERT ON target EXECUTE FUNCTION run(%L)$$,
		action), 'INSERT INTO model TABLE long_source') AS l;

-- Columns that get something else than the staged value, in all rows or in some.
SELECT share, l.* FROM unnest('{1,2,9999}'::int[]) AS share,
	loaded(format($$CREATE TABLE target (id int, k int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text, s serial, f int GENERATED BY DEFAULT AS IDENTITY);
		CREATE TABLE staging AS SELECT id, CASE WHEN id %% %1$s > 0 THEN id + 10000 END AS k, CASE WHEN id %% %1$s > 0 THEN id END AS f, md5(id::text) || md5(name) AS v FROM source
		ORDER BY -id$$, share),
		$$INSERT INTO model (id, v, s, k, f) OVERRIDING SYSTEM VALUE SELECT id, v, rank() OVER (ORDER BY -id), coalesce(k, rank() OVER (PARTITION BY k IS NULL ORDER BY -id)),
			coalesce(f, rank() OVER (PARTITION BY f IS NULL ORDER BY -id)) FROM staging ORDER BY -id$$) AS l;
SELECT * FROM loaded($$CREATE TABLE target (id int, v text, g text GENERATED ALWAYS AS (upper(v) || n) STORED, n int, d int DEFAULT 7, j jsonb DEFAULT '{}');
	CREATE TABLE staging AS TABLE long_source$$, $$INSERT INTO model (id, v, n, j) SELECT *, '[1]' FROM staging$$,
	$$bulk_sync('target', 'staging', '{id}', insert_defaults => '{"j": [1]}')$$);
SELECT * FROM loaded($$CREATE TABLE whole (id int, v text, n int) PARTITION BY RANGE (id); CREATE TABLE target (n int, v text, id int);
	ALTER TABLE whole ATTACH PARTITION target FOR VALUES FROM (0) TO (1000); CREATE TABLE staging AS SELECT n, v, id FROM long_source$$);

-- Some rows are there: fewer new ones than are worth their memory, just as many, and more; others change or go.
CREATE FUNCTION beside(old int, rows int, memory text, condition text DEFAULT NULL) RETURNS TABLE (counts text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('work_mem', memory, true), set_config('hash_mem_multiplier', '1', true);
	CREATE TABLE staging AS SELECT id, md5(id::text) || md5(name) AS v, id AS n FROM source WHERE id <= rows;
	CREATE TABLE target (LIKE staging);
	INSERT INTO target SELECT id, v, n + id % 2 FROM staging WHERE id <= old;
	INSERT INTO target SELECT id + 10000, v, n FROM staging;
	RETURN QUERY SELECT ROW(s.*)::text FROM sync_checked('target', 'staging', '{id}', update_when => condition) AS s;
	DROP TABLE target, staging;
END $$;
SELECT old, beside(old, 40, '64MB') FROM unnest('{0,1,20,29,30,31,39,40}'::int[]) AS old;
SELECT old, memory, beside(old, 2500, memory) FROM unnest('{64kB,128kB,256kB}'::text[]) AS memory, unnest('{0,1,300,2499}'::int[]) AS old;
-- What is held back of the old ones does not change where the new ones are.
SELECT old, memory, beside(old, 2500, memory, 'old.id > 10') FROM unnest('{64kB,64MB}'::text[]) AS memory, unnest('{0,1,300}'::int[]) AS old;
CREATE TABLE target (id int, v text, n int);
CREATE TABLE staging AS TABLE long_source;
INSERT INTO target SELECT id, v, n + id % 2 FROM staging WHERE id <= 20;
SELECT bulk_sync('target', 'staging', '{id}', dry_run => true);
SELECT * FROM sync_checked('target', 'staging', '{id}', skip_creates => true);
SELECT * FROM sync_checked('target', 'staging', '{id}');
-- What is said of rows that come twice.
TRUNCATE target;
INSERT INTO staging SELECT id, 'again' FROM staging WHERE id % 10 = 1;
CREATE FUNCTION said(call text) RETURNS TABLE (state text, message text, detail text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'SELECT ' || call INTO message;
	RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
	RETURN NEXT;
END $$;
SELECT * FROM said($$bulk_sync('target', 'staging', '{id}')$$);
DELETE FROM staging WHERE v = 'again';
-- Checks look at the rows before they are written, and in REPEATABLE READ the look for the same keys.
SELECT * FROM said($$bulk_sync('target', 'staging', '{id}', 'n < 38')$$);
SELECT * FROM sync_checked('target', 'staging', '{id}', 'n < 41');
TRUNCATE target;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT * FROM sync_checked('target', 'staging', '{id}');
ROLLBACK;
ALTER TABLE target ADD k int GENERATED BY DEFAULT AS IDENTITY;
ALTER TABLE staging ADD k int;
UPDATE staging SET k = n WHERE n < 39;
SELECT * FROM said($$bulk_sync('target', 'staging', '{id,k}')$$);
DELETE FROM staging WHERE k IS NULL;
SELECT * FROM sync_checked('target', 'staging', '{id,k}');
-- A trigger of the write before may be the first to have a say.
DELETE FROM target WHERE id > 10;
UPDATE target SET n = 0 WHERE id = 1;
CREATE TRIGGER u BEFORE UPDATE ON target EXECUTE FUNCTION run('CREATE TRIGGER pass BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION pass()');
BEGIN;
SELECT bulk_sync('target', 'staging', '{id,k}');
SELECT count(*) FROM target FULL JOIN staging USING (id, k) WHERE target.v IS DISTINCT FROM staging.v;
ROLLBACK;
-- Errors leave nothing.
ALTER TABLE target ADD CHECK (n <> 33), ALTER n SET NOT NULL;
DELETE FROM target WHERE id < 1000;
SELECT * FROM said($$bulk_sync('target', 'staging', '{id,k}')$$);
UPDATE staging SET n = NULL WHERE n = 33;
SELECT * FROM said($$bulk_sync('target', 'staging', '{id,k}')$$);
UPDATE staging SET n = 34 WHERE n IS NULL;
CREATE UNIQUE INDEX ON target (n);
SELECT * FROM said($$bulk_sync('target', 'staging', '{id,k}')$$);
SELECT count(*) FROM target;

-- The same of rows in files.
DROP TABLE target, staging;
CREATE TABLE staging AS SELECT id, md5(id::text) || md5(name) AS v, id AS n FROM source;
CREATE TABLE target (id int, v text, n int);
SET work_mem = '256kB';
SET hash_mem_multiplier = 1;
SELECT bulk_sync('target', 'staging', '{id}', dry_run => true);
SELECT * FROM sync_checked('target', 'staging', '{id}', skip_creates => true);
SELECT * FROM said($$bulk_sync('target', 'staging', '{id}', 'n < 2500')$$);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT bulk_sync('target', 'staging', '{id}');
SELECT count(*) FROM (TABLE target EXCEPT TABLE staging) AS d;
ROLLBACK;
INSERT INTO staging SELECT id, 'again' FROM staging WHERE id = 1001;
SELECT * FROM said($$bulk_sync('target', 'staging', '{id}')$$);
DELETE FROM staging WHERE v = 'again';
ALTER TABLE target ADD CHECK (n <> 2300);
SELECT * FROM said($$bulk_sync('target', 'staging', '{id}')$$);
UPDATE staging SET n = 0 WHERE n > 1000;
CREATE UNIQUE INDEX ON target (n);
SELECT * FROM said($$bulk_sync('target', 'staging', '{id}')$$);
UPDATE staging SET n = -id;
SELECT * FROM sync_checked('target', 'staging', '{id}');

SET client_min_messages = warning;
DROP SCHEMA first_load CASCADE;
