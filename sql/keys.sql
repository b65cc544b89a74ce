--
-- Rows belong together when every key column is equal by the equality of the target's column, and
-- NULL is equal to NULL. No index or constraint is needed.
--
\i test/oracle.sql

-- NULL matches NULL, alone and in a composite key.
CREATE TABLE target (a int, b text, v int);
CREATE TABLE staging (LIKE target);
INSERT INTO target VALUES (1, NULL, 1), (NULL, 'x', 2), (NULL, NULL, 3), (1, 'x', 4), (2, NULL, 5);
INSERT INTO staging VALUES (1, NULL, 10), (NULL, 'x', 2), (NULL, NULL, 30), (1, '', 4), (NULL, 'y', 6);
SELECT * FROM sync_checked('target', 'staging', '{a,b}');
TABLE target ORDER BY a, b;
-- In another order of the keys the result is the same.
SELECT * FROM sync_checked('target', 'staging', '{b,a}');
DELETE FROM staging WHERE a = 1;
SELECT * FROM sync_checked('target', 'staging', '{b,a}');
TRUNCATE staging, target;
INSERT INTO staging VALUES (NULL, NULL, NULL);
SELECT * FROM sync_checked('target', 'staging', '{a}');
SELECT * FROM sync_checked('target', 'staging', '{a,b,v}');
-- A row of NULLs is a row.
INSERT INTO target VALUES (1, NULL, NULL);
SELECT * FROM sync_checked('target', 'staging', '{a}');
TABLE target;
DROP TABLE target, staging;

-- char(n): blanks at the end do not count, and staging may be of another width or text.
CREATE TABLE target (k char(5), v int);
CREATE TABLE staging (k text, v int);
INSERT INTO target VALUES ('ab', 1), ('cd', 2), ('e', 3);
INSERT INTO staging VALUES ('ab   ', 1), ('cd', 20), ('f', 4);
SELECT * FROM sync_checked('target', 'staging', '{k}');
ALTER TABLE staging ALTER k TYPE char(9);
SELECT * FROM sync_checked('target', 'staging', '{k}');
ALTER TABLE staging ALTER k TYPE varchar(7);
SELECT * FROM sync_checked('target', 'staging', '{k}');
DROP TABLE target, staging;

-- numeric: 1.0 and 1.00 are one key; the stored image becomes that of staging.
CREATE TABLE target (k numeric PRIMARY KEY, v text);
CREATE TABLE staging (k numeric, v text);
INSERT INTO target VALUES (1.0, 'one'), (2, 'two'), ('NaN', 'not'), ('-Infinity', 'low');
INSERT INTO staging VALUES (1.00, 'one'), (2, 'two'), ('NaN', 'not'), ('-Infinity', 'less'), (3, 'three');
SELECT * FROM sync_checked('target', 'staging', '{k}');
TABLE target ORDER BY k;
-- In ignore_columns, a key is matched and never updated.
UPDATE staging SET k = 1.000 WHERE k = 1;
SELECT * FROM sync_checked('target', 'staging', '{k}', ignore_columns => '{k}');
SELECT k FROM target WHERE v = 'one';
DROP TABLE target, staging;

-- float8: -0 and 0 are one key, and NaN is equal to itself.
CREATE TABLE target (k float8, v int);
CREATE TABLE staging (k float8, v int);
INSERT INTO target VALUES ('-0', 1), ('NaN', 2), (0.1, 3);
INSERT INTO staging VALUES (0, 1), ('NaN', 2), (0.1, 4);
SELECT * FROM sync_checked('target', 'staging', '{k}');
TABLE target ORDER BY k;
DROP TABLE target, staging;

-- interval, timestamptz, bytea, uuid, bool, date, enum, inet, arrays, ranges, composites, jsonb.
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TYPE pair AS (x int, y text);
CREATE TABLE target (i interval, t timestamptz, b bytea, u uuid, f bool, d date, e mood, n inet, a int[],
	r int4range, c pair, j jsonb, o oid, ch "char", v int);
CREATE TABLE staging (LIKE target);
INSERT INTO target VALUES
	('24:00', '2020-01-01 00:00+00', '\x00ff', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', true, 'infinity', 'sad', '10.0.0.1/8',
		'{1,NULL,3}', '[1,5)', '(1,)', '{"a": 1.0}', 4294967295, 'x', 1),
	('1 mon', '-infinity', '', '00000000-0000-0000-0000-000000000000', false, '-infinity', 'happy', '::1', '{}', 'empty',
		NULL, '[]', 0, '', 2);
INSERT INTO staging VALUES
	('1 day', '2020-01-01 01:00+01', '\x00ff', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', true, 'infinity', 'sad', '10.0.0.1/8',
		'{1,NULL,3}', '[1,4]', '(1,)', '{"a": 1.00}', 4294967295, 'x', 1),
	('30 days', '-infinity', '', '00000000-0000-0000-0000-000000000000', false, '-infinity', 'happy', '::1', '{}', 'empty',
		NULL, '[]', 0, '', 3);
SELECT * FROM sync_checked('target', 'staging', '{i,t,b,u,f,d,e,n,a,r,c,j,o,ch}');
SELECT i, j, v FROM target ORDER BY v;
DROP TABLE target, staging;
DROP TYPE mood, pair;

-- Types that have an order but no hash.
CREATE TABLE target (m money, b varbit, ts tsvector, q tsquery, v int);
CREATE TABLE staging (LIKE target);
INSERT INTO target VALUES (1, '101', 'a b', 'a', 1), (NULL, '', 'c', 'b & c', 2), (NULL, NULL, NULL, NULL, 3);
INSERT INTO staging VALUES (1, '101', 'b a', 'a', 1), (NULL, '', 'c', 'b & c', 20), (NULL, '0', NULL, NULL, 3);
SELECT * FROM sync_checked('target', 'staging', '{m,b,ts,q}');
SELECT b, ts, v FROM target ORDER BY b;
-- Alone, the money of two rows is NULL.
SELECT * FROM bulk_sync('target', 'staging', '{m}');
DROP TABLE target, staging;

-- xid has a hash but no order.
CREATE TABLE target (x xid, v int);
CREATE TABLE staging (LIKE target);
INSERT INTO target VALUES ('3', 1), ('4', 2);
INSERT INTO staging VALUES ('3', 1), ('5', 2), (NULL, 3);
SELECT * FROM bulk_sync('target', 'staging', '{x}');
SELECT * FROM bulk_sync('target', 'staging', '{x}');
SELECT x, v FROM target ORDER BY v;
DROP TABLE target, staging;

-- Keys of a domain, and of a type that staging has in another size.
CREATE DOMAIN posint AS int CHECK (VALUE > 0);
CREATE TABLE target (k posint, d date, v int);
CREATE TABLE staging (k bigint, d timestamp, v smallint);
INSERT INTO target VALUES (1, '2020-02-29', 1), (2, '2020-02-29', 2);
INSERT INTO staging VALUES (1, '2020-02-29 00:00', 1), (2, '2020-02-29 13:00', 3), (3, '2020-03-01 00:00', 3);
SELECT * FROM sync_checked('target', 'staging', '{k,d}');
DROP TABLE target, staging;
DROP DOMAIN posint;

-- Columns of different collations: the target's decides.
CREATE TABLE target (k text COLLATE "C", v int);
CREATE TABLE staging (k text COLLATE "POSIX", v int);
INSERT INTO target VALUES ('a', 1), ('B', 2);
INSERT INTO staging VALUES ('a', 1), ('b', 2);
SELECT * FROM sync_checked('target', 'staging', '{k}');
DROP TABLE target, staging;

-- A key that is long, and one that is compressed or out of line.
CREATE TABLE target (k text, v int);
CREATE TABLE staging (k text, v int);
ALTER TABLE staging ALTER k SET STORAGE EXTERNAL;
INSERT INTO target SELECT repeat('k', 3000 * i), i FROM generate_series(1, 5) AS i;
INSERT INTO staging SELECT repeat('k', 3000 * i), i + i / 3 FROM generate_series(2, 6) AS i;
SELECT * FROM sync_checked('target', 'staging', '{k}');
SELECT length(k), v FROM target ORDER BY 1;
DROP TABLE target, staging;

-- No column but keys: rows come and go, and nothing is there to update.
CREATE TABLE target (a int, b int, PRIMARY KEY (a, b));
CREATE TABLE staging (b int, a int);
INSERT INTO target VALUES (1, 1), (1, 2), (2, 1);
INSERT INTO staging (a, b) VALUES (1, 2), (2, 1), (2, 2);
SELECT * FROM sync_checked('target', 'staging', '{a,b}');
TABLE target ORDER BY a, b;

-- All rows of one key value: the others tell them apart.
INSERT INTO staging (a, b) SELECT 7, i FROM generate_series(1, 5000) AS i;
SELECT * FROM sync_checked('target', 'staging', '{a,b}');
DELETE FROM staging WHERE b % 2 = 0;
SELECT * FROM sync_checked('target', 'staging', '{a,b}', 'a = 7', allow_out_of_scope => true, skip_creates => true);
DROP TABLE target, staging;
