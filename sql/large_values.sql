--
-- Large values are compared as they are stored where both sides store them alike, and put together where they do not:
-- out of line or in the row, compressed or not, by this method or that.
--
\i test/oracle.sql

-- Incompressible text of this many bytes, and text that is compressed to about a fourth.
CREATE FUNCTION random_text(seed int, bytes int) RETURNS text
RETURN (SELECT left(string_agg(md5(seed || ' ' || i), '' ORDER BY i), bytes) FROM generate_series(0, bytes / 32) AS i);
CREATE FUNCTION wordy_text(seed int, bytes int) RETURNS text
RETURN (SELECT left(string_agg(left(md5(seed || ' ' || i), 16) || repeat('word ', 10), '' ORDER BY i), bytes)
	FROM generate_series(0, bytes / 66) AS i);

-- Out of line and not compressed; around the length of one and of several chunks.
CREATE TABLE target (id int PRIMARY KEY, v text);
ALTER TABLE target ALTER v SET STORAGE EXTERNAL;
CREATE TABLE staging (LIKE target INCLUDING STORAGE);
INSERT INTO target SELECT row_number() OVER (), random_text(7, n * 1996 + more)
	FROM generate_series(2, 6) AS n, (VALUES (-1), (0), (1)) AS m (more);
INSERT INTO staging TABLE target;
SELECT count(*), bool_and(pg_column_size(v) = length(v)) AS plain FROM target;
SELECT * FROM sync_checked('target', 'staging', '{id}');
-- The first byte, the last one, one in the middle, and one more.
UPDATE staging SET v = overlay(v PLACING 'x' FROM 1) WHERE id = 1;
UPDATE staging SET v = overlay(v PLACING 'x' FROM length(v)) WHERE id IN (2, 3, 4);
UPDATE staging SET v = overlay(v PLACING 'x' FROM 1 + length(v) / 2) WHERE id IN (7, 8);
UPDATE staging SET v = v || 'x' WHERE id = 9;
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT count(*) FROM target JOIN staging USING (id) WHERE target.v = staging.v;
DROP TABLE target, staging;

-- Each form of storage with each. EXTERNAL keeps values as they are, MAIN compresses them in the row, EXTENDED compresses
-- and moves out of line what is still long.
CREATE TABLE original (id int, v text);
INSERT INTO original SELECT i, wordy_text(i, 20000) FROM generate_series(1, 3) AS i;
INSERT INTO original SELECT i, wordy_text(i, 6000) FROM generate_series(4, 5) AS i;
INSERT INTO original SELECT i, random_text(i, 6000) FROM generate_series(6, 7) AS i;
INSERT INTO original VALUES (8, 'short'), (9, NULL);
CREATE FUNCTION stored(form text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE in_%s (id int PRIMARY KEY, v text)', form);
	EXECUTE format('ALTER TABLE in_%s ALTER v SET STORAGE %s', form, form);
	EXECUTE format('INSERT INTO in_%s SELECT id, v || '''' FROM original', form);
END $$;
SELECT stored('external'), stored('main'), stored('extended');
SELECT e.id, pg_column_size(e.v) < length(e.v) AS external, pg_column_size(m.v) < length(m.v) AS main,
	pg_column_size(x.v) < length(x.v) AS extended
	FROM in_external e JOIN in_main m USING (id) JOIN in_extended x USING (id) ORDER BY e.id;
-- Unchanged, and then with another value of the same length in four rows.
CREATE FUNCTION compared(target text, staging text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	same bulk_sync_stats;
	other bulk_sync_stats;
BEGIN
	same := bulk_sync(target::regclass, staging::regclass, '{id}', dry_run => true);
	EXECUTE format('UPDATE %s SET v = overlay(v PLACING ''-'' FROM length(v) - 1) WHERE id IN (1, 4, 6, 8)', staging);
	other := bulk_sync(target::regclass, staging::regclass, '{id}', dry_run => true);
	EXECUTE format('TRUNCATE %s; INSERT INTO %1$s SELECT id, v || '''' FROM original', staging);
	RETURN format('%s unchanged, then %s changed', same.unchanged, other.updated);
END $$;
CREATE TABLE staged_external (LIKE in_external INCLUDING STORAGE);
CREATE TABLE staged_main (LIKE in_main INCLUDING STORAGE);
CREATE TABLE staged_extended (LIKE in_extended INCLUDING STORAGE);
INSERT INTO staged_external SELECT id, v || '' FROM original;
INSERT INTO staged_main SELECT id, v || '' FROM original;
INSERT INTO staged_extended SELECT id, v || '' FROM original;
SELECT t AS target, s AS staging, compared('in_' || t, 'staged_' || s)
	FROM unnest('{external,main,extended}'::text[]) AS t, unnest('{external,main,extended}'::text[]) AS s;
SELECT * FROM sync_checked('in_extended', 'staged_main', '{id}');
SELECT * FROM sync_checked('in_external', 'staged_extended', '{id}');

-- The same value compressed by two methods, where the server has two.
DO $$ BEGIN
	ALTER TABLE staged_extended ALTER v SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
	NULL;
END $$;
TRUNCATE staged_extended;
INSERT INTO staged_extended SELECT id, v || '' FROM original;
SELECT compared('in_extended', 'staged_extended');
SELECT * FROM sync_checked('in_extended', 'staged_extended', '{id}');

-- Another column changes in the rows, and the others keep their large values where they are.
ALTER TABLE in_extended ADD n int;
ALTER TABLE staged_main ADD n int DEFAULT 1;
ALTER TABLE staged_extended ADD n int DEFAULT 2;
SELECT * FROM sync_checked('in_extended', 'staged_main', '{id}');
SELECT * FROM sync_checked('in_extended', 'staged_extended', '{id}');

DROP TABLE original, in_external, in_main, in_extended, staged_external, staged_main, staged_extended;
DROP FUNCTION random_text, wordy_text, stored, compared;
