--
-- The target's whole row in the filter means in the check of the scope what it means in WHERE, also when the target has
-- dropped columns, which a test for NULL does not look at.
--
\i test/oracle.sql

CREATE TABLE target (gone_first int, id int PRIMARY KEY, v text, gone text, w int DEFAULT 5);
ALTER TABLE target DROP gone_first, DROP gone;
CREATE TABLE staging (id int, v text);
CREATE FUNCTION is_whole(target) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 IS NOT NULL';
CREATE FUNCTION is_whole_once(t target) RETURNS boolean STABLE LANGUAGE plpgsql AS 'BEGIN RETURN t IS NOT NULL; END';
CREATE FUNCTION is_empty(target) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 IS NULL';

-- Updates two rows, inserts one, deletes one, each time from the same state.
CREATE FUNCTION try(filter text, OUT created bigint, OUT updated bigint, OUT deleted bigint, OUT unchanged bigint,
	OUT skipped bigint, OUT verdict text) LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM target;
	DELETE FROM staging;
	INSERT INTO target (id, v) VALUES (1, 'same'), (2, 'old'), (3, 'old'), (9, 'gone');
	INSERT INTO staging SELECT id, replace(v, 'old', 'new') FROM target WHERE id < 9;
	INSERT INTO staging VALUES (4, 'added');
	SELECT * INTO created, updated, deleted, unchanged, skipped, verdict
		FROM sync_checked('target', 'staging', '{id}', filter);
EXCEPTION WHEN with_check_option_violation THEN
	verdict := 'refused: ' || SQLERRM;
END $$;

CREATE TABLE filters (number int GENERATED ALWAYS AS IDENTITY, filter text);
INSERT INTO filters (filter) VALUES
	('target IS NOT NULL'), ('(target.*) IS NOT NULL'), ('NOT (target IS NULL)'),
	('target IS DISTINCT FROM NULL'),
	('CASE WHEN target IS NOT NULL THEN true END'),
	('is_whole(target)'), ('is_whole_once(target)'), ('NOT is_empty(target)'),
	('EXISTS (SELECT WHERE target IS NOT NULL)'),
	('EXISTS (SELECT FROM (SELECT target AS t) AS x WHERE x.t IS NOT NULL)'),
	('(SELECT count(*) FROM (VALUES (1), (2)) AS x WHERE is_whole(target) AND EXISTS (SELECT WHERE NOT target IS NULL)) = 2'),
	('(SELECT (x.t).w FROM (SELECT target AS t OFFSET 0) AS x) = 5'),
	('target::text ~ ''^\(\d,\w+,5\)$'''), ('target = ROW(id, v, w)'), ('target::text = ROW(id, v, w)::text'),
	('to_jsonb(target) = jsonb_build_object(''id'', id, ''v'', v, ''w'', w)'),
	('target IN (SELECT t FROM target AS t UNION ALL SELECT ROW(s.id, s.v, 5)::target FROM staging AS s)'),
	('coalesce(target, NULL) IS NOT NULL'), ('hash_record(target) IS NOT NULL'),
	('num_nulls(target) = 0 AND pg_typeof(target) = ''target''::regtype');
SELECT f.filter, t.* FROM filters AS f, LATERAL try(f.filter) AS t ORDER BY number;

-- And what is not so is still found: a row that becomes NULL somewhere.
SELECT * FROM try('target IS NOT NULL');
INSERT INTO staging VALUES (5, NULL);
UPDATE staging SET v = NULL WHERE id = 2;
\set VERBOSITY default
SELECT * FROM bulk_sync('target', 'staging', '{id}', 'target IS NOT NULL');
SELECT * FROM bulk_sync('target', 'staging', '{id}', 'is_whole(target)');
SELECT * FROM bulk_sync('target', 'staging', '{id}', 'EXISTS (SELECT WHERE target IS NOT NULL)');
SELECT * FROM bulk_sync('target', 'staging', '{id}', 'NOT (target IS NOT NULL)', skip_deletes => true);
\set VERBOSITY terse

-- Rows of nothing but NULLs are in scope of IS NULL.
CREATE TABLE loose (gone int, a int, b text);
ALTER TABLE loose DROP gone;
CREATE TABLE loose_staging (a int, b text);
INSERT INTO loose_staging VALUES (NULL, NULL);
SELECT * FROM sync_checked('loose', 'loose_staging', '{a}', 'loose IS NULL');
SELECT * FROM bulk_sync('loose', 'loose_staging', '{a}', 'NOT (loose IS NULL)');
UPDATE loose_staging SET b = 'x';
SELECT * FROM bulk_sync('loose', 'loose_staging', '{a}', 'loose IS NULL');
SELECT * FROM bulk_sync_json('loose', '[{"a": 1, "b": "x"}]', '{a}', 'loose IS NOT NULL');
SELECT status, key FROM bulk_compare('loose', 'loose_staging', '{a}', 'NOT (loose IS NULL)');
TABLE loose;
DROP TABLE loose, loose_staging;

-- Partitions with another order of columns, and dropped ones of their own.
DROP FUNCTION is_whole(target), is_whole_once(target), is_empty(target);
DROP TABLE target;
CREATE TABLE target (id int, gone int, v text, w int DEFAULT 5) PARTITION BY LIST (id);
ALTER TABLE target DROP gone;
CREATE TABLE target_low (other int, w int DEFAULT 5, v text, id int);
ALTER TABLE target_low DROP other;
ALTER TABLE target ATTACH PARTITION target_low FOR VALUES IN (1, 2, 4);
CREATE TABLE target_rest PARTITION OF target DEFAULT;
CREATE FUNCTION is_whole(target) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 IS NOT NULL';
CREATE FUNCTION is_whole_once(t target) RETURNS boolean STABLE LANGUAGE plpgsql AS 'BEGIN RETURN t IS NOT NULL; END';
CREATE FUNCTION is_empty(target) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 IS NULL';
SELECT f.filter, t.* FROM filters AS f, LATERAL try(f.filter) AS t WHERE number < 10 ORDER BY number;
DROP FUNCTION is_whole(target), is_whole_once(target), is_empty(target);
DROP TABLE target;

-- Children, with columns of their own.
CREATE TABLE target (id int, gone int, v text, w int DEFAULT 5);
CREATE TABLE child (more int, gone_too int) INHERITS (target);
ALTER TABLE target DROP gone;
ALTER TABLE child DROP gone_too;
CREATE FUNCTION is_whole(target) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 IS NOT NULL';
CREATE FUNCTION is_whole_once(t target) RETURNS boolean STABLE LANGUAGE plpgsql AS 'BEGIN RETURN t IS NOT NULL; END';
CREATE FUNCTION is_empty(target) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 IS NULL';
CREATE FUNCTION move() RETURNS trigger LANGUAGE plpgsql AS
	'BEGIN INSERT INTO child VALUES (NEW.id, NEW.v, NEW.w); RETURN NULL; END';
CREATE TRIGGER move BEFORE INSERT ON target FOR EACH ROW WHEN (NEW.id <= 2) EXECUTE FUNCTION move();
SELECT f.filter, t.* FROM filters AS f, LATERAL try(f.filter) AS t WHERE number < 10 ORDER BY number;
SELECT tableoid::regclass, * FROM target ORDER BY id;

DROP FUNCTION is_whole(target), is_whole_once(target), is_empty(target), try(text);
DROP TABLE target, child, staging, filters;
DROP FUNCTION move();
