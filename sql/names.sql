--
-- Hostile surroundings: operators and functions of others that come first in the search_path are
-- never called by bulk_sync's own SQL, and no name can break out of it.
--
\i test/oracle.sql
\set VERBOSITY default

-- Everything that our SQL might look up by name, shouting when it is called.
CREATE SCHEMA evil;
CREATE FUNCTION evil.shout(text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'hijacked: %', $1; END $$;
DO $$
DECLARE
	type text;
BEGIN
	FOREACH type IN ARRAY '{integer,text,character varying,record,oid,tid,xid,boolean,numeric,bigint}'::text[] LOOP
		EXECUTE format('CREATE FUNCTION evil.wrong(%1$s, %1$s) RETURNS boolean STABLE LANGUAGE plpgsql AS
			$f$ BEGIN PERFORM evil.shout(%1$L); RETURN true; END $f$', type);
		EXECUTE format('CREATE OPERATOR evil.= (LEFTARG = %1$s, RIGHTARG = %1$s, FUNCTION = evil.wrong)', type);
		EXECUTE format('CREATE OPERATOR evil.<> (LEFTARG = %1$s, RIGHTARG = %1$s, FUNCTION = evil.wrong)', type);
	END LOOP;
END $$;
CREATE FUNCTION evil.count() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.shout('count'); RETURN 0; END $$;
CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.shout('lower'); RETURN ''; END $$;
CREATE FUNCTION evil."coalesce"(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.shout('coalesce'); RETURN ''; END $$;
CREATE DOMAIN evil.int4 AS pg_catalog.text;
CREATE DOMAIN evil.text AS pg_catalog.int4;
CREATE TABLE evil.employee (name pg_catalog.text);
CREATE TABLE evil.pg_class (nothing pg_catalog.int4);

CREATE TYPE public.pair AS (a int, b text);
CREATE TABLE public.employee (id int, number numeric, name varchar(20), phone text, pair public.pair);
INSERT INTO employee VALUES (1, 1.0, 'Ann', 'a', '(1,x)'), (2, 2, 'Bob', NULL, '(2,x)'), (3, NULL, 'Cid', 'c', NULL),
	(NULL, 4, NULL, 'd', '(,)');
CREATE TABLE public.import (LIKE employee);
INSERT INTO import VALUES (1, 1.0, 'Ann', 'a', '(1,x)'), (2, 2.0, 'Bob', 'b', '(2,y)'), (5, 5, 'Eve', 'e', '(5,x)'),
	(NULL, 4, NULL, 'new', '(,)');

BEGIN;
SET LOCAL search_path = evil, pg_catalog, public;
SELECT 1 = 2 AS wrong;
SELECT * FROM public.bulk_sync('public.employee', 'public.import', '{id,name}');
ROLLBACK;
BEGIN;
SET LOCAL search_path = evil, pg_catalog, public;
SELECT * FROM public.bulk_sync('public.employee', 'public.import', '{number,pair}', 'true', max_deletes => 5, skip_deletes => true);
ROLLBACK;
-- A look-up by key, an index on it, and types that have to be converted.
BEGIN;
CREATE INDEX ON employee (id);
CREATE TABLE written AS SELECT id::text, name::text, phone::text FROM import WHERE id IS NOT NULL;
SET LOCAL search_path = evil, pg_catalog, public;
SELECT * FROM public.bulk_sync('public.employee', 'public.written', '{id}', skip_deletes => true);
ROLLBACK;
-- The filter is the caller's: it means what it means under his search_path.
BEGIN;
SET LOCAL search_path = evil, pg_catalog, public;
SELECT * FROM public.bulk_sync('public.employee', 'public.import', '{id}', 'id OPERATOR(pg_catalog.=) 1',
	skip_creates => true, allow_out_of_scope => true, dry_run => true);
SET LOCAL client_min_messages = warning;
SELECT * FROM public.bulk_sync('public.employee', 'public.import', '{id}', 'id = 1',
	skip_creates => true, allow_out_of_scope => true, dry_run => true);
ROLLBACK;
-- With a search_path that has nothing in it.
BEGIN;
SET LOCAL search_path = '';
SELECT * FROM public.bulk_sync('public.employee', 'public.import', '{id}', 'employee.id < 3',
	allow_out_of_scope => true, skip_creates => true);
ROLLBACK;
SELECT * FROM sync_checked('employee', 'import', '{id,name}');
SET client_min_messages = warning;
DROP SCHEMA evil CASCADE;
DROP TABLE employee, import;
DROP TYPE pair;
RESET client_min_messages;

-- Names that are keywords, have quotes, blanks or newlines in them, are as long as they may be, look
-- like SQL, or like the aliases and columns of our own statements.
CREATE SCHEMA "we ird""; DROP TABLE x; --";
SET search_path = "we ird""; DROP TABLE x; --", public;
CREATE TABLE "select" (
	"from" int, "S" text, s text, t text, c1 text, d text, "ünï ""cöde""" text, "a.b" text, "
newline" text, "$1" text, "it's" text, "tgt; DROP TABLE y" text,
	"a_name_of_63_bytes_is_as_long_as_a_name_in_postgresql_can_be_63" text, "SELECT" text);
INSERT INTO "select" SELECT i, 'S', 's', 't', 'c1', 'd', 'u', 'ab', 'n', '$', 'i', 't', 'a', 'S'
	FROM generate_series(1, 3) AS i;
CREATE TABLE "t" AS SELECT "from" + 1 AS "from", "SELECT", "S" || 'x' AS "S", s, t, c1 || 'x' AS c1, d,
	"ünï ""cöde""" || 'x' AS "ünï ""cöde""", "a.b", "
newline" || 'x' AS "
newline", "$1", "it's", "tgt; DROP TABLE y" || 'x' AS "tgt; DROP TABLE y",
	"a_name_of_63_bytes_is_as_long_as_a_name_in_postgresql_can_be_63" FROM "select" AS x;
SELECT * FROM sync_checked('"select"', 't', ARRAY['from', 'a.b', 'it''s', 'S'], '"select"."from" < 10 AND "S" > '''' AND "$1" = ''$''');
INSERT INTO "select" SELECT i, 'S', 's', 't', 'c1', 'd', 'u', 'ab', 'n', '$', 'i', 't', 'a', 'S'
	FROM generate_series(2, 12) AS i;
DELETE FROM "select" WHERE "S" <> 'S';
SELECT * FROM sync_checked('"select"', 't', ARRAY['from'], '"from" < 10');
SELECT * FROM sync_checked('"select"', 't', ARRAY['from'], '"from" < 10', ignore_columns => ARRAY['ünï "cöde"', 'tgt; DROP TABLE y']);

-- The same in messages: a name is shown as it is, in quotes.
SELECT * FROM bulk_sync('"select"', 't', ARRAY['it''s']);
SELECT * FROM bulk_sync('"select"', 't', ARRAY['"from"']);
SELECT * FROM bulk_sync('"select"', 't', ARRAY['FROM']);
ALTER TABLE t ADD "100%s" text;
SELECT * FROM bulk_sync('"select"', 't', ARRAY['from']);

-- A view as staging may have columns named like system columns; and a temporary table the target's name.
CREATE TABLE employee (id int, name text);
INSERT INTO employee VALUES (1, 'a'), (2, 'b');
CREATE VIEW import AS SELECT 1 AS id, 'new'::text AS name, '(0,9)'::tid AS ctid, 7 AS tableoid, 8 AS xmin;
SELECT * FROM bulk_sync('employee', 'import', '{id}');
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{ctid,tableoid,xmin}');
CREATE TEMP TABLE employee (id int, name text);
SELECT * FROM bulk_sync('"we ird""; DROP TABLE x; --".employee', 'pg_temp.employee', '{id}', allow_empty => true);
SELECT count(*) FROM "we ird""; DROP TABLE x; --".employee;

DROP TABLE pg_temp.employee;
SET client_min_messages = warning;
DROP SCHEMA "we ird""; DROP TABLE x; --" CASCADE;
