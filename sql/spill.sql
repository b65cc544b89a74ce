--
-- A diff that does not fit in memory works on files, with the same result.
--
\i test/oracle.sql
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;

CREATE TABLE target (id int, k text, n numeric, pad text, UNIQUE (id));
CREATE TABLE staging (id int, k text, n numeric, pad text);
INSERT INTO target SELECT i, 'k' || i, i, repeat('p', 20) FROM generate_series(1, 40000) AS i;
INSERT INTO staging SELECT i, 'k' || i, CASE WHEN i % 100 = 0 THEN -i ELSE i END, repeat('p', 20)
FROM generate_series(2001, 42000) AS i ORDER BY hashint4(i);
CREATE TABLE in_memory AS SELECT * FROM target;

-- Into files, and in memory: the same rows.
SELECT * FROM bulk_sync('target', 'staging', '{id}', dry_run => true);
SELECT * FROM sync_checked('target', 'staging', '{id}');
SET work_mem = '64MB';
SELECT * FROM sync_checked('in_memory', 'staging', '{id}');
SET work_mem = '64kB';
SELECT count(*) FROM (TABLE target EXCEPT ALL TABLE in_memory) AS d;
SELECT count(*), sum(n) FROM target;
-- Within a scope, with another key, with NULL among the keys.
UPDATE staging SET k = NULL WHERE id = 30000;
UPDATE staging SET n = 0 WHERE id % 1000 = 1;
DELETE FROM staging WHERE id BETWEEN 10000 AND 11000;
SELECT * FROM sync_checked('target', 'staging', '{id,k}');
DELETE FROM staging WHERE id >= 20000;
SELECT * FROM sync_checked('target', 'staging', '{k}', 'id < 20000', max_deletes => 0);
SELECT * FROM sync_checked('target', 'staging', '{k}', 'id < 30000 AND NOT (id < 20000) OR id < 20000', max_deletes => 10000);
-- Skipped deletes: what cannot be held in memory is not looked up row by row.
UPDATE staging SET n = 1 WHERE id % 1000 = 2;
SELECT * FROM sync_checked('target', 'staging', '{id}', skip_deletes => true);

-- Duplicates are found wherever they are: far from each other, among new rows, and in the target.
INSERT INTO staging SELECT i, 'other', 1, '' FROM generate_series(3000, 3009) AS i;
SELECT state, detail ~ '^Keys \(id\)=\(30..\)(, \(id\)=\(30..\)){4} and 5 more\.$' AS ten FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
DELETE FROM staging WHERE k = 'other';
INSERT INTO staging SELECT 100000, 'new', 1, repeat('d', 100) FROM generate_series(1, 3000);
SELECT state, detail FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
DELETE FROM staging WHERE k = 'new';
-- So many equal keys that dividing does not help.
TRUNCATE target;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
INSERT INTO staging SELECT NULL, 'many', 1, repeat('d', 100) FROM generate_series(1, 3000);
SELECT state, detail FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
DELETE FROM staging WHERE k = 'many';
-- Then it is not tried again and again: the files hold the rows two or three times, not twenty.
CREATE TABLE equal_keys (id int, pad text);
INSERT INTO equal_keys SELECT NULL, repeat('d', 200) FROM generate_series(1, 50000) AS i;
CREATE TABLE equal_target (LIKE equal_keys);
SELECT pg_stat_force_next_flush();
SELECT temp_bytes AS temp_bytes_before FROM pg_stat_database WHERE datname = current_database() \gset
SELECT state, detail ~ '^Key \(id\)=\(null\)' AS told FROM failure($$SELECT bulk_sync('equal_target', 'equal_keys', '{id}')$$);
SELECT pg_stat_force_next_flush();
SELECT (temp_bytes - :temp_bytes_before) / pg_relation_size('equal_keys') BETWEEN 1 AND 3 AS few_times
FROM pg_stat_database WHERE datname = current_database();
DROP TABLE equal_keys, equal_target;
-- Rows that are longer than expected go to files when the first of them have been looked at: duplicates among these
-- count once, too.
CREATE TABLE longer (id int, pad text);
INSERT INTO longer SELECT CASE WHEN i BETWEEN 101 AND 110 THEN i - 100 WHEN i = 1499 THEN 5 WHEN i = 1500 THEN 50 ELSE i END, ''
FROM generate_series(1, 1500) AS i;
ANALYZE longer;
UPDATE longer SET pad = repeat('p', 100);
VACUUM FULL longer;
CREATE TABLE longer_target (LIKE longer);
SELECT state, detail ~ '^Keys \(id\)=\(\d+\)(, \(id\)=\(\d+\)){4} and 6 more\.$' AS eleven
FROM failure($$SELECT bulk_sync('longer_target', 'longer', '{id}')$$);
DELETE FROM longer WHERE ctid IN (SELECT min(ctid) FROM longer GROUP BY id HAVING count(*) > 1 UNION SELECT max(ctid) FROM longer WHERE id = 5);
SELECT * FROM sync_checked('longer_target', 'longer', '{id}');
SELECT * FROM sync_checked('longer_target', 'longer', '{id}');
DROP TABLE longer, longer_target;
ALTER TABLE target DROP CONSTRAINT target_id_key;
INSERT INTO target SELECT 2500, 'twice', 1 FROM generate_series(1, 2);
SELECT state, detail FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
INSERT INTO target SELECT -1, 'not in staging', 1 FROM generate_series(1, 5000);
DELETE FROM target WHERE k = 'twice';
SELECT * FROM sync_checked('target', 'staging', '{id}');

-- Rows wider than the memory.
CREATE TABLE wide (id int PRIMARY KEY, v text, w text);
CREATE TABLE wide_staged (id int, v text, w text);
ALTER TABLE wide ALTER v SET STORAGE PLAIN;
INSERT INTO wide SELECT i, repeat('v', 7000), repeat(i::text, 30000) FROM generate_series(1, 60) AS i;
INSERT INTO wide_staged SELECT i, repeat('v', 7000 - i % 2), repeat(i::text, 30000 + i / 50) FROM generate_series(10, 70) AS i;
CREATE VIEW wide_viewed AS SELECT id, v, w || '' AS w FROM wide_staged;
SELECT * FROM sync_checked('wide', 'wide_staged', '{id}');
UPDATE wide_staged SET w = repeat('w', 100000) WHERE id < 20;
SELECT * FROM sync_checked('wide', 'wide_viewed', '{id}');
SELECT * FROM sync_checked('wide', 'wide_staged', '{w,id}');
SELECT count(*), sum(length(v)), sum(length(w)) FROM wide;

-- No room for the files: an error, and nothing is left behind or changed.
SET temp_file_limit = '64kB';
UPDATE staging SET n = 7;
SELECT state FROM failure($$SELECT bulk_sync('target', 'staging', '{id}')$$);
RESET temp_file_limit;
SELECT count(*) FROM target WHERE n = 7;
SELECT count(*) FROM pg_ls_tmpdir() WHERE name LIKE format('pgsql_tmp%s.%%', pg_backend_pid());
SELECT * FROM sync_checked('target', 'staging', '{id}');

DROP VIEW wide_viewed;
DROP TABLE target, staging, in_memory, wide, wide_staged;
