--
-- Keys of types whose default hash class has only the function that every one must have, of 32 bits and without a seed:
-- it serves as well as the other. So it is for types that contain them, and for those that have no order.
--
\i test/oracle.sql

SET client_min_messages = warning;
-- An int8 with an order and a hash, and one with a hash alone.
CREATE FUNCTION plain_in(cstring) RETURNS plain LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8in';
CREATE FUNCTION plain_out(plain) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8out';
CREATE TYPE plain (INPUT = plain_in, OUTPUT = plain_out, LIKE = int8);
CREATE FUNCTION plain_lt(plain, plain) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8lt';
CREATE FUNCTION plain_le(plain, plain) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8le';
CREATE FUNCTION plain_eq(plain, plain) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8eq';
CREATE FUNCTION plain_ge(plain, plain) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8ge';
CREATE FUNCTION plain_gt(plain, plain) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8gt';
CREATE FUNCTION plain_cmp(plain, plain) RETURNS int LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'btint8cmp';
CREATE FUNCTION plain_hash(plain) RETURNS int LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashint8';
CREATE OPERATOR < (LEFTARG = plain, RIGHTARG = plain, FUNCTION = plain_lt);
CREATE OPERATOR <= (LEFTARG = plain, RIGHTARG = plain, FUNCTION = plain_le);
CREATE OPERATOR = (LEFTARG = plain, RIGHTARG = plain, FUNCTION = plain_eq, HASHES, MERGES,
	RESTRICT = eqsel, JOIN = eqjoinsel);
CREATE OPERATOR >= (LEFTARG = plain, RIGHTARG = plain, FUNCTION = plain_ge);
CREATE OPERATOR > (LEFTARG = plain, RIGHTARG = plain, FUNCTION = plain_gt);
CREATE OPERATOR CLASS plain_order DEFAULT FOR TYPE plain USING btree AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 plain_cmp(plain, plain);
CREATE OPERATOR CLASS plain_hash DEFAULT FOR TYPE plain USING hash AS OPERATOR 1 =, FUNCTION 1 plain_hash(plain);

CREATE FUNCTION unordered_in(cstring) RETURNS unordered LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8in';
CREATE FUNCTION unordered_out(unordered) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8out';
CREATE TYPE unordered (INPUT = unordered_in, OUTPUT = unordered_out, LIKE = int8);
CREATE FUNCTION unordered_eq(unordered, unordered) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int8eq';
CREATE FUNCTION unordered_hash(unordered) RETURNS int LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashint8';
CREATE OPERATOR = (LEFTARG = unordered, RIGHTARG = unordered, FUNCTION = unordered_eq, HASHES,
	RESTRICT = eqsel, JOIN = eqjoinsel);
CREATE OPERATOR CLASS unordered_hash DEFAULT FOR TYPE unordered USING hash AS
	OPERATOR 1 =, FUNCTION 1 unordered_hash(unordered);

CREATE DOMAIN plain_domain AS plain CHECK (VALUE IS DISTINCT FROM '-1'::plain);
CREATE TYPE plain_pair AS (p plain, t text);
CREATE TYPE mixed_key AS (u unordered, d plain_domain, r numeric);
CREATE TYPE plain_range AS RANGE (subtype = plain);
CREATE DOMAIN plain_ranges AS plain_range CHECK (NOT isempty(VALUE));
CREATE DOMAIN int_ranges AS int4range;

-- Equal keys match, different ones do not, NULL matches NULL.
CREATE TABLE target (p plain, u unordered, d plain_domain, a plain[], c plain_pair, m mixed_key, r plain_range, dr plain_ranges,
	mr plain_multirange, pairs plain_pair[], v int);
CREATE TABLE staging (LIKE target);
INSERT INTO target VALUES
	('1', '1', '1', '{1,NULL}', '(1,a)', '(1,1,1.0)', '[1,2)', '[1,2)', '{[1,2)}', '{"(1,a)"}', 1),
	('2', '2', '2', '{2}', '(2,a)', '(2,2,2.0)', '[2,3)', '[2,3)', '{[2,3)}', '{"(2,a)"}', 2),
	(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 3);
INSERT INTO staging VALUES
	('1', '1', '1', '{1,NULL}', '(1,a)', '(1,1,1.00)', '[1,2)', '[1,2)', '{[1,2)}', '{"(1,a)"}', 10),
	('9000000000', '9000000000', '9000000000', '{9000000000}', '(9000000000,b)', '(9000000000,9000000000,9)', '[1,9000000000)',
		'[1,9000000000)', '{[1,9000000000)}', '{"(9000000000,b)"}', 20),
	(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 30);
SELECT key, (s).created, (s).updated, (s).deleted, (s).unchanged FROM (
	SELECT key, bulk_sync('target', 'staging', ARRAY[key], columns => '{v}', dry_run => true) AS s
	FROM unnest('{p,u,d,a,c,m,r,dr,mr,pairs}'::text[]) AS key) AS each;
SELECT * FROM sync_checked('target', 'staging', '{p,d,a,c,r,dr,mr,pairs}');
SELECT * FROM bulk_sync('target', 'staging', '{u,m}');
SELECT p, u, v FROM target ORDER BY v;
INSERT INTO staging SELECT * FROM staging;
SELECT * FROM bulk_sync('target', 'staging', '{u}');
DROP TABLE target, staging;

-- Many of them: if every two keys were compared, each of these would take longer by far.
CREATE FUNCTION fill(type text, key text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	DROP TABLE IF EXISTS target, staging;
	EXECUTE format('CREATE TABLE target (k %s, v int)', type);
	CREATE TABLE staging (LIKE target);
	EXECUTE format('INSERT INTO staging SELECT (%s)::%s, i FROM generate_series(1, 60000) AS i', key, type);
	INSERT INTO target SELECT k, v / 60000 + v FROM staging WHERE v > 5;
END $$;
SELECT format('SELECT fill(%L, %L)', type, key),
	'SET statement_timeout = ''20s''',
	format('SELECT %L AS type, * FROM bulk_sync(''target'', ''staging'', ''{k}'')', type),
	'RESET statement_timeout'
FROM (VALUES
	('plain', 'i::text'),
	('unordered', 'i::text'),
	('plain_domain', 'i::text'),
	('plain[]', 'format(''{%s,7}'', i)'),
	('unordered[]', 'format(''{%s,7}'', i)'),
	('plain_pair', 'format(''(%s,x)'', i)'),
	('mixed_key', 'format(''(%s,%s,1.0)'', i, i)'),
	('plain_pair[]', 'format(''{"(%s,x)"}'', i)'),
	('plain_range', 'format(''[1,%s)'', i + 1)'),
	('plain_ranges', 'format(''[1,%s)'', i + 1)'),
	('plain_multirange', 'format(''{[1,%s)}'', i + 1)'),
	-- It has a hash function with a seed, but the type cache of a domain does not tell.
	('int_ranges', 'format(''[1,%s)'', i + 1)')) AS kinds (type, key)
\gexec
-- Hashes of 32 bits divide the rows well, too, when memory is short.
SELECT fill('plain', 'i::text');
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SET statement_timeout = '20s';
SELECT * FROM bulk_sync('target', 'staging', '{k}');
RESET statement_timeout;
RESET work_mem;
RESET hash_mem_multiplier;
SELECT count(*), count(DISTINCT k), sum(v) FROM target;
DROP TABLE target, staging;

-- A range type may hold other bounds for equal than its subtype does. Then there is no hash that agrees.
CREATE FUNCTION half_cmp(int, int) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS 'SELECT btint4cmp($1 / 2, $2 / 2)';
CREATE FUNCTION half_lt(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT $1 / 2 < $2 / 2';
CREATE FUNCTION half_le(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT $1 / 2 <= $2 / 2';
CREATE FUNCTION half_eq(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT $1 / 2 = $2 / 2';
CREATE FUNCTION half_ge(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT $1 / 2 >= $2 / 2';
CREATE FUNCTION half_gt(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT $1 / 2 > $2 / 2';
CREATE OPERATOR <% (LEFTARG = int, RIGHTARG = int, FUNCTION = half_lt);
CREATE OPERATOR <=% (LEFTARG = int, RIGHTARG = int, FUNCTION = half_le);
CREATE OPERATOR =% (LEFTARG = int, RIGHTARG = int, FUNCTION = half_eq);
CREATE OPERATOR >=% (LEFTARG = int, RIGHTARG = int, FUNCTION = half_ge);
CREATE OPERATOR >% (LEFTARG = int, RIGHTARG = int, FUNCTION = half_gt);
CREATE OPERATOR CLASS half_order FOR TYPE int USING btree AS
	OPERATOR 1 <%, OPERATOR 2 <=%, OPERATOR 3 =%, OPERATOR 4 >=%, OPERATOR 5 >%, FUNCTION 1 half_cmp(int, int);
CREATE TYPE half_range AS RANGE (subtype = int, subtype_opclass = half_order);
CREATE TABLE target (k half_range, ks half_range[], v int);
CREATE TABLE staging (LIKE target);
INSERT INTO target VALUES ('[2,8)', '{"[2,8)"}', 1), ('[4,8)', '{"[4,8)"}', 2);
INSERT INTO staging VALUES ('[3,9)', '{"[3,9)"}', 1), ('[6,8)', '{"[6,8)"}', 2);
SELECT * FROM sync_checked('target', 'staging', '{ks}');
UPDATE staging SET k = '[2,9)', ks = '{"[2,8)"}' WHERE v = 1;
SELECT * FROM sync_checked('target', 'staging', '{k}');
DROP TABLE target, staging;

DROP DOMAIN int_ranges;
DROP OPERATOR CLASS half_order USING btree CASCADE;
DROP TYPE plain, unordered CASCADE;
DROP FUNCTION fill(text, text), half_cmp(int, int), half_lt(int, int), half_le(int, int), half_eq(int, int),
	half_ge(int, int), half_gt(int, int) CASCADE;
