--
-- What must not run while the executor has workers may be hidden in the types of a column: CHECKs of domains in arrays,
-- composites, ranges; and the functions that compare and hash keys. Such a call does without workers.
--
\i test/oracle.sql
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
SET max_parallel_workers_per_gather = 2;

-- A subtransaction is such a thing.
CREATE FUNCTION not_zero(i int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL UNSAFE AS $$
BEGIN
	PERFORM 1 / i;
	RETURN true;
EXCEPTION WHEN division_by_zero THEN
	RETURN false;
END $$;
CREATE FUNCTION is_small(i int) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT i < 10000000';
CREATE FUNCTION is_even(i int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL RESTRICTED AS 'BEGIN RETURN i % 2 = 0; END';
-- Which process reads a row?
CREATE FUNCTION reader() RETURNS int LANGUAGE plpgsql STABLE PARALLEL SAFE AS 'BEGIN RETURN pg_backend_pid(); END';

CREATE DOMAIN nonzero AS int CHECK (not_zero(VALUE));
CREATE DOMAIN above AS nonzero CHECK (is_small(VALUE));
CREATE DOMAIN nonzeros AS nonzero[];
CREATE TYPE holder AS (t text, n nonzero);
CREATE TYPE holders AS (i int, hs holder[]);
CREATE TYPE nonzero_range AS RANGE (subtype = nonzero);
CREATE DOMAIN small AS int CHECK (is_small(VALUE));
CREATE TYPE small_holder AS (t text, s small);
CREATE TYPE small_range AS RANGE (subtype = small);
CREATE DOMAIN even AS int CHECK (is_even(VALUE));
-- A CHECK that casts to a type with such a domain.
CREATE DOMAIN through AS text CHECK (VALUE::holder IS NOT NULL);
CREATE TYPE word AS ENUM ('(a,1)', '(b,2)');
CREATE CAST (word AS holder) WITH INOUT AS ASSIGNMENT;
CREATE CAST (word AS small_holder) WITH INOUT AS ASSIGNMENT;

CREATE TABLE source (id int, t text);
INSERT INTO source SELECT i, '' FROM generate_series(1, 1000) AS i;
ANALYZE source;

-- The staged values, and whether workers read them.
CREATE FUNCTION try(type text, value text, source_type text DEFAULT 'text', OUT result text, OUT workers boolean)
LANGUAGE plpgsql AS $$
DECLARE
	counts bulk_sync_stats;
BEGIN
	EXECUTE format('CREATE TABLE target (id int PRIMARY KEY, v %s, pid int)', type);
	EXECUTE format('CREATE VIEW staging AS SELECT id, %L::%s AS v, reader() AS pid FROM source', value, source_type);
	counts := bulk_sync('target', 'staging', '{id}');
	result := counts::text;
	EXECUTE 'SELECT bool_and(pid <> pg_backend_pid()) FROM target' INTO workers;
	EXECUTE 'SELECT $1 || '' '' || count(*) FROM target WHERE v::text IS NOT NULL' INTO result USING result;
	DROP VIEW staging;
	DROP TABLE target;
END $$;
SELECT type, source_type, t.* FROM (VALUES
	('nonzero', '1', 'text'),
	('above', '1', 'text'),
	('nonzero[]', '{1,2}', 'text'),
	('nonzeros', '{1,2}', 'text'),
	('nonzeros', '{1,2}', 'int[]'),
	('nonzero[]', '{1,2}', 'int[]'),
	('holder', '(x,1)', 'text'),
	('holder[]', '{"(x,1)"}', 'varchar'),
	('holders', '(1,"{""(x,1)""}")', 'text'),
	('holder', '(a,1)', 'word'),
	('nonzero_range', '[1,2)', 'text'),
	('nonzero_multirange', '{[1,2)}', 'text'),
	('through', '(x,1)', 'varchar'),
	('small', '1', 'text'),
	('small', '1', 'int8'),
	('small[]', '{1,2}', 'text'),
	('small[]', '{1,2}', 'int8[]'),
	('small_holder', '(x,1)', 'text'),
	('small_holder', '(a,1)', 'word'),
	('small_range', '[1,2)', 'text'),
	('small_multirange', '{[1,2)}', 'text'),
	('even', '2', 'text'),
	('int', '1', 'text')) AS v (type, value, source_type), try(type, value, source_type) AS t;

-- A value that a CHECK refuses.
CREATE TABLE target (id int PRIMARY KEY, v nonzero[]);
CREATE VIEW staging AS SELECT id, CASE WHEN id = 77 THEN '{1,0}' ELSE '{1,2}' END AS v FROM source;
SELECT state, message, context FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
DROP VIEW staging;
DROP TABLE target;

-- Keys whose functions start subtransactions. In staging they are hashed, in the target compared too, when workers run.
CREATE TYPE pair AS (a int, b text);
CREATE FUNCTION compare(l pair, r pair) RETURNS int LANGUAGE plpgsql IMMUTABLE PARALLEL UNSAFE AS $$
BEGIN
	RETURN CASE WHEN (l).a < (r).a THEN -1 WHEN (l).a > (r).a THEN 1 ELSE 0 END;
EXCEPTION WHEN OTHERS THEN
	RAISE;
END $$;
CREATE FUNCTION lt(l pair, r pair) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT (l).a < (r).a';
CREATE FUNCTION le(l pair, r pair) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT (l).a <= (r).a';
CREATE FUNCTION eq(l pair, r pair) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL UNSAFE AS $$
BEGIN
	RETURN (l).a = (r).a;
EXCEPTION WHEN OTHERS THEN
	RAISE;
END $$;
CREATE FUNCTION ge(l pair, r pair) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT (l).a >= (r).a';
CREATE FUNCTION gt(l pair, r pair) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT (l).a > (r).a';
CREATE FUNCTION hash(p pair) RETURNS int LANGUAGE plpgsql IMMUTABLE PARALLEL UNSAFE AS $$
BEGIN
	RETURN hashint4((p).a);
EXCEPTION WHEN OTHERS THEN
	RAISE;
END $$;
CREATE OPERATOR < (LEFTARG = pair, RIGHTARG = pair, FUNCTION = lt);
CREATE OPERATOR <= (LEFTARG = pair, RIGHTARG = pair, FUNCTION = le);
CREATE OPERATOR = (LEFTARG = pair, RIGHTARG = pair, FUNCTION = eq, COMMUTATOR = =, HASHES, MERGES);
CREATE OPERATOR >= (LEFTARG = pair, RIGHTARG = pair, FUNCTION = ge);
CREATE OPERATOR > (LEFTARG = pair, RIGHTARG = pair, FUNCTION = gt);
CREATE OPERATOR CLASS pair_order DEFAULT FOR TYPE pair USING btree AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 compare(pair, pair);
CREATE OPERATOR CLASS pair_hash DEFAULT FOR TYPE pair USING hash AS OPERATOR 1 =, FUNCTION 1 hash(pair);
CREATE TYPE pair_holder AS (n int, p pair);
CREATE DOMAIN pair_domain AS pair;
CREATE TYPE pair_range AS RANGE (subtype = pair);
-- A filter that tells where it runs: the leader calls no row its own.
CREATE FUNCTION runs_in_worker(leader int) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS
	'BEGIN RETURN pg_backend_pid() <> leader; END';

CREATE FUNCTION try_key(type text, value text, OUT result text, OUT workers_for_staging boolean, OUT workers_for_target boolean)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE target (k %s, v int)', type);
	EXECUTE format('INSERT INTO target SELECT (%s)::%s, id FROM source AS s(i, t), LATERAL (SELECT i) AS x(id)', value, type);
	CREATE TABLE staging_rows (LIKE target);
	INSERT INTO staging_rows TABLE target;
	UPDATE staging_rows SET v = -v WHERE v > 990;
	CREATE VIEW staging AS SELECT k, v, reader() AS pid FROM staging_rows;
	ANALYZE target, staging_rows;
	result := bulk_sync('target', 'staging', '{k}', ignore_columns => '{pid}', dry_run => true)::text;
	-- All rows are in scope when workers read them, and none else.
	workers_for_target := (bulk_sync('target', 'staging', '{k}', format('runs_in_worker(%s)', pg_backend_pid()),
		ignore_columns => '{pid}', dry_run => true, allow_out_of_scope => true)).created = 0;
	ALTER TABLE target ADD pid int;
	result := result || bulk_sync('target', 'staging', '{k}')::text;
	workers_for_staging := (SELECT bool_and(pid <> pg_backend_pid()) FROM target);
	result := result || bulk_sync('target', 'staging', '{k}', skip_deletes => true, ignore_columns => '{pid}')::text;
	DROP VIEW staging;
	DROP TABLE target, staging_rows;
END $$;
SELECT type, t.* FROM (VALUES
	('pair', 'format(''(%s,x)'', i)'),
	('pair[]', 'format(''{"(%s,x)"}'', i)'),
	('pair_holder', 'format(''(%s,"(%s,x)")'', i, i)'),
	('pair_domain', 'format(''(%s,x)'', i)'),
	('pair_range', 'format(''["(%s,x)","(%s,x)")'', i, i + 1)'),
	('pair_multirange', 'format(''{["(%s,x)","(%s,x)")}'', i, i + 1)'),
	('nonzero', 'i::text'),
	('nonzero[]', 'format(''{%s}'', i)'),
	('numeric', 'i::text'),
	('int', 'i::text')) AS v (type, value), try_key(type, value) AS t;
-- A range is read by comparing its bounds.
SELECT * FROM try('pair_range', '["(1,x)","(2,x)")');
SELECT * FROM try('pair_multirange', '{["(1,x)","(2,x)")}');
-- Two rows of the target match one of staging, and the message shows the key.
CREATE TABLE target (k pair, v int);
INSERT INTO target SELECT format('(%s,x)', i / 2)::pair, i FROM generate_series(2, 1001) AS i;
CREATE TABLE staging (LIKE target);
INSERT INTO staging SELECT format('(%s,x)', i)::pair, i FROM generate_series(1, 500) AS i;
ANALYZE target, staging;
SELECT state, message, detail FROM failure($$SELECT bulk_sync('target', 'staging', '{k}')$$);
DROP TABLE target, staging;

SET client_min_messages = warning;
DROP TABLE source;
DROP CAST (word AS holder);
DROP CAST (word AS small_holder);
DROP OPERATOR CLASS pair_order USING btree CASCADE;
DROP OPERATOR CLASS pair_hash USING hash CASCADE;
DROP TYPE pair, pair_holder, holders, holder, small_holder, word CASCADE;
DROP DOMAIN nonzero, small, even, through CASCADE;
DROP FUNCTION not_zero(int), is_small(int), is_even(int), reader(), try(text, text, text), try_key(text, text),
	runs_in_worker(int);
