--
-- insert_defaults: values for new rows in columns that staging lacks.
--
\i test/oracle.sql

-- The usual case: the file lacks the column that the filter fixes.
CREATE TABLE employee (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, company_id int NOT NULL, name text, phone text, source text DEFAULT 'hand',
	made timestamptz DEFAULT clock_timestamp(), UNIQUE (company_id, name));
CREATE TABLE import (name text, phone text);
INSERT INTO employee (company_id, name, phone) VALUES (501, 'Ann', '1'), (501, 'Bob', '2'), (501, 'Cid', '3'), (502, 'Ann', '9');
INSERT INTO import VALUES ('Ann', '1'), ('Bob', '22'), ('Dee', '4');
SELECT * FROM bulk_sync('employee', 'import', '{name}', 'company_id = 501');
SELECT * FROM bulk_sync('employee', 'import', '{name}', 'company_id = 501', insert_defaults => '{"company_id": 501}', dry_run => true);
SELECT * FROM bulk_sync('employee', 'import', '{name}', 'company_id = 501', insert_defaults => '{"company_id": 501, "source": "file"}');
-- Matched rows keep what they have; other defaults go on being taken, also volatile ones.
SELECT id, company_id, name, phone, source, made IS NOT NULL AS made FROM employee ORDER BY id;
SELECT * FROM bulk_sync('employee', 'import', '{name}', 'company_id = 501', insert_defaults => '{"company_id": 501, "source": "other"}');
-- The scope check uses them, before the column's default and instead of a volatile one.
SELECT * FROM bulk_sync('employee', 'import', '{name}', 'company_id = 503', insert_defaults => '{"company_id": 501}');
SELECT * FROM bulk_sync('employee', 'import', '{name}', 'company_id = 503', insert_defaults => '{"company_id": 503}', dry_run => true);
SELECT * FROM bulk_sync('employee', 'import', '{name}', 'company_id = 503', insert_defaults => '{"company_id": 501}', allow_out_of_scope => true, dry_run => true);
SELECT * FROM bulk_sync('employee', 'import', '{name}', 'company_id = 503 AND made > ''2000-01-01''', insert_defaults => '{"company_id": 503}', dry_run => true);
SELECT * FROM bulk_sync('employee', 'import', '{name}', 'company_id = 503 AND made > ''2000-01-01''',
	insert_defaults => '{"company_id": 503, "made": "2001-01-01"}', dry_run => true);
-- An identity column, even one that is always generated, and the primary key.
SELECT * FROM bulk_sync('employee', 'import', '{name}', 'company_id = 504', insert_defaults => '{"company_id": 504, "id": 77}');
DELETE FROM import WHERE name <> 'Ann';
SELECT * FROM bulk_sync('employee', 'import', '{name}', 'company_id = 504', insert_defaults => '{"company_id": 504, "id": 77}');
SELECT id, company_id, name FROM employee WHERE company_id = 504;
-- JSON null is NULL, not the default; and an error of the column where that may not be.
SELECT * FROM bulk_sync('employee', 'import', '{name}', 'company_id = 505', insert_defaults => '{"company_id": 505, "source": null}');
SELECT company_id, name, source IS NULL AS source FROM employee WHERE company_id = 505;
SELECT * FROM bulk_sync('employee', 'import', '{name}', 'false', insert_defaults => '{"company_id": null}', allow_out_of_scope => true);
SELECT * FROM bulk_sync('employee', 'import', '{name}', 'company_id = 506', insert_defaults => '{"company_id": 506, "id": null}');
-- No member at all; no new row at all, so that what is given does not matter.
SELECT * FROM bulk_sync('employee', 'import', '{name}', 'company_id = 505', insert_defaults => '{}');
SELECT * FROM bulk_sync('employee', 'import', '{name}', 'company_id = 505', insert_defaults => '{"company_id": 1}');
SELECT * FROM bulk_sync('employee', 'import', '{name}', 'company_id = 507', insert_defaults => '{"company_id": 507}', skip_creates => true);
-- BEFORE triggers see them.
CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.source := upper(NEW.source); RETURN NEW; END $$;
CREATE TRIGGER shout BEFORE INSERT ON employee FOR EACH ROW EXECUTE FUNCTION shout();
SELECT * FROM bulk_sync('employee', 'import', '{name}', 'company_id = 508', insert_defaults => '{"company_id": 508, "source": "file"}');
SELECT company_id, name, source FROM employee WHERE company_id = 508;
DROP TABLE employee, import;
DROP FUNCTION shout;

-- Values convert as in jsonb_populate_record(), once for the call, and are the same in all new rows.
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TYPE address AS (street text, number int);
CREATE DOMAIN positive AS int CHECK (value > 0);
CREATE TABLE t (
	k int, a int[], aa text[], c address, ca address[], j json, jb jsonb, e mood, p positive, n numeric(6,2), b boolean, d date, by bytea, vc varchar(3), txt text, r int4range,
	g int GENERATED ALWAYS AS (p + 1) STORED, "Odd name" text DEFAULT 'odd', later text);
CREATE TABLE s (k int);
INSERT INTO s VALUES (1), (2);
SET DateStyle = 'ISO, YMD';
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => '{"a": [1, null], "aa": "{x,\"y z\"}", "c": {"street": "High", "number": 1},
	"ca": [{"number": 2}], "j": {"b": [1.50], "a": null}, "jb": [1, {"x": "y"}], "e": "glad", "p": 7, "n": 12.345, "b": "yes", "d": "2024-02-29",
	"by": "\\x00ff", "vc": "abc", "txt": {"a": 1}, "r": "[1,3)", "Odd name": "given"}');
\x on
SELECT * FROM t WHERE k = 2;
\x off
SELECT count(DISTINCT to_jsonb(t) - 'k') FROM t;
RESET DateStyle;
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => '{"p": 8}');
-- A large value, many rows; and some of them in memory too small for them.
TRUNCATE t, s;
INSERT INTO s SELECT generate_series(1, 5000);
SET work_mem = '64kB';
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => jsonb_build_object('p', 1, 'txt', repeat('x', 3000)));
RESET work_mem;
SELECT count(*), sum(g), min(length(txt)), max(length(txt)), min("Odd name") FROM t;
-- Partitions: the value decides where new rows go.
CREATE TABLE parted (k int, part text, v int DEFAULT 3) PARTITION BY LIST (part);
CREATE TABLE parted_a PARTITION OF parted FOR VALUES IN ('a');
CREATE TABLE parted_b (v int DEFAULT 4, part text DEFAULT 'b', k int);
ALTER TABLE parted ATTACH PARTITION parted_b FOR VALUES IN ('b');
DELETE FROM s WHERE k > 2;
SELECT * FROM bulk_sync('parted', 's', '{k}', insert_defaults => '{"part": "b"}', filter => 'part = ''b''');
SELECT * FROM bulk_sync('parted', 's', '{k}', insert_defaults => '{"part": "a", "v": 5}', filter => 'part = ''a''');
SELECT tableoid::regclass, * FROM parted ORDER BY part, k;
SELECT * FROM bulk_sync('parted', 's', '{k}', 'part = ''c''', insert_defaults => '{"part": "c"}');
-- Groups of new rows that differ in which columns take a default.
CREATE TABLE keyed (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, k int, part text, at int GENERATED ALWAYS AS IDENTITY);
ALTER TABLE s ADD id int, ADD at int;
UPDATE s SET id = 50 WHERE k = 1;
INSERT INTO s VALUES (3, NULL, 60), (4, 51, 61);
SELECT * FROM bulk_sync('keyed', 's', '{k}', insert_defaults => '{"part": "x"}');
SELECT k, part, CASE WHEN id > 4 THEN id END AS given_id, CASE WHEN at > 4 THEN at END AS given_at FROM keyed ORDER BY k;
DROP TABLE keyed, parted;

-- Errors.
\set VERBOSITY default
\set SHOW_CONTEXT errors
TRUNCATE t, s;
ALTER TABLE s DROP id, DROP at, ADD later text;
INSERT INTO s VALUES (1);
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => '{"j": {}, "none": 1}');
\echo :SQLSTATE
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => '{"odd name": 1}');
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => '{"": 1}');
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => '{"ctid": "(0,1)"}');
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => '{"later": "x"}');
\echo :SQLSTATE
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => '{"k": 1}');
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => '{"later": "x"}', ignore_columns => '{later}');
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => '{"g": 1}');
\echo :SQLSTATE
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => '{"n": "12,5"}');
\echo :SQLSTATE
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => '{"vc": "abcd"}');
\echo :SQLSTATE
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => '{"p": 0}');
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => '{"e": "angry"}');
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => '{"a": {"x": 1}}');
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => '{"c": [1]}');
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => '{"n": 12345.6}', dry_run => true);
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => '{"n": "x"}', skip_creates => true);
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => '[{"n": 1}]');
\echo :SQLSTATE
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => '"n"');
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => 'null');
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => NULL);
-- The mark of soft deletes belongs to the sync.
TRUNCATE t;
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => '{"b": false, "d": null}', soft_delete => 'b');
\echo :SQLSTATE
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => '{"d": null}', soft_delete => 'b');
SELECT k, b FROM t;

-- INSERT on the column is the right that it needs, for what is not skipped.
CREATE ROLE regress_bulk_sync_clerk;
GRANT SELECT ON s, t TO regress_bulk_sync_clerk;
GRANT INSERT (k, later), UPDATE (k, later), DELETE ON t TO regress_bulk_sync_clerk;
SET ROLE regress_bulk_sync_clerk;
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => '{"jb": 1}');
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => '{"jb": 1}', dry_run => true);
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => '{"jb": 1}', skip_creates => true);
RESET ROLE;
GRANT INSERT (jb) ON t TO regress_bulk_sync_clerk;
SET ROLE regress_bulk_sync_clerk;
SELECT * FROM bulk_sync('t', 's', '{k}', insert_defaults => '{"jb": 1}');
RESET ROLE;
DROP TABLE t, s;
DROP TYPE mood, address;
DROP DOMAIN positive;
DROP ROLE regress_bulk_sync_clerk;
