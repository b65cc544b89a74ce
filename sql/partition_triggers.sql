--
-- Triggers and foreign keys of partitioned targets: a row that moves deletes in one partition and inserts in another,
-- and to foreign keys, statement triggers and transition tables it is one update of the root.
--
\i test/oracle.sql

-- Rows that refer to a row follow it into another partition; they are neither deleted nor set to NULL.
CREATE TABLE target (id int, region text, v int, UNIQUE (id, region)) PARTITION BY LIST (region);
CREATE TABLE target_n PARTITION OF target FOR VALUES IN ('n');
CREATE TABLE target_s (v int, region text, gone text, id int);
ALTER TABLE target_s DROP gone;
ALTER TABLE target ATTACH PARTITION target_s FOR VALUES IN ('s');
CREATE TABLE follows (n int, id int, region text,
	FOREIGN KEY (id, region) REFERENCES target (id, region) ON UPDATE CASCADE ON DELETE CASCADE);
CREATE TABLE stays (n int, id int, region text,
	FOREIGN KEY (id, region) REFERENCES target (id, region) ON DELETE CASCADE);
CREATE TABLE emptied (n int, id int, region text,
	FOREIGN KEY (id, region) REFERENCES target (id, region) ON UPDATE SET NULL ON DELETE CASCADE);
CREATE TABLE staging (id int, region text, v int);
INSERT INTO target VALUES (1, 'n', 1), (2, 'n', 2), (3, 's', 3), (4, 's', 4), (5, 'n', 5);
INSERT INTO follows SELECT 10 + id, id, region FROM target;
INSERT INTO emptied SELECT 20 + id, id, region FROM target;
INSERT INTO staging VALUES (1, 's', 1), (2, 'n', 20), (3, 'n', 30), (4, 's', 4), (6, 's', 6);
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT tableoid::regclass, * FROM target ORDER BY id;
TABLE follows ORDER BY n;
TABLE emptied ORDER BY n;
-- One that may not follow is in the way of the move, and then nothing is done.
INSERT INTO stays VALUES (32, 2, 'n');
UPDATE staging SET region = 's', v = 21 WHERE id = 2;
UPDATE staging SET v = 40 WHERE id = 4;
SELECT state, "constraint" FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
SELECT tableoid::regclass, * FROM target ORDER BY id;
-- What refers to it deferred may be set right before the end of the transaction.
ALTER TABLE stays DROP CONSTRAINT stays_id_region_fkey, ADD FOREIGN KEY (id, region) REFERENCES target (id, region) DEFERRABLE INITIALLY DEFERRED;
BEGIN;
SELECT * FROM sync_checked('target', 'staging', '{id}');
UPDATE stays SET region = 's';
COMMIT;
SELECT tableoid::regclass, * FROM target ORDER BY id;
TABLE follows ORDER BY n;
DROP TABLE follows, stays, emptied;

-- A partitioned table that refers to itself: parents and children move in one call.
CREATE TABLE node (id int, region text, parent int, parent_region text, UNIQUE (id, region),
	FOREIGN KEY (parent, parent_region) REFERENCES node (id, region)) PARTITION BY LIST (region);
CREATE TABLE node_n PARTITION OF node FOR VALUES IN ('n');
CREATE TABLE node_s PARTITION OF node FOR VALUES IN ('s');
CREATE TABLE node_staged (LIKE node);
INSERT INTO node VALUES (1, 'n', NULL, NULL), (2, 'n', 1, 'n'), (3, 's', 2, 'n'), (4, 's', 3, 's');
INSERT INTO node_staged VALUES (2, 's', 9, 'n'), (3, 'n', 2, 's'), (4, 's', 3, 'n'), (9, 'n', NULL, NULL);
SELECT * FROM sync_checked('node', 'node_staged', '{id}');
SELECT tableoid::regclass, * FROM node ORDER BY id;
DROP TABLE node, node_staged;

-- Statement triggers of the root fire, those of partitions do not, and the transition tables have the root's columns
-- whatever the partitions look like. A row that moved is in the tables of the update.
CREATE TABLE log (n int GENERATED ALWAYS AS IDENTITY, line text);
CREATE FUNCTION log_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO log (line) VALUES (format('%s %s on %s', TG_WHEN, TG_OP, TG_TABLE_NAME));
	RETURN NULL;
END $$;
CREATE FUNCTION log_tables() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	gone text;
	come text;
BEGIN
	IF TG_OP <> 'INSERT' THEN
		SELECT string_agg(o::text, ' ' ORDER BY id) INTO gone FROM old_rows AS o;
	END IF;
	IF TG_OP <> 'DELETE' THEN
		SELECT string_agg(n::text, ' ' ORDER BY id) INTO come FROM new_rows AS n;
	END IF;
	INSERT INTO log (line) VALUES (format('%s on %s: old %s, new %s', TG_OP, TG_TABLE_NAME, gone, come));
	RETURN NULL;
END $$;
CREATE TRIGGER b BEFORE INSERT OR UPDATE OR DELETE ON target FOR EACH STATEMENT EXECUTE FUNCTION log_statement();
CREATE TRIGGER leaf BEFORE INSERT OR UPDATE OR DELETE ON target_s FOR EACH STATEMENT EXECUTE FUNCTION log_statement();
CREATE TRIGGER leaf_after AFTER INSERT OR UPDATE OR DELETE ON target_n FOR EACH STATEMENT EXECUTE FUNCTION log_statement();
CREATE TRIGGER i AFTER INSERT ON target REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION log_tables();
CREATE TRIGGER u AFTER UPDATE ON target REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION log_tables();
CREATE TRIGGER d AFTER DELETE ON target REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION log_tables();
UPDATE staging SET region = 'n' WHERE id = 1;
UPDATE staging SET v = 41 WHERE id = 4;
DELETE FROM staging WHERE id IN (3, 6);
INSERT INTO staging VALUES (7, 'n', 7), (8, 's', 8);
SELECT * FROM bulk_sync('target', 'staging', '{id}');
SELECT line FROM log ORDER BY n;
TRUNCATE log;
-- Nothing to do, nothing fired.
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT count(*) FROM log;
-- A partition as the target: its own triggers fire.
CREATE TABLE staging_s AS SELECT id, region, v + 1 AS v FROM staging WHERE region = 's';
SELECT * FROM bulk_sync('target_s', 'staging_s', '{id}');
SELECT line FROM log ORDER BY n;
TRUNCATE log;
DROP TRIGGER leaf ON target_s;
DROP TRIGGER leaf_after ON target_n;
DROP TRIGGER b ON target;
DROP TRIGGER i ON target;
DROP TRIGGER u ON target;
DROP TRIGGER d ON target;
DROP TABLE staging_s;

-- A cascade of the target onto itself and our own update: one firing of the statement trigger, with the rows of both.
CREATE TABLE node (id int PRIMARY KEY, parent int REFERENCES node ON DELETE SET NULL, v text);
CREATE TABLE node_staged (LIKE node);
INSERT INTO node VALUES (1, NULL, 'gone'), (2, 1, 'kept'), (3, NULL, 'old');
INSERT INTO node_staged VALUES (2, 1, 'kept'), (3, NULL, 'new');
CREATE TRIGGER u AFTER UPDATE ON node REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION log_tables();
CREATE TRIGGER d AFTER DELETE ON node REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION log_tables();
SELECT * FROM bulk_sync('node', 'node_staged', '{id}');
SELECT line FROM log ORDER BY n;
TABLE node ORDER BY id;
DROP TABLE node, node_staged;

-- A trigger that takes a partition away, or empties it, after the rows to write are known: never a row lost silently.
CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE TG_ARGV[0];
	RETURN NULL;
END $$;
UPDATE staging SET v = v + 100;
DELETE FROM staging WHERE id = 7;
INSERT INTO staging VALUES (9, 'n', 9);
CREATE TABLE before AS SELECT tableoid::regclass::text AS place, ctid::text AS row, * FROM target;
\set VERBOSITY sqlstate
CREATE TRIGGER meddle BEFORE DELETE ON target FOR EACH STATEMENT EXECUTE FUNCTION meddle('DROP TABLE target_s');
SELECT * FROM bulk_sync('target', 'staging', '{id}');
DROP TRIGGER meddle ON target;
CREATE TRIGGER meddle BEFORE DELETE ON target FOR EACH STATEMENT EXECUTE FUNCTION meddle('TRUNCATE target_s');
SELECT * FROM bulk_sync('target', 'staging', '{id}');
DROP TRIGGER meddle ON target;
CREATE TRIGGER meddle BEFORE DELETE ON target FOR EACH STATEMENT EXECUTE FUNCTION meddle('ALTER TABLE target DETACH PARTITION target_s');
SELECT * FROM bulk_sync('target', 'staging', '{id}');
DROP TRIGGER meddle ON target;
CREATE TRIGGER meddle BEFORE DELETE ON target FOR EACH STATEMENT EXECUTE FUNCTION meddle('DROP TABLE target');
SELECT * FROM bulk_sync('target', 'staging', '{id}');
DROP TRIGGER meddle ON target;
CREATE TRIGGER meddle BEFORE DELETE ON target FOR EACH STATEMENT EXECUTE FUNCTION meddle('DROP TABLE staging');
SELECT * FROM bulk_sync('target', 'staging', '{id}');
DROP TRIGGER meddle ON target;
\set VERBOSITY terse
SELECT count(*) AS changed FROM (TABLE before EXCEPT SELECT tableoid::regclass::text, ctid::text, * FROM target) AS c;
-- Without all these, the sync does its work.
SELECT * FROM sync_checked('target', 'staging', '{id}');
DROP TABLE target, staging, before, log;
DROP FUNCTION log_statement, log_tables, meddle;
