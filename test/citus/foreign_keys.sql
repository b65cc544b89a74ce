-- Distributed tables that refer to each other, synced in one transaction, and what Citus does not allow there.
\i test/citus/agree.sql
SET client_min_messages = error;
CALL twins('CREATE TABLE firm (company_id int, name text, town text, PRIMARY KEY (company_id, name))');
SELECT create_distributed_table('d.firm', 'company_id', colocate_with => 'none');
CALL twins('CREATE TABLE person (company_id int, name text, firm text, PRIMARY KEY (company_id, name))');
SELECT create_distributed_table('d.person', 'company_id', colocate_with => 'd.firm');
CALL in_both('ALTER TABLE person ADD CONSTRAINT person_firm FOREIGN KEY (company_id, firm) REFERENCES firm (company_id, name)');
SELECT bulk_sync_setup('d.firm');
CALL twins('CREATE TABLE firms (company_id int, name text, town text)');
CALL twins('CREATE TABLE persons (company_id int, name text, firm text)');
SELECT create_distributed_table('d.persons', 'company_id', colocate_with => 'd.firm');
-- Firms and persons of the companies from first to last.
CREATE PROCEDURE d.stage(first int, last int, version text) LANGUAGE plpgsql AS $$
BEGIN
	CALL in_both('DELETE FROM firms');
	CALL in_both('DELETE FROM persons');
	CALL in_both(format('INSERT INTO firms SELECT g, ''f'' || g %% 3, %L FROM generate_series(%s, %s) AS g', version, first, last));
	CALL in_both(format('INSERT INTO persons SELECT company_id, %L || company_id, name FROM firms', version));
END $$;

\echo * the firms first
CALL d.stage(1, 40, 'a');
BEGIN;
SELECT agree($$bulk_sync('firm', 'firms', '{company_id,name}')$$, 'firm');
SELECT agree($$bulk_sync('person', 'persons', '{company_id,name}')$$, 'person');
COMMIT;
SELECT agree($$bulk_sync('person', 'persons', '{company_id,name}')$$, 'person');

\echo * and the persons first, before firms go
CALL d.stage(1, 20, 'b');
BEGIN;
SELECT agree($$bulk_sync('person', 'persons', '{company_id,name}')$$, 'person');
SELECT agree($$bulk_sync('firm', 'firms', '{company_id,name}')$$, 'firm');
COMMIT;
SELECT agree($$bulk_sync('firm', 'firms', '{company_id,name}')$$, 'firm');

\echo * one company, in either order
CALL d.stage(7, 7, 'c');
BEGIN;
SELECT agree($$bulk_sync('person', 'persons', '{name}', 'company_id = 7')$$, 'person');
SELECT agree($$bulk_sync('firm', 'firms', '{name}', 'company_id = 7')$$, 'firm');
COMMIT;
CALL in_both('UPDATE firms SET name = ''other''');
CALL in_both('UPDATE persons SET firm = ''other''');
BEGIN;
SELECT agree($$bulk_sync('firm', 'firms', '{name}', 'company_id = 7', skip_deletes => true)$$, 'firm');
SELECT agree($$bulk_sync('person', 'persons', '{name}', 'company_id = 7')$$, 'person');
SELECT agree($$bulk_sync('firm', 'firms', '{name}', 'company_id = 7')$$, 'firm');
COMMIT;

\echo * violations, with the names of the tables
CALL d.stage(1, 40, 'd');
SELECT agree_on_error('23503', $$bulk_sync('person', 'persons', '{company_id,name}')$$, 'person');
CALL in_both('DELETE FROM persons WHERE company_id <> 30');
SELECT agree_on_error('23503', $$bulk_sync('person', 'persons', '{name}', 'company_id = 30')$$, 'person');
CALL d.stage(30, 40, 'd');
SELECT agree_on_error('23503', $$bulk_sync('firm', 'firms', '{company_id,name}')$$, 'firm');
SELECT agree_on_error('23503', $$bulk_sync_json('firm', '[]', '{name}', 'company_id = 7', allow_empty => true)$$, 'firm');
BEGIN;
SELECT agree_on_error('23503', $$bulk_sync('firm', 'firms', '{company_id,name}')$$, 'firm');
SELECT agree($$bulk_sync('firm', 'firms', '{company_id,name}', skip_deletes => true)$$, 'firm');
SELECT agree($$bulk_sync('person', 'persons', '{company_id,name}')$$, 'person');
SELECT agree($$bulk_sync('firm', 'firms', '{company_id,name}')$$, 'firm');
COMMIT;

\echo * checked at the commit: each order
CALL in_both('ALTER TABLE person DROP CONSTRAINT person_firm');
CALL in_both('ALTER TABLE person ADD CONSTRAINT person_firm FOREIGN KEY (company_id, firm) REFERENCES firm (company_id, name) DEFERRABLE INITIALLY DEFERRED');
CALL d.stage(1, 40, 'e');
BEGIN;
SELECT agree($$bulk_sync('person', 'persons', '{company_id,name}')$$, 'person');
SELECT agree($$bulk_sync('firm', 'firms', '{company_id,name}')$$, 'firm');
COMMIT;
CALL d.stage(10, 20, 'f');
BEGIN;
SELECT agree($$bulk_sync('firm', 'firms', '{company_id,name}')$$, 'firm');
SELECT agree($$bulk_sync('person', 'persons', '{company_id,name}')$$, 'person');
COMMIT;
SELECT agree($$bulk_sync('person', 'persons', '{company_id,name}')$$, 'person');

\echo * deleted along
CALL in_both('ALTER TABLE person DROP CONSTRAINT person_firm');
CALL in_both('ALTER TABLE person ADD CONSTRAINT person_firm FOREIGN KEY (company_id, firm) REFERENCES firm (company_id, name) ON DELETE CASCADE');
CALL in_both('DELETE FROM firms WHERE company_id < 15');
SELECT agree($$bulk_sync('firm', 'firms', '{company_id,name}')$$, 'firm');
SELECT agree($$bulk_compare('person', 'persons', '{company_id,name}')$$, 'person');

\echo * a reference table that they refer to
CALL twins('CREATE TABLE town (name text PRIMARY KEY)');
SELECT create_reference_table('d.town');
CALL in_both('INSERT INTO town VALUES (''f''), (''g'')');
CALL in_both('ALTER TABLE firm ADD CONSTRAINT firm_town FOREIGN KEY (town) REFERENCES town (name)');
CALL in_both('UPDATE firms SET town = ''g''');
BEGIN;
SELECT agree($$bulk_sync_json('town', '[{"name": "f"}, {"name": "g"}, {"name": "h"}]', '{name}')$$, 'town');
SELECT agree($$bulk_sync('firm', 'firms', '{company_id,name}')$$, 'firm');
COMMIT;
BEGIN;
SELECT agree($$bulk_sync('firm', 'firms', '{company_id,name}', 'town = ''g''')$$, 'firm');
SELECT refused_there('XX000', $$bulk_sync_json('town', '[{"name": "g"}]', '{name}')$$);
ROLLBACK;
BEGIN;
SET LOCAL citus.multi_shard_modify_mode TO 'sequential';
SELECT agree($$bulk_sync('firm', 'firms', '{company_id,name}')$$, 'firm');
SELECT agree($$bulk_sync_json('town', '[{"name": "g"}]', '{name}')$$, 'town');
COMMIT;
SELECT agree_on_error('23503', $$bulk_sync_json('town', '[{"name": "k"}]', '{name}')$$, 'town');
SELECT copies('town');
