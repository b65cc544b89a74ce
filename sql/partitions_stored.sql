--
-- The tables of a tree, partitions or children, are read page by page as they are stored, each in its own layout. What
-- a table cannot give as it is stored, the executor gives column by column.
--
\i test/oracle.sql
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS file_fdw;
CREATE SCHEMA partitions_stored;
SET search_path = partitions_stored, public;
SET max_parallel_workers_per_gather = 0;

-- How the target is read, as the context of an error in the middle of it tells: a condition, or the hash of a key that is in
-- the target alone, trips over a row.
SET test.trip = off;
CREATE FUNCTION trip(v int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
	IF current_setting('test.trip')::bool THEN
		RAISE EXCEPTION 'tripped';
	END IF;
	RETURN true;
END $$;
CREATE TYPE code AS (n int);
CREATE FUNCTION same(code, code) RETURNS boolean IMMUTABLE STRICT RETURN ($1).n = ($2).n;
CREATE FUNCTION hash(c code) RETURNS int IMMUTABLE STRICT LANGUAGE plpgsql AS $$
BEGIN
	RETURN CASE WHEN c.n < 0 AND trip(c.n) THEN -1 ELSE c.n END;
END $$;
CREATE FUNCTION compare(code, code) RETURNS int IMMUTABLE STRICT RETURN btint4cmp(($1).n, ($2).n);
CREATE OPERATOR = (LEFTARG = code, RIGHTARG = code, FUNCTION = same, COMMUTATOR = =, HASHES);
CREATE OPERATOR CLASS code_order DEFAULT FOR TYPE code USING btree AS OPERATOR 3 =, FUNCTION 1 compare(code, code);
CREATE OPERATOR CLASS code_ops DEFAULT FOR TYPE code USING hash AS OPERATOR 1 =, FUNCTION 1 hash(code);
CREATE FUNCTION road(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	context text;
BEGIN
	PERFORM set_config('test.trip', 'on', true);
	EXECUTE call;
	RETURN 'no row';
EXCEPTION WHEN raise_exception THEN
	GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
	RETURN CASE WHEN context ~ 'reading rows of "target"' THEN 'stored tuples, without a plan'
		WHEN context ~ 'SQL statement "SELECT (pg_catalog.oid|tableoid)' THEN 'columns'
		WHEN context ~ 'SQL statement "SELECT (id|code),' THEN 'stored tuples' ELSE context END;
END $$;

-- Every table has its columns in another order and at another place, some have dropped ones. All rows but the last hundred
-- lack two columns. NULL is there in keys, in the partition key, and next to everything.
CREATE TABLE source AS
SELECT i AS id, (ARRAY['n', 's', 'w', NULL, 'x'])[i % 5 + 1] AS region, 'key ' || i AS name, nullif(i % 5, 0)::int2 AS a,
	nullif(repeat('d', i % 140), '') AS d, nullif(i % 13, 0) / 4.0 AS e, nullif(i % 3, 0) > 1 AS g,
	CASE WHEN i % 7 > 0 THEN jsonb_build_object('i', i % 7, 's', repeat('x', i % 50)) END AS h
FROM generate_series(1, 600) AS i;
UPDATE source SET name = NULL WHERE id IN (14, 15, 16);
CREATE PROCEDURE make_target() LANGUAGE plpgsql AS $$
BEGIN
	CREATE TABLE target (id int, region text, name text, a int2, d text, e numeric, g bool, h jsonb, m int, n text) PARTITION BY LIST (region);
	CREATE TABLE target_n AS SELECT * FROM source WHERE region = 'n' AND id <= 500;
	ALTER TABLE target_n ADD m int DEFAULT 7, ADD n text DEFAULT 'old';
	CREATE TABLE target_s AS SELECT h, 'gone'::text AS gone, g, e, d, a, 1::int8 AS away, name, region, id FROM source WHERE region = 's' AND id <= 500;
	ALTER TABLE target_s DROP gone, DROP away, ADD n text, ADD m int DEFAULT 8;
	CREATE TABLE target_w (region text, h jsonb, id int, name text, a int2, d text, e numeric, g bool) PARTITION BY HASH (id);
	CREATE TABLE target_w0 PARTITION OF target_w FOR VALUES WITH (MODULUS 2, REMAINDER 0);
	CREATE TABLE target_w1 (gone int, id int, region text, name text, a int2, d text, e numeric, g bool, h jsonb);
	ALTER TABLE target_w1 DROP gone;
	ALTER TABLE target_w ATTACH PARTITION target_w1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
	INSERT INTO target_w (id, region, name, a, d, e, g, h) SELECT * FROM source WHERE region = 'w' AND id <= 500;
	ALTER TABLE target_w ADD n text DEFAULT 'w', ADD m int;
	CREATE TABLE target_rest AS SELECT id, region, name, a, d, e, g, NULL::int AS m, h FROM source WHERE (region = 'x' OR region IS NULL) AND id <= 500;
	ALTER TABLE target_rest ADD n text DEFAULT 'rest';
	ALTER TABLE target ATTACH PARTITION target_n FOR VALUES IN ('n');
	ALTER TABLE target ATTACH PARTITION target_s FOR VALUES IN ('s');
	ALTER TABLE target ATTACH PARTITION target_w FOR VALUES IN ('w');
	ALTER TABLE target ATTACH PARTITION target_rest DEFAULT;
	INSERT INTO target SELECT *, id % 3, 'new' FROM source WHERE id > 500;
END $$;

-- Syncs it with staging that has the same rows, and with staging that has others, in memory and in files.
CREATE FUNCTION rounds(staging text, filter text DEFAULT 'true', options text DEFAULT '') RETURNS TABLE (memory text, equal text, changes text)
LANGUAGE plpgsql AS $$
DECLARE
	call text := format('SELECT ROW(s.*)::text FROM sync_checked(''target'', ''staging'', ''{id,name}'', %L%s) AS s', nullif(filter, 'true'), options);
BEGIN
	FOREACH memory IN ARRAY ARRAY['4MB', '64kB'] LOOP
		PERFORM set_config('work_mem', memory, true), set_config('hash_mem_multiplier', '1', true);
		CALL make_target();
		EXECUTE format('CREATE TABLE staging AS %s WHERE %s', staging, filter);
		EXECUTE call INTO equal;
		UPDATE staging SET a = a + 1 WHERE id % 50 < 5;
		UPDATE staging SET d = NULL WHERE id % 50 BETWEEN 5 AND 9;
		UPDATE staging SET d = concat(d, '!'), h = '{"i": 1}' WHERE id % 50 BETWEEN 10 AND 14;
		UPDATE staging SET e = 1.00 WHERE e = 1;
		UPDATE staging SET m = coalesce(m, 0) + 1 WHERE id % 50 BETWEEN 15 AND 19;
		UPDATE staging SET n = nullif(n, 'old') || '!' WHERE id % 50 BETWEEN 20 AND 24;
		DELETE FROM staging WHERE id % 50 BETWEEN 25 AND 29;
		UPDATE staging SET id = -id WHERE id % 50 BETWEEN 30 AND 34;
		EXECUTE call INTO changes;
		RETURN NEXT;
		DROP TABLE target, staging;
	END LOOP;
END
$$;
SELECT * FROM rounds('SELECT * FROM target');
SELECT * FROM rounds('SELECT m, n, a, d, e, g, h, region, name, id FROM target');
SELECT * FROM rounds('SELECT * FROM target', $$region = 's'$$);
SELECT * FROM rounds('SELECT * FROM target', $$region = 'w' AND g IS NOT TRUE$$);
SELECT * FROM rounds('SELECT * FROM target', $$region IN ('s', 'w') OR region IS NULL AND g$$);
SELECT * FROM rounds('SELECT * FROM target', $$e > 1 AND n <> 'new'$$, ', allow_out_of_scope => true, converges => false');
SELECT * FROM rounds('SELECT * FROM target', options => $$, update_when => 'new.a IS DISTINCT FROM 3 OR old.n = ''rest'''$$);
-- Few of the columns: in files they are not worth whole tuples.
SELECT * FROM rounds('SELECT * FROM target', options => $$, columns => '{a,g}'$$);

-- Each road.
CALL make_target();
CREATE TABLE staging AS SELECT * FROM target WHERE region = 's';
CREATE FUNCTION roads(filter text, OUT road text, OUT verdict text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('TRUNCATE staging; INSERT INTO staging SELECT * FROM target WHERE %s; UPDATE staging SET d = concat(d, ''.'') WHERE id %% 7 = 3', filter);
	road := road(format('SELECT bulk_sync(''target'', ''staging'', ''{id,name}'', %L, allow_empty => true)', filter || ' AND trip(id)'));
	SELECT ROW(s.*)::text INTO verdict FROM sync_checked('target', 'staging', '{id,name}', filter, allow_empty => true) AS s;
END $$;
SELECT * FROM roads($$region = 's'$$);
SELECT * FROM roads($$region IN ('n', 'w')$$);
SELECT * FROM roads('id > 300');
-- The planner leaves out all of them.
SELECT * FROM roads($$region = 's' AND region = 'n'$$);
-- Tables are left out when the plan starts, and when it runs.
SET test.region = 'w';
SELECT * FROM roads($$region = current_setting('test.region')$$);
CREATE TABLE settings AS SELECT 's'::text AS region;
SELECT * FROM roads('region = (SELECT s.region FROM settings AS s)');
SELECT pg_stat_force_next_flush();
BEGIN;
SELECT * FROM bulk_sync('target', 'staging', '{id,name}', 'region = (SELECT s.region FROM settings AS s)', dry_run => true);
SELECT relname, seq_scan, seq_tup_read FROM pg_stat_xact_user_tables WHERE relname LIKE 'target%' AND seq_scan > 0 ORDER BY 1;
ROLLBACK;
SELECT * FROM roads('a > (SELECT count(*) FROM settings)');
-- A sub-select that the planner makes a join of.
SELECT * FROM roads('region IN (SELECT s.region FROM settings AS s)');
-- By an index here and by pages there.
CREATE INDEX ON target_s (id);
CREATE INDEX ON target_w1 (id);
ANALYZE target_s, target_w1;
SET enable_seqscan = off;
SELECT * FROM roads('id BETWEEN 200 AND 400');
SET enable_indexscan = off;
SELECT * FROM roads('id BETWEEN 210 AND 410');
RESET enable_indexscan;
SELECT * FROM roads($$id BETWEEN 200 AND 400 AND region = 's'$$);
RESET enable_seqscan;
-- What stands before the scans: a condition without columns, and workers.
SELECT * FROM roads($$region = 's' AND current_user <> ''$$);
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
CREATE OR REPLACE FUNCTION trip(v int) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE plpgsql AS $$
BEGIN
	IF current_setting('test.trip')::bool THEN
		RAISE EXCEPTION 'tripped';
	END IF;
	RETURN true;
END $$;
SELECT * FROM roads($$region IN ('n', 's')$$);
SET max_parallel_workers_per_gather = 0;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- Rights on the partitions are not asked for, and a policy of the target is a condition.
CREATE ROLE regress_bulk_sync_clerk;
GRANT USAGE ON SCHEMA partitions_stored TO regress_bulk_sync_clerk;
GRANT SELECT, INSERT, UPDATE, DELETE ON target TO regress_bulk_sync_clerk;
GRANT SELECT ON staging TO regress_bulk_sync_clerk;
TRUNCATE staging;
INSERT INTO staging SELECT * FROM target WHERE id < 100;
SET ROLE regress_bulk_sync_clerk;
SELECT * FROM bulk_sync('target', 'staging', '{id,name}', 'id < 100');
SELECT * FROM bulk_sync('target', 'staging', '{id,name}', dry_run => true);
RESET ROLE;
ALTER TABLE target ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON target USING (id < 100 AND trip(id));
SET ROLE regress_bulk_sync_clerk;
SELECT * FROM bulk_sync('target', 'staging', '{id,name}');
SELECT road($$SELECT bulk_sync('target', 'staging', '{id,name}')$$);
RESET ROLE;
DROP POLICY visible ON target;
ALTER TABLE target DISABLE ROW LEVEL SECURITY;

-- Each table is scanned once, and all its rows are counted. Serializable transactions note that they have read it.
SELECT pg_stat_force_next_flush();
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT * FROM bulk_sync('target', 'staging', '{id,name}', dry_run => true);
SELECT relname, seq_scan, seq_tup_read FROM pg_stat_xact_user_tables WHERE relname LIKE 'target%' AND seq_scan > 0 ORDER BY 1;
SELECT relation::regclass, locktype FROM pg_locks WHERE mode = 'SIReadLock' ORDER BY relation::regclass::text;
COMMIT;
-- What was written before in the same transaction is read, what a rolled back subtransaction wrote is not; a partition that
-- came, and one that went.
BEGIN;
CREATE TABLE target_t PARTITION OF target FOR VALUES IN ('t');
INSERT INTO target (id, region, name) VALUES (1000, 't', 't');
SAVEPOINT a;
INSERT INTO target (id, region, name) VALUES (1001, 't', 'u'), (1002, 's', 'u');
ROLLBACK TO a;
ALTER TABLE target DETACH PARTITION target_n;
SELECT * FROM bulk_sync('target', 'staging', '{id,name}', dry_run => true);
SELECT count(*) FROM target;
ROLLBACK;

-- Comparisons, and what was written.
TRUNCATE staging;
INSERT INTO staging SELECT * FROM target WHERE id % 10 <> 0;
UPDATE staging SET n = 'x', m = 1 WHERE id % 100 IN (1, 33);
INSERT INTO staging (id, region, n) VALUES (2000, 's', 'y');
PREPARE differences AS SELECT status, key, old - '{d,h,name}'::text[] AS old, new - '{d,h,name}'::text[] AS new, changes
	FROM bulk_compare('target', 'staging', '{id,name}') WHERE (key->>'id')::int IN (33, 40, 100, 101, 110, 120, 233, 500, 533, 2000)
	ORDER BY (key->>'id')::int;
EXECUTE differences;
SET work_mem = '64kB';
EXECUTE differences;
RESET work_mem;
SELECT action, key, changes FROM bulk_sync_returning('target', 'staging', '{id,name}') WHERE action <> 'deleted' OR (key->>'id')::int < 50
	ORDER BY action, (key->>'id')::int;
DEALLOCATE differences;
-- Triggers for rows in one of the tables.
CREATE FUNCTION halve() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.n := left(NEW.n, 2);
	RETURN CASE WHEN NEW.id % 2 = 0 THEN NEW END;
END $$;
CREATE TRIGGER halve BEFORE UPDATE ON target_s FOR EACH ROW EXECUTE FUNCTION halve();
UPDATE staging SET n = 'triggered' WHERE id % 5 = 1 AND id < 30;
SELECT * FROM bulk_sync('target', 'staging', '{id,name}');
SELECT tableoid::regclass, id, n FROM target WHERE id < 30 AND id % 5 IN (0, 1) ORDER BY id;
DROP TABLE target, staging, settings;

-- Without a plan, as the hash of a key tells that is in the target alone. Partitions and children without rows are no matter.
CREATE TABLE staging (code code, v text);
INSERT INTO staging SELECT ROW(i)::code, 'v' || i FROM generate_series(1, 10) AS i;
CREATE FUNCTION whole(OUT road text, OUT verdict text) LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO target (code, v) VALUES (ROW(-1)::code, 'v-1');
	road := road($s$SELECT bulk_sync('target', 'staging', '{code}')$s$);
	SELECT ROW(s.*)::text INTO verdict FROM sync_checked('target', 'staging', '{code}') AS s;
END $$;
CREATE TABLE target (code code, v text) PARTITION BY LIST (v);
SELECT * FROM bulk_sync('target', 'staging', '{code}', dry_run => true);
CREATE TABLE target_1 PARTITION OF target FOR VALUES IN ('v1', 'v-1');
CREATE TABLE target_none PARTITION OF target FOR VALUES IN ('none') PARTITION BY LIST (v);
CREATE TABLE target_rest (x int, v text, code code);
ALTER TABLE target_rest DROP x;
ALTER TABLE target ATTACH PARTITION target_rest DEFAULT;
SELECT * FROM whole();
ALTER TABLE target_1 SET UNLOGGED;
SELECT * FROM whole();
DROP TABLE target;
CREATE TABLE target (code code, v text);
CREATE TABLE child (extra text DEFAULT 'extra') INHERITS (target);
CREATE TABLE grandchild (w int DEFAULT 1, v text, extra text DEFAULT 'grand', code code);
ALTER TABLE grandchild INHERIT child;
INSERT INTO child VALUES (ROW(1)::code, 'v1'), (ROW(2)::code, 'v');
INSERT INTO grandchild (code, v) VALUES (ROW(3)::code, 'v3'), (ROW(4)::code, 'v');
ALTER TABLE grandchild ADD y int DEFAULT 5;
SELECT * FROM whole();
SELECT tableoid::regclass, * FROM target WHERE (code).n < 6 ORDER BY (code).n;
TABLE grandchild;
SET work_mem = '64kB';
INSERT INTO staging SELECT ROW(i)::code, repeat('v', 200) || i FROM generate_series(11, 1000) AS i;
INSERT INTO grandchild (code, v) SELECT code, v FROM staging WHERE (code).n % 3 = 0 AND (code).n > 10;
INSERT INTO child (code, v) SELECT code, v FROM staging WHERE (code).n % 3 = 1 AND (code).n > 10;
SELECT * FROM whole();
RESET work_mem;
DROP TABLE target, child, grandchild, staging;

-- A foreign table among them: comparisons read all by the executor.
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE TABLE target (id int, v text) PARTITION BY LIST (id);
CREATE TABLE target_1 PARTITION OF target FOR VALUES IN (1);
CREATE FOREIGN TABLE target_2 PARTITION OF target FOR VALUES IN (2) SERVER files OPTIONS (program 'echo 2,two', format 'csv');
INSERT INTO target VALUES (1, 'one');
CREATE TABLE staging AS SELECT 1 AS id, 'uno' AS v;
SELECT * FROM bulk_compare('target', 'staging', '{id}');
SELECT * FROM bulk_compare('target', 'staging', '{id}', 'id < 2');
SELECT road($$SELECT bulk_compare('target', 'staging', '{id}', 'trip(id)')$$), road($$SELECT bulk_compare('target', 'staging', '{id}', 'id < 2 AND trip(id)')$$);
DROP TABLE target, staging;
DROP SERVER files;

DROP SCHEMA partitions_stored CASCADE;
DROP ROLE regress_bulk_sync_clerk;
DROP EXTENSION file_fdw;
RESET search_path;
RESET max_parallel_workers_per_gather;
RESET client_min_messages;
