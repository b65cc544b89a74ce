--
-- The one system column that a generated column may be computed from.
--
\i test/oracle.sql

CREATE TABLE target (id int, k text GENERATED ALWAYS AS (id || ' in ' || tableoid) STORED, v int);
CREATE TABLE staging (id int, v int);
INSERT INTO target VALUES (1, DEFAULT, 1), (2, DEFAULT, 2);
INSERT INTO staging VALUES (1, 1), (2, 3), (3, 3);
SELECT * FROM sync_checked('target', 'staging', '{id}', 'k LIKE ''%'' || ''target''::regclass::oid');
SELECT count(*) FROM bulk_compare('target', 'staging', '{id}', 'k <> ''x''', include_unchanged => true);
ALTER TABLE staging ADD k text;
UPDATE staging SET k = id || ' in ' || 'target'::regclass::oid, v = v + 1;
SELECT * FROM sync_checked('target', 'staging', '{k}');
INSERT INTO staging VALUES (4, 4, '4 in 0');
SELECT state, message, detail FROM failure($$SELECT * FROM bulk_sync('target', 'staging', '{k}')$$);
DROP TABLE target, staging;

-- It is another one in each partition and child.
CREATE TABLE target (part int, id int, k text GENERATED ALWAYS AS (id || ' in ' || tableoid) STORED, v int) PARTITION BY LIST (part);
CREATE TABLE target1 PARTITION OF target FOR VALUES IN (1);
CREATE TABLE target2 PARTITION OF target FOR VALUES IN (2);
CREATE TABLE staging (part int, id int, k text, v int);
INSERT INTO staging VALUES (1, 1, '1 in ' || 'target1'::regclass::oid, 1), (2, 2, '2 in ' || 'target2'::regclass::oid, 2);
SELECT * FROM sync_checked('target', 'staging', '{k}');
SELECT * FROM sync_checked('target', 'staging', '{k}', 'right(k, 1) <> ''x''');
DROP TABLE target, staging;
CREATE TABLE target (id int, k text GENERATED ALWAYS AS (id || ' in ' || tableoid) STORED, v int);
CREATE TABLE child () INHERITS (target);
CREATE TABLE staging (id int, k text, v int);
INSERT INTO target VALUES (1, DEFAULT, 1);
INSERT INTO child VALUES (2, DEFAULT, 2);
INSERT INTO staging VALUES (1, '1 in ' || 'target'::regclass::oid, 10), (2, '2 in ' || 'child'::regclass::oid, 20), (3, '3 in ' || 'target'::regclass::oid, 30);
SELECT * FROM sync_checked('target', 'staging', '{k}');
UPDATE staging SET v = v + 1;
SELECT * FROM sync_checked('target', 'staging', '{id}', 'k > ''''', ignore_columns => '{k}');
SELECT tableoid::regclass, id, v, split_part(k, ' ', 3)::oid = tableoid AS right FROM target ORDER BY id;
DROP TABLE target CASCADE;
DROP TABLE staging;
