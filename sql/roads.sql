--
-- Rows are written directly, by their ids and in batches, or by statements that the executor runs where somebody has a
-- say before a row is written. Which way is taken, and that both come out the same: rows, order, triggers, errors,
-- indexes.
--
\i test/oracle.sql
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS amcheck;
CREATE EXTENSION IF NOT EXISTS btree_gist;

-- A trigger that has no say writes down what it sees: which way its rows are written, which rows there are, and by which
-- command. In the order of events.
CREATE TABLE log (n int GENERATED ALWAYS AS IDENTITY, line text);
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	line text := concat_ws(' ', tg_name, tg_when, tg_op, tg_level);
	rows text;
BEGIN
	IF tg_level = 'ROW' THEN
		EXECUTE format('SELECT string_agg(t::text, '' '') FROM %s AS t WHERE id IN ($1.id, $2.id)', tg_relid::regclass)
			USING old, new INTO rows;
		line := line || format(': %s -> %s, there is %s', old, new, rows);
	END IF;
	INSERT INTO log (line) VALUES (line);
	RETURN NULL;
END $$;
CREATE FUNCTION tell_tables() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	gone text;
	come text;
BEGIN
	IF tg_op <> 'INSERT' THEN
		SELECT string_agg(o::text, ' ') INTO gone FROM old_rows AS o;
	END IF;
	IF tg_op <> 'DELETE' THEN
		SELECT string_agg(o::text, ' ') INTO come FROM new_rows AS o;
	END IF;
	INSERT INTO log (line) VALUES (format('%s %s of %s: %s -> %s', tg_name, tg_when, tg_op, gone, come));
	RETURN NULL;
END $$;
CREATE FUNCTION run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE tg_argv[0];
	RETURN NULL;
END $$;
-- Forces statements, and does nothing.
CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN coalesce(new, old); END';

-- Which way each command was written.
CREATE TABLE ways (n int GENERATED ALWAYS AS IDENTITY, command text, way text);
CREATE FUNCTION tell_way() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	context text;
BEGIN
	GET DIAGNOSTICS context = PG_CONTEXT;
	INSERT INTO ways (command, way) VALUES (tg_op, CASE
		WHEN context ~ 'SQL statement "(DELETE|UPDATE|INSERT) ' THEN 'statement'
		WHEN context ~ '(deleting rows of|updating rows of|inserting rows into) "' THEN 'direct' ELSE context END);
	RETURN NULL;
END $$;
CREATE FUNCTION ways(call text, OUT counts text, OUT ways text) LANGUAGE plpgsql AS $$
BEGIN
	TRUNCATE ways;
	BEGIN
		EXECUTE call INTO counts;
	EXCEPTION WHEN OTHERS THEN
		counts := sqlerrm;
	END;
	SELECT string_agg(format('%s %s', command, way), ', ' ORDER BY n) INTO ways.ways FROM ways;
END $$;

-- Makes the tables, syncs, and returns all that is to be seen of it; nothing stays. A child forces statements, and nothing
-- else; a partition has none, but may have a trigger. `look` are queries with one text.
CREATE FUNCTION outcome(by_statement boolean, ddl text, call text, look text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
	part text;
	query text;
	hot bigint;
	index regclass;
	state text;
	detail text;
	hint text;
	in_schema text;
	in_table text;
	in_column text;
	by_constraint text;
BEGIN
	BEGIN
		EXECUTE ddl;
		CREATE TRIGGER w BEFORE INSERT OR UPDATE OR DELETE ON target FOR EACH STATEMENT EXECUTE FUNCTION tell_way();
		IF by_statement AND (SELECT relispartition FROM pg_class WHERE oid = 'target'::regclass) THEN
			CREATE TRIGGER pass BEFORE INSERT OR UPDATE OR DELETE ON target FOR EACH ROW EXECUTE FUNCTION pass();
		ELSIF by_statement THEN
			CREATE TABLE child () INHERITS (target);
		END IF;
		TRUNCATE log, ways;
		hot := pg_stat_get_xact_tuples_hot_updated('target'::regclass);
		BEGIN
			EXECUTE call INTO result;
			SET CONSTRAINTS ALL IMMEDIATE;
			SELECT concat_ws(E'\n', result, string_agg(line, E'\n' ORDER BY n)) INTO result FROM log;
			IF EXISTS (SELECT FROM ways WHERE way <> CASE WHEN by_statement THEN 'statement' ELSE 'direct' END) THEN
				result := result || ' but not in the way that was meant';
			END IF;
			result := concat_ws(E'\n', result, 'HOT: ' || pg_stat_get_xact_tuples_hot_updated('target'::regclass) - hot);
			FOREACH query IN ARRAY array['SELECT string_agg(t::text, '' '' ORDER BY t::text) FROM target AS t'] || look LOOP
				EXECUTE query INTO part;
				result := concat_ws(E'\n', result, part);
			END LOOP;
			FOR index IN SELECT indexrelid FROM pg_index JOIN pg_class ON oid = indexrelid JOIN pg_am ON pg_am.oid = relam
				WHERE indrelid = 'target'::regclass AND amname = 'btree' LOOP
				PERFORM bt_index_check(index, true);
			END LOOP;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, in_schema = SCHEMA_NAME,
				in_table = TABLE_NAME, in_column = COLUMN_NAME, by_constraint = CONSTRAINT_NAME;
			result := concat_ws(' | ', state, sqlerrm, detail, hint, in_schema, in_table, in_column, by_constraint);
		END;
		RAISE EXCEPTION USING ERRCODE = 'ZZZZZ';
	EXCEPTION WHEN SQLSTATE 'ZZZZZ' THEN
		RETURN result;
	END;
END $$;

-- Shows the outcome once, and says whether it is the same in both ways.
CREATE FUNCTION both_ways(ddl text, call text, look text[] DEFAULT '{}') RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	directly text := outcome(false, ddl, call, look);
	by_statement text := outcome(true, ddl, call, look);
BEGIN
	RETURN QUERY SELECT regexp_split_to_table(directly, E'\n');
	IF directly IS DISTINCT FROM by_statement THEN
		RETURN NEXT '--- and by statements:';
		RETURN QUERY SELECT regexp_split_to_table(by_statement, E'\n');
	END IF;
END $$;

-- Which way is taken.
CREATE TABLE staging (id int, v text);
INSERT INTO staging VALUES (2, 'b'), (3, 'c');
CREATE FUNCTION made(ddl text, call text DEFAULT $$SELECT bulk_sync('target', 'staging', '{id}')$$, OUT counts text, OUT ways text)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE ddl;
	INSERT INTO target (id, v) VALUES (1, 'a'), (2, 'a');
	CREATE TRIGGER w BEFORE INSERT OR UPDATE OR DELETE ON target FOR EACH STATEMENT EXECUTE FUNCTION tell_way();
	SELECT w.counts, w.ways INTO counts, ways FROM ways(call) AS w;
	DROP TABLE target CASCADE;
END $$;
SELECT * FROM made('CREATE TABLE target (id int PRIMARY KEY, v text)');
SELECT * FROM made('CREATE TEMP TABLE target (id int, v text)');
SELECT * FROM made('CREATE UNLOGGED TABLE target (id int, v text)');
SELECT * FROM made('CREATE TABLE target (id int, v text, g text GENERATED ALWAYS AS (v) STORED, n int GENERATED ALWAYS AS IDENTITY)');
SELECT * FROM made($$CREATE TABLE target (id int PRIMARY KEY, v text, gone bool)$$,
	$$SELECT bulk_sync('target', 'staging', '{id}', soft_delete => 'gone')$$);
SELECT * FROM made($$CREATE TABLE target (id int PRIMARY KEY, v text);
	CREATE TRIGGER a AFTER INSERT OR UPDATE OR DELETE ON target FOR EACH ROW EXECUTE FUNCTION run('SELECT')$$);
-- BEFORE triggers for rows have a say about their command alone.
SELECT * FROM made($$CREATE TABLE target (id int PRIMARY KEY, v text);
	CREATE TRIGGER b BEFORE DELETE ON target FOR EACH ROW EXECUTE FUNCTION pass()$$);
SELECT * FROM made($$CREATE TABLE target (id int PRIMARY KEY, v text);
	CREATE TRIGGER b BEFORE UPDATE ON target FOR EACH ROW EXECUTE FUNCTION pass()$$);
SELECT * FROM made($$CREATE TABLE target (id int PRIMARY KEY, v text);
	CREATE TRIGGER b BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION pass()$$);
SELECT * FROM made($$CREATE TABLE target (id int PRIMARY KEY, v text, gone bool);
	CREATE TRIGGER b BEFORE UPDATE ON target FOR EACH ROW EXECUTE FUNCTION pass()$$,
	$$SELECT bulk_sync('target', 'staging', '{id}', soft_delete => 'gone')$$);
-- Rows may be in other tables.
SELECT * FROM made('CREATE TABLE target (id int, v text); CREATE TABLE child () INHERITS (target)');
SELECT * FROM made('CREATE TABLE target (id int, v text) PARTITION BY RANGE (id); CREATE TABLE rest PARTITION OF target DEFAULT');
-- A partition by itself is a table.
SELECT * FROM made('CREATE TABLE whole (id int, v text) PARTITION BY RANGE (id); CREATE TABLE target PARTITION OF whole FOR VALUES FROM (0) TO (9)');
DROP TABLE whole;
-- Policies, where they apply.
CREATE ROLE regress_bulk_sync_owner;
GRANT ALL ON staging, ways TO regress_bulk_sync_owner;
GRANT ALL ON SCHEMA public TO regress_bulk_sync_owner;
SELECT * FROM made($$CREATE TABLE target (id int, v text); CREATE POLICY p ON target USING (true); ALTER TABLE target ENABLE ROW LEVEL SECURITY;
	ALTER TABLE target OWNER TO regress_bulk_sync_owner; SET LOCAL ROLE regress_bulk_sync_owner$$);
SELECT * FROM made($$CREATE TABLE target (id int, v text); CREATE POLICY p ON target USING (true); ALTER TABLE target ENABLE ROW LEVEL SECURITY;
	ALTER TABLE target FORCE ROW LEVEL SECURITY; ALTER TABLE target OWNER TO regress_bulk_sync_owner; SET LOCAL ROLE regress_bulk_sync_owner$$);
DROP OWNED BY regress_bulk_sync_owner;
DROP ROLE regress_bulk_sync_owner;
-- Hypertables of TimescaleDB, which have no rows of their own, are known by its catalog; so are chunks.
CREATE SCHEMA _timescaledb_catalog;
CREATE TABLE _timescaledb_catalog.hypertable (id int, schema_name name, table_name name);
INSERT INTO _timescaledb_catalog.hypertable VALUES (1, 'other', 'target'), (2, 'public', 'other');
SELECT * FROM made('CREATE TABLE target (id int, v text)');
SELECT * FROM made('CREATE TABLE parent (id int, v text); CREATE TABLE target () INHERITS (parent)');
INSERT INTO _timescaledb_catalog.hypertable VALUES (3, 'public', 'target');
SELECT * FROM made('CREATE TABLE target (id int, v text)');
DROP TABLE parent, _timescaledb_catalog.hypertable;
DROP SCHEMA _timescaledb_catalog;

-- What a trigger for statements does to the table decides about the next write.
SELECT * FROM made($$CREATE TABLE target (id int PRIMARY KEY, v text); CREATE TRIGGER a BEFORE DELETE ON target FOR EACH STATEMENT
	EXECUTE FUNCTION run('CREATE TRIGGER b BEFORE UPDATE ON target FOR EACH ROW EXECUTE FUNCTION pass()')$$);
SELECT * FROM made($$CREATE TABLE target (id int PRIMARY KEY, v text); CREATE TRIGGER a BEFORE UPDATE ON target FOR EACH STATEMENT
	EXECUTE FUNCTION run('CREATE TABLE child () INHERITS (target)')$$);
SELECT * FROM made($$CREATE TABLE target (id int PRIMARY KEY, v text); CREATE TRIGGER a BEFORE DELETE ON target FOR EACH STATEMENT
	EXECUTE FUNCTION run('CREATE RULE r AS ON INSERT TO target DO INSTEAD NOTHING')$$);
-- One that comes while its own command is under way comes too late.
SELECT * FROM made($$CREATE TABLE target (id int PRIMARY KEY, v text); CREATE TRIGGER a BEFORE UPDATE ON target FOR EACH STATEMENT
	EXECUTE FUNCTION run('CREATE TRIGGER b BEFORE UPDATE ON target FOR EACH ROW EXECUTE FUNCTION run(''SELECT 1 / 0'')')$$);
DROP TABLE staging;
DROP FUNCTION made(text, text), ways(text);

-- Rows, the order of events, transition tables, command ids, and which columns are set.
SELECT * FROM both_ways($ddl$
	CREATE TABLE target (id int PRIMARY KEY, v text UNIQUE, w text, x int DEFAULT 7);
	CREATE TABLE staging (id int, v text, w text);
	INSERT INTO target VALUES (1, 'a', 'a'), (2, 'b', 'b'), (3, 'c', 'c'), (4, 'd', 'd'), (5, 'e', 'e');
	INSERT INTO staging VALUES (9, 'a', 'new'), (2, 'f', 'b'), (3, 'c', 'C'), (4, 'd', 'd'), (5, NULL, 'e'), (8, 'b', NULL);
	CREATE TRIGGER b BEFORE INSERT OR UPDATE OR DELETE ON target FOR EACH STATEMENT EXECUTE FUNCTION tell();
	CREATE TRIGGER r AFTER INSERT OR UPDATE OR DELETE ON target FOR EACH ROW EXECUTE FUNCTION tell();
	CREATE TRIGGER s AFTER INSERT OR UPDATE OR DELETE ON target FOR EACH STATEMENT EXECUTE FUNCTION tell();
	CREATE TRIGGER ti AFTER INSERT ON target REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tell_tables();
	CREATE TRIGGER tu AFTER UPDATE ON target REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tell_tables();
	CREATE TRIGGER td AFTER DELETE ON target REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tell_tables();
	CREATE TRIGGER ov AFTER UPDATE OF v ON target FOR EACH ROW EXECUTE FUNCTION tell();
	CREATE TRIGGER ow AFTER UPDATE OF w ON target FOR EACH ROW WHEN (old.w IS DISTINCT FROM new.w) EXECUTE FUNCTION tell();
	CREATE TRIGGER ox AFTER UPDATE OF x ON target FOR EACH STATEMENT EXECUTE FUNCTION tell();
	$ddl$, $$SELECT bulk_sync('target', 'staging', '{id}')$$,
	array[$$SELECT string_agg(id || '/' || command, ' ' ORDER BY id) FROM (SELECT id, dense_rank() OVER (ORDER BY cmin::text::int) AS command FROM target) AS t$$]);

-- Generated columns, also those that depend on nothing that is set; indexes of them, of expressions, of a part, of other kinds.
SELECT * FROM both_ways($ddl$
	CREATE TABLE target (id int PRIMARY KEY, v text, n int, g text GENERATED ALWAYS AS (upper(v)) STORED, h int GENERATED ALWAYS AS (n * 2) STORED, box int4range);
	CREATE TABLE staging (id int, v text, n int, box int4range);
	INSERT INTO target (id, v, n, box) SELECT i, 'v' || i, i, int4range(i, i + 3) FROM generate_series(1, 40) AS i;
	INSERT INTO staging SELECT i, CASE WHEN i % 3 = 0 THEN 'V' || i || 'x' ELSE 'v' || i END, CASE WHEN i % 5 = 0 THEN -i ELSE i END, int4range(i, i + 3)
		FROM generate_series(5, 44) AS i;
	CREATE INDEX ON target (g);
	CREATE INDEX ON target (lower(g) DESC) WHERE n > 0;
	CREATE INDEX ON target USING gist (box);
	CREATE INDEX ON target USING brin (h);
	CREATE INDEX ON target USING hash (v);
	$ddl$, $$SELECT bulk_sync('target', 'staging', '{id}')$$,
	array[$$SELECT set_config('enable_seqscan', 'off', true)$$, $$SELECT string_agg(id::text, ' ' ORDER BY id) FROM target WHERE box @> 20$$,
		$$SELECT string_agg(id::text, ' ' ORDER BY id) FROM target WHERE h BETWEEN -40 AND -20$$, $$SELECT string_agg(id::text, ' ') FROM target WHERE v = 'V9x'$$]);
-- A row that keeps what is indexed stays on its page.
SELECT * FROM both_ways($ddl$
	CREATE TABLE target (id int PRIMARY KEY, v text, w text) WITH (fillfactor = 50);
	CREATE TABLE staging (LIKE target);
	INSERT INTO target SELECT i, 'v', 'w' FROM generate_series(1, 20) AS i;
	INSERT INTO staging SELECT i, 'V', 'w' FROM generate_series(1, 20) AS i;
	CREATE INDEX ON target (w);
	$ddl$, $$SELECT bulk_sync('target', 'staging', '{id}')$$);

-- Defaults: one by one and in the order of staging, for NULLs too. One that looks at the table sees the rows before.
CREATE FUNCTION rows_before() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM target); END';
SELECT * FROM both_ways($ddl$
	CREATE TABLE target (id int, k int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, s serial, d text DEFAULT 'none', u text DEFAULT current_user,
		f int GENERATED BY DEFAULT AS IDENTITY (START 100), j jsonb DEFAULT '{}', dropped int);
	ALTER TABLE target DROP COLUMN dropped;
	ALTER TABLE target ADD late date DEFAULT date '2024-01-01';
	CREATE TABLE staging (f int, id int, k int, v text);
	ALTER TABLE staging DROP COLUMN v;
	INSERT INTO staging VALUES (NULL, 5, 50), (7, 3, NULL), (NULL, 9, NULL), (8, 1, 10), (NULL, 2, NULL);
	$ddl$, $$SELECT bulk_sync('target', 'staging', '{id}', insert_defaults => '{"j": {"a": 1}, "u": null}')$$);
SELECT * FROM both_ways($ddl$
	CREATE TABLE target (id int, n bigint DEFAULT rows_before(), s serial);
	CREATE TABLE staging (id int);
	INSERT INTO target VALUES (0, 0);
	INSERT INTO staging SELECT i FROM generate_series(6, 0, -1) AS i;
	$ddl$, $$SELECT bulk_sync('target', 'staging', '{id}')$$);
SELECT * FROM both_ways($ddl$
	CREATE TABLE target (id int CHECK (id > 10 OR rows_before() < 4));
	CREATE TABLE staging (id int);
	INSERT INTO staging SELECT i FROM generate_series(1, 6) AS i;
	$ddl$, $$SELECT bulk_sync('target', 'staging', '{id}')$$);
-- More rows than a batch has, longer ones too; and more than fit into memory, in the order of staging all the same.
SELECT * FROM both_ways($ddl$
	CREATE TABLE target (id int PRIMARY KEY, s serial UNIQUE, v text);
	CREATE TABLE staging AS SELECT i * 7919 % 3001 AS id, CASE WHEN i % 500 = 0 THEN repeat(md5(i::text), 2000) ELSE repeat(md5(i::text), i % 20) END AS v
		FROM generate_series(1, 3000) AS i;
	$ddl$, $$SELECT bulk_sync('target', 'staging', '{id}')$$,
	array[$$SELECT count(*) || ' ' || bool_and(t.v = s.v AND t.id = s.s * 7919 % 3001) FROM target AS t JOIN (SELECT *, row_number() OVER () AS s FROM staging) AS s USING (id)$$])
	AS line WHERE line NOT LIKE '(%) (%';
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT * FROM both_ways($ddl$
	CREATE TABLE target (id int PRIMARY KEY, s serial UNIQUE, v text);
	CREATE TABLE staging AS SELECT i * 7919 % 9001 AS id, md5(i::text) AS v FROM generate_series(1, 9000) AS i;
	$ddl$, $$SELECT bulk_sync('target', 'staging', '{id}')$$,
	array[$$SELECT count(*) || ' ' || bool_and(t.v = s.v AND t.id = t.s * 7919 % 9001) FROM target AS t JOIN staging AS s USING (id)$$])
	AS line WHERE line NOT LIKE '(%) (%';
-- Updates and deletes that come in disorder.
SELECT * FROM both_ways($ddl$
	CREATE TABLE target (id int PRIMARY KEY, v text UNIQUE);
	CREATE TABLE staging (id int, v text);
	INSERT INTO target SELECT i * 7919 % 9001, md5(i::text) FROM generate_series(1, 9000) AS i;
	INSERT INTO staging SELECT id, CASE WHEN id % 3 = 0 THEN v ELSE upper(v) || id END FROM target WHERE id % 5 <> 0;
	$ddl$, $$SELECT bulk_sync('target', 'staging', '{id}')$$,
	array[$$SELECT count(*) || ' ' || bool_and(t.v = s.v) FROM target AS t FULL JOIN staging AS s USING (id)$$])
	AS line WHERE line NOT LIKE '(%) (%' AND line NOT LIKE 'HOT%';
RESET work_mem;
RESET hash_mem_multiplier;
-- A domain has its say about a column that gets no value.
CREATE DOMAIN filled AS text NOT NULL;
CREATE DOMAIN small AS int CHECK (value < 5);
SELECT * FROM both_ways($$CREATE TABLE target (id int, v filled); CREATE TABLE staging (id int); INSERT INTO staging VALUES (1)$$,
	$$SELECT bulk_sync('target', 'staging', '{id}')$$);
SELECT * FROM both_ways($$CREATE TABLE target (id int, v filled DEFAULT 'x', s small); CREATE TABLE staging (id int); INSERT INTO staging VALUES (1)$$,
	$$SELECT bulk_sync('target', 'staging', '{id}')$$);

-- Marks of every type.
CREATE DOMAIN day AS timestamp(0) CHECK (value > '2000-01-01');
CREATE FUNCTION marked(type text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT regexp_replace(line, format('\m%s|%s|%s|%s|%s\M', replace(now()::text, '+', '\+'), now()::timestamp, replace(now()::timestamptz(0)::text, '+', '\+'),
		now()::timestamp(0), now()::date), 'now', 'g')
	FROM both_ways(format($ddl$
		CREATE TABLE target (id int PRIMARY KEY, v text, gone %s);
		CREATE TABLE staging (id int, v text);
		INSERT INTO target SELECT i, 'v' FROM generate_series(1, 4) AS i;
		INSERT INTO staging VALUES (1, 'v'), (2, 'w');
		CREATE TRIGGER ov AFTER UPDATE OF v ON target FOR EACH ROW EXECUTE FUNCTION tell();
		CREATE TRIGGER og AFTER UPDATE OF gone ON target FOR EACH STATEMENT EXECUTE FUNCTION tell();
		$ddl$, type), $call$SELECT bulk_sync('target', 'staging', '{id}', soft_delete => 'gone')$call$) AS line
$$;
SELECT type, marked(type) FROM unnest('{timestamptz,timestamptz(0),timestamp,date,day,boolean}'::text[]) AS type;
DROP FUNCTION marked(text);

-- Errors, of the first row that anything refuses.
SELECT line FROM unnest(array[$$(3, 'a', 3), (4, 'c', NULL)$$, $$(4, 'c', NULL), (3, 'a', 3)$$, $$(6, 'c', 60), (3, 'a', 3)$$]) AS rows,
	both_ways($ddl$
		CREATE TABLE target (id int PRIMARY KEY, v text UNIQUE, n int NOT NULL CHECK (n < 10));
		CREATE TABLE staging (id int, v text, n int);
		INSERT INTO staging VALUES (1, 'a', 1), (2, 'b', 2), $ddl$ || rows || $ddl$, (5, 'd', 50);
		$ddl$, $$SELECT bulk_sync('target', 'staging', '{id}')$$) AS line;
SELECT * FROM both_ways($ddl$
	CREATE TABLE target (id int PRIMARY KEY, n int CONSTRAINT few CHECK (n < 10));
	CREATE TABLE staging (id int, n int);
	INSERT INTO target VALUES (1, 1), (2, 2);
	INSERT INTO staging VALUES (1, 5), (2, 50);
	$ddl$, $$SELECT bulk_sync('target', 'staging', '{id}')$$);
SELECT line FROM unnest('{"(2, 0)","(2, 2), (3, 5), (4, 0)"}'::text[]) AS rows,
	both_ways($ddl$
		CREATE TABLE target (id int PRIMARY KEY, n int UNIQUE, g int GENERATED ALWAYS AS (10 / n) STORED);
		CREATE TABLE staging (id int, n int);
		INSERT INTO target VALUES (1, 1), (2, 2);
		INSERT INTO staging VALUES (1, 5), $ddl$ || rows || $ddl$;
		$ddl$, $$SELECT bulk_sync('target', 'staging', '{id}')$$) AS line;
-- A partition by itself takes what it may hold.
SELECT line FROM unnest('{"(1, 5), (3, 3)","(1, 5), (2, 10)","(1, 1), (4, 12)"}'::text[]) AS rows,
	both_ways($ddl$
		CREATE TABLE whole (id int, n int NOT NULL) PARTITION BY RANGE (n);
		CREATE TABLE target PARTITION OF whole FOR VALUES FROM (0) TO (10);
		CREATE TABLE staging (id int, n int);
		INSERT INTO target VALUES (1, 1), (2, 2);
		INSERT INTO staging VALUES $ddl$ || rows, $$SELECT bulk_sync('target', 'staging', '{id}')$$) AS line;
-- Exclusion constraints, and those that are looked at again in the end.
SELECT line FROM unnest('{"[1,3)","[24,26)"}'::text[]) AS r,
	both_ways($ddl$
		CREATE TABLE target (id int PRIMARY KEY, r int4range, EXCLUDE USING gist (r WITH &&));
		CREATE TABLE staging (id int, r int4range);
		INSERT INTO target VALUES (1, '[1,5)'), (2, '[5,9)'), (3, '[20,30)');
		INSERT INTO staging VALUES (1, '[10,15)'), (2, '[5,9)'), (4, '[20,25)'), (5, '$ddl$ || r || $ddl$');
		$ddl$, $$SELECT bulk_sync('target', 'staging', '{id}')$$) AS line;
SELECT line FROM unnest('{"",DEFERRABLE,"DEFERRABLE INITIALLY DEFERRED"}'::text[]) WITH ORDINALITY AS d (deferred, o), unnest('{1,2}'::int[]) AS last,
	both_ways($ddl$
		CREATE TABLE target (id int PRIMARY KEY, n int UNIQUE $ddl$ || deferred || $ddl$);
		CREATE TABLE staging (id int, n int);
		INSERT INTO target SELECT i, i FROM generate_series(1, 5) AS i;
		INSERT INTO staging SELECT i, CASE i WHEN 5 THEN $ddl$ || last || $ddl$ ELSE i + 1 END FROM generate_series(1, 5) AS i;
		$ddl$, $$SELECT bulk_sync('target', 'staging', '{id}')$$) AS line;
-- Foreign keys, of the table to itself.
SELECT line FROM unnest('{"NO ACTION","SET NULL",CASCADE}'::text[]) AS action, unnest('{9,1}'::int[]) AS parent,
	both_ways($ddl$
		CREATE TABLE target (id int PRIMARY KEY, parent int REFERENCES target ON DELETE $ddl$ || action || $ddl$ ON UPDATE CASCADE, v text);
		CREATE TABLE staging (LIKE target);
		INSERT INTO target VALUES (1, NULL, 'p'), (2, 1, 'c'), (3, NULL, 'x'), (4, 3, 'y');
		INSERT INTO staging VALUES (2, 9, 'c2'), (3, NULL, 'x'), (4, 3, 'y'), (9, NULL, 'new'), (10, $ddl$ || parent || $ddl$, 'z');
		CREATE TRIGGER r AFTER INSERT OR UPDATE OR DELETE ON target FOR EACH ROW EXECUTE FUNCTION tell();
		$ddl$, $$SELECT bulk_sync('target', 'staging', '{id}')$$) AS line;

-- TOAST: a value that does not change is not stored again.
SELECT * FROM both_ways($ddl$
	CREATE TABLE target (id int PRIMARY KEY, v text, n int);
	ALTER TABLE target ALTER v SET STORAGE external;
	INSERT INTO target SELECT i, repeat('x', 100000), 0 FROM generate_series(1, 5) AS i;
	CREATE TABLE staging AS SELECT id, CASE WHEN id = 1 THEN repeat('y', 50000) ELSE v END AS v, n + 1 AS n FROM target UNION ALL SELECT 6, repeat('z', 3000), 6;
	$ddl$, $$SELECT bulk_sync('target', 'staging', '{id}')$$,
	array[$$SELECT pg_relation_size(reltoastrelid) / 100000 FROM pg_class WHERE oid = 'target'::regclass$$,
		$$SELECT string_agg(id || left(v, 1) || length(v) || ' ' || n, ', ' ORDER BY id) FROM target$$]) AS line
	WHERE length(line) < 1000;

-- Rows that a trigger for statements changes while its command is under way, or the one before.
SELECT a.*, line FROM (VALUES
		(1, 'DELETE', 'UPDATE target SET v = $a$t$a$ WHERE id = 4'), (2, 'DELETE', 'DELETE FROM target WHERE id = 4'),
		(3, 'DELETE', 'UPDATE target SET v = $a$t$a$ WHERE id = 2'), (4, 'DELETE', 'DELETE FROM target WHERE id = 3'),
		(5, 'UPDATE', 'UPDATE target SET v = $a$t$a$ WHERE id = 2'), (6, 'UPDATE', 'DELETE FROM target WHERE id = 2')) AS a (n, command, action),
	both_ways(format($ddl$
		CREATE TABLE target (id int PRIMARY KEY, v text);
		CREATE TABLE staging (id int, v text);
		INSERT INTO target SELECT i, 'v' FROM generate_series(1, 4) AS i;
		INSERT INTO staging VALUES (1, 'v'), (2, 'w'), (3, 'w');
		CREATE TRIGGER s BEFORE %s ON target FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION run(%L);
		$ddl$, command, action), $$SELECT bulk_sync('target', 'staging', '{id}')$$) AS line;

-- Rights, of columns and of defaults: what a trigger takes away before the next write.
CREATE ROLE regress_bulk_sync_writer;
GRANT ALL ON log, ways TO regress_bulk_sync_writer;
SELECT a.*, line FROM (VALUES
		(1, 'DELETE', 'SELECT'), (2, 'DELETE', 'REVOKE UPDATE ON target FROM regress_bulk_sync_writer'),
		(3, 'DELETE', 'REVOKE UPDATE ON target FROM regress_bulk_sync_writer; GRANT UPDATE (id) ON target TO regress_bulk_sync_writer'),
		(4, 'DELETE', 'REVOKE UPDATE ON target FROM regress_bulk_sync_writer; GRANT UPDATE (v) ON target TO regress_bulk_sync_writer'),
		(5, 'UPDATE', 'REVOKE INSERT ON target FROM regress_bulk_sync_writer; GRANT INSERT (id) ON target TO regress_bulk_sync_writer'),
		(6, 'UPDATE', 'REVOKE ALL ON target_s_seq FROM regress_bulk_sync_writer'),
		(7, 'DELETE', 'REVOKE SELECT ON target FROM regress_bulk_sync_writer')) AS a (n, command, action),
	both_ways(format($ddl$
		CREATE TABLE target (id int PRIMARY KEY, v text, s serial);
		CREATE TABLE staging (id int, v text);
		INSERT INTO target SELECT i, 'v' FROM generate_series(1, 4) AS i;
		INSERT INTO staging VALUES (1, 'v'), (2, 'w'), (5, 'w');
		GRANT ALL ON target, target_s_seq TO regress_bulk_sync_writer;
		GRANT SELECT ON staging TO regress_bulk_sync_writer;
		CREATE FUNCTION as_owner() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $a$BEGIN EXECUTE tg_argv[0]; RETURN NULL; END$a$;
		CREATE TRIGGER s BEFORE %s ON target FOR EACH STATEMENT EXECUTE FUNCTION as_owner(%L);
		CREATE FUNCTION as_writer() RETURNS text LANGUAGE plpgsql SET role = regress_bulk_sync_writer
			AS $a$BEGIN RETURN bulk_sync('target', 'staging', '{id}'); END$a$;
		$ddl$, command, action), 'SELECT as_writer()') AS line;
DROP OWNED BY regress_bulk_sync_writer;
DROP ROLE regress_bulk_sync_writer;

-- Updates and deletes that are published need a replica identity.
SET client_min_messages = error;
SELECT line FROM unnest(array[$$(1, 'w'), (2, 'v')$$, $$(1, 'v')$$, $$(1, 'v'), (2, 'v'), (3, 'v')$$]) AS rows,
	both_ways($ddl$
		CREATE TABLE target (id int, v text);
		CREATE TABLE staging (id int, v text);
		INSERT INTO target VALUES (1, 'v'), (2, 'v');
		INSERT INTO staging VALUES $ddl$ || rows || $ddl$;
		CREATE PUBLICATION p FOR TABLE target;
		$ddl$, $$SELECT bulk_sync('target', 'staging', '{id}')$$) AS line;
RESET client_min_messages;

DROP FUNCTION both_ways(text, text, text[]), outcome(boolean, text, text, text[]), rows_before(), pass(), run(), tell(), tell_tables(), tell_way();
DROP DOMAIN filled, small, day;
DROP TABLE log, ways;
DROP EXTENSION amcheck;
DROP EXTENSION btree_gist;
