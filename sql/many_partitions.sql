--
-- Two hundred partitions by list, by range and by hash, and two levels of them: rows are found and written in the
-- right one, though the same place (ctid) exists in each.
--
\i test/oracle.sql

CREATE PROCEDURE run(template text, first int, last int) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN first .. last LOOP
		EXECUTE format(template, i, i + 1);
	END LOOP;
END $$;
-- 20 rows in each of 200 places: staging lacks every seventh, changes every fifth, moves every eleventh and has new ones.
CREATE TABLE rows (id int, part int, v text);
INSERT INTO rows SELECT i, i % 200, 'v' || i FROM generate_series(1, 4000) AS i;
CREATE TABLE staging AS
	SELECT id, CASE WHEN id % 11 = 0 THEN (part + 37) % 200 ELSE part END AS part, CASE WHEN id % 5 = 0 THEN v || '!' ELSE v END AS v
	FROM rows WHERE id % 7 <> 0
	UNION ALL SELECT i, i % 200, 'new' FROM generate_series(4001, 4300) AS i;
-- Of all partitions one row each, at the same place in all of them, and nothing else.
CREATE VIEW same_place AS SELECT id, part, CASE WHEN id % 2 = 0 THEN v ELSE v || '?' END AS v FROM rows WHERE id <= 200;

CREATE TABLE target (id int, part int, v text) PARTITION BY LIST (part);
CALL run('CREATE TABLE target_%s PARTITION OF target FOR VALUES IN (%1$s)', 0, 199);
INSERT INTO target SELECT * FROM rows WHERE id <= 200;
SELECT count(*) AS rows, count(DISTINCT ctid) AS places, count(DISTINCT tableoid) AS partitions FROM target;
SELECT * FROM sync_checked('target', 'same_place', '{id}');
TRUNCATE target;
INSERT INTO target SELECT * FROM rows;
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT count(*) AS rows, count(DISTINCT tableoid) AS partitions, count(*) FILTER (WHERE tableoid::regclass::text <> 'target_' || part) AS misplaced FROM target;
-- A scope of a few of them, with and without the planner's help to leave out the others.
CREATE VIEW few AS SELECT id, part, v || '+' AS v FROM staging WHERE part BETWEEN 50 AND 53 AND id % 3 <> 0;
SELECT * FROM sync_checked('target', 'few', '{id}', 'part BETWEEN 50 AND 53');
CREATE OR REPLACE VIEW few AS SELECT id, part, v || '-' AS v FROM staging WHERE part BETWEEN 50 AND 53 AND id % 4 <> 0;
SET enable_partition_pruning = off;
SET enable_partitionwise_join = on;
SELECT * FROM sync_checked('target', 'few', '{id}', 'part BETWEEN 50 AND 53');
RESET enable_partition_pruning;
RESET enable_partitionwise_join;
-- By each way to find the rows that are written. What the last call left is right.
SET enable_hashjoin = off;
SET enable_mergejoin = off;
UPDATE staging SET v = v || '1' WHERE id % 13 = 0;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
RESET enable_hashjoin;
SET enable_nestloop = off;
UPDATE staging SET v = v || '2' WHERE id % 13 = 1;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
RESET enable_mergejoin;
SET enable_hashjoin = off;
UPDATE staging SET v = v || '3' WHERE id % 13 = 2;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
RESET enable_hashjoin;
RESET enable_nestloop;
SELECT * FROM sync_checked('target', 'staging', '{id}');
-- Marked instead of deleted, and looked up instead of read.
ALTER TABLE target ADD gone boolean NOT NULL DEFAULT false;
DELETE FROM staging WHERE id % 17 = 0;
SELECT * FROM bulk_sync('target', 'staging', '{id}', soft_delete => 'gone');
SELECT count(*) FILTER (WHERE gone) AS marked, count(*) FROM target;
SELECT * FROM bulk_sync('target', 'staging', '{id}', soft_delete => 'gone');
CREATE INDEX ON target (id);
UPDATE staging SET v = v || '4' WHERE id IN (100, 101, 102);
CREATE VIEW three AS SELECT * FROM staging WHERE id IN (100, 101, 102);
SELECT * FROM sync_checked('target', 'three', '{id}', skip_deletes => true);
SELECT * FROM sync_checked('target', 'staging', '{id}', lock => 'table');
DROP TABLE target;

-- By range, with the partition key in the primary key and in the keys of the call.
CREATE TABLE target (id int, part int, v text, PRIMARY KEY (part, id)) PARTITION BY RANGE (part);
CALL run('CREATE TABLE target_%s PARTITION OF target FOR VALUES FROM (%1$s) TO (%2$s)', 0, 199);
INSERT INTO target SELECT * FROM rows;
SELECT * FROM sync_checked('target', 'staging', '{id,part}');
SELECT count(*) AS rows, count(*) FILTER (WHERE tableoid::regclass::text <> 'target_' || part) AS misplaced FROM target;
DROP TABLE target;

-- By hash of the key.
CREATE TABLE target (id int PRIMARY KEY, part int, v text) PARTITION BY HASH (id);
CALL run('CREATE TABLE target_%s PARTITION OF target FOR VALUES WITH (MODULUS 200, REMAINDER %1$s)', 0, 199);
INSERT INTO target SELECT * FROM rows;
SELECT * FROM sync_checked('target', 'staging', '{id}');
DROP TABLE target;
-- By hash of what changes: rows move.
CREATE TABLE target (id int, part int, v text) PARTITION BY HASH (v);
CALL run('CREATE TABLE target_%s PARTITION OF target FOR VALUES WITH (MODULUS 200, REMAINDER %1$s)', 0, 199);
INSERT INTO target SELECT * FROM rows;
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT count(*) AS rows, count(*) FILTER (WHERE NOT satisfies_hash_partition('target'::regclass, 200, substr(tableoid::regclass::text, 8)::int, v)) AS misplaced FROM target;
DROP TABLE target;

-- Two levels: 20 ranges of 10 lists, each with its columns in another order, and dropped ones.
CREATE TABLE target (id int, part int, v text) PARTITION BY RANGE (part);
CALL run('CREATE TABLE target_%s (gone text, v text, part int, id int) PARTITION BY LIST (part)', 0, 19);
CALL run('ALTER TABLE target_%s DROP gone', 0, 19);
CREATE PROCEDURE attach() LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 0 .. 19 LOOP
		EXECUTE format('ALTER TABLE target ATTACH PARTITION target_%s FOR VALUES FROM (%s) TO (%s)', i, i * 10, i * 10 + 10);
		FOR j IN i * 10 .. i * 10 + 9 LOOP
			EXECUTE format('CREATE TABLE leaf_%s (part int, away int, id int, v text)', j);
			EXECUTE format('ALTER TABLE leaf_%s DROP away', j);
			EXECUTE format('ALTER TABLE target_%s ATTACH PARTITION leaf_%s FOR VALUES IN (%2$s)', i, j);
		END LOOP;
	END LOOP;
END $$;
CALL attach();
INSERT INTO target SELECT * FROM rows;
SELECT * FROM sync_checked('target', 'staging', '{id}');
SELECT count(*) AS rows, count(*) FILTER (WHERE tableoid::regclass::text <> 'leaf_' || part) AS misplaced FROM target;
-- A branch as the target, and as staging.
CREATE TABLE branch AS SELECT id, part, v || '5' AS v FROM target WHERE part BETWEEN 30 AND 39 AND id % 3 = 0;
SELECT * FROM sync_checked('target_3', 'branch', '{id}');
SELECT * FROM sync_checked('branch', 'target_4', '{id}');
SELECT count(*) FROM target;
DROP TABLE target, branch;
DROP VIEW few, three, same_place;
DROP TABLE rows, staging;
DROP PROCEDURE run, attach;
