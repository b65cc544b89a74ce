--
-- Triggers of the target: BEFORE triggers have their say, AFTER triggers fire once, see the final state
-- and what was changed; a sync that changes nothing fires nothing.
--
\i test/oracle.sql

CREATE TABLE target (id int PRIMARY KEY, v text, w text);
CREATE TABLE staging (LIKE target);
CREATE TABLE log (n int GENERATED ALWAYS AS IDENTITY, line text);
CREATE FUNCTION log_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO log (line) VALUES (format('%s %s row: %s -> %s', TG_WHEN, TG_OP, OLD, NEW));
	RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE FUNCTION log_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO log (line) VALUES (format('%s %s statement, the table has %s', TG_WHEN, TG_OP,
		(SELECT string_agg(id || v, ' ' ORDER BY id) FROM target)));
	RETURN NULL;
END $$;
CREATE FUNCTION log_tables() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	gone text;
	come text;
BEGIN
	IF TG_OP <> 'INSERT' THEN
		SELECT string_agg(id || v, ' ' ORDER BY id) INTO gone FROM old_rows;
	END IF;
	IF TG_OP <> 'DELETE' THEN
		SELECT string_agg(id || v, ' ' ORDER BY id) INTO come FROM new_rows;
	END IF;
	INSERT INTO log (line) VALUES (format('transition tables of %s: old %s, new %s', TG_OP, gone, come));
	RETURN NULL;
END $$;
-- In the order of events, but that of the rows within one statement is nobody's promise.
CREATE FUNCTION take_log() RETURNS SETOF text LANGUAGE sql AS $$
	WITH taken AS (DELETE FROM log RETURNING *)
	SELECT line FROM taken ORDER BY min(n) OVER (PARTITION BY split_part(line, ':', 1)), line;
$$;
CREATE TRIGGER r AFTER INSERT OR UPDATE OR DELETE ON target FOR EACH ROW EXECUTE FUNCTION log_row();
CREATE TRIGGER b BEFORE INSERT OR UPDATE OR DELETE ON target FOR EACH STATEMENT EXECUTE FUNCTION log_statement();
CREATE TRIGGER s AFTER INSERT OR UPDATE OR DELETE ON target FOR EACH STATEMENT EXECUTE FUNCTION log_statement();
CREATE TRIGGER ti AFTER INSERT ON target REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION log_tables();
CREATE TRIGGER tu AFTER UPDATE ON target REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION log_tables();
CREATE TRIGGER td AFTER DELETE ON target REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION log_tables();
INSERT INTO target VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd');
INSERT INTO staging VALUES (1, 'a'), (2, 'B'), (3, 'C'), (5, 'e'), (6, 'f');
TRUNCATE log;
-- AFTER triggers, of rows and of statements, find the table as it is in the end.
SELECT * FROM bulk_sync('target', 'staging', '{id}');
SELECT * FROM take_log();
-- Nothing to do, nothing fired.
SELECT * FROM bulk_sync('target', 'staging', '{id}');
SELECT * FROM take_log();
-- Neither by a dry run, nor by what is skipped.
UPDATE staging SET v = 'x' WHERE id = 1;
DELETE FROM staging WHERE id = 2;
INSERT INTO staging VALUES (7, 'g');
SELECT * FROM bulk_sync('target', 'staging', '{id}', dry_run => true);
SELECT * FROM bulk_sync('target', 'staging', '{id}', skip_creates => true, skip_updates => true, skip_deletes => true);
SELECT * FROM take_log();
-- Only the statements that have rows are run.
SELECT * FROM bulk_sync('target', 'staging', '{id}', skip_creates => true, skip_updates => true);
SELECT * FROM take_log();
SELECT * FROM sync_checked('target', 'staging', '{id}');
TRUNCATE log;
DROP TRIGGER r ON target;
DROP TRIGGER b ON target;
DROP TRIGGER s ON target;
DROP TRIGGER ti ON target;
DROP TRIGGER tu ON target;
DROP TRIGGER td ON target;

-- UPDATE OF a column, and WHEN: fired for columns that change, not for those that stay the same in every row.
CREATE TRIGGER of_v AFTER UPDATE OF v ON target FOR EACH ROW EXECUTE FUNCTION log_row();
CREATE TRIGGER of_w AFTER UPDATE OF w ON target FOR EACH ROW EXECUTE FUNCTION log_row();
UPDATE staging SET w = 'w' WHERE id IN (3, 5);
UPDATE target SET w = 'old' WHERE id = 5;
TRUNCATE log;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
SELECT * FROM take_log();
DROP TRIGGER of_v ON target;
DROP TRIGGER of_w ON target;
CREATE TRIGGER v_differs AFTER UPDATE ON target FOR EACH ROW WHEN (OLD.v IS DISTINCT FROM NEW.v) EXECUTE FUNCTION log_row();
UPDATE staging SET w = 'W' WHERE id = 3;
UPDATE staging SET v = 'V' WHERE id = 5;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
SELECT * FROM take_log();
DROP TRIGGER v_differs ON target;

-- BEFORE triggers that suppress a row: counted as skipped, no error, no endless retry, and again so the next time.
CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_ARGV[0]::int = (CASE TG_OP WHEN 'DELETE' THEN OLD.id ELSE NEW.id END) THEN
		RETURN NULL;
	END IF;
	RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
TRUNCATE target, staging;
INSERT INTO target VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd'), (5, 'e');
INSERT INTO staging VALUES (1, 'A'), (2, 'B'), (3, 'c'), (6, 'f'), (7, 'g');
CREATE TRIGGER i BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION suppress('6');
CREATE TRIGGER u BEFORE UPDATE ON target FOR EACH ROW EXECUTE FUNCTION suppress('1');
CREATE TRIGGER d BEFORE DELETE ON target FOR EACH ROW EXECUTE FUNCTION suppress('4');
SELECT * FROM sync_checked('target', 'staging', '{id}', triggers_interfere => true);
TABLE target ORDER BY id;
DROP TRIGGER i ON target;
DROP TRIGGER u ON target;
-- With no trigger in the way, what was skipped is done.
DROP TRIGGER d ON target;
SELECT * FROM sync_checked('target', 'staging', '{id}');

-- A BEFORE trigger that rewrites: what it stores differs from staging, and each call updates again.
CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.v := upper(NEW.v);
	RETURN NEW;
END $$;
CREATE TRIGGER shout BEFORE INSERT OR UPDATE ON target FOR EACH ROW EXECUTE FUNCTION shout();
INSERT INTO staging VALUES (8, 'loud');
SELECT * FROM sync_checked('target', 'staging', '{id}', triggers_interfere => true, converges => false);
SELECT * FROM bulk_sync('target', 'staging', '{id}');
SELECT * FROM target WHERE id = 8;
DROP TRIGGER shout ON target;

-- A trigger that keeps a column up to date, which staging does not have.
ALTER TABLE target ADD changed int DEFAULT 0;
CREATE FUNCTION count_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.changed := OLD.changed + 1;
	RETURN NEW;
END $$;
CREATE TRIGGER count_changes BEFORE UPDATE ON target FOR EACH ROW EXECUTE FUNCTION count_changes();
SELECT * FROM bulk_sync('target', 'staging', '{id}');
UPDATE staging SET w = 'again' WHERE id < 3;
SELECT * FROM sync_checked('target', 'staging', '{id}', triggers_interfere => true);
SELECT id, v, w, changed FROM target ORDER BY id;
DROP TRIGGER count_changes ON target;
ALTER TABLE target DROP changed;

-- BEFORE triggers that change a row which the same call is going to change: 27000, as with any UPDATE, whether the
-- row is updated by the same statement or by a later one. Nothing is lost silently.
TRUNCATE target, staging;
INSERT INTO target VALUES (1, 'a'), (2, 'b'), (3, 'c');
INSERT INTO staging VALUES (1, 'A'), (2, 'B');
CREATE FUNCTION touch_sibling() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF pg_trigger_depth() = 1 THEN
		EXECUTE TG_ARGV[0];
	END IF;
	RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
\set VERBOSITY sqlstate
CREATE TRIGGER sibling BEFORE UPDATE ON target FOR EACH ROW EXECUTE FUNCTION touch_sibling('UPDATE target SET w = ''touched''');
SELECT * FROM bulk_sync('target', 'staging', '{id}');
DROP TRIGGER sibling ON target;
CREATE TRIGGER sibling BEFORE DELETE ON target FOR EACH ROW EXECUTE FUNCTION touch_sibling('UPDATE target SET w = ''touched'' WHERE id = 2');
SELECT * FROM bulk_sync('target', 'staging', '{id}');
DROP TRIGGER sibling ON target;
CREATE TRIGGER sibling BEFORE DELETE ON target FOR EACH ROW EXECUTE FUNCTION touch_sibling('DELETE FROM target WHERE id = 2');
SELECT * FROM bulk_sync('target', 'staging', '{id}');
DROP TRIGGER sibling ON target;
CREATE TRIGGER sibling BEFORE UPDATE ON target FOR EACH ROW EXECUTE FUNCTION touch_sibling('UPDATE target SET w = ''touched'' WHERE id = 3');
\set VERBOSITY terse
TABLE target ORDER BY id;
-- Rows that are deleted already, or that nobody is going to write, may be touched.
SELECT * FROM bulk_sync('target', 'staging', '{id}');
TABLE target ORDER BY id;
DROP TRIGGER sibling ON target;
-- AFTER triggers may change anything; the call after that sets it right again.
CREATE TRIGGER sibling AFTER UPDATE ON target FOR EACH ROW EXECUTE FUNCTION touch_sibling('UPDATE target SET w = coalesce(w, '''') || ''+''');
UPDATE staging SET v = v || v;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
TABLE target ORDER BY id;
DROP TRIGGER sibling ON target;
SELECT * FROM sync_checked('target', 'staging', '{id}');

-- A trigger cannot pull staging or target from under the call.
CREATE TRIGGER sibling BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION touch_sibling('TRUNCATE staging');
INSERT INTO staging VALUES (9, 'i');
\set VERBOSITY sqlstate
SELECT * FROM bulk_sync('target', 'staging', '{id}');
DROP TRIGGER sibling ON target;
CREATE TRIGGER sibling AFTER INSERT ON target FOR EACH ROW EXECUTE FUNCTION touch_sibling('ALTER TABLE target ADD later int');
SELECT * FROM bulk_sync('target', 'staging', '{id}');
DROP TRIGGER sibling ON target;
-- Nor sync the same target again; another one is fine.
CREATE TRIGGER sibling AFTER INSERT ON target FOR EACH ROW
	EXECUTE FUNCTION touch_sibling('SELECT bulk_sync(''target'', ''staging'', ''{id}'')');
SELECT * FROM bulk_sync('target', 'staging', '{id}');
\set VERBOSITY terse
DROP TRIGGER sibling ON target;
SELECT count(*) FROM target WHERE id = 9;
CREATE TABLE copy (LIKE target);
CREATE TRIGGER sibling AFTER INSERT ON target EXECUTE FUNCTION touch_sibling('SELECT bulk_sync(''copy'', ''target'', ''{id}'')');
SELECT * FROM bulk_sync('target', 'staging', '{id}');
SELECT * FROM sync_checked('copy', 'target', '{id}');

-- A trigger that raises an error: nothing remains, and the session goes on.
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'no % here', TG_OP USING ERRCODE = 'P0042';
END $$;
CREATE TRIGGER refuse AFTER INSERT ON target FOR EACH ROW EXECUTE FUNCTION refuse();
UPDATE staging SET v = 'changed' WHERE id = 1;
DELETE FROM staging WHERE id = 2;
INSERT INTO staging VALUES (10, 'j');
SELECT * FROM bulk_sync('target', 'staging', '{id}');
TABLE target ORDER BY id;
DROP TRIGGER refuse ON target;
SELECT * FROM sync_checked('target', 'staging', '{id}');

-- Disabled triggers do not fire; in the role of a replica, only those that are made for it.
CREATE TRIGGER refuse BEFORE INSERT OR UPDATE OR DELETE ON target FOR EACH ROW EXECUTE FUNCTION refuse();
ALTER TABLE target DISABLE TRIGGER refuse;
DELETE FROM staging WHERE id = 10;
SELECT * FROM sync_checked('target', 'staging', '{id}');
ALTER TABLE target ENABLE TRIGGER refuse;
SET session_replication_role = replica;
DELETE FROM staging WHERE id = 9;
SELECT * FROM sync_checked('target', 'staging', '{id}');
RESET session_replication_role;
DROP TABLE target, staging, log, copy;
DROP FUNCTION log_row, log_statement, log_tables, take_log, suppress, shout, count_changes, touch_sibling, refuse;
