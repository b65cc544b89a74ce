--
-- Partitioned targets: rows are found and written in their partition, and move when staging moves them.
--
\i test/oracle.sql

-- Lists, with a default partition.
CREATE TABLE target (id int, region text, v int, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE target_n PARTITION OF target FOR VALUES IN ('n');
CREATE TABLE target_s PARTITION OF target FOR VALUES IN ('s');
CREATE TABLE target_other PARTITION OF target DEFAULT;
CREATE TABLE staging (id int, region text, v int);
INSERT INTO target VALUES (1, 'n', 1), (2, 's', 2), (3, 'x', 3), (4, 'n', 4), (5, 's', 5);
-- The first row of each partition has the same ctid. Only that of the second is changed, and that of the third deleted.
INSERT INTO staging VALUES (1, 'n', 1), (2, 's', 20), (4, 'n', 4), (5, 's', 5), (6, 'y', 6);
SELECT tableoid::regclass, ctid, id FROM target WHERE ctid = '(0,1)' ORDER BY id;
SELECT * FROM sync_checked('target', 'staging', '{id,region}');
SELECT tableoid::regclass, * FROM target ORDER BY id;
-- A scope that lies in one partition.
UPDATE staging SET v = v + 100;
DELETE FROM staging WHERE region <> 'n';
INSERT INTO staging VALUES (7, 'n', 7);
SELECT * FROM sync_checked('target', 'staging', '{id}', 'region = ''n''');
SELECT tableoid::regclass, * FROM target ORDER BY id;
DROP TABLE target;

-- Without a primary key, the partition key is a column like any other: a changed value moves the row.
CREATE TABLE target (id int, region text, v int) PARTITION BY LIST (region);
CREATE TABLE target_n PARTITION OF target FOR VALUES IN ('n');
-- A partition with another order of columns, and a dropped one.
CREATE TABLE target_s (v int, gone int, region text, id int);
ALTER TABLE target_s DROP gone;
ALTER TABLE target ATTACH PARTITION target_s FOR VALUES IN ('s');
TRUNCATE staging;
INSERT INTO target VALUES (1, 'n', 1), (2, 'n', 2), (3, 's', 3), (4, 's', 4), (5, 's', 5);
INSERT INTO staging VALUES (1, 's', 1), (2, 'n', 2), (3, 'n', 30), (4, 's', 40), (6, 's', 6), (7, 'n', 7);
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT tableoid::regclass, * FROM target ORDER BY id;
-- A value for which there is no partition is an error, and nothing is done.
UPDATE staging SET region = 'w' WHERE id = 2;
UPDATE staging SET v = 0 WHERE id = 4;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
SELECT * FROM bulk_sync('target', 'staging', '{id}', columns => '{v}');
-- Triggers of rows: a move deletes and inserts, and counts as one update.
UPDATE staging SET region = 's' WHERE id = 2;
CREATE FUNCTION log_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE '% % on %: % -> %', TG_WHEN, TG_OP, TG_TABLE_NAME, OLD, NEW;
	RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER a AFTER INSERT OR UPDATE OR DELETE ON target FOR EACH ROW EXECUTE FUNCTION log_row();
CREATE TRIGGER b BEFORE INSERT OR UPDATE OR DELETE ON target FOR EACH ROW EXECUTE FUNCTION log_row();
SELECT * FROM bulk_sync('target', 'staging', '{id}');
DROP TRIGGER a ON target;
DROP TRIGGER b ON target;
DROP FUNCTION log_row;
SELECT * FROM sync_checked('target', 'staging', '{id}');
-- A partition as the target, and as staging.
TRUNCATE staging;
INSERT INTO staging VALUES (4, 's', 4), (9, 's', 9);
SELECT * FROM sync_checked('target_s', 'staging', '{id}');
SELECT tableoid::regclass, * FROM target ORDER BY id;
UPDATE staging SET region = 'n' WHERE id = 4;
SELECT * FROM bulk_sync('target_s', 'staging', '{id}');
TRUNCATE staging;
SELECT * FROM sync_checked('staging', 'target_n', '{id}');
-- A partitioned table as staging.
SELECT * FROM sync_checked('staging', 'target', '{id}');
SELECT count(*) FROM staging;
DROP TABLE target, staging;

-- Two levels, by range and by hash, with a filter and rows that move at either level.
CREATE TABLE target (id int, day date, v int, UNIQUE (id, day)) PARTITION BY RANGE (day);
CREATE TABLE target_19 PARTITION OF target FOR VALUES FROM ('2019-01-01') TO ('2020-01-01') PARTITION BY HASH (id);
CREATE TABLE target_19_0 PARTITION OF target_19 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE target_19_1 PARTITION OF target_19 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE target_20 PARTITION OF target FOR VALUES FROM ('2020-01-01') TO ('2021-01-01') PARTITION BY HASH (id);
CREATE TABLE target_20_0 PARTITION OF target_20 FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE target_20_1 PARTITION OF target_20 FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE target_20_2 PARTITION OF target_20 FOR VALUES WITH (MODULUS 3, REMAINDER 2);
CREATE TABLE staging (v int, day date, id int);
INSERT INTO target SELECT i, date '2019-12-01' + i % 60, i FROM generate_series(1, 600) AS i;
INSERT INTO staging SELECT i + (i % 10) / 9, date '2019-12-01' + (i + (i % 7) / 6) % 60, i FROM generate_series(51, 650) AS i;
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT count(DISTINCT tableoid), count(*) FROM target;
UPDATE staging SET v = -v WHERE day >= '2020-01-01';
DELETE FROM staging WHERE day < '2020-01-01' OR id < 100;
SELECT * FROM sync_checked('target', 'staging', '{id}', 'day >= ''2020-01-01''');
SELECT count(*) FROM target;
-- Rows that would leave the scope are refused, also when they would move to another partition.
UPDATE staging SET day = '2019-12-31' WHERE id = 101 OR id = 150;
UPDATE staging SET v = 0 WHERE id = 150;
SELECT * FROM bulk_sync('target', 'staging', '{id}', 'day >= ''2020-01-01''');
-- All of it goes; the partitions are locked as the table is.
TRUNCATE staging;
SELECT * FROM sync_checked('target', 'staging', '{id,day}', allow_empty => true, lock => 'table');
BEGIN;
SELECT * FROM bulk_sync('target', 'staging', '{id}', lock => 'table');
SELECT relation::regclass FROM pg_locks WHERE mode = 'ShareRowExclusiveLock' AND locktype = 'relation' AND pid = pg_backend_pid() ORDER BY relation::regclass::text;
COMMIT;
DROP TABLE target, staging;

-- Foreign keys to a partitioned table follow a row that moves.
CREATE TABLE target (region text, id int, v int, PRIMARY KEY (region, id)) PARTITION BY LIST (region);
CREATE TABLE target_n PARTITION OF target FOR VALUES IN ('n');
CREATE TABLE target_s PARTITION OF target FOR VALUES IN ('s');
CREATE TABLE child (region text, id int, FOREIGN KEY (region, id) REFERENCES target ON UPDATE CASCADE ON DELETE CASCADE);
CREATE TABLE staging (LIKE target);
INSERT INTO target VALUES ('n', 1, 1), ('n', 2, 2), ('s', 3, 3);
INSERT INTO child SELECT region, id FROM target;
INSERT INTO staging VALUES ('s', 1, 1), ('n', 2, 20);
-- The primary key that is no key of the call stays, so here is nothing that could move.
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT * FROM target ORDER BY id;
TABLE child ORDER BY id;
DROP TABLE child, target, staging;

-- Identity and generated columns of a partitioned table.
CREATE TABLE target (id int, twice int GENERATED ALWAYS AS (id * 2) STORED, v text DEFAULT 'd') PARTITION BY RANGE (id);
CREATE TABLE target_low PARTITION OF target FOR VALUES FROM (0) TO (100);
CREATE TABLE target_high PARTITION OF target (v DEFAULT 'high') FOR VALUES FROM (100) TO (200);
CREATE TABLE staging (id int);
INSERT INTO staging VALUES (1), (150);
SELECT * FROM sync_checked('target', 'staging', '{id}', 'twice BETWEEN 0 AND 400');
TABLE target ORDER BY id;
DROP TABLE target, staging;
