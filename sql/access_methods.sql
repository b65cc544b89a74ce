--
-- Table access methods other than heap, and tables of Citus: refused before anything is written, for how their rows are
-- stored is not known. To read them is fine, but for staging that is a table of Citus.
--
\i test/oracle.sql

CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE plain (id int PRIMARY KEY, v text);
CREATE TABLE other (id int PRIMARY KEY, v text) USING heap2;
CREATE TABLE staging (id int, v text);
CREATE TABLE other_staging (id int, v text) USING heap2;
CREATE MATERIALIZED VIEW other_view USING heap2 AS SELECT 4 AS id, repeat('four', 10) AS v;
INSERT INTO plain VALUES (1, 'a'), (2, 'b');
INSERT INTO other TABLE plain;
INSERT INTO staging VALUES (1, 'a'), (2, 'x'), (3, 'c');
CREATE FUNCTION refusal(call text, OUT state text, OUT message text, OUT detail text) LANGUAGE sql AS $$ SELECT state, message, detail FROM failure(call) $$;

SELECT * FROM refusal($$SELECT bulk_sync('other', 'staging', '{id}')$$);
SELECT * FROM refusal($$SELECT bulk_sync('other', 'staging', '{id}', 'id = 1', dry_run => true)$$);
SELECT * FROM refusal($$SELECT bulk_sync('other', 'staging', '{id}', skip_creates => true, skip_updates => true, skip_deletes => true)$$);
SELECT * FROM refusal($$SELECT bulk_sync_json('other', '[]', '{id}', allow_empty => true)$$);
CREATE TEMP TABLE temporary (id int, v text) USING heap2;
SELECT * FROM refusal($$SELECT bulk_sync('temporary', 'staging', '{id}', lock => 'table')$$);
-- bulk_compare reads anything.
SELECT * FROM bulk_compare('other', 'staging', '{id}') ORDER BY key;
SELECT count(*) FROM bulk_compare('staging', 'other', '{id}');

-- Partitions and children: those that can hold rows in scope, or get new ones.
CREATE TABLE parted (id int, v text) PARTITION BY LIST (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2) USING heap2;
CREATE TABLE parted_3 PARTITION OF parted FOR VALUES IN (3) PARTITION BY LIST (v);
CREATE TABLE parted_3c PARTITION OF parted_3 FOR VALUES IN ('c') USING heap2;
SELECT * FROM refusal($$SELECT bulk_sync('parted', 'staging', '{id}')$$);
SELECT * FROM refusal($$SELECT bulk_sync('parted', 'staging', '{id}', 'id < 3', dry_run => true)$$);
SELECT * FROM refusal($$SELECT bulk_sync('parted', 'staging', '{id}', 'id = 3')$$);
SELECT * FROM refusal($$SELECT bulk_sync('parted', 'staging', '{id}', 'id = 1', allow_out_of_scope => true)$$);
CREATE VIEW first AS SELECT * FROM staging WHERE id = 1;
SELECT * FROM sync_checked('parted', 'first', '{id}', 'id = 1');
CREATE TABLE parent (id int, v text);
CREATE TABLE child () INHERITS (parent) USING heap2;
SELECT * FROM refusal($$SELECT bulk_sync('parent', 'staging', '{id}')$$);
SELECT * FROM bulk_sync('child', 'staging', '{id}', dry_run => true);

-- As staging, also with values that are stored out of line.
INSERT INTO other_staging SELECT i, (SELECT string_agg(md5(j::text || i), '') FROM generate_series(1, 500) AS j) FROM generate_series(1, 3) AS i;
SELECT * FROM sync_checked('plain', 'other_staging', '{id}');
UPDATE other_staging SET v = v || 'x' WHERE id = 2;
SELECT * FROM sync_checked('plain', 'other_staging', '{id}');
SELECT * FROM sync_checked('plain', 'other_view', '{id}');

-- A catalog of Citus without its library says nothing: nobody looks at it, or takes a lock on it.
SET allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass NOT NULL, partmethod "char" NOT NULL, partkey text);
RESET allow_system_table_mods;
INSERT INTO pg_catalog.pg_dist_partition VALUES ('plain', 'h', NULL);
BEGIN;
SELECT * FROM sync_checked('plain', 'staging', '{id}');
SELECT * FROM bulk_sync_json('plain', '[]', '{id}', allow_empty => true, dry_run => true);
SELECT count(*) FROM bulk_compare('plain', 'staging', '{id}');
SELECT mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'pg_dist_partition'::regclass;
COMMIT;
SET allow_system_table_mods = on;
DROP TABLE pg_catalog.pg_dist_partition;
RESET allow_system_table_mods;

DROP VIEW first;
DROP FUNCTION refusal;
DROP TABLE parent, child, parted, temporary, plain, staging;
DROP ACCESS METHOD heap2 CASCADE;
