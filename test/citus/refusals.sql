-- What is refused on tables that Citus distributes, each with its reason and its hint.
\i test/citus/agree.sql
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS citus_columnar;
SET search_path = d, public;
CREATE FUNCTION refused(call text) RETURNS text RETURN outcome('d', call);
CREATE TABLE employee (company_id int, name text, phone text, gone bool DEFAULT false, PRIMARY KEY (company_id, name));
SELECT create_distributed_table('employee', 'company_id', colocate_with => 'none');
CREATE TABLE import (company_id int, name text, phone text);
SELECT create_distributed_table('import', 'company_id', colocate_with => 'employee');
INSERT INTO import SELECT g % 10, 'name ' || g, 'x' FROM generate_series(1, 30) AS g;
CREATE TABLE plain (company_id int, name text);
INSERT INTO plain VALUES (5, 'name 5');

\echo * before it is set up, and after
SELECT refused($$bulk_sync('employee', 'import', '{company_id,name}')$$);
SELECT refused($$bulk_sync('employee', 'import', '{company_id,name}', dry_run => true)$$);
SELECT refused($$bulk_sync('employee', 'plain', '{company_id,name}', 'company_id = 5')$$);
SELECT bulk_sync_setup('plain');
SELECT regexp_replace(split_part(bulk_sync_setup('employee'), ';', 1), '_\d+', '_N');
SELECT regexp_replace(split_part(bulk_sync_setup('import'), ';', 1), '_\d+', '_N');
SELECT refused($$bulk_sync('employee', 'import', '{company_id,name}')$$);

\echo * kinds of targets
SET citus.shard_replication_factor = 2;
CREATE TABLE twice (a int, b text);
SELECT create_distributed_table('twice', 'a', colocate_with => 'none');
RESET citus.shard_replication_factor;
CREATE TABLE appended (a int, b text);
SELECT create_distributed_table('appended', 'a', 'append');
CREATE TABLE ranges (a int, b text);
SELECT create_distributed_table('ranges', 'a', 'range');
CREATE TABLE columns (a int, b text) USING columnar;
SELECT create_distributed_table('columns', 'a', colocate_with => 'none');
CREATE TABLE values (a int, b text);
CREATE VIEW employees AS SELECT * FROM employee;
SELECT refused($$bulk_sync('twice', 'values', '{a}')$$);
SELECT refused($$bulk_sync('appended', 'values', '{a}')$$);
SELECT refused($$bulk_sync('ranges', 'values', '{a}')$$);
SELECT refused($$bulk_sync('columns', 'values', '{a}')$$);
SELECT refused($$bulk_sync('columns', 'values', '{a}', dry_run => true)$$);
SELECT refused($$bulk_sync_json_returning('twice', '[]', '{a}')$$);
SELECT refused($$bulk_sync('employees', 'import', '{company_id,name}')$$);

\echo * keys
SELECT refused($$bulk_sync('employee', 'import', '{name}')$$);
SELECT refused($$bulk_sync('employee', 'import', '{name}', 'company_id > 5')$$);
SELECT refused($$bulk_sync('employee', 'import', '{name}', 'company_id = 5 OR company_id = 6')$$);
SELECT refused($$bulk_sync('employee', 'import', '{name}', 'company_id = 5', allow_out_of_scope => true)$$);

\echo * conditions
SELECT refused($$bulk_sync('employee', 'import', '{company_id,name}', 'company_id IN (SELECT company_id FROM plain)')$$);
SELECT refused($$bulk_sync('employee', 'import', '{company_id,name}', 'company_id = 5 AND EXISTS (SELECT FROM import)')$$);
SELECT refused($$bulk_sync('employee', 'import', '{company_id,name}', 'name = current_setting(''a.b'', true)')$$);
SELECT refused($$bulk_sync('employee', 'import', '{company_id,name}', update_when => 'new.company_id IN (SELECT company_id FROM plain)')$$);
SELECT refused($$bulk_sync('employee', 'import', '{company_id,name}', update_when => 'new.name = current_setting(''a.b'')')$$);
SELECT refused($$bulk_sync('employee', 'import', '{company_id,name}', 'd.employee.name = ''a''')$$);
SELECT refused($$bulk_sync('employee', 'import', '{company_id,name}', 'random() < 0.5')$$);

\echo * rows
SELECT refused($$bulk_sync_json('employee', '[{"company_id": null, "name": "a"}]', '{company_id,name}', allow_out_of_scope => true)$$);
INSERT INTO plain VALUES (NULL, 'nobody');
SELECT refused($$bulk_sync('employee', 'plain', '{company_id,name}')$$);
SELECT refused($$bulk_sync('employee', 'import', '{company_id,name}', 'company_id = 3')$$);
SELECT refused($$bulk_sync_json('employee', '[{"company_id": 3, "name": "a"}, {"company_id": 3, "name": "a"}]', '{company_id,name}')$$);
SELECT refused($$bulk_sync_json('employee', '[{"company_id": 1, "name": "a", "phone": "x"}, {"company_id": 2, "name": "b"}]', '{company_id,name}')$$);
SELECT refused($$bulk_sync_json('employee', '[{"company_id": 1, "name": "a", "phone": "x"}, {"company_id": 1, "name": "b"}]', '{name}', 'company_id = 1')$$);
BEGIN;
SELECT refused($$bulk_sync_json('employee', '[{"company_id": 1, "name": "a", "phone": "y"}, {"company_id": 2, "name": "b"}]', '{company_id,name}', allow_missing => true)$$);
SELECT refused($$bulk_sync_json('employee', '[{"company_id": 1, "name": "a"}, {"company_id": 1, "name": "c", "phone": "y"}]', '{name}', 'company_id = 1', allow_missing => true)$$);
SELECT name, coalesce(phone, 'NULL') FROM employee ORDER BY name;
ROLLBACK;
SELECT refused($$bulk_sync_json('employee', '[]', '{company_id,name}')$$);
SELECT refused($$bulk_sync_json('employee', '[]', '{company_id,name}', allow_empty => true, max_deletes => 7)$$);

\echo * transactions
SET default_transaction_read_only = on;
SELECT refused($$bulk_sync('employee', 'import', '{company_id,name}')$$);
SELECT refused($$bulk_sync('employee', 'import', '{company_id,name}', dry_run => true)$$);
RESET default_transaction_read_only;
SELECT refused($$bulk_sync_on_shard(0, '{}')$$);
SELECT refused($$bulk_sync_rows_on_shard(0, '{}')$$);
SELECT refused($$bulk_sync_on_copy('{}')$$);
BEGIN;
CREATE TABLE late (LIKE employee INCLUDING ALL);
SELECT create_distributed_table('late', 'company_id', colocate_with => 'employee');
SELECT refused($$bulk_sync('late', 'import', '{company_id,name}')$$);
ROLLBACK;

\echo * owners
SELECT format('ALTER TABLE bulk_sync_shards_%s OWNER TO nobody_else', colocationid) AS change FROM pg_dist_partition WHERE logicalrelid = 'employee'::regclass \gset
CREATE ROLE nobody_else;
:change;
SELECT regexp_replace(refused($$bulk_sync('employee', 'import', '{company_id,name}')$$), '_\d+', '_N');
DROP SCHEMA d, l CASCADE;
DROP OWNED BY nobody_else;
DROP ROLE nobody_else;
