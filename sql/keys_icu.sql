--
-- Keys of a nondeterministic collation. Needs a server with ICU; the other expected file is for
-- servers without.
--
\i test/oracle.sql
SELECT NOT EXISTS (SELECT FROM pg_collation WHERE collname = 'und-x-icu') OR
	getdatabaseencoding() <> 'UTF8' AS skip \gset
\if :skip
\echo no ICU here
\quit
\endif
CREATE COLLATION ignore_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE target (k text COLLATE ignore_case PRIMARY KEY, v text COLLATE ignore_case);
CREATE TABLE staging (k text, v text);
INSERT INTO target VALUES ('Hello', 'x'), ('world', 'y'), ('other', 'z');
INSERT INTO staging VALUES ('hello', 'x'), ('world', 'Y'), ('NEW', 'n');
-- 'Hello' and 'hello' are one key; both columns end as staging writes them.
SELECT * FROM sync_checked('target', 'staging', '{k}');
SELECT k COLLATE "C" AS k, v FROM target ORDER BY k COLLATE "C";
-- The collation of the target decides, not that of staging.
ALTER TABLE staging ALTER k TYPE text COLLATE "C";
UPDATE staging SET k = 'World' WHERE k = 'world';
SELECT * FROM sync_checked('target', 'staging', '{k}');
ALTER TABLE target ALTER k TYPE text COLLATE "C";
ALTER TABLE staging ALTER k TYPE text COLLATE ignore_case;
UPDATE staging SET k = 'WORLD' WHERE k = 'World';
SELECT * FROM sync_checked('target', 'staging', '{k}');
SELECT k FROM target ORDER BY k;
-- Two that the target holds for one are a duplicate.
ALTER TABLE target ALTER k TYPE text COLLATE ignore_case;
ALTER TABLE staging ALTER k TYPE text COLLATE "C";
INSERT INTO staging VALUES ('hELLO', 'x');
SELECT * FROM bulk_sync('target', 'staging', '{k}');
-- varchar and char with such a collation.
TRUNCATE staging;
ALTER TABLE target ALTER k TYPE varchar(10) COLLATE ignore_case, ALTER v TYPE char(3) COLLATE ignore_case;
INSERT INTO staging VALUES ('hello', 'X'), ('New', 'n');
SELECT * FROM sync_checked('target', 'staging', '{k}');
SELECT * FROM sync_checked('target', 'staging', '{k,v}');
SELECT k COLLATE "C" AS k, v FROM target ORDER BY k COLLATE "C";
DROP TABLE target, staging;
-- A generated key is compared with the staged one in the same way.
CREATE TABLE target (name text, k text COLLATE ignore_case GENERATED ALWAYS AS (name) STORED);
CREATE TABLE staging (name text, k text);
INSERT INTO staging VALUES ('Hello', 'HELLO'), (NULL, NULL);
SELECT * FROM bulk_sync('target', 'staging', '{k}');
UPDATE staging SET name = 'hellO' WHERE k = 'HELLO';
SELECT * FROM bulk_sync('target', 'staging', '{k}');
SELECT name, k COLLATE "C" AS k FROM target ORDER BY name;
UPDATE staging SET name = 'World' WHERE k = 'HELLO';
SELECT * FROM bulk_sync('target', 'staging', '{k}');
DROP TABLE target, staging;

-- Blanks at the end of char(n) do not count under such a collation either, also inside of other types, each of which has
-- its own way to come by the collation: the column's, a field's, a range's, the column's again through a domain.
CREATE DOMAIN padded AS bpchar COLLATE ignore_case;
CREATE TYPE padded_pair AS (n int, p bpchar COLLATE ignore_case);
CREATE TYPE padded_pairs AS (n int, ps padded_pair[]);
CREATE TYPE padded_range AS RANGE (subtype = bpchar, collation = ignore_case);
CREATE DOMAIN padded_ranges AS padded_range;
CREATE TABLE target (b bpchar COLLATE ignore_case, d padded, a bpchar[] COLLATE ignore_case, c padded_pair, cs padded_pairs,
	r padded_range, dr padded_ranges, m padded_multirange, v int);
CREATE TABLE staging (LIKE target);
INSERT INTO target VALUES
	('a', 'a', '{a,NULL}', '(1,a)', '(1,"{""(1,a)""}")', '[a,c]', '[a,c]', '{[a,c]}', 1),
	('b', 'b', '{b}', '(2,b)', '(2,"{""(2,b)""}")', '[b,c]', '[b,c]', '{[b,c]}', 2);
INSERT INTO staging VALUES
	('A  ', 'A  ', '{"A  ",NULL}', '(1,"A  ")', '(1,"{""(1,\\""A  \\"")""}")', '["A  ","C "]', '["A  ","C "]', '{["A  ","C "]}', 1),
	('x ', 'x ', '{"x "}', '(2,"x ")', '(2,"{""(2,\\""x \\"")""}")', '["x ","y "]', '["x ","y "]', '{["x ","y "]}', 2);
SELECT key, (s).created, (s).updated, (s).deleted, (s).unchanged FROM (
	SELECT key, bulk_sync('target', 'staging', ARRAY[key], columns => ARRAY[key], dry_run => true) AS s
	FROM unnest('{b,d,a,c,cs,r,dr,m}'::text[]) AS key) AS each;
SELECT * FROM sync_checked('target', 'staging', '{a,c,cs}');
SELECT * FROM sync_checked('target', 'staging', '{r,dr,m}');
SELECT a COLLATE "C" AS a, c, cs FROM target ORDER BY v;
DROP TABLE target, staging;
-- Many of them: if every two keys were compared, it would take longer by far.
CREATE TABLE target (k bpchar COLLATE ignore_case, v int);
CREATE TABLE staging (LIKE target);
INSERT INTO staging SELECT 'Key ' || i || ' ', i FROM generate_series(1, 60000) AS i;
INSERT INTO target SELECT 'key ' || i, i FROM generate_series(1, 60000) AS i;
SET statement_timeout = '20s';
SELECT * FROM bulk_sync('target', 'staging', '{k}', ignore_columns => '{k}');
RESET statement_timeout;
ALTER TABLE target ALTER k TYPE bpchar[] COLLATE ignore_case USING ARRAY[k];
ALTER TABLE staging ALTER k TYPE bpchar[] COLLATE ignore_case USING ARRAY[k];
SET statement_timeout = '20s';
SELECT * FROM bulk_sync('target', 'staging', '{k}', ignore_columns => '{k}');
RESET statement_timeout;
DROP TABLE target, staging;
DROP TYPE padded_range CASCADE;
DROP TYPE padded_pairs, padded_pair;
DROP DOMAIN padded;
DROP COLLATION ignore_case;
