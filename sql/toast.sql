--
-- Large values: compared wherever and however they are stored, and written only when they changed.
--
\i test/oracle.sql
CREATE FUNCTION toast_size(relation regclass) RETURNS bigint
RETURN (SELECT pg_relation_size(reltoastrelid) FROM pg_class WHERE oid = relation);

CREATE TABLE target (id int PRIMARY KEY, n int, doc text, other text);
ALTER TABLE target ALTER doc SET STORAGE EXTERNAL, ALTER other SET STORAGE EXTERNAL;
CREATE TABLE staging (LIKE target INCLUDING STORAGE);
INSERT INTO target SELECT i, i, repeat(i::text, 100000), repeat('o', 50000) FROM generate_series(1, 9) AS i;
INSERT INTO staging SELECT * FROM target;
SELECT toast_size('target') AS size \gset

-- Another column changes: the large values keep their place, so that the TOAST table does not grow.
UPDATE staging SET n = -n;
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT toast_size('target') = :size AS unchanged, count(*) FILTER (WHERE n < 0) AS negative, sum(length(doc)) FROM target;

-- One large value of one row changes, in the same statement as small values of all: one value is written,
-- which takes about as much as the value is long.
UPDATE staging SET n = n - 100, doc = CASE id WHEN 5 THEN repeat('x', 100000) ELSE doc END;
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT toast_size('target') - :size BETWEEN 100000 AND 200000 AS one_more FROM target LIMIT 1;
SELECT id, left(doc, 3) AS doc, length(doc), length(other) FROM target ORDER BY id;

-- Compressed in staging and not in the target: the same value.
CREATE TABLE compressed (id int, n int, doc text, other text);
INSERT INTO compressed SELECT id, n, doc || '', other || '' FROM staging;
SELECT max(pg_column_size(doc)) < 10000 AS compressed FROM compressed;
SELECT toast_size('target') AS size \gset
SELECT * FROM sync_checked('target', 'compressed', '{id}');
SELECT toast_size('target') = :size AS unchanged;
-- From compressed to plain, what changed is taken over.
UPDATE compressed SET doc = repeat('y', 30000) WHERE id = 1;
INSERT INTO compressed VALUES (10, 10, repeat('z', 40000), NULL);
SELECT * FROM sync_checked('target', 'compressed', '{id}');
SELECT id, left(doc, 1) AS doc, length(doc) FROM target WHERE id IN (1, 10) ORDER BY id;

-- A view over a table with large values: they are on loan, and still there when the rows are written.
CREATE VIEW viewed AS SELECT id, n, doc, other FROM staging UNION ALL SELECT 11, 11, repeat('v', 100000), 'o';
UPDATE staging SET doc = repeat('w', 100000) WHERE id < 3;
SELECT * FROM sync_checked('target', 'viewed', '{id}');
SELECT id, left(doc, 1) AS doc, length(doc) FROM target WHERE id IN (1, 2, 11) ORDER BY id;

-- A trigger that empties the table behind the view cannot take the values away.
CREATE FUNCTION empty_it() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM staging;
	RETURN NULL;
END $$;
CREATE TRIGGER empty_it BEFORE UPDATE ON target EXECUTE FUNCTION empty_it();
UPDATE staging SET doc = repeat('r', 100000), other = repeat('s', 70000) WHERE id < 5;
SELECT * FROM bulk_sync('target', 'viewed', '{id}');
SELECT id, left(doc, 1) AS doc, length(doc), length(other) FROM target WHERE id < 6 ORDER BY id;
SELECT count(*) FROM staging;
DROP TRIGGER empty_it ON target;

-- A primary key that is not compared, columns not in the update: all of it stays where it is.
TRUNCATE target;
INSERT INTO staging SELECT i, i, repeat('d', 30000), repeat('o', 30000) FROM generate_series(1, 5) AS i;
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT toast_size('target') AS size \gset
UPDATE staging SET n = 0;
SELECT * FROM sync_checked('target', 'staging', '{id}', columns => '{n}');
SELECT * FROM sync_checked('target', 'staging', '{id}', ignore_columns => '{doc}');
UPDATE staging SET n = 1;
SELECT * FROM sync_checked('target', 'staging', '{id}', 'doc IS NOT NULL');
SELECT toast_size('target') = :size AS unchanged;

-- Composite and array values that hold large values.
CREATE TYPE doc AS (id int, body text);
CREATE TABLE docs (id int PRIMARY KEY, n int, d doc, a text[]);
ALTER TABLE docs ALTER d SET STORAGE EXTERNAL, ALTER a SET STORAGE EXTERNAL;
CREATE TABLE docs_staged (id int, n int, d doc, a text[]);
INSERT INTO docs SELECT i, i, ROW(i, repeat('d', 40000))::doc, ARRAY[repeat('a', 40000)] FROM generate_series(1, 4) AS i;
INSERT INTO docs_staged SELECT * FROM docs;
SELECT toast_size('docs') AS size \gset
UPDATE docs_staged SET n = 0;
SELECT * FROM sync_checked('docs', 'docs_staged', '{id}');
SELECT toast_size('docs') = :size AS unchanged;
UPDATE docs_staged SET d.body = repeat('e', 40000) WHERE id = 2;
SELECT * FROM sync_checked('docs', 'docs_staged', '{id}');
SELECT id, left((d).body, 1) AS body, length((d).body), length(a[1]) FROM docs ORDER BY id;

DROP TABLE docs, docs_staged;
DROP TYPE doc;
DROP VIEW viewed;
DROP TABLE target, staging, compressed;
DROP FUNCTION empty_it, toast_size;
