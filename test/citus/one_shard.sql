-- Calls that one shard does in one go, with the rows of staging in the task, or in a file where that is not possible.
\i test/citus/agree.sql
SET DateStyle = 'SQL, DMY';
SET IntervalStyle = 'sql_standard';
SET TimeZone = 'Asia/Kolkata';
SET extra_float_digits = -3;
DROP TYPE IF EXISTS public.mood CASCADE;
CREATE TYPE public.mood AS ENUM ('glad', 'sad');

CALL twins('CREATE TABLE employee (company_id int, name text, phone varchar(30), pay numeric(10, 2), rate float8, ratio float4, born date,
	seen timestamptz, woke timetz, at timestamp, tags text[], numbers int8[], photo bytea, uid uuid, data jsonb, code char(5), ok boolean,
	PRIMARY KEY (company_id, name))');
SELECT create_distributed_table('d.employee', 'company_id');
CREATE TEMP TABLE import AS TABLE l.employee;
INSERT INTO import VALUES (7, E'tab\t and \\ and \\N', '\N', 1.5, 0.1::float8 + 0.2, 1e-30, '2026-02-03', '2026-02-03 04:05:06.789012+00', '04:05:06.7+05:30',
	'infinity', ARRAY['a', NULL, '"', E'\t'], '{{1,2},{3,NULL}}', '\x00ff5c09', '00000000-0000-0000-0000-000000000001', '{"a": "\t\\"}', 'ab', true),
	(7, '', NULL, 'NaN', 'infinity', '-infinity', '-infinity', '0044-03-15 BC', '23:59:60-12', '2026-02-03', '{}', '{}', '', NULL, 'null', '', false),
	(7, E'two\nlines\r\x01', '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
SELECT agree($$bulk_sync('employee', 'pg_temp.import', '{company_id,name}', 'company_id = 7')$$);
SELECT agree($$bulk_sync('employee', 'pg_temp.import', '{company_id,name}', 'company_id = 7')$$);
UPDATE import SET rate = rate + 1e-15, tags = tags || 'x'::text WHERE name <> '';
SELECT agree($$bulk_sync('employee', 'pg_temp.import', '{name}', 'company_id = 7', dry_run => true)$$);
SELECT agree($$bulk_sync('employee', 'pg_temp.import', '{name}', 'company_id = 7')$$);

\echo * limits are those of the shard
DELETE FROM import WHERE name <> '';
SELECT agree_on_error('55000', $$bulk_sync('employee', 'pg_temp.import', '{name}', 'company_id = 7', max_deletes => 1)$$);
SELECT agree_on_error('55000', $$bulk_sync('employee', 'pg_temp.import', '{name}', 'company_id = 7', max_delete_ratio => 0.5)$$);
SELECT agree($$bulk_sync('employee', 'pg_temp.import', '{name}', 'company_id = 7', max_deletes => 2, max_delete_ratio => 0.7)$$);
DELETE FROM import;
SELECT agree_on_error('55000', $$bulk_sync('employee', 'pg_temp.import', '{name}', 'company_id = 7')$$);
SELECT agree_on_error('55000', $$bulk_sync_json('employee', '[]', '{name}', 'company_id = 7')$$);
SELECT agree($$bulk_sync('employee', 'pg_temp.import', '{name}', 'company_id = 7', allow_empty => true)$$);
INSERT INTO import (company_id, name) VALUES (7, 'a'), (7, 'a'), (8, 'b');
SELECT agree_on_error('21000', $$bulk_sync('employee', 'pg_temp.import', '{name}', 'company_id = 7')$$);
DELETE FROM import WHERE name = 'a';
SELECT agree_on_error('44000', $$bulk_sync('employee', 'pg_temp.import', '{name}', 'company_id = 7')$$);
SELECT agree_on_error('44000', $$bulk_sync_json('employee', '[{"company_id": 8, "name": "b"}]', '{name}', 'company_id = 7')$$);
SELECT agree($$bulk_sync_json('employee', '[{"company_id": 7, "name": "b"}, {"company_id": 7, "name": "c", "pay": 2}]', '{name}', 'company_id = 7', allow_missing => true)$$);

\echo * columns that the target lacks, and conversions
CREATE TEMP TABLE other (note text, name varchar, company_id bigint, pay text);
INSERT INTO other VALUES ('x', 'b', 7, '12.50'), ('y', 'd', 7, '7');
SELECT agree_on_error('42703', $$bulk_sync('employee', 'pg_temp.other', '{name}', 'company_id = 7')$$);
SELECT agree($$bulk_sync('employee', 'pg_temp.other', '{name}', 'company_id = 7', ignore_columns => '{note}')$$);
SELECT agree($$bulk_sync('employee', 'pg_temp.other', '{name}', 'company_id = 7', columns => '{pay}', ignore_columns => '{note}')$$);
UPDATE other SET pay = 'much' WHERE name = 'd';
SELECT agree_on_error('22P02', $$bulk_sync('employee', 'pg_temp.other', '{name}', 'company_id = 7', ignore_columns => '{note}')$$);

\echo * in a file: types without a plain text, many rows, long values
CALL twins('CREATE TABLE event (company_id int, name text, took interval, felt mood, PRIMARY KEY (company_id, name))');
SELECT create_distributed_table('d.event', 'company_id');
CREATE TEMP TABLE events AS TABLE l.event;
INSERT INTO events VALUES (7, 'a', '1 day -02:03:04', 'sad'), (7, 'b', '-1 year 2 days', 'glad');
SELECT agree($$bulk_sync('event', 'pg_temp.events', '{name}', 'company_id = 7')$$, 'event');
CREATE TEMP TABLE many AS SELECT 7 AS company_id, 'n' || g AS name FROM generate_series(1, 20001) AS g;
SELECT agree($$bulk_sync('event', 'pg_temp.many', '{name}', 'company_id = 7')$$, 'event');
CREATE TEMP TABLE long AS SELECT 7 AS company_id, repeat(md5(g::text), 20000) AS name FROM generate_series(1, 2) AS g;
SELECT agree($$bulk_sync('employee', 'pg_temp.long', '{company_id,name}', 'company_id = 7', skip_creates => true, skip_deletes => true)$$);
SELECT agree(format($$bulk_sync_json('employee', %L, '{name}', 'company_id = 7', skip_creates => true)$$,
	(SELECT json_agg(json_build_object('company_id', 7, 'name', 'n' || g)) FROM generate_series(1, 40000) AS g)));

\echo * a table without a primary key takes the write of no row alone
CALL twins('CREATE TABLE free (company_id int NOT NULL, name text, phone text)');
SELECT create_distributed_table('d.free', 'company_id');
SELECT agree($$bulk_sync('free', 'pg_temp.many', '{name}', 'company_id = 7')$$, 'free');
DELETE FROM many WHERE name LIKE 'n2%';
SELECT agree($$bulk_sync('free', 'pg_temp.many', '{name}', 'company_id = 7')$$, 'free');
DROP TYPE public.mood CASCADE;
