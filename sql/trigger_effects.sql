--
-- What triggers of the target do to the very sync that fires them: they make rules, they delete softly, and they ask for
-- columns while rows are marked instead of deleted.
--
\i test/oracle.sql

-- A rule that a trigger makes changes what the next statement of the sync would do.
CREATE TABLE target (id int PRIMARY KEY, v text);
CREATE TABLE staging (id int, v text);
CREATE TABLE elsewhere (id int, v text);
INSERT INTO target VALUES (1, 'a'), (2, 'a');
INSERT INTO staging VALUES (2, 'b'), (3, 'c');
CREATE FUNCTION run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE tg_argv[0];
	RETURN NULL;
END $$;
CREATE TRIGGER d BEFORE DELETE ON target FOR EACH STATEMENT
	EXECUTE FUNCTION run('CREATE RULE r AS ON UPDATE TO target DO INSTEAD NOTHING');
SELECT state, message, detail FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
DROP TRIGGER d ON target;
CREATE TRIGGER d BEFORE DELETE ON target FOR EACH STATEMENT
	EXECUTE FUNCTION run('CREATE RULE r AS ON INSERT TO target DO ALSO INSERT INTO elsewhere VALUES (new.id, new.v)');
SELECT state, message FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
DROP TRIGGER d ON target;
CREATE TRIGGER d BEFORE DELETE ON target FOR EACH STATEMENT
	EXECUTE FUNCTION run('CREATE RULE r AS ON UPDATE TO target DO INSTEAD INSERT INTO elsewhere VALUES (new.id, new.v)');
SELECT state, message FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
DROP TRIGGER d ON target;
CREATE TRIGGER d BEFORE DELETE ON target FOR EACH STATEMENT
	EXECUTE FUNCTION run('CREATE RULE r AS ON UPDATE TO target DO INSTEAD UPDATE elsewhere SET v = new.v');
SELECT state, message FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
DROP TRIGGER d ON target;
TABLE target ORDER BY id;
TABLE elsewhere;
SELECT * FROM sync_checked('target', 'staging', '{id}');
DROP TABLE target, staging, elsewhere;

-- The usual trigger that marks a row instead of deleting it: the row counts as skipped.
CREATE TABLE target (id int PRIMARY KEY, v text, gone bool DEFAULT false);
CREATE TABLE staging (id int, v text);
INSERT INTO target VALUES (1, 'a'), (2, 'b'), (3, 'c');
INSERT INTO staging VALUES (1, 'a'), (2, 'x');
CREATE FUNCTION mark() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE target SET gone = true WHERE id = old.id;
	RETURN NULL;
END $$;
CREATE TRIGGER mark BEFORE DELETE ON target FOR EACH ROW EXECUTE FUNCTION mark();
SELECT * FROM bulk_sync('target', 'staging', '{id}', 'NOT gone');
TABLE target ORDER BY id;
SELECT * FROM bulk_sync('target', 'staging', '{id}', 'NOT gone');
DROP TRIGGER mark ON target;
-- One that writes the row itself instead of letting it be written.
CREATE OR REPLACE FUNCTION mark() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF pg_trigger_depth() > 1 THEN
		RETURN new;
	END IF;
	UPDATE target SET v = upper(new.v) WHERE id = old.id;
	RETURN NULL;
END $$;
CREATE TRIGGER mark BEFORE UPDATE ON target FOR EACH ROW EXECUTE FUNCTION mark();
UPDATE staging SET v = 'y' WHERE id = 2;
SELECT * FROM bulk_sync('target', 'staging', '{id}', 'NOT gone');
TABLE target ORDER BY id;
-- A DELETE's trigger that changes a row of the UPDATE: that change would be lost.
DROP TRIGGER mark ON target;
CREATE OR REPLACE FUNCTION mark() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE target SET gone = true WHERE id = old.id;
	UPDATE target SET v = 'sibling' WHERE id = 1;
	RETURN NULL;
END $$;
CREATE TRIGGER mark BEFORE DELETE ON target FOR EACH ROW EXECUTE FUNCTION mark();
INSERT INTO target VALUES (4, 'd');
UPDATE staging SET v = 'z' WHERE id = 1;
SELECT state, message, detail FROM failure($$SELECT bulk_sync('target', 'staging', '{id}', 'NOT gone')$$);
TABLE target ORDER BY id;
DROP TABLE target, staging;
DROP FUNCTION mark();

-- With soft_delete there are two UPDATEs. Statement triggers for some columns fire once, when one of these
-- columns changed in any row.
CREATE TABLE target (id int PRIMARY KEY, phone text, title text, deleted_at timestamptz);
CREATE TABLE staging (id int, phone text, title text);
CREATE TABLE log (line text);
CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO log VALUES (format('%s of %s', lower(tg_when), tg_argv[0]));
	RETURN NULL;
END $$;
CREATE TRIGGER b1 BEFORE UPDATE OF phone ON target EXECUTE FUNCTION log('phone');
CREATE TRIGGER b2 BEFORE UPDATE OF deleted_at ON target EXECUTE FUNCTION log('deleted_at');
CREATE TRIGGER b3 BEFORE UPDATE OF title ON target EXECUTE FUNCTION log('title');
CREATE TRIGGER a1 AFTER UPDATE OF phone ON target EXECUTE FUNCTION log('phone');
CREATE TRIGGER a2 AFTER UPDATE OF deleted_at ON target EXECUTE FUNCTION log('deleted_at');
CREATE TRIGGER a3 AFTER UPDATE OF title ON target EXECUTE FUNCTION log('title');
INSERT INTO target VALUES (1, '1', 't'), (2, '2', 't'), (3, '3', 't');
INSERT INTO target VALUES (4, '4', 't', '2026-01-01');
INSERT INTO staging VALUES (1, '1', 't'), (2, 'x', 't');
SELECT * FROM bulk_sync('target', 'staging', '{id}', soft_delete => 'deleted_at');
SELECT line, count(*) FROM log GROUP BY line ORDER BY line;
SELECT id, phone, title, deleted_at IS NOT NULL AS deleted FROM target ORDER BY id;
TRUNCATE log;
-- Nothing to mark; only to mark; one comes back.
UPDATE staging SET phone = 'y' WHERE id = 2;
SELECT * FROM bulk_sync('target', 'staging', '{id}', soft_delete => 'deleted_at');
SELECT line, count(*) FROM log GROUP BY line ORDER BY line;
TRUNCATE log;
DELETE FROM staging WHERE id = 1;
SELECT * FROM bulk_sync('target', 'staging', '{id}', soft_delete => 'deleted_at');
SELECT line, count(*) FROM log GROUP BY line ORDER BY line;
TRUNCATE log;
INSERT INTO staging VALUES (1, '1', 't');
SELECT * FROM bulk_sync('target', 'staging', '{id}', soft_delete => 'deleted_at');
SELECT line, count(*) FROM log GROUP BY line ORDER BY line;
SELECT id, phone, title, deleted_at IS NOT NULL AS deleted FROM target ORDER BY id;
DROP TABLE target, staging, log;
DROP FUNCTION log(), run();
