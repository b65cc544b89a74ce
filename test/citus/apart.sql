-- A coordinator that the other nodes do not know, and that has no copies of reference tables.
\i test/citus/agree.sql
SET client_min_messages = error;
CALL twins('CREATE TABLE employee (company_id int, name text, phone text, PRIMARY KEY (company_id, name))');
SELECT create_distributed_table('d.employee', 'company_id');
CALL twins('CREATE TABLE import (company_id int, name text, phone text)');
CALL in_both('INSERT INTO import SELECT g % 10, ''name '' || g, ''x'' FROM generate_series(1, 30) AS g');
CALL twins('CREATE TABLE beside (company_id int, name text, phone text)');
SELECT create_distributed_table('d.beside', 'company_id', colocate_with => 'd.employee');
CALL in_both('INSERT INTO beside TABLE import');
CALL twins('CREATE TABLE country (code int PRIMARY KEY, name text, token uuid DEFAULT gen_random_uuid())');
SELECT create_reference_table('d.country');
CREATE VIEW l.lands AS SELECT code, name FROM l.country;
CREATE VIEW d.lands AS SELECT code, name FROM d.country;
CALL twins('CREATE TABLE names (code int, name text)');
CALL in_both('INSERT INTO names SELECT g, ''first '' || g FROM generate_series(1, 20) AS g');
SELECT bulk_sync_setup('d.employee');

-- Is the error the one about the address, with its hint?
CREATE FUNCTION d.refused_for_address(call text, rows text) RETURNS text
RETURN (SELECT CASE WHEN o = format('55000 | the other nodes cannot fetch rows of %s from here | They do not know the address of this node. | '
	'Call citus_set_coordinator_host().', rows) THEN 'same: no address' ELSE 'UNEXPECTED: ' || o END FROM outcome('d', call) AS o);

\echo * the address is unknown
SELECT d.refused_for_address($$bulk_sync('employee', 'import', '{company_id,name}')$$, 'staging relation "import"');
SELECT d.refused_for_address($$bulk_sync('employee', 'import', '{company_id,name}', dry_run => true)$$, 'staging relation "import"');
SELECT d.refused_for_address($$bulk_sync_json('employee', '[{"company_id": 5, "name": "a"}]', '{company_id,name}')$$, 'argument "rows"');
SELECT d.refused_for_address($$bulk_compare('employee', 'import', '{company_id,name}')$$, 'staging relation "import"');
SELECT d.refused_for_address($$bulk_sync('country', 'names', '{code}')$$, 'staging relation "names"');
\echo * what does not need it
SELECT agree($$bulk_sync('employee', 'beside', '{company_id,name}')$$);
CALL in_both('DELETE FROM import WHERE company_id <> 5');
CALL in_both('UPDATE import SET phone = ''y''');
SELECT agree($$bulk_sync('employee', 'import', '{name}', 'company_id = 5')$$);
SELECT agree($$bulk_sync_json('employee', '[{"company_id": 6, "name": "a"}]', '{company_id,name}', 'company_id = 6', ignore_columns => '{phone}')$$);
SELECT agree($$bulk_compare('country', 'names', '{code}')$$, 'lands');

\echo * a reference table without a copy on the coordinator
SET citus.replicate_reference_tables_on_activate = off;
SELECT citus_set_coordinator_host(current_setting('citus.local_hostname'), 5432);
SELECT CASE WHEN count(*) = 2 AND min(groupid) > 0 THEN 'same: copies on the others' ELSE 'DIFFERENT' END
FROM pg_dist_placement JOIN pg_dist_shard USING (shardid) WHERE logicalrelid = 'd.country'::regclass;
SELECT agree($$bulk_sync('country', 'names', '{code}')$$, 'lands');
SELECT copies('country', 2);
CALL in_both('DELETE FROM names WHERE code > 15');
CALL in_both('UPDATE names SET name = ''second'' WHERE code < 5');
SELECT agree($$bulk_sync('country', 'names', '{code}')$$, 'lands');
SELECT copies('country', 2);
SELECT agree($$bulk_sync_json('country', '[{"code": 5, "name": "a"}, {"code": 50, "name": "b"}]', '{code}', 'code > 2')$$, 'lands');
CREATE TEMP TABLE mine AS SELECT code + 1 AS code, name FROM l.names;
SELECT agree($$bulk_sync('country', 'pg_temp.mine', '{code}', skip_deletes => true)$$, 'lands');
SELECT agree_on_error('21000', $$bulk_sync('country', 'pg_temp.mine', '{name}')$$, 'lands');
SELECT copies('country', 2);
BEGIN;
SELECT agree($$bulk_sync('country', 'names', '{code}')$$, 'lands');
SAVEPOINT s;
CALL in_both('UPDATE names SET name = ''third''');
SELECT agree($$bulk_sync('country', 'names', '{code}')$$, 'lands');
ROLLBACK TO s;
SELECT agree($$bulk_sync('country', 'names', '{code}', dry_run => true)$$, 'lands');
COMMIT;
SELECT copies('country', 2);
