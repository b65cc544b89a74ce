-- Calls that must not pass for the same: what the other scripts rest on.
\i test/citus/agree.sql
CALL twins('CREATE TABLE employee (company_id int, name text, phone text, note text, PRIMARY KEY (company_id, name))');
SELECT create_distributed_table('d.employee', 'company_id', colocate_with => 'none');
CALL twins('CREATE TABLE import (company_id int, name text, phone text)');
CALL in_both('INSERT INTO import VALUES (7, ''a'', ''1''), (7, ''b'', ''2'')');

\echo * misspelt
SELECT agree($$bulk_sync('employee', 'import', '{nam}', 'company_id = 7')$$);
SELECT agree($$bulk_sync('employee', 'imports', '{name}', 'company_id = 7')$$);
SELECT agree($$bulk_sync('employee', 'import', '{name}', 'company_id = 7', dry_runs => true)$$);
SELECT agree($$bulk_syncs('employee', 'import', '{name}', 'company_id = 7')$$);

\echo * other errors, or none
SELECT agree_on_error('23505', $$bulk_sync('employee', 'import', '{nam}', 'company_id = 7')$$);
SELECT agree_on_error('23505', $$bulk_sync('employee', 'import', '{name}', 'company_id = 7')$$);
SELECT refused_there('0A000', $$bulk_sync('employee', 'import', '{nam}', 'company_id = 7')$$);
SELECT refused_there('0A000', $$bulk_sync('employee', 'import', '{name}', 'company_id = 7')$$);

\echo * other numbers, and other rows
DELETE FROM d.employee WHERE name = 'a';
SELECT agree($$bulk_sync('employee', 'import', '{name}', 'company_id = 7', dry_run => true)$$);
SELECT agree_on_error('55000', $$bulk_sync('employee', 'import', '{name}', 'company_id = 7', max_deletes => 0)$$);
UPDATE d.employee SET note = 'x';
SELECT agree($$bulk_sync('employee', 'import', '{name}', 'company_id = 7')$$);
