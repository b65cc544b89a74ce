--
-- The filter says which rows of the target exist for the call. It is written as in WHERE and means the same.
--
\i test/oracle.sql

CREATE TABLE target (id int, region text, v int, PRIMARY KEY (region, id));
CREATE TABLE staging (LIKE target);
CREATE TABLE regions (name text, active boolean);
INSERT INTO regions VALUES ('n', true), ('s', false), ('e', true);
INSERT INTO target SELECT i, r, i FROM generate_series(1, 3) AS i, unnest('{n,s,e}'::text[]) AS r;
INSERT INTO staging VALUES (1, 'n', 1), (2, 'n', 20), (4, 'n', 4);

SELECT * FROM sync_checked('target', 'staging', '{id}', 'region = ''n''');
SELECT region, string_agg(id || ':' || v, ' ' ORDER BY id) FROM target GROUP BY region ORDER BY region;
-- Other ways to say the same.
SELECT * FROM sync_checked('target', 'staging', '{id}', 'target.region = ''n''');
SELECT * FROM sync_checked('target', 'staging', '{id}', 'public.target."region" IN (''n'', ''x'')');
SELECT * FROM sync_checked('target', 'staging', '{id}', 'region LIKE ''n%'' AND NOT v IS NULL -- in the north');
SELECT * FROM sync_checked('target', 'staging', '{id}', ' /* here */ region = $$n$$ OR false ');
SELECT * FROM sync_checked('target', 'staging', '{id}', 'CASE region WHEN ''n'' THEN true END');
SELECT * FROM sync_checked('target', 'staging', '{id}', '(region) BETWEEN ''n'' AND ''n''');
SELECT * FROM sync_checked('target', 'staging', '{id}', 'region = ANY (ARRAY[''n''])');
SELECT * FROM sync_checked('target', 'staging', '{id}', '(target).region = ''n''');
SELECT * FROM sync_checked('target', 'staging', '{id}', 'to_jsonb(target) ->> ''region'' = ''n''');
SELECT * FROM sync_checked('target', 'staging', '{id}', '(target.*)::text LIKE ''%,n,%''');
-- Sub-selects, correlated or not, over other tables, the target itself and staging.
SELECT * FROM sync_checked('target', 'staging', '{id}', 'region IN (SELECT name FROM regions WHERE active AND name > ''m'')');
SELECT * FROM sync_checked('target', 'staging', '{id}',
	'EXISTS (SELECT FROM regions r WHERE r.name = region AND r.active AND target.region <> ''e'')');
SELECT * FROM sync_checked('target', 'staging', '{id}', 'region = (SELECT max(t.region) FROM target t WHERE t.region < ''r'')');
SELECT * FROM sync_checked('target', 'staging', '{id}', 'EXISTS (SELECT FROM staging s WHERE s.region = target.region)');
SELECT * FROM sync_checked('target', 'staging', '{id}',
	'(WITH x AS (SELECT name FROM regions WHERE name = target.region AND active) SELECT count(*) FROM x, (SELECT ''n'' AS n) AS o WHERE name = o.n) = 1');
SELECT * FROM sync_checked('target', 'staging', '{id}', 'region = (SELECT min(d) FROM (VALUES (''n''), (''o'')) AS d (d))');
-- Functions that are stable are fine; so is a user's.
CREATE FUNCTION my_region() RETURNS text STABLE LANGUAGE sql RETURN current_setting('my.region');
SET my.region = 'n';
SELECT * FROM sync_checked('target', 'staging', '{id}', 'region = my_region() AND now() > ''2000-01-01''');
-- Constants.
BEGIN;
SELECT * FROM sync_checked('target', 'staging', '{id,region}', 'true');
ROLLBACK;
SELECT * FROM sync_checked('target', 'staging', '{id,region}', 'false', allow_out_of_scope => true, skip_creates => true);
SELECT * FROM sync_checked('target', 'staging', '{id,region}', NULL, skip_deletes => true);

-- A filter that is NULL for a row leaves it out of scope.
ALTER TABLE target ADD flag boolean;
ALTER TABLE staging ADD flag boolean DEFAULT true;
UPDATE target SET flag = true WHERE region = 'n' AND id < 3;
SELECT * FROM bulk_sync('target', 'staging', '{id,region}', 'flag');
SELECT * FROM sync_checked('target', 'staging', '{id,region}', 'flag IS NOT FALSE AND region = ''n''');
SELECT count(*) FROM target;
-- A staged row for which it is NULL is outside.
UPDATE staging SET flag = NULL WHERE id = 4;
SELECT * FROM bulk_sync('target', 'staging', '{id,region}', 'flag');
ALTER TABLE target DROP flag;
ALTER TABLE staging DROP flag;

-- Staged rows outside of the scope would be inserted again and again: an error with the first of them.
INSERT INTO staging SELECT i, 'w', i FROM generate_series(1, 7) AS i;
\set VERBOSITY default
SELECT * FROM bulk_sync('target', 'staging', '{id,region}', 'region = ''n''');
DELETE FROM staging WHERE region = 'w' AND id > 1;
SELECT * FROM bulk_sync('target', 'staging', '{id,region}', 'region = ''n''');
\set VERBOSITY terse
SELECT count(*) FROM target WHERE region = 'w';
-- Only rows that are going to be written are looked at.
SELECT * FROM sync_checked('target', 'staging', '{id,region}', 'region = ''n''', skip_creates => true);
-- An update that moves a row out of the scope is such a row as well.
DELETE FROM staging WHERE region = 'w';
UPDATE staging SET v = 1000 WHERE id = 1;
SELECT * FROM bulk_sync('target', 'staging', '{id,region}', 'region = ''n'' AND v < 500');
SELECT * FROM sync_checked('target', 'staging', '{id,region}', 'region = ''n'' AND v < 500', skip_updates => true);
SELECT * FROM sync_checked('target', 'staging', '{id,region}', 'region = ''n'' AND v < 500', columns => '{}');
-- allow_out_of_scope: the update moves the row, and no call sees it any more.
CREATE TABLE moved (id int, region text, v int);
INSERT INTO moved SELECT * FROM target;
SELECT * FROM bulk_sync('moved', 'staging', '{id,region}', 'region = ''n'' AND v < 500', allow_out_of_scope => true);
SELECT id, region, v FROM moved WHERE v = 1000;
SELECT * FROM bulk_sync('moved', 'staging', '{id,region}', 'region = ''n'' AND v < 500', allow_out_of_scope => true);
SELECT id, region, v FROM moved WHERE v = 1000;
DROP TABLE moved;
DROP TABLE target, staging;

-- The filter uses a column that staging lacks: a matched row has a value, a new one takes its default.
CREATE TABLE target (id int PRIMARY KEY, region text DEFAULT 'n', owner text DEFAULT current_user, v int);
CREATE TABLE staging (id int, v int);
INSERT INTO target (id, region, v) VALUES (1, 'n', 1), (2, 's', 2), (3, 'n', 3);
INSERT INTO staging VALUES (1, 10), (4, 4);
SELECT * FROM sync_checked('target', 'staging', '{id}', 'region = ''n''');
SELECT * FROM sync_checked('target', 'staging', '{id}', 'owner = current_user AND region = ''n''');
INSERT INTO staging VALUES (5, 5);
SELECT * FROM bulk_sync('target', 'staging', '{id}', 'region = ''x''');
UPDATE target SET region = 'x' WHERE id IN (1, 4);
SELECT * FROM bulk_sync('target', 'staging', '{id}', 'region = ''x''');
SELECT * FROM sync_checked('target', 'staging', '{id}', 'region = ''x''', skip_creates => true);
-- No default is NULL.
ALTER TABLE target ALTER region DROP DEFAULT;
SELECT * FROM bulk_sync('target', 'staging', '{id}', 'region = ''x''');
SELECT * FROM sync_checked('target', 'staging', '{id}', 'region IS NULL OR region = ''x''');
-- A default that is volatile cannot be known before. It does not matter where no row is new.
CREATE SEQUENCE regions_seq;
ALTER TABLE target ALTER region SET DEFAULT 'r' || nextval('regions_seq');
INSERT INTO staging VALUES (6, 6);
\set VERBOSITY default
SELECT * FROM bulk_sync('target', 'staging', '{id}', 'region IS NULL OR region IN (''x'', ''r1'')');
\set VERBOSITY terse
SELECT * FROM sync_checked('target', 'staging', '{id}', 'region IS NULL OR region IN (''x'', ''r1'')', skip_creates => true);
SELECT * FROM bulk_sync('target', 'staging', '{id}', 'region IS NULL OR region IN (''x'', ''r1'')', allow_out_of_scope => true);
SELECT * FROM sync_checked('target', 'staging', '{id}', 'region IS NULL OR region IN (''x'', ''r1'')');
SELECT id, region, v FROM target ORDER BY id;
-- A volatile default of a column that the filter does not use is no matter either.
INSERT INTO staging VALUES (7, 7);
SELECT * FROM sync_checked('target', 'staging', '{id}', 'v IS NOT NULL');
DROP TABLE target, staging;
DROP SEQUENCE regions_seq;

-- A value is judged as it is stored: after the cast, with the blanks of char(n).
CREATE TABLE target (id int PRIMARY KEY, n numeric(4,1), c char(3), d date);
CREATE TABLE staging (id text, n text, c text, d timestamp);
INSERT INTO staging VALUES ('1', '9.96', 'a', '2020-01-01 23:59'), ('2', '1', 'a  ', '2020-01-01');
SELECT * FROM bulk_sync('target', 'staging', '{id}', 'n < 10');
SELECT * FROM sync_checked('target', 'staging', '{id}', 'n <= 10 AND c = ''a'' AND octet_length(c) = 3 AND d = ''2020-01-01''');
DROP TABLE target, staging;

-- A primary key that is taken from a default is judged by that.
CREATE TABLE target (id int DEFAULT 5 PRIMARY KEY, name text);
CREATE TABLE staging (id int, name text);
INSERT INTO staging VALUES (NULL, 'five'), (6, 'six');
SELECT * FROM bulk_sync('target', 'staging', '{name}', 'id = 5');
SELECT * FROM sync_checked('target', 'staging', '{name}', 'id IN (5, 6)');
TABLE target ORDER BY id;
DROP TABLE target, staging;

-- A key that the filter fixes: staging has it as a constant, and the other key tells the rows apart.
CREATE TABLE target (region text, id int, v int);
INSERT INTO target SELECT r, i, i FROM generate_series(1, 300) AS i, unnest('{n,s}'::text[]) AS r;
CREATE VIEW constant AS SELECT 'n' AS region, i AS id, CASE WHEN i % 10 = 0 THEN -i ELSE i END AS v FROM generate_series(11, 310) AS i;
SELECT * FROM sync_checked('target', 'constant', '{region,id}', 'region = ''n''');
CREATE VIEW listed AS SELECT * FROM (VALUES ('n'::text, 20, 20), ('n', 30, 31), ('n', 1000, 1000)) AS v (region, id, v);
SELECT * FROM sync_checked('target', 'listed', '{id,region}', 'region = ''n''', skip_deletes => true);
SELECT * FROM sync_checked('target', 'listed', '{region,id}', 'region = ''n'' AND id < 2000');
CREATE VIEW none AS SELECT * FROM constant WHERE false;
SELECT * FROM sync_checked('target', 'none', '{region,id}', 'region = ''n''', allow_empty => true);
SELECT region, count(*) FROM target GROUP BY region;
DROP VIEW none, listed, constant;
DROP TABLE target;

-- A scope that no row is in yet; names that have to be quoted; a name that the caller finds by the search_path.
CREATE SCHEMA "Odd Schema";
CREATE TABLE "Odd Schema"."T a" ("Id" int, "Region x" text);
CREATE TABLE staging ("Id" int, "Region x" text);
INSERT INTO staging VALUES (1, 'here');
SELECT * FROM sync_checked('"Odd Schema"."T a"', 'staging', '{Id}', '"Region x" = ''here'' AND "T a"."Id" > 0 AND "Odd Schema"."T a"."Id" < 2');
SET search_path = "Odd Schema", public;
CREATE FUNCTION only_here(text) RETURNS boolean IMMUTABLE LANGUAGE sql RETURN $1 = 'here';
SELECT * FROM sync_checked('"T a"', 'staging', '{Id}', 'only_here("Region x")');
RESET search_path;
DROP FUNCTION "Odd Schema".only_here;
DROP TABLE "Odd Schema"."T a", staging, regions;
DROP SCHEMA "Odd Schema";
DROP FUNCTION my_region;
