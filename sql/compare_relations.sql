--
-- bulk_compare reads whatever can be read, on either side.
--
\i test/oracle.sql
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS file_fdw;
RESET client_min_messages;

CREATE TABLE t (id int PRIMARY KEY, v text, part int NOT NULL DEFAULT 1);
CREATE TABLE s (id int, v text);
INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 1), (3, 'c', 2);
INSERT INTO s VALUES (2, 'b'), (3, 'C'), (4, 'd');
CREATE VIEW t_view AS SELECT id, upper(v) AS v, part AS p FROM t WHERE part = 1 UNION ALL SELECT 7, 'seven', 7;
CREATE VIEW s_view AS SELECT id, upper(v) AS v FROM s;
CREATE MATERIALIZED VIEW t_matview AS SELECT * FROM t_view;
CREATE MATERIALIZED VIEW s_matview AS SELECT * FROM s_view;
CREATE TABLE t_parted (id int, v text, part int) PARTITION BY LIST (part);
CREATE TABLE t_parted_1 PARTITION OF t_parted FOR VALUES IN (1);
CREATE TABLE t_parted_2 (part int, v text, dropped int, id int);
ALTER TABLE t_parted_2 DROP dropped;
ALTER TABLE t_parted ATTACH PARTITION t_parted_2 DEFAULT;
INSERT INTO t_parted SELECT id, v, part FROM t;
CREATE TABLE t_parent (LIKE t);
CREATE TABLE t_child (more int) INHERITS (t_parent);
INSERT INTO t_parent SELECT * FROM t WHERE id < 3;
INSERT INTO t_child SELECT *, 1 FROM t WHERE id = 3;
CREATE TEMP TABLE s_temp AS TABLE s;
CREATE UNLOGGED TABLE s_unlogged AS TABLE s;
-- A foreign table of two rows, made without a file whose place would have to be known.
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE foreign_rows (id int, v text) SERVER files OPTIONS (program 'printf ''2,b\n3,C\n''', format 'csv');

CREATE FUNCTION show(target regclass, staging regclass, filter text DEFAULT NULL)
RETURNS TABLE (status text, key jsonb, old jsonb, new jsonb)
LANGUAGE sql STABLE AS $$
	SELECT status, key, old, new FROM bulk_compare(target, staging, '{id}', filter, include_unchanged => true, allow_out_of_scope => true)
	ORDER BY (key -> 'id')::int
$$;
SELECT * FROM show('t', 's');
SELECT * FROM show('t_view', 's');
SELECT * FROM show('t', 's_view');
SELECT * FROM show('t_view', 's_view', 'p = 1');
SELECT * FROM show('t_matview', 's_matview');
SELECT * FROM show('t_parted', 's');
SELECT * FROM show('t_parted_2', 's');
SELECT * FROM show('s', 's_temp');
SELECT * FROM show('t_parent', 's_temp');
SELECT * FROM show('t', 'foreign_rows');
SELECT * FROM show('foreign_rows', 's_unlogged', 'id < 3');
-- A relation and itself; with another that has the same rows.
SELECT * FROM show('t_view', 't_view');
SELECT count(*) FROM bulk_compare('t', 't', '{v,id}');
-- A catalog against what it was.
CREATE TABLE types AS SELECT typname, typlen, typbyval FROM pg_type WHERE typname IN ('int4', 'int8', 'text');
UPDATE types SET typlen = 5 WHERE typname = 'int4';
SELECT status, key, changes FROM bulk_compare('pg_type', 'types', '{typname}', 'typname IN (''int4'', ''int8'', ''text'', ''bool'')') ORDER BY status, key;
-- A view that reads nothing but its own expressions, and one with an INSTEAD OF rule.
CREATE VIEW constant AS SELECT 2 AS id, 'b' AS v;
SELECT * FROM show('constant', 's', 'id = 2');
CREATE RULE swallow AS ON INSERT TO constant DO INSTEAD NOTHING;
SELECT count(*) FROM bulk_compare('constant', 's', '{id}');
-- The default of a view's column is what an INSERT into it would take, and the scope is checked with it.
ALTER VIEW t_view ALTER p SET DEFAULT 3;
SELECT status, key FROM bulk_compare('t_view', 's', '{id}', 'p IN (1, 3)') ORDER BY status, key;
SELECT status, key FROM bulk_compare('t_view', 's', '{id}', 'p = 1') ORDER BY status, key;

-- bulk_sync goes on refusing what it cannot write; bulk_compare what has no rows.
SELECT * FROM bulk_sync('t_view', 's', '{id}', dry_run => true);
SELECT * FROM bulk_sync('t_matview', 's', '{id}', dry_run => true);
SELECT * FROM bulk_sync('foreign_rows', 's', '{id}', dry_run => true);
CREATE SEQUENCE a_sequence;
CREATE TYPE a_type AS (id int);
CREATE INDEX an_index ON s (id);
\set VERBOSITY default
SELECT count(*) FROM bulk_compare('a_sequence', 's', '{id}');
SELECT count(*) FROM bulk_compare('s', 'a_type', '{id}');
SELECT count(*) FROM bulk_compare('an_index', 's', '{id}');
CREATE MATERIALIZED VIEW unpopulated AS TABLE s WITH NO DATA;
SELECT count(*) FROM bulk_compare('unpopulated', 's', '{id}');
SELECT count(*) FROM bulk_compare('s', 'unpopulated', '{id}');
\set VERBOSITY terse

-- Row-level security: hidden rows of the target do not exist; a policy on staging is refused.
CREATE ROLE regress_bulk_sync_reader;
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
CREATE POLICY first ON t USING (id < 3);
GRANT SELECT ON t, s TO regress_bulk_sync_reader;
SET ROLE regress_bulk_sync_reader;
SELECT status, key FROM bulk_compare('t', 's', '{id}') ORDER BY key;
SELECT count(*) FROM bulk_compare('s', 't', '{id}', ignore_columns => '{part}');
RESET ROLE;
SELECT status, key FROM bulk_compare('t', 's', '{id}') ORDER BY key;

DROP SERVER files CASCADE;
DROP MATERIALIZED VIEW t_matview, s_matview, unpopulated;
DROP VIEW t_view, s_view, constant;
DROP TABLE t, s, t_parted, t_parent, t_child, s_temp, s_unlogged, types;
DROP SEQUENCE a_sequence;
DROP TYPE a_type;
DROP FUNCTION show;
DROP ROLE regress_bulk_sync_reader;
DROP EXTENSION file_fdw;
