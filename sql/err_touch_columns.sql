--
-- Columns that cannot be touched: each error names the column, and nothing is done.
--
\i test/oracle.sql
\set VERBOSITY default
\set SHOW_CONTEXT errors

CREATE TABLE employee (
	id int PRIMARY KEY, name text, since timestamptz, updated_at timestamptz, changed date, deleted_at timestamptz, "time" time, born timestamp,
	shadow timestamp GENERATED ALWAYS AS (born) STORED);
CREATE TABLE dated (day date, at timestamptz, v int, PRIMARY KEY (day, at));
CREATE TABLE import (id int, name text, since timestamptz);
CREATE TABLE days (day date, at timestamptz, v int);
INSERT INTO employee (id, name) VALUES (1, 'Ann');
INSERT INTO import VALUES (1, 'Bob', NULL);

SELECT * FROM bulk_sync('employee', 'import', '{id}', touch_columns => '{updatedat}');
SELECT * FROM bulk_sync('employee', 'import', '{id}', touch_columns => '{updated_at,zzzzzzzzzz}');
SELECT * FROM bulk_sync('employee', 'import', '{id}', touch_columns => '{updated_at,updated_at}');
SELECT * FROM bulk_sync('employee', 'import', '{id}', touch_columns => '{updated_at,NULL}');
SELECT * FROM bulk_sync('employee', 'import', '{id}', touch_columns => '{{updated_at}}');
-- Of another type.
SELECT * FROM bulk_sync('employee', 'import', '{id}', touch_columns => '{name}');
SELECT * FROM bulk_sync('employee', 'import', '{id}', touch_columns => '{time}');
-- A key, of the primary key, generated.
SELECT * FROM bulk_sync('employee', 'import', '{id,since}', touch_columns => '{since}');
SELECT * FROM bulk_sync('dated', 'days', '{day}', ignore_columns => '{at}', touch_columns => '{at}');
SELECT * FROM bulk_sync('employee', 'import', '{id}', touch_columns => '{shadow}');
-- Compared, or staged at all.
SELECT * FROM bulk_sync('employee', 'import', '{id}', columns => '{name,since}', touch_columns => '{since}');
SELECT * FROM bulk_sync('employee', 'import', '{id}', columns => '{name}', touch_columns => '{since}');
SELECT * FROM bulk_sync('employee', 'import', '{id}', touch_columns => '{since}');
SELECT * FROM bulk_sync_json('employee', '[{"id": 1, "name": "Bob"}, {"id": 2, "updated_at": null}]', '{id}', touch_columns => '{updated_at}');
-- Given to another option.
SELECT * FROM bulk_sync('employee', 'import', '{id}', soft_delete => 'deleted_at', touch_columns => '{deleted_at}');
SELECT * FROM bulk_sync('employee', 'import', '{id}', insert_defaults => '{"updated_at": "2001-01-01"}', touch_columns => '{updated_at}');
SELECT * FROM bulk_sync_json('employee', '[{"id": 1}]', '{id}', insert_defaults => '{"updated_at": null}', touch_columns => '{updated_at}');
-- A comparison shows no rows that are written.
SELECT * FROM bulk_compare('employee', 'import', '{id}', touch_columns => '{updated_at}');

SELECT * FROM employee;
-- What is ignored may be touched.
SELECT * FROM bulk_sync('employee', 'import', '{id}', ignore_columns => '{since}', touch_columns => '{since,changed,born}');
SELECT name, since > '2020-01-01' AS since, changed > '2020-01-01' AS changed, born = shadow AS born FROM employee;
DROP TABLE employee, import, dated, days;
