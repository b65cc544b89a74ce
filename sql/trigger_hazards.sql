--
-- Triggers that take away what the call still needs: values of staging, rights, or a row that it is going to write.
-- Either the call does not need them any more, or it fails as a whole.
--
\i test/oracle.sql
CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE TG_ARGV[0];
	RETURN NULL;
END $$;

-- Large values of staging live in its TOAST table. Behind a view, or a parent, the table is not in the call's hands:
-- a trigger may empty it or drop it, and the values are there all the same.
CREATE TABLE target (id int PRIMARY KEY, doc text, tags text[]);
CREATE TABLE base (id int, doc text, tags text[]);
ALTER TABLE base ALTER doc SET STORAGE EXTERNAL, ALTER tags SET STORAGE EXTERNAL;
CREATE VIEW viewed AS TABLE base;
CREATE TABLE parent (id int, doc text, tags text[]);
CREATE TABLE child () INHERITS (parent);
ALTER TABLE child ALTER doc SET STORAGE EXTERNAL, ALTER tags SET STORAGE EXTERNAL;
CREATE TABLE parted (id int, doc text, tags text[]) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
ALTER TABLE parted_1 ALTER doc SET STORAGE EXTERNAL, ALTER tags SET STORAGE EXTERNAL;
CREATE PROCEDURE fill() LANGUAGE sql AS $$
	TRUNCATE target, base, parent, parted;
	INSERT INTO target VALUES (1, repeat('a', 100000), NULL), (2, 'b', ARRAY['b']), (3, 'c', NULL);
	INSERT INTO base VALUES (1, repeat('A', 100000), ARRAY[repeat('x', 50000)]), (2, repeat('B', 100000), ARRAY['b']), (4, repeat('D', 100000), ARRAY['d']);
	INSERT INTO child TABLE base;
	INSERT INTO parted TABLE base;
$$;
CREATE VIEW found AS SELECT id, left(doc, 1) AS doc, length(doc), length(tags[1]) AS tag FROM target;
CALL fill();
CREATE TRIGGER meddle BEFORE DELETE ON target EXECUTE FUNCTION meddle('TRUNCATE base');
SELECT * FROM bulk_sync('target', 'viewed', '{id}');
SELECT * FROM found ORDER BY id;
SELECT count(*) FROM base;
DROP TRIGGER meddle ON target;
CALL fill();
CREATE TRIGGER meddle BEFORE DELETE ON target EXECUTE FUNCTION meddle('TRUNCATE child');
SELECT * FROM bulk_sync('target', 'parent', '{id}');
SELECT * FROM found ORDER BY id;
DROP TRIGGER meddle ON target;
CALL fill();
CREATE TRIGGER meddle BEFORE DELETE ON target EXECUTE FUNCTION meddle('DROP TABLE parted_1');
SELECT * FROM bulk_sync('target', 'parted', '{id}');
SELECT * FROM found ORDER BY id;
DROP TRIGGER meddle ON target;
CREATE TABLE parted_1 PARTITION OF parted DEFAULT;
-- A materialized view is held like a table; rows that are deleted from staging itself stay readable.
CALL fill();
CREATE MATERIALIZED VIEW stored AS TABLE base;
CREATE TRIGGER meddle BEFORE DELETE ON target EXECUTE FUNCTION meddle('REFRESH MATERIALIZED VIEW stored');
\set VERBOSITY sqlstate
SELECT * FROM bulk_sync('target', 'stored', '{id}');
\set VERBOSITY terse
DROP TRIGGER meddle ON target;
CREATE TRIGGER meddle BEFORE DELETE ON target EXECUTE FUNCTION meddle('DELETE FROM base');
SELECT * FROM bulk_sync('target', 'base', '{id}');
SELECT * FROM found ORDER BY id;
SELECT count(*) FROM base;
DROP TRIGGER meddle ON target;
DROP VIEW found, viewed;
DROP MATERIALIZED VIEW stored;
DROP TABLE target, base, child, parent, parted;
DROP PROCEDURE fill;

-- Rights that a trigger takes away are missed by the next statement, and nothing is done.
CREATE ROLE regress_bulk_sync_clerk;
CREATE TABLE target (id int PRIMARY KEY, v text);
CREATE TABLE staging (LIKE target);
INSERT INTO target VALUES (1, 'a'), (2, 'b'), (3, 'c');
INSERT INTO staging VALUES (1, 'a'), (2, 'B'), (4, 'd');
GRANT ALL ON target, staging TO regress_bulk_sync_clerk;
CREATE FUNCTION revoke() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	EXECUTE format('REVOKE %s ON target FROM regress_bulk_sync_clerk', TG_ARGV[0]);
	RETURN NULL;
END $$;
CREATE TRIGGER revoke BEFORE DELETE ON target EXECUTE FUNCTION revoke('UPDATE');
SET ROLE regress_bulk_sync_clerk;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
RESET ROLE;
DROP TRIGGER revoke ON target;
CREATE TRIGGER revoke BEFORE UPDATE ON target EXECUTE FUNCTION revoke('INSERT');
SET ROLE regress_bulk_sync_clerk;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
RESET ROLE;
DROP TRIGGER revoke ON target;
TABLE target ORDER BY id;
-- What has been done already needs no right any more.
CREATE TRIGGER revoke BEFORE INSERT ON target EXECUTE FUNCTION revoke('DELETE');
SET ROLE regress_bulk_sync_clerk;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
RESET ROLE;
SELECT has_table_privilege('regress_bulk_sync_clerk', 'target', 'DELETE');
DROP TRIGGER revoke ON target;
SELECT * FROM sync_checked('target', 'staging', '{id}');

-- A role that is changed by a trigger, and settings: they are the trigger's own affair, as after any statement.
UPDATE staging SET v = v || '+';
DELETE FROM staging WHERE id = 4;
CREATE TRIGGER meddle BEFORE DELETE ON target EXECUTE FUNCTION meddle('SET LOCAL search_path = pg_catalog');
BEGIN;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
ROLLBACK;
DROP TRIGGER meddle ON target;
CREATE TRIGGER meddle BEFORE DELETE ON target EXECUTE FUNCTION meddle('SET LOCAL ROLE regress_bulk_sync_clerk');
REVOKE ALL ON target FROM regress_bulk_sync_clerk;
BEGIN;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
ROLLBACK;
DROP TRIGGER meddle ON target;
SELECT * FROM sync_checked('target', 'staging', '{id}');

-- Constraints that a trigger sets immediate or deferred hold from then on.
CREATE TABLE child (id int REFERENCES target DEFERRABLE INITIALLY IMMEDIATE);
INSERT INTO child VALUES (2);
DELETE FROM staging WHERE id = 2;
INSERT INTO staging VALUES (7, 'g');
CREATE TRIGGER meddle BEFORE DELETE ON target EXECUTE FUNCTION meddle('SET CONSTRAINTS ALL DEFERRED');
BEGIN;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
DELETE FROM child;
COMMIT;
DROP TRIGGER meddle ON target;
TABLE target ORDER BY id;
DROP TABLE child;
INSERT INTO staging VALUES (8, 'h');
DELETE FROM staging WHERE id = 7;
CREATE TABLE child (id int REFERENCES target DEFERRABLE INITIALLY DEFERRED);
INSERT INTO child VALUES (7);
CREATE TRIGGER meddle AFTER INSERT ON target FOR EACH ROW EXECUTE FUNCTION meddle('SET CONSTRAINTS ALL IMMEDIATE');
SELECT * FROM bulk_sync('target', 'staging', '{id}');
TABLE target ORDER BY id;
DROP TABLE child, target, staging;
DROP FUNCTION meddle, revoke;
DROP ROLE regress_bulk_sync_clerk;
