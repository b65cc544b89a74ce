--
-- Cost and locks follow the scope: of a partitioned target, a call touches the partitions that can hold rows in scope and
-- no other, be they thousands, as the three statements typed by hand would.
--
\i test/oracle.sql

CREATE PROCEDURE run(template text, first int, last int) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN first .. last LOOP
		EXECUTE format(template, i, i + 1);
	END LOOP;
END $$;

-- What statements lock of a tree: partitions with the strongest mode, and all locks there are, also of indexes and catalogs.
CREATE FUNCTION locks_of(VARIADIC statements text[], OUT partitions text, OUT locks bigint) LANGUAGE plpgsql AS $$
DECLARE
	statement text;
	modes text[] := '{AccessShareLock,RowShareLock,RowExclusiveLock,ShareUpdateExclusiveLock,ShareLock,ShareRowExclusiveLock}';
BEGIN
	FOREACH statement IN ARRAY statements LOOP
		EXECUTE statement;
	END LOOP;
	WITH mine AS (SELECT * FROM pg_locks WHERE pid = pg_backend_pid()),
	strongest AS (
		SELECT relname, max(array_position(modes, mode)) AS mode
		FROM mine JOIN pg_class AS c ON c.oid = relation AND relispartition AND relkind IN ('r', 'p') GROUP BY 1)
	SELECT string_agg(relname || ' ' || modes[mode], ', ' ORDER BY relname), (SELECT count(*) FROM mine)
	INTO partitions, locks FROM strongest;
	RAISE EXCEPTION 'undo';
EXCEPTION WHEN raise_exception THEN
	-- The subtransaction's locks are gone with it.
END $$;

-- 100 partitions by range with two indexes each, and one for the rest.
CREATE TABLE big (day int, k int, v text, gone boolean NOT NULL DEFAULT false, PRIMARY KEY (day, k)) PARTITION BY RANGE (day);
CREATE INDEX ON big (v);
CALL run('CREATE TABLE big_%s PARTITION OF big FOR VALUES FROM (%1$s) TO (%s)', 0, 99);
CREATE TABLE big_rest PARTITION OF big DEFAULT;
INSERT INTO big SELECT day, k, 'old' FROM generate_series(0, 110) AS day, generate_series(1, 5) AS k;
CREATE TABLE new (day int, k int, v text);
INSERT INTO new SELECT day, k, CASE k WHEN 1 THEN 'new' ELSE 'old' END FROM generate_series(0, 110) AS day, unnest('{1,2,3,9}'::int[]) AS k;
CREATE VIEW one AS SELECT * FROM new WHERE day = 42;
CREATE VIEW three AS SELECT * FROM new WHERE day IN (7, 42, 105);
CREATE TABLE settings (day int);
INSERT INTO settings VALUES (42);

-- By hand, and by one call: at most three times the locks.
SELECT h.partitions AS by_hand, c.partitions AS by_call, c.locks <= 3 * h.locks AS few
FROM locks_of(
	'DELETE FROM big AS t WHERE day = 42 AND NOT EXISTS (SELECT FROM new AS n WHERE n.day = t.day AND n.k = t.k)',
	'UPDATE big AS t SET v = n.v FROM new AS n WHERE t.day = 42 AND n.day = t.day AND n.k = t.k AND n.v <> t.v',
	'INSERT INTO big SELECT n.* FROM new AS n WHERE day = 42 AND k = 9') AS h,
	locks_of($$SELECT bulk_sync('big', 'one', '{day,k}', 'day = 42')$$) AS c;
SELECT c.partitions, locks < 40 AS few FROM locks_of($$SELECT bulk_sync_json('big', '[{"day": 42, "k": 1, "v": "new"}]', '{day,k}', 'day = 42')$$) AS c;
SELECT c.partitions, locks < 40 AS few FROM locks_of($$SELECT * FROM bulk_compare('big', 'one', '{day,k}', 'day = 42')$$) AS c;

-- The options.
CREATE TABLE options (options text);
INSERT INTO options VALUES ('dry_run => true'), ('soft_delete => ''gone'''), ('lock => ''table'''), ('lock => ''table'', dry_run => true'),
	('skip_creates => true'), ('skip_updates => true'), ('skip_deletes => true'), ('allow_out_of_scope => true');
SELECT options, c.partitions, locks < 50 AS few
FROM options, locks_of(format($$SELECT bulk_sync('big', 'one', '{day,k}', 'day = 42', %s)$$, options)) AS c ORDER BY 1;

-- Filters. What a query by hand can leave out, a call leaves out; what is only known when it runs, neither does.
CREATE TABLE filters (filter text);
INSERT INTO filters VALUES ('day IN (7, 42, 105)'), ('day = 7 OR day = 42 OR day = 105'), ('(day = ANY (''{7,42,105}'') AND v < current_user || ''z'') AND v <> ''''') ,
	('NOT (day NOT IN (7, 42, 105) OR v = now()::text)'), ('((k > 0 AND now() > ''2000-01-01'') AND (day > 6 AND day < 8)) OR (day = 42 AND k > 0) OR big.day = 105'),
	('day IN (7, 42, 105) AND EXISTS (SELECT FROM settings AS s WHERE s.day > 0)'),
	('day IN (7, 42, 105) AND big IS NOT NULL'), ('day IN (7, 42, 105) AND k IN (SELECT n.k FROM new AS n WHERE n.day = big.day UNION SELECT b.k FROM big AS b WHERE b.day = 42)');
SELECT filter, c.partitions, locks < 50 AS few
FROM filters, locks_of(format($$SELECT bulk_sync('big', 'three', '{day,k}', %L)$$, filter)) AS c ORDER BY 1;
SELECT c.partitions AS partitions FROM locks_of($$SELECT bulk_sync('big', 'one', '{day,k}', 'day = 41 AND false', dry_run => true, allow_out_of_scope => true)$$) AS c;
SELECT array_length(string_to_array(c.partitions, ','), 1) AS partitions
FROM (VALUES ('day = current_setting(''test.day'')::int'), ('day = (SELECT s.day FROM settings AS s)'), ('k > 0'), ('day = 42 OR now() IS NULL')) AS f (filter),
	set_config('test.day', '42', false),
	locks_of(format($$SELECT bulk_sync('big', 'one', '{day,k}', %L, lock => 'table', max_deletes => 1000)$$, filter)) AS c;

-- So it is where columns are generated: what other partitions would compute is not asked. Rows that may go anywhere may
-- have a key that any partition computes.
CREATE TABLE made (day int, k int, v text, twice int GENERATED ALWAYS AS (k * 2) STORED) PARTITION BY RANGE (day);
CALL run('CREATE TABLE made_%s PARTITION OF made FOR VALUES FROM (%1$s) TO (%s)', 0, 99);
INSERT INTO made SELECT day, k, 'old' FROM generate_series(0, 99) AS day, generate_series(1, 5) AS k;
CREATE VIEW twice AS SELECT *, k * 2 AS twice FROM one;
SELECT number, c.partitions, locks < 40 AS few FROM (VALUES
	(1, $$bulk_sync('made', 'one', '{day,k}', 'day = 42 AND twice < 20')$$),
	(2, $$bulk_sync('made', 'twice', '{day,twice}', 'day = 42')$$),
	(3, $$bulk_sync('made', 'one', '{day,k}', 'day = 42', allow_out_of_scope => true)$$),
	(4, $$bulk_compare('made', 'one', '{day,k}', 'day = 42')$$),
	(5, $$bulk_compare('made', 'one', '{day,k}', 'day = 42 AND twice < 20')$$),
	(6, $$bulk_compare('made', 'twice', '{day,twice}', 'day = 42')$$)) AS calls (number, call),
	locks_of(format('SELECT * FROM %s', call)) AS c ORDER BY 1;
SELECT number, array_length(string_to_array(c.partitions, ','), 1) AS partitions FROM (VALUES
	(1, $$bulk_sync('made', 'twice', '{day,twice}', 'day = 42', allow_out_of_scope => true)$$),
	(2, $$bulk_compare('made', 'one', '{day,k}', 'day = 42', allow_out_of_scope => true)$$)) AS calls (number, call),
	locks_of(format('SELECT * FROM %s', call)) AS c ORDER BY 1;
SELECT * FROM sync_checked('made', 'twice', '{day,twice}', 'day = 42');
DROP VIEW twice;
DROP TABLE made;

-- And the result is right.
SELECT * FROM sync_checked('big', 'one', '{day,k}', 'day = 42');
SELECT * FROM sync_checked('big', 'three', '{day,k}', '(day IN (7, 42, 105) AND v IS NOT NULL) AND now() > ''2000-01-01''');
UPDATE new SET v = v || '!' WHERE k = 2;
DELETE FROM new WHERE k = 3;
SELECT * FROM sync_checked('big', 'three', '{day,k}', '(day = 7 AND k > 0) OR (day = 42 AND v < ''zz'' || now()::text) OR big.day = 105');
SELECT * FROM bulk_sync_json('big', '[{"day": 61, "k": 1, "v": "x"}]', '{day,k}', 'day = 61', soft_delete => 'gone');
SELECT * FROM bulk_sync_json('big', '[{"day": 61, "k": 2, "v": "y"}]', '{day,k}', 'day = 61', soft_delete => 'gone');
SELECT day, k, v, gone FROM big WHERE day BETWEEN 60 AND 62 AND (v <> 'old' OR gone) ORDER BY 1, 2;
SET test.day = 41;
SELECT * FROM sync_checked('big', 'settings', '{day}', 'day = current_setting(''test.day'')::int', skip_deletes => true, skip_creates => true, allow_out_of_scope => true);
-- Rows that a trigger moves within the scope and out of it, and one that it suppresses.
CREATE FUNCTION moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.k = 1 THEN
		NEW.day := CASE NEW.v WHEN 'in' THEN 51 WHEN 'out' THEN 77 ELSE NEW.day END;
	END IF;
	RETURN CASE WHEN NEW.v <> 'kept' THEN NEW END;
END $$;
CREATE TRIGGER moves BEFORE UPDATE ON big FOR EACH ROW EXECUTE FUNCTION moves();
CREATE TABLE fifties AS SELECT day, k, CASE WHEN k = 1 AND day = 50 THEN 'in' WHEN k = 1 AND day = 52 THEN 'out' WHEN k = 2 THEN 'kept' ELSE v END AS v
	FROM big WHERE day BETWEEN 50 AND 52 AND NOT (day = 51 AND k = 1);
DELETE FROM big WHERE day = 77 AND k = 1;
SELECT * FROM bulk_sync('big', 'fifties', '{day,k}', 'day BETWEEN 50 AND 52');
SELECT tableoid::regclass, day, k, v FROM big WHERE (day BETWEEN 50 AND 52 OR v = 'out') AND k < 3 ORDER BY day, k, v;
DROP TRIGGER moves ON big;
-- The writes ask nothing again of the filter but what leaves out partitions: a function that is not as immutable as it says
-- has answered once.
CREATE TABLE log (k int);
CREATE FUNCTION logged(k int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN EXISTS (SELECT FROM log AS l WHERE l.k = logged.k); END $$;
CREATE FUNCTION logs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log SELECT generate_series(1, 9); RETURN OLD; END $$;
CREATE TRIGGER logs BEFORE DELETE ON big FOR EACH ROW EXECUTE FUNCTION logs();
SELECT * FROM bulk_sync_json('big', '[{"day": 63, "k": 1, "v": "x"}]', '{day,k}', 'day = 63 AND NOT logged(k)');
DROP TRIGGER logs ON big;
DROP FUNCTION logs, logged;
DROP TABLE log;
-- Nor what one part of the filter keeps from rows that another could not bear, in whatever order the writes would ask.
CREATE TABLE ratio (a int, b int, v text) PARTITION BY RANGE (a);
CREATE TABLE ratio_1 PARTITION OF ratio FOR VALUES FROM (0) TO (5);
CREATE TABLE ratio_2 PARTITION OF ratio FOR VALUES FROM (5) TO (10);
INSERT INTO ratio SELECT a, b, 'old' FROM generate_series(0, 9) AS a, generate_series(0, 2) AS b;
CREATE TABLE rates AS SELECT a, b, 'new' AS v FROM ratio WHERE a BETWEEN 3 AND 7 AND b = 2;
SET enable_tidscan = off;
SELECT * FROM bulk_sync('ratio', 'rates', '{a,b}', 'b <> 0 AND a / b > 0 AND a BETWEEN 3 AND 7');
SELECT * FROM bulk_sync('ratio', 'rates', '{a,b}', 'b = 2 AND (a = 2 OR 9 / (a - 2) > 2 AND a > 2)', allow_out_of_scope => true, skip_creates => true, skip_updates => true, allow_empty => true);
RESET enable_tidscan;
SELECT a, b, v FROM ratio WHERE b > 0 ORDER BY a, b;
DROP TABLE ratio, rates;
-- Statement triggers of the parent fire once, and no right on a partition is needed.
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '% %', TG_OP, TG_TABLE_NAME; RETURN NULL; END $$;
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON big FOR EACH STATEMENT EXECUTE FUNCTION tell();
CREATE ROLE regress_bulk_sync_scoped;
GRANT ALL ON big TO regress_bulk_sync_scoped;
GRANT SELECT ON new TO regress_bulk_sync_scoped;
CREATE VIEW sixty AS SELECT * FROM new WHERE day = 60;
GRANT SELECT ON sixty TO regress_bulk_sync_scoped;
SET ROLE regress_bulk_sync_scoped;
SELECT * FROM bulk_sync('big', 'sixty', '{day,k}', 'day = 60');
RESET ROLE;
DROP TRIGGER tell ON big;
-- A policy that narrows more than the filter does: what it hides is a new row, whose key is taken.
ALTER TABLE big ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON big USING (day IN (SELECT s.day FROM settings AS s));
CREATE POLICY i ON big FOR INSERT WITH CHECK (true);
GRANT SELECT ON settings TO regress_bulk_sync_scoped;
GRANT SELECT ON three TO regress_bulk_sync_scoped;
SET ROLE regress_bulk_sync_scoped;
SELECT state, message FROM failure($$SELECT bulk_sync('big', 'three', '{day,k}', 'day IN (7, 42, 105)')$$);
SELECT c.partitions, locks < 50 AS few FROM locks_of($$SELECT bulk_sync('big', 'three', '{day,k}', 'day IN (7, 42, 105)', skip_creates => true)$$) AS c;
RESET ROLE;
DROP VIEW one, three, sixty;
DROP TABLE big, new, fifties, filters, options, settings;
DROP ROLE regress_bulk_sync_scoped;

-- By list with two levels, and columns in another order below; by hash; by expression.
CREATE TABLE tree (region text, day int, v text) PARTITION BY LIST (region);
CREATE TABLE tree_e (day int, x int, v text, region text) PARTITION BY RANGE (day);
ALTER TABLE tree_e DROP x;
ALTER TABLE tree ATTACH PARTITION tree_e FOR VALUES IN ('east');
CALL run('CREATE TABLE tree_e%s PARTITION OF tree_e FOR VALUES FROM (%1$s) TO (%s)', 0, 20);
CREATE TABLE tree_w PARTITION OF tree FOR VALUES IN ('west', NULL) PARTITION BY HASH (day);
CALL run('CREATE TABLE tree_w%s PARTITION OF tree_w FOR VALUES WITH (MODULUS 9, REMAINDER %1$s)', 0, 8);
INSERT INTO tree SELECT region, day, 'old' FROM unnest('{east,west,NULL}'::text[]) AS region, generate_series(1, 9) AS day;
CREATE TABLE new AS SELECT region, day, CASE WHEN day % 2 = 0 THEN 'new' ELSE v END AS v FROM tree WHERE day <> 5;
CREATE VIEW east AS SELECT * FROM new WHERE region = 'east' AND day < 3;
CREATE VIEW west AS SELECT * FROM new WHERE region = 'west' AND day = 4;
CREATE VIEW unknown AS SELECT * FROM new WHERE region IS NULL AND day IN (4, 5);
SELECT c.partitions FROM locks_of($$SELECT bulk_sync('tree', 'east', '{region,day}', 'region = ''east'' AND day < 3')$$) AS c;
SELECT array_length(string_to_array(c.partitions, ','), 1) AS partitions FROM locks_of($$SELECT bulk_sync('tree', 'west', '{region,day}', 'region = ''west'' AND day = 4')$$) AS c;
SELECT array_length(string_to_array(c.partitions, ','), 1) AS partitions FROM locks_of($$SELECT bulk_sync('tree', 'unknown', '{region,day}', 'region IS NULL AND day IN (4, 5)')$$) AS c;
SELECT c.partitions FROM locks_of($$SELECT bulk_sync('tree_e', 'east', '{region,day}', 'day < 3')$$) AS c;
SELECT * FROM sync_checked('tree', 'east', '{region,day}', 'region = ''east'' AND day < 3');
SELECT * FROM sync_checked('tree', 'west', '{region,day}', 'region = ''west'' AND day = 4');
SELECT * FROM sync_checked('tree', 'unknown', '{region,day}', 'region IS NULL AND day IN (4, 5)');
SELECT * FROM sync_checked('tree', 'new', '{region,day}');
-- Rows move between partitions in scope.
ALTER TABLE tree ADD id int;
UPDATE tree SET id = day + CASE region WHEN 'east' THEN 100 ELSE 200 END;
CREATE TABLE swapped AS SELECT CASE region WHEN 'east' THEN 'west' ELSE 'east' END AS region, day, id FROM tree WHERE region IS NOT NULL;
SELECT * FROM sync_checked('tree', 'swapped', '{id}', 'region IN (''east'', ''west'')');
DROP VIEW east, west, unknown;
DROP TABLE tree, new, swapped;

-- A partition that cannot be written matters when it can hold rows in scope, or get new ones.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS file_fdw;
RESET client_min_messages;
CREATE SERVER nowhere FOREIGN DATA WRAPPER file_fdw;
CREATE TABLE mixed (region int, v text) PARTITION BY LIST (region);
CREATE TABLE mixed_1 PARTITION OF mixed FOR VALUES IN (1);
CREATE FOREIGN TABLE mixed_2 PARTITION OF mixed FOR VALUES IN (2) SERVER nowhere OPTIONS (program 'false');
CREATE TABLE new (region int, v text);
INSERT INTO new VALUES (1, 'x');
SELECT * FROM bulk_sync('mixed', 'new', '{region}', 'region = 1');
SELECT state, message, detail FROM failure($$SELECT bulk_sync('mixed', 'new', '{region}', 'region = 1', allow_out_of_scope => true)$$);
SELECT state, message, detail FROM failure($$SELECT bulk_sync('mixed', 'new', '{region}', 'region > 1', dry_run => true)$$);
SELECT state, message, detail FROM failure($$SELECT bulk_sync('mixed', 'new', '{region}')$$);
SELECT state, message, detail FROM failure($$SELECT bulk_sync('mixed', 'new', '{region}', 'v = ''x''')$$);
TABLE mixed_1;
CREATE FOREIGN DATA WRAPPER no_handler;
CREATE SERVER no_handler FOREIGN DATA WRAPPER no_handler;
CREATE FOREIGN TABLE mixed_3 PARTITION OF mixed FOR VALUES IN (3) SERVER no_handler;
SELECT * FROM bulk_sync('mixed', 'new', '{region}', 'region = 1');
SELECT state, message, detail FROM failure($$SELECT bulk_sync('mixed', 'new', '{region}', 'region = 3')$$);
DROP TABLE mixed, new;
DROP FOREIGN DATA WRAPPER no_handler CASCADE;
DROP SERVER nowhere;
DROP FUNCTION locks_of, moves, tell;
DROP PROCEDURE run;
