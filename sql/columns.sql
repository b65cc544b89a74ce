--
-- Columns belong together by name. Which are compared, updated and inserted.
--
\i test/oracle.sql

-- Another order, dropped columns on both sides, a generated-looking name: only names count.
CREATE TABLE target (gone int, id int PRIMARY KEY, a text, also_gone text, b int, c date DEFAULT '2020-02-02', d text DEFAULT 'none');
ALTER TABLE target DROP gone, DROP also_gone;
CREATE TABLE staging (x int, b int, y text, a text, z int, id int);
ALTER TABLE staging DROP x, DROP y, DROP z;
INSERT INTO target VALUES (1, 'one', 1, '2001-01-01', 'd1'), (2, 'two', 2, '2002-02-02', 'd2'), (3, 'three', 3, NULL, NULL);
INSERT INTO staging (id, a, b) VALUES (1, 'one', 1), (2, 'zwei', 2), (4, 'four', NULL), (5, NULL, 5);
-- Columns that staging lacks keep their value in matched rows and take their default in new ones.
SELECT * FROM sync_checked('target', 'staging', '{id}');
TABLE target ORDER BY id;
-- A column added later is matched too.
ALTER TABLE target ADD e int DEFAULT 9;
ALTER TABLE staging ADD e int DEFAULT 9, ADD d text;
SELECT * FROM sync_checked('target', 'staging', '{id}');
TABLE target ORDER BY id;
-- NULL in staging is a value, not a default: row 4 has no e.
UPDATE staging SET e = NULL WHERE id = 4;
INSERT INTO staging (id, a) VALUES (6, 'six');
UPDATE staging SET e = NULL WHERE id = 6;
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT id, a, d, e FROM target WHERE e IS NULL ORDER BY id;

-- A staging column that the target lacks is an error, unless it is ignored by name.
ALTER TABLE staging ADD extra int DEFAULT 1;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
SELECT * FROM sync_checked('target', 'staging', '{id}', ignore_columns => '{extra}');

-- ignore_columns: neither compared nor updated, but a new row gets what staging has.
UPDATE staging SET a = 'A', b = 100 + id, d = 'D';
INSERT INTO staging VALUES (107, 'A', 7, 9, 'D', 1);
SELECT * FROM sync_checked('target', 'staging', '{id}', ignore_columns => '{extra,b,d}');
TABLE target ORDER BY id;

-- columns: exactly those are compared and updated; a new row still gets all that both sides have.
INSERT INTO staging VALUES (108, 'A', 8, 9, 'D', 1);
SELECT * FROM sync_checked('target', 'staging', '{id}', columns => '{b}', ignore_columns => '{extra}');
TABLE target ORDER BY id;
-- No columns at all: rows come and go, no row is updated.
UPDATE staging SET a = 'other' WHERE id < 7;
DELETE FROM staging WHERE id = 1;
SELECT * FROM sync_checked('target', 'staging', '{id}', columns => '{}', ignore_columns => '{extra}');
SELECT count(*) FROM target WHERE a = 'other';
-- A key may be named in columns, once more, without an effect.
SELECT * FROM sync_checked('target', 'staging', '{id}', columns => '{id,a}', ignore_columns => '{extra}');
-- An empty list of ignored columns is none.
ALTER TABLE staging DROP extra;
SELECT * FROM sync_checked('target', 'staging', '{id}', ignore_columns => '{}');
DROP TABLE target, staging;

-- A default that is volatile is taken by each new row for itself.
CREATE SEQUENCE numbers;
CREATE TABLE target (k text, n int DEFAULT nextval('numbers'), made timestamptz DEFAULT now());
CREATE TABLE staging (k text);
INSERT INTO target (k) VALUES ('a'), ('b');
INSERT INTO staging VALUES ('b'), ('c'), ('d');
SELECT * FROM sync_checked('target', 'staging', '{k}');
SELECT min(n), max(n), count(DISTINCT n), count(made) FROM target;
-- The sequence went forward by the rows created and no more.
SELECT last_value FROM numbers;
DROP TABLE target, staging;
DROP SEQUENCE numbers;

-- Any name that a column may have: quotes, blanks, key words, aliases one might use, capitals,
-- 63 bytes, and letters of several bytes.
CREATE TABLE "Od""d ta'ble" ("We ird""T" int, t text, s text, d int, k int, c1 int, c2 text, "select" text, "S" text, "ünï" text,
	"a.b" int, "$1" int, "%s" text, "\" text, "bulk_sync updates" int, "oid" int,
	abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk int,
	"äääääääääääääääääääääääääääääää" int, "old" int, "new" int, excluded int, "null" int);
CREATE TABLE "Staging; --" (LIKE "Od""d ta'ble");
INSERT INTO "Od""d ta'ble" VALUES
	(1, 't', 's', 1, 1, 1, 'c2', 'sel', 'S', 'u', 1, 1, '%', '\', 1, 1, 1, 1, 1, 1, 1, 1),
	(2, 't', 's', 2, 2, 2, 'c2', 'sel', 'S', 'u', 2, 2, '%', '\', 2, 2, 2, 2, 2, 2, 2, 2),
	(3, 't', 's', 3, 3, 3, 'c2', 'sel', 'S', 'u', 3, 3, '%', '\', 3, 3, 3, 3, 3, 3, 3, 3);
INSERT INTO "Staging; --" SELECT * FROM "Od""d ta'ble" WHERE "We ird""T" < 3;
INSERT INTO "Staging; --" VALUES
	(4, 't', 's', 4, 4, 4, 'c2', 'sel', 'S', 'u', 4, 4, '%', '\', 4, 4, 4, 4, 4, 4, 4, 4);
UPDATE "Staging; --" SET t = 'T', "select" = 'SEL', "%s" = '%d', "\" = '\\', excluded = 0, "null" = NULL,
	abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk = 77, "äääääääääääääääääääääääääääääää" = 8
	WHERE "We ird""T" = 2;
SELECT * FROM sync_checked('"Od""d ta''ble"', '"Staging; --"',
	ARRAY['We ird"T', 'd', 'k', 'c1', 'ünï', 'a.b', '$1', 'oid', 'bulk_sync updates']);
SELECT "We ird""T", t, "select", "%s", "\", excluded, "null" FROM "Od""d ta'ble" ORDER BY 1;
UPDATE "Staging; --" SET s = 'x', "a.b" = 5;
SELECT * FROM sync_checked('"Od""d ta''ble"', '"Staging; --"', ARRAY['We ird"T'],
	'"We ird""T" > 1 AND "Od""d ta''ble"."select" IS NOT NULL', columns => ARRAY['s', 'a.b'], skip_creates => true, allow_out_of_scope => true);
-- A row of the table named like one of its own columns.
ALTER TABLE "Od""d ta'ble" RENAME TO t;
UPDATE "Staging; --" SET t = t || 't';
SELECT * FROM sync_checked('t', '"Staging; --"', ARRAY['We ird"T']);
DROP TABLE t, "Staging; --";

-- Names are exact: capitals are not folded.
CREATE TABLE target ("Id" int, id int, v int);
CREATE TABLE staging ("Id" int, id int, v int);
INSERT INTO target VALUES (1, 2, 3);
INSERT INTO staging VALUES (1, 3, 4);
SELECT * FROM sync_checked('target', 'staging', '{Id}');
UPDATE staging SET "Id" = 5;
SELECT * FROM sync_checked('target', 'staging', '{id}');
TABLE target;
DROP TABLE target, staging;

-- A staging view may have columns named like system columns. The target has none of these names, so they are ignored.
CREATE TABLE target (id int, v text);
CREATE TABLE base (id int, v text);
INSERT INTO target VALUES (1, 'a'), (2, 'b');
INSERT INTO base VALUES (1, 'a'), (2, 'B'), (3, 'c');
CREATE VIEW staging AS SELECT 'x'::text AS ctid, id, 7 AS xmin, v, 'y' AS tableoid FROM base;
SELECT * FROM bulk_sync('target', 'staging', '{id}', ignore_columns => '{ctid,xmin,tableoid}');
SELECT * FROM bulk_sync('target', 'staging', '{id}', ignore_columns => '{ctid,xmin,tableoid}');
TABLE target ORDER BY id;
DROP VIEW staging;
DROP TABLE target, base;
