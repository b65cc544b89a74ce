--
-- A staged value is converted as an INSERT would do it; text goes through the input function of the
-- target's type.
--
\i test/oracle.sql

-- Assignment casts: also those that are not implicit, such as bigint to int and timestamp to date.
CREATE TABLE target (id int PRIMARY KEY, i int, s smallint, n numeric(6,2), d date, t time, f float4, v varchar(5), c char(4),
	b bit(3), vb varbit(4), ts timestamp(0), iv interval(0), tx text, bo boolean);
CREATE TABLE staging (id bigint, i numeric, s bigint, n float8, d timestamp, t timestamptz, f numeric, v char(3), c text,
	b bit(3), vb bit(4), ts timestamptz, iv interval, tx int, bo text);
SET TimeZone = 'UTC';
INSERT INTO staging VALUES
	(1, 1.5, 7, 1.2345, '2020-02-03 04:05', '2020-02-03 04:05+00', 0.1, 'ab', 'xy', '101', '1100', '2020-02-03 04:05:06.7+00',
		'1.7 s', 42, 'yes'),
	(2, 2.4, -7, 1.235, NULL, NULL, 1e30, '', 'abcd   ', '000', NULL, NULL, NULL, NULL, '0'),
	(3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT id, i, s, n, d, t, f, v, c FROM target ORDER BY id;
SELECT id, b, vb, ts, iv, tx, bo FROM target ORDER BY id;
-- What is stored is compared: rounded values are equal to what they were rounded to, once and for all.
UPDATE staging SET n = 1.2349, i = 1.6, iv = '2.2 s', tx = 43 WHERE id = 1;
SELECT * FROM sync_checked('target', 'staging', '{id}');
UPDATE staging SET n = 1.2301, i = 2.2 WHERE id = 1;
SELECT * FROM sync_checked('target', 'staging', '{id}');
DROP TABLE target, staging;
RESET TimeZone;

-- A value that is too long is an error, never cut; blanks that go over the length are cut, as in an INSERT.
CREATE TABLE target (id int PRIMARY KEY, v varchar(3), c char(3));
CREATE TABLE staging (id int, v text, c varchar);
INSERT INTO target VALUES (1, 'abc', 'abc');
INSERT INTO staging VALUES (1, 'abcdef', 'abc');
SELECT * FROM bulk_sync('target', 'staging', '{id}');
UPDATE staging SET v = 'abc', c = 'abcd';
SELECT * FROM bulk_sync('target', 'staging', '{id}');
UPDATE staging SET v = 'abc   ', c = 'abc    ';
SELECT * FROM sync_checked('target', 'staging', '{id}');
INSERT INTO staging VALUES (2, 'x     ', 'x     '), (3, '', '');
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT id, '[' || v || ']' AS v, octet_length(c) FROM target ORDER BY id;
TABLE target ORDER BY id;
-- Numbers out of range, and bits of another length, are errors too.
ALTER TABLE target ADD n numeric(4,1), ADD s smallint, ADD b bit(3);
ALTER TABLE staging ADD n numeric, ADD s int, ADD b varbit;
UPDATE staging SET n = 999.96 WHERE id = 2;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
UPDATE staging SET n = 999.94, s = 40000 WHERE id = 2;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
UPDATE staging SET s = 4, b = '1010' WHERE id = 2;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
UPDATE staging SET b = '101' WHERE id = 2;
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT id, n, s, b FROM target ORDER BY id;
DROP TABLE target, staging;

-- A staging table of text alone, as loaded from a CSV file.
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE pair AS (x int, y text);
CREATE DOMAIN posint AS int CHECK (VALUE > 0);
CREATE DOMAIN code AS text CHECK (VALUE ~ '^[A-Z]+$');
CREATE TABLE target (id int PRIMARY KEY, d date, b boolean, ia int[], ta text[], c pair, m mood, p posint, co code, j json, jb jsonb,
	ts timestamptz, by bytea, n numeric(8,2), f float8, u uuid, iv interval, ip inet, r int4range, ma mood[], pt point, x "char",
	na name, rc regclass, tv tsvector, bi bit(3));
CREATE TABLE staging (id text, d text, b text, ia text, ta text, c text, m text, p text, co text, j text, jb text,
	ts text, by text, n text, f text, u text, iv text, ip text, r text, ma text, pt text, x text, na text, rc text, tv text, bi text);
SET TimeZone = 'UTC';
INSERT INTO staging VALUES
	('1', '2020-02-29', 'yes', '{1,NULL,3}', '{a,"b c",NULL,"NULL"}', '(1,"a,b")', 'happy', '7', 'ABC', '{"a":  1}', '{"a":  1.00}',
		'2020-01-01 12:00+05', '\xdeadbeef', '123.456', '1e-3', 'a0eebc999c0b4ef8bb6d6bb9bd380a11', '1 day 02:03', '10.0.0.0/8', '[1,5]',
		'{sad,ok}', '(1,2)', 'x', 'name', 'pg_class', 'b a', '101'),
	('  2 ', 'infinity', 'off', '{}', '{}', '(,)', 'sad', '1', 'Z', 'null', '[]',
		'-infinity', '\\\\', '-0.001', 'NaN', NULL, '', '::1', 'empty', NULL, NULL, '', '', 'pg_type', '', '000');
UPDATE staging SET iv = NULL WHERE iv = '';
INSERT INTO staging (id) VALUES ('3');
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT id, d, b, ia, ta, c, m, p, co FROM target ORDER BY id;
SELECT id, j, jb, ts, by, n, f, u FROM target ORDER BY id;
SELECT id, iv, ip, r, ma, pt, x, na, rc, tv, bi FROM target ORDER BY id;
-- The same values written otherwise are unchanged.
UPDATE staging SET d = 'Feb 29 2020', b = 't', ia = '{ 1, null, 3 }', p = '+7', ts = '2020-01-01 07:00Z', by = '\xDEADBEEF', n = '123.4600',
	f = '0.001', iv = '26:03', r = '[1,6)' WHERE id = '1';
UPDATE staging SET iv = '1 day 2 hours 3 min' WHERE id = '1';
SELECT * FROM sync_checked('target', 'staging', '{id}');
-- So do varchar, char(n) and a domain over text.
CREATE DOMAIN entry AS varchar(80);
ALTER TABLE staging ALTER id TYPE varchar(10), ALTER d TYPE char(30), ALTER b TYPE entry USING b::entry, ALTER m TYPE char(10), ALTER p TYPE entry USING p::entry;
SELECT * FROM sync_checked('target', 'staging', '{id}');
-- NULL of a domain that permits none is refused as an INSERT would.
CREATE DOMAIN must AS int NOT NULL;
ALTER TABLE target ADD mu must DEFAULT 1;
ALTER TABLE staging ADD mu text;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
ALTER TABLE staging DROP mu;
-- Checks of domains hold for text and for other types.
UPDATE staging SET co = 'abc' WHERE id = '1';
SELECT * FROM bulk_sync('target', 'staging', '{id}');
UPDATE staging SET co = 'ABC', p = '0' WHERE id = '1';
SELECT * FROM bulk_sync('target', 'staging', '{id}');
ALTER TABLE staging ALTER p TYPE int USING p::int;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
UPDATE staging SET p = 9 WHERE id = '1';
SELECT * FROM sync_checked('target', 'staging', '{id}');
-- bit(3) as text is not cut either.
UPDATE staging SET bi = '1011' WHERE id = '1';
SELECT * FROM bulk_sync('target', 'staging', '{id}');
DROP TABLE target, staging;
DROP DOMAIN posint, code, entry, must;
DROP TYPE mood, pair;
RESET TimeZone;

-- Text that does not parse: the error is the type's own, and says which column, value and row it was.
CREATE TABLE target (id int PRIMARY KEY, born date);
CREATE TABLE staging (id text, born text);
INSERT INTO staging VALUES ('1', '2001-01-01'), ('2', '2001-02-30');
\x on
SELECT state, message, context FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
UPDATE staging SET born = NULL, id = 'two' WHERE id = '2';
SELECT state, message, context FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
\x off
SELECT count(*) FROM target;
DELETE FROM staging WHERE id = 'two';
SELECT * FROM sync_checked('target', 'staging', '{id}');
-- An empty string is a value of text and none of date.
INSERT INTO staging VALUES ('3', '');
SELECT * FROM bulk_sync('target', 'staging', '{id}');
DROP TABLE target, staging;

-- An input function may know more than the cast from text: '-' is how no table prints.
CREATE TABLE target (id int PRIMARY KEY, relation regclass);
CREATE TABLE staging (id text, relation text);
INSERT INTO target VALUES (1, 'pg_class'), (2, 0), (3, 0);
INSERT INTO staging VALUES ('1', 'pg_class'), ('2', '-'), ('3', 'pg_type'), ('4', '-');
SELECT * FROM sync_checked('target', 'staging', '{id}');
TABLE target ORDER BY id;
DROP TABLE target, staging;

-- Two staged values that become one key are a duplicate.
CREATE TABLE target (id int, v text);
CREATE TABLE staging (id numeric, v text);
INSERT INTO staging VALUES (1.2, 'a'), (1.4, 'b');
SELECT * FROM bulk_sync('target', 'staging', '{id}');
UPDATE staging SET id = 1.6 WHERE v = 'b';
SELECT * FROM sync_checked('target', 'staging', '{id}');
TABLE target ORDER BY id;
DROP TABLE target, staging;

-- A cast that a user made for assignments is used.
CREATE TYPE celsius AS (degrees numeric);
CREATE FUNCTION to_celsius(fahrenheit float8) RETURNS celsius IMMUTABLE LANGUAGE sql
	AS $$ SELECT ROW(round(((fahrenheit - 32) / 1.8)::numeric, 1))::celsius $$;
CREATE CAST (float8 AS celsius) WITH FUNCTION to_celsius(float8) AS ASSIGNMENT;
CREATE TABLE target (id int PRIMARY KEY, c celsius);
CREATE TABLE staging (id int, c float8);
INSERT INTO target VALUES (1, ROW(100.0)), (2, ROW(0.1));
INSERT INTO staging VALUES (1, 212), (2, 32);
SELECT * FROM sync_checked('target', 'staging', '{id}');
TABLE target ORDER BY id;
DROP TABLE target, staging;
DROP CAST (float8 AS celsius);
DROP FUNCTION to_celsius;
DROP TYPE celsius;
