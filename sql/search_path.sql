--
-- What the call does is not changed by operators, functions and tables that the search_path finds first.
--
\i test/oracle.sql
CREATE SCHEMA evil;
-- Each of these says that nothing is equal, and that it was asked.
DO $$
DECLARE
	type text;
BEGIN
	FOREACH type IN ARRAY '{int4,text,varchar,tid,oid,xid,record,bool}'::text[] LOOP
		EXECUTE format('CREATE FUNCTION evil.eq(%1$s, %1$s) RETURNS boolean STABLE LANGUAGE plpgsql AS '
			'''BEGIN RAISE NOTICE ''''hijacked''''; RETURN false; END''', type);
		EXECUTE format('CREATE OPERATOR evil.= (LEFTARG = %1$s, RIGHTARG = %1$s, FUNCTION = evil.eq)', type);
	END LOOP;
END $$;
CREATE TYPE evil.text AS (x int);
CREATE TYPE evil.int4 AS ENUM ('evil');
CREATE DOMAIN evil.record AS int;
CREATE FUNCTION evil.now() RETURNS text LANGUAGE sql RETURN 'evil';
CREATE FUNCTION evil.count(pg_catalog.text) RETURNS int LANGUAGE sql RETURN 1;

CREATE TABLE target (id int PRIMARY KEY, k varchar(10), v text);
CREATE TABLE staging (id int, k varchar(10), v text);
INSERT INTO target VALUES (1, 'a', 'x'), (2, 'b', 'y'), (3, 'c', 'z');
INSERT INTO staging VALUES (1, 'a', 'x'), (2, 'b', 'Y'), (4, 'd', 'w');
SET search_path = evil, pg_catalog, public;
SELECT * FROM bulk_sync('target', 'staging', '{id}');
SELECT * FROM bulk_sync('target', 'staging', '{k}', skip_deletes => true);
SELECT * FROM bulk_sync('target', 'staging', '{id,k,v}', dry_run => true);
-- The filter is the caller's own text, and means what it would mean if typed: here, that no row is in scope.
SET client_min_messages = warning;
SELECT count(*) FROM public.target WHERE id = 1;
SELECT * FROM bulk_sync('target', 'staging', '{id}', 'id = 1', skip_creates => true);
RESET client_min_messages;
RESET search_path;
TABLE target ORDER BY id;

-- Nothing of the catalog needs to be in the path, nor the schema of the function, target or staging.
CREATE SCHEMA away;
CREATE TABLE away.staging AS SELECT * FROM staging;
UPDATE away.staging SET v = 'away';
SET search_path = away;
SELECT * FROM public.bulk_sync('public.target', 'staging', '{id}', 'v IS NOT NULL');
SET search_path = '';
SELECT * FROM public.bulk_sync('public.target', 'public.staging', '{k}', 'target.v <> '''' AND public.target.id > 0');
RESET search_path;
TABLE target ORDER BY id;

-- A table that is named like what the call uses inside.
CREATE TABLE "bulk_sync updates" (c1 oid, c2 tid, c3 xid);
CREATE TABLE "bulk_sync inserts" (id int);
CREATE TABLE d (id int);
CREATE TABLE t (id int);
UPDATE staging SET v = 'again' WHERE id <> 1;
DELETE FROM staging WHERE id = 4;
INSERT INTO staging VALUES (5, 'e', 'e');
SELECT * FROM sync_checked('target', 'staging', '{id}', 'NOT EXISTS (SELECT FROM "bulk_sync updates") AND NOT EXISTS (SELECT FROM d)');
INSERT INTO staging VALUES (6, 'e', 'e');
SELECT * FROM sync_checked('target', 'staging', '{id}', 'id NOT IN (SELECT id FROM "bulk_sync inserts") AND id NOT IN (SELECT id FROM t)');
INSERT INTO "bulk_sync inserts" VALUES (7);
INSERT INTO staging VALUES (7, 'e', 'e');
SELECT * FROM bulk_sync('target', 'staging', '{id}', 'id NOT IN (SELECT id FROM "bulk_sync inserts")');
SELECT * FROM sync_checked('"bulk_sync inserts"', 'staging', '{id}', ignore_columns => '{k,v}');
DROP TABLE "bulk_sync updates", "bulk_sync inserts", d, t;
SET client_min_messages = warning;
DROP SCHEMA evil, away CASCADE;
RESET client_min_messages;
DROP TABLE target, staging;
