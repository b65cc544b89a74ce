--
-- Tables that are published without a replica identity accept inserts alone. A statement that has no rows is not run.
--
\i test/oracle.sql
CREATE TABLE target (id int, v text);
CREATE TABLE staging (id int, v text);
INSERT INTO target VALUES (1, 'a'), (2, 'b');
INSERT INTO staging VALUES (1, 'a'), (2, 'b');
SET client_min_messages = error;
CREATE PUBLICATION regress_bulk_sync FOR TABLE target;
RESET client_min_messages;
-- Nothing to do, and only new rows.
SELECT * FROM sync_checked('target', 'staging', '{id}');
INSERT INTO staging VALUES (3, 'c');
SELECT * FROM sync_checked('target', 'staging', '{id}');
-- Updates and deletes are the server's error, as they would be without us.
UPDATE staging SET v = 'A' WHERE id = 1;
INSERT INTO staging VALUES (4, 'd');
\set VERBOSITY sqlstate
SELECT * FROM bulk_sync('target', 'staging', '{id}');
DELETE FROM staging WHERE id = 1;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
\set VERBOSITY terse
SELECT * FROM sync_checked('target', 'staging', '{id}', skip_updates => true, skip_deletes => true);
ALTER TABLE target REPLICA IDENTITY FULL;
UPDATE staging SET v = 'D';
SELECT * FROM sync_checked('target', 'staging', '{id}');
TABLE target ORDER BY id;
DROP PUBLICATION regress_bulk_sync;
DROP TABLE target, staging;
