--
-- Tables, their TOAST tables, partitions and indexes may be in any tablespace, and be moved there between two calls.
--
\i test/oracle.sql
SET allow_in_place_tablespaces = on;
CREATE TABLESPACE regress_bulk_sync_one LOCATION '';
CREATE TABLESPACE regress_bulk_sync_two LOCATION '';

CREATE TABLE target (id int PRIMARY KEY USING INDEX TABLESPACE regress_bulk_sync_two, doc text) TABLESPACE regress_bulk_sync_one;
ALTER TABLE target ALTER doc SET STORAGE EXTERNAL;
CREATE TABLE staging (id int, doc text) TABLESPACE regress_bulk_sync_two;
ALTER TABLE staging ALTER doc SET STORAGE EXTERNAL;
INSERT INTO target SELECT i, repeat(i::text, 10000) FROM generate_series(1, 5) AS i;
INSERT INTO staging SELECT i, repeat((i + i / 4)::text, 10000) FROM generate_series(2, 6) AS i;
SELECT * FROM sync_checked('target', 'staging', '{id}');
ALTER TABLE target SET TABLESPACE pg_default;
ALTER TABLE staging SET TABLESPACE regress_bulk_sync_one;
UPDATE staging SET doc = 'short' WHERE id = 3;
SELECT * FROM sync_checked('target', 'staging', '{id}');

-- Partitions in tablespaces of their own: rows move from one to the other.
CREATE TABLE parted (id int, doc text, half text) PARTITION BY LIST (half);
CREATE TABLE parted_one PARTITION OF parted FOR VALUES IN ('one') TABLESPACE regress_bulk_sync_one;
CREATE TABLE parted_two PARTITION OF parted FOR VALUES IN ('two') TABLESPACE regress_bulk_sync_two;
INSERT INTO parted SELECT id, doc, CASE WHEN id < 4 THEN 'one' ELSE 'two' END FROM target;
CREATE TABLE halves AS SELECT id, doc, CASE WHEN id < 5 THEN 'two' ELSE 'one' END AS half FROM target;
SELECT * FROM sync_checked('parted', 'halves', '{id}');
SELECT tableoid::regclass, id FROM parted ORDER BY id;

-- Temporary files go where temp_tablespaces says, and nothing of them stays.
SET temp_tablespaces = regress_bulk_sync_two;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
CREATE TABLE many AS SELECT i AS id, 'v' || i AS doc FROM generate_series(1, 20000) AS i;
SELECT * FROM bulk_sync('target', 'many', '{id}', max_deletes => 10);
SELECT * FROM bulk_sync('target', 'many', '{id}', max_deletes => 10);
SELECT count(*) FROM pg_tablespace t, pg_ls_tmpdir(t.oid) WHERE spcname = 'regress_bulk_sync_two' AND name LIKE format('pgsql_tmp%s.%%', pg_backend_pid());
RESET temp_tablespaces;
RESET work_mem;
RESET hash_mem_multiplier;
SELECT * FROM sync_checked('target', 'many', '{id}');

DROP TABLE target, staging, parted, halves, many;
DROP TABLESPACE regress_bulk_sync_one;
DROP TABLESPACE regress_bulk_sync_two;
