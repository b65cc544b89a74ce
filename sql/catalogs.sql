--
-- A sync is no DDL: no event trigger fires, and the catalogs do not change, whatever it has to do.
--
\i test/oracle.sql

CREATE TABLE target (id int PRIMARY KEY, v text, part int);
CREATE TABLE parted (id int, v text, part int) PARTITION BY LIST (part);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES IN (0);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE staging (id int, v text, part int);
INSERT INTO target SELECT i, 'v' || i, i % 2 FROM generate_series(1, 3000) AS i;
INSERT INTO parted TABLE target;
INSERT INTO staging SELECT i, 'v' || i % 1000, i / 2 % 2 FROM generate_series(500, 3500) AS i;

CREATE FUNCTION command() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE '% of %', tg_event, tg_tag;
END $$;
CREATE EVENT TRIGGER regress_bulk_sync_start ON ddl_command_start EXECUTE FUNCTION command();
CREATE EVENT TRIGGER regress_bulk_sync_end ON ddl_command_end EXECUTE FUNCTION command();
CREATE EVENT TRIGGER regress_bulk_sync_drop ON sql_drop EXECUTE FUNCTION command();
CREATE EVENT TRIGGER regress_bulk_sync_rewrite ON table_rewrite EXECUTE FUNCTION command();
-- They do fire:
COMMENT ON TABLE staging IS 'commented';
-- Rows that this session has written in catalogs.
CREATE FUNCTION catalog_rows() RETURNS bigint LANGUAGE sql AS $$
	SELECT coalesce(sum(pg_stat_get_xact_tuples_inserted(oid) + pg_stat_get_xact_tuples_updated(oid) + pg_stat_get_xact_tuples_deleted(oid)), 0)::bigint
	FROM pg_class WHERE relkind IN ('r', 't') AND oid < 16384
$$;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
BEGIN;
SELECT catalog_rows() AS before \gset
SELECT * FROM bulk_sync('target', 'staging', '{id}');
SELECT * FROM bulk_sync('parted', 'staging', '{id}', lock => 'table');
SELECT * FROM bulk_sync('parted', 'staging', '{id,v}', 'part = 1', skip_creates => true, skip_updates => true, allow_out_of_scope => true, dry_run => true);
SELECT * FROM bulk_sync_json('target', '[{"id": 1, "v": "json"}]', '{id}', skip_deletes => true, insert_defaults => '{"part": 0}');
SELECT status, count(*) FROM bulk_compare('target', 'staging', '{id}') GROUP BY status;
SELECT catalog_rows() - :before AS catalog_rows;
-- A temporary table would have been seen.
SET client_min_messages = warning;
CREATE TEMP TABLE seen (id int);
RESET client_min_messages;
SELECT catalog_rows() - :before > 0 AS seen;
ROLLBACK;
RESET work_mem;
RESET hash_mem_multiplier;
DROP EVENT TRIGGER regress_bulk_sync_start;
DROP EVENT TRIGGER regress_bulk_sync_end;
DROP EVENT TRIGGER regress_bulk_sync_drop;
DROP EVENT TRIGGER regress_bulk_sync_rewrite;

-- DDL that a trigger of the target runs is its own: the event trigger sees that, and may refuse it.
CREATE FUNCTION make_table() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	CREATE TABLE made ();
	RETURN NULL;
END $$;
CREATE TRIGGER make_table AFTER INSERT ON target EXECUTE FUNCTION make_table();
CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'no %', tg_tag USING ERRCODE = 'P0042';
END $$;
CREATE EVENT TRIGGER regress_bulk_sync_refuse ON ddl_command_start EXECUTE FUNCTION refuse();
SELECT * FROM bulk_sync('target', 'staging', '{id}');
DROP EVENT TRIGGER regress_bulk_sync_refuse;
SELECT count(*), count(*) FILTER (WHERE id > 3000) AS new, to_regclass('made') FROM target;
SELECT * FROM sync_checked('target', 'staging', '{id}');
DROP TABLE target, parted, staging, made;
DROP FUNCTION command, refuse, make_table, catalog_rows;
