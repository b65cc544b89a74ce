--
-- A row is changed when the stored image of a synced column differs: more than `=` would see, and
-- also for types that have no `=`. A row that is not changed is not written.
--
\i test/oracle.sql

CREATE TYPE pair AS (x int, j json);
CREATE TABLE target (id int PRIMARY KEY, n numeric, f float8, f4 float4, i interval, jb jsonb, j json, x xml, p point, b box, ci circle, pa path,
	po polygon, a int[], na numeric[], c pair, t text, ch char(5), tz timestamptz, by bytea, r numrange, e bit varying);
CREATE TABLE staging (LIKE target);
INSERT INTO target
SELECT g, 1.0, 0, '0', '1 day', '{"a": 1.0}', '{"a": 1}', '<a/>', '(1,2)', '(1,1),(0,0)', '<(0,0),1>', '[(0,0),(1,1)]',
	'((0,0),(1,1),(1,0))', '{1,2}', '{1.0}', '(1,"{}")', 'x', 'ab', '2020-01-01 00:00+00', '\x00', '[1,2)', '101'
FROM generate_series(1, 30) AS g;
INSERT INTO staging SELECT * FROM target;

-- Nothing has changed, in any of these types.
SELECT * FROM sync_checked('target', 'staging', '{id}');

-- Each of these differs in its image. Many are equal by `=`, have none, or one that compares areas.
UPDATE staging SET n = 1.00 WHERE id = 1;
UPDATE staging SET f = '-0' WHERE id = 2;
UPDATE staging SET f4 = '-0' WHERE id = 3;
UPDATE staging SET i = '24 hours' WHERE id = 4;
UPDATE staging SET jb = '{"a": 1.00}' WHERE id = 5;
UPDATE staging SET j = '{"a":1}' WHERE id = 6;
UPDATE staging SET x = '<a></a>' WHERE id = 7;
UPDATE staging SET p = '(1,3)' WHERE id = 8;
UPDATE staging SET b = '(6,6),(5,5)' WHERE id = 9;
UPDATE staging SET ci = '<(5,5),1>' WHERE id = 10;
UPDATE staging SET pa = '[(5,5),(6,6)]' WHERE id = 11;
UPDATE staging SET po = '((1,1),(1,0),(0,0))' WHERE id = 12;
UPDATE staging SET a = '[0:1]={1,2}' WHERE id = 13;
UPDATE staging SET na = '{1.00}' WHERE id = 14;
UPDATE staging SET c = '(1,"{ }")' WHERE id = 15;
UPDATE staging SET t = 'X' WHERE id = 16;
UPDATE staging SET by = '\x0000' WHERE id = 17;
UPDATE staging SET r = '[1.0,2)' WHERE id = 18;
UPDATE staging SET e = '1010' WHERE id = 19;
UPDATE staging SET p = NULL WHERE id = 20;
UPDATE target SET t = NULL WHERE id = 21;
UPDATE target SET t = '' WHERE id = 22;
UPDATE staging SET t = NULL WHERE id = 22;
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT n, f, f4, i, jb, j, x FROM target WHERE id BETWEEN 1 AND 7 ORDER BY id;
SELECT id, b, ci, pa, po, a, na, c, r FROM target WHERE id IN (9, 10, 11, 12, 13, 14, 15, 18) ORDER BY id;

-- The same image, written otherwise, is no change.
UPDATE staging SET ch = 'ab   ', tz = '2020-01-01 02:00+02', jb = '{ "a":1.0 }', by = decode('00', 'hex'), i = '1 day 00:00'
	WHERE id <> 17;
UPDATE staging SET jb = '{"a": 1.00}' WHERE id = 5;
UPDATE staging SET i = '24:00' WHERE id = 4;
UPDATE target SET f = 'NaN' WHERE id = 30;
UPDATE staging SET f = 'nan' WHERE id = 30;
SELECT * FROM sync_checked('target', 'staging', '{id}');
DROP TABLE target, staging;
DROP TYPE pair;

-- A composite and an array whose elements are stored differently, compressed or not, have the same image.
CREATE TYPE doc AS (id int, body text);
CREATE TABLE target (id int PRIMARY KEY, d doc, a text[], t text);
CREATE TABLE staging (id int, d doc, a text[], t text);
ALTER TABLE staging ALTER t SET STORAGE EXTERNAL, ALTER a SET STORAGE EXTERNAL;
INSERT INTO target SELECT i, ROW(i, repeat('d', 5000))::doc, ARRAY[repeat('a', 9000), NULL, ''], repeat('t', 9000)
FROM generate_series(1, 5) AS i;
INSERT INTO staging SELECT i, ROW(i, repeat('d', 5000))::doc, ARRAY[repeat('a', 9000), NULL, ''], repeat('t', 9000)
FROM generate_series(1, 5) AS i;
SELECT * FROM sync_checked('target', 'staging', '{id}');
UPDATE staging SET t = t || '.' WHERE id = 1;
UPDATE staging SET a[1] = a[1] || '.' WHERE id = 2;
UPDATE staging SET d.body = 'short' WHERE id = 3;
UPDATE staging SET t = 'short' WHERE id = 4;
SELECT * FROM sync_checked('target', 'staging', '{id}');
DROP TABLE target, staging;
DROP TYPE doc;

-- Short values that are stored with another kind of header are the same.
CREATE TABLE target (id int PRIMARY KEY, t text, v varchar(10));
ALTER TABLE target ALTER t SET STORAGE PLAIN;
CREATE TABLE staging (id int, v text, t varchar(10));
INSERT INTO target VALUES (1, 'plain', 'v'), (2, '', ''), (3, NULL, NULL);
INSERT INTO staging (id, t, v) VALUES (1, 'plain', 'v'), (2, '', ''), (3, NULL, NULL);
SELECT * FROM sync_checked('target', 'staging', '{id}');
DROP TABLE target, staging;

-- One column of one row differs: only that row is written.
CREATE TABLE target (id int PRIMARY KEY, a int, b int);
CREATE TABLE staging (LIKE target);
INSERT INTO target SELECT i, i, i FROM generate_series(1, 2000) AS i;
INSERT INTO staging SELECT i, i, CASE i WHEN 1000 THEN 0 ELSE i END FROM generate_series(1, 2000) AS i;
SELECT min(xmin::text::bigint) AS before FROM target \gset
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT id, a, b FROM target WHERE xmin::text::bigint <> :before;
-- Swapped values are changes of both.
UPDATE staging SET a = b, b = a WHERE id = 1000;
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT id, a, b FROM target WHERE id = 1000;
DROP TABLE target, staging;

-- Columns that differ for one row only keep their value in the other rows of the same update.
CREATE TABLE target (id int PRIMARY KEY, a text, b text, c text, d text);
CREATE TABLE staging (LIKE target);
INSERT INTO target VALUES (1, 'a', 'b', 'c', 'd'), (2, 'a', 'b', 'c', 'd'), (3, 'a', 'b', 'c', 'd'), (4, 'a', 'b', 'c', 'd');
INSERT INTO staging VALUES (1, 'A', 'b', 'c', 'd'), (2, 'a', 'B', 'c', 'x'), (3, 'a', 'b', NULL, 'x'), (4, 'a', 'b', 'c', 'x');
SELECT * FROM sync_checked('target', 'staging', '{id}', ignore_columns => '{d}');
TABLE target ORDER BY id;
DROP TABLE target, staging;
