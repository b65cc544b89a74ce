--
-- From version 1.0 to 1.1: what depends on the functions stays, and they are as if they had been declared so.
--
\i test/oracle.sql

DROP EXTENSION bulk_sync;
CREATE SCHEMA extensions;
CREATE ROLE regress_bulk_sync_user;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_bulk_sync_user', current_database()); END $$;
GRANT CREATE, USAGE ON SCHEMA extensions TO regress_bulk_sync_user;
SET ROLE regress_bulk_sync_user;
CREATE EXTENSION bulk_sync SCHEMA extensions VERSION '1.0';
RESET ROLE;
CREATE TABLE target (id int PRIMARY KEY, v text);
CREATE TABLE staging (id int, v text);
INSERT INTO target VALUES (1, 'a'), (2, 'b');
INSERT INTO staging VALUES (1, 'A'), (3, 'c');

-- The library is newer than the declarations: each function as it was.
SELECT * FROM extensions.bulk_sync('target', 'staging', '{id}', dry_run => true);
SELECT * FROM extensions.bulk_sync_json('target', '[{"id": 1, "v": "A"}]', '{id}', dry_run => true);
SELECT * FROM extensions.bulk_compare('target', 'staging', '{id}');
SELECT count(*) FROM extensions.bulk_sync_progress;

-- Calls that are stored: with few arguments, by name, with all of them, and as a function's body.
CREATE VIEW few AS SELECT * FROM extensions.bulk_sync('target', 'staging', '{id}', 'id < 9', skip_deletes => true);
CREATE VIEW named AS SELECT updated FROM extensions.bulk_sync(staging => 'staging', target => 'target', keys => '{id}', verbose => false,
                                                              dry_run => true);
CREATE VIEW complete AS SELECT (extensions.bulk_sync_json('target', '[{"id": 9}]', '{id}', NULL, NULL, NULL, false, false, true, false, NULL,
                                                          NULL, NULL, NULL, false, 'rows', true, false)).created;
CREATE VIEW compared AS SELECT status, key, changes FROM extensions.bulk_compare('target', 'staging', '{id}', include_unchanged => true);
CREATE FUNCTION updated() RETURNS bigint LANGUAGE sql
BEGIN ATOMIC SELECT s.updated FROM extensions.bulk_sync('target', 'staging', '{id}', dry_run => true) AS s; END;
-- Rights, an owner and a comment of one's own.
REVOKE ALL ON FUNCTION extensions.bulk_sync FROM PUBLIC;
GRANT EXECUTE ON FUNCTION extensions.bulk_sync TO regress_bulk_sync_user WITH GRANT OPTION;
COMMENT ON FUNCTION extensions.bulk_compare IS 'compares';
PREPARE stored AS SELECT updated FROM extensions.bulk_sync('target', 'staging', '{id}', dry_run => true);
EXECUTE stored;
CREATE TEMP TABLE before AS
SELECT p.*, obj_description(oid, 'pg_proc') AS comment FROM pg_proc p WHERE pronamespace = 'extensions'::regnamespace;

CREATE VIEW printed AS
SELECT viewname AS name, definition FROM pg_views WHERE viewname IN ('few', 'named', 'complete', 'compared')
UNION ALL SELECT 'updated()', pg_get_functiondef('updated'::regproc);
CREATE TEMP TABLE printed_before AS TABLE printed;

-- Its owner, who is no superuser, may update it, also where a function has the name of one that is there for a moment.
CREATE FUNCTION extensions.bulk_sync_1_1(int) RETURNS int LANGUAGE sql RETURN 1;
SET ROLE regress_bulk_sync_user;
ALTER EXTENSION bulk_sync UPDATE;
RESET ROLE;
DROP FUNCTION extensions.bulk_sync_1_1;
SELECT extversion FROM pg_extension WHERE extname = 'bulk_sync';

-- Nothing has gone; arguments and functions have come.
SELECT coalesce(n.proname, b.proname) AS function, n.oid = b.oid AS same,
       n.proacl IS NOT DISTINCT FROM b.proacl AND n.proowner = b.proowner AS rights,
       obj_description(n.oid, 'pg_proc') IS NOT DISTINCT FROM b.comment AS comment, n.pronargs - b.pronargs AS more
FROM before b FULL JOIN (SELECT * FROM pg_proc WHERE pronamespace = 'extensions'::regnamespace) n USING (oid) ORDER BY 1;
-- (Newer servers have array types and a view's row type as members, too.)
SELECT d.deptype, pg_describe_object(d.classid, d.objid, d.objsubid) AS object, count(*)
FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
WHERE e.extname = 'bulk_sync' AND (d.classid <> 'pg_type'::regclass OR d.objid = 'extensions.bulk_sync_stats'::regtype)
GROUP BY 1, 2 ORDER BY 2;
SELECT name, p.definition = b.definition AS same FROM printed p JOIN printed_before b USING (name) ORDER BY name;
EXECUTE stored;
SELECT updated();
SELECT * FROM named;
SELECT * FROM complete;
SELECT * FROM compared ORDER BY key::text;
SELECT * FROM few;
-- One that is declared from the printed definition has the same entry in the catalog; places in a text do not count.
CREATE SCHEMA declared;
DO $$
DECLARE
  definition text;
BEGIN
  FOR definition IN SELECT pg_get_functiondef(oid) FROM pg_proc
                    WHERE pronamespace = 'extensions'::regnamespace AND proname IN ('bulk_sync', 'bulk_sync_json', 'bulk_compare') LOOP
    EXECUTE replace(definition, 'FUNCTION extensions.', 'FUNCTION declared.');
  END LOOP;
END $$;
CREATE FUNCTION entries(namespace regnamespace) RETURNS SETOF jsonb LANGUAGE sql
RETURN (SELECT jsonb_agg(to_jsonb(p) - '{oid,pronamespace,proacl,proargdefaults}'::text[]
                         || jsonb_build_object('defaults', regexp_replace(proargdefaults::text, ':location \S+', '', 'g')) ORDER BY proname)
        FROM pg_proc p WHERE pronamespace = namespace AND proname IN ('bulk_sync', 'bulk_sync_json', 'bulk_compare'));
SELECT jsonb_array_length(a) AS functions, a = b AS same FROM entries('extensions') AS a, entries('declared') AS b;
DROP SCHEMA declared CASCADE;
-- The new arguments.
SELECT p.proname, a.argument FROM pg_proc p, string_to_table(pg_get_function_arguments(p.oid), ', ') WITH ORDINALITY AS a (argument, position)
WHERE pronamespace = 'extensions'::regnamespace AND a.argument ~ '^(touch_columns|update_when)' ORDER BY p.proname, a.position;

DROP VIEW printed, few, named, complete, compared;
DROP FUNCTION updated, entries;
DROP TABLE target, staging, before, printed_before;
DEALLOCATE stored;
DROP EXTENSION bulk_sync;
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_bulk_sync_user', current_database()); END $$;
DROP SCHEMA extensions;
DROP ROLE regress_bulk_sync_user;
CREATE EXTENSION bulk_sync;
