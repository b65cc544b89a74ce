--
-- What may be a target, and what may be staging.
--
\i test/oracle.sql

CREATE TABLE base (id int PRIMARY KEY, v text);
INSERT INTO base SELECT i, 'v' || i FROM generate_series(1, 20) AS i;

-- Targets: temporary and unlogged tables.
CREATE TEMP TABLE temporary (id int PRIMARY KEY, v text);
INSERT INTO temporary VALUES (1, 'v1'), (2, 'other'), (30, 'gone');
SELECT * FROM sync_checked('temporary', 'base', '{id}');
CREATE UNLOGGED TABLE unlogged (v text, id int);
SELECT * FROM sync_checked('unlogged', 'base', '{id}');
SELECT * FROM sync_checked('unlogged', 'temporary', '{id}');
-- A temporary table that hides another of the same name, both in one call.
CREATE TEMP TABLE base (id int, v text);
INSERT INTO pg_temp.base VALUES (1, 'temporary');
SELECT * FROM sync_checked('public.base', 'base', '{id}', 'id < 3');
SELECT * FROM public.base WHERE id < 4 ORDER BY id;
SELECT * FROM sync_checked('pg_temp.base', 'public.base', '{id}');
DROP TABLE pg_temp.base;
-- A temporary table that is emptied at the end of the transaction.
BEGIN;
CREATE TEMP TABLE import (LIKE base) ON COMMIT DROP;
INSERT INTO import SELECT id, 'imported' FROM base WHERE id <> 4;
SELECT * FROM sync_checked('base', 'import', '{id}');
COMMIT;
SELECT count(*), count(*) FILTER (WHERE v = 'imported') FROM base;

-- Staging: a view, of the target too, with an order, a limit, a union, an aggregate.
CREATE VIEW plain AS SELECT id, v || '!' AS v FROM base WHERE id > 2;
SELECT * FROM sync_checked('unlogged', 'plain', '{id}');
CREATE VIEW of_target AS SELECT id + 1 AS id, v FROM unlogged;
SELECT * FROM bulk_sync('unlogged', 'of_target', '{id}');
SELECT min(id), max(id), count(*) FROM unlogged;
CREATE VIEW odd AS SELECT max(id) AS id, v FROM base GROUP BY v UNION ALL (SELECT 100, 'x' ORDER BY 1 LIMIT 1) UNION SELECT 101, NULL;
SELECT * FROM sync_checked('unlogged', 'odd', '{id}');
CREATE VIEW no_rows AS SELECT id, v FROM base WHERE false;
SELECT * FROM sync_checked('unlogged', 'no_rows', '{id}', allow_empty => true);
CREATE VIEW made AS SELECT i AS id, 'made ' || i AS v FROM generate_series(1, 1000) AS i;
SELECT * FROM sync_checked('unlogged', 'made', '{id}');
CREATE VIEW recursive AS WITH RECURSIVE r (id) AS (VALUES (1) UNION ALL SELECT id + 1 FROM r WHERE id < 50) SELECT id, id::text AS v FROM r;
SELECT * FROM sync_checked('unlogged', 'recursive', '{id}');
-- A view that is volatile is read once.
CREATE SEQUENCE reads;
CREATE VIEW counted AS SELECT i AS id, nextval('reads')::text AS v FROM generate_series(1, 10) AS i;
SELECT * FROM bulk_sync('unlogged', 'counted', '{id}');
SELECT last_value FROM reads;
-- A view that raises an error in its middle.
CREATE VIEW broken AS SELECT i AS id, (10 / (5 - i))::text AS v FROM generate_series(1, 10) AS i;
SELECT * FROM bulk_sync('unlogged', 'broken', '{id}');
SELECT * FROM sync_checked('unlogged', 'recursive', '{id}');

-- A materialized view.
CREATE MATERIALIZED VIEW stored AS SELECT id, upper(v) AS v FROM base;
SELECT * FROM sync_checked('unlogged', 'stored', '{id}');

-- A foreign table.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS file_fdw;
RESET client_min_messages;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE outside (id text, v text) SERVER files OPTIONS (program 'printf "1,one\n2,two\n3,\n"', format 'csv');
SELECT * FROM sync_checked('base', 'outside', '{id}');
TABLE base ORDER BY id;
CREATE FOREIGN TABLE outside_typed (v text, id int) SERVER files OPTIONS (program 'printf "one,1\nzwei,2\n"', format 'csv', null 'zwei');
SELECT * FROM sync_checked('base', 'outside_typed', '{id}');
TABLE base ORDER BY id;
-- A partitioned table with a foreign partition.
CREATE TABLE parted (id int, v text) PARTITION BY LIST (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE FOREIGN TABLE parted_2 PARTITION OF parted FOR VALUES IN (2) SERVER files OPTIONS (program 'echo 2,far', format 'csv');
INSERT INTO parted_1 VALUES (1, 'near');
SELECT * FROM sync_checked('base', 'parted', '{id}');
TABLE base ORDER BY id;

DROP TABLE parted;
DROP FOREIGN TABLE outside, outside_typed;
DROP SERVER files;
DROP EXTENSION file_fdw;
DROP VIEW plain, of_target, odd, no_rows, made, recursive, counted, broken;
DROP MATERIALIZED VIEW stored;
DROP SEQUENCE reads;
DROP TABLE base, temporary, unlogged;
