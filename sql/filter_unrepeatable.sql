--
-- A filter that gives other rows each time it is read is refused, also when no function in it is volatile.
--
\i test/oracle.sql
\set VERBOSITY default
\set SHOW_CONTEXT never

CREATE TABLE employee (id int PRIMARY KEY, name text, company_id int);
INSERT INTO employee VALUES (1, 'Ann', 501), (2, 'Bob', 501), (3, 'Cid', 502);
CREATE TABLE import AS SELECT id, name || '!' AS name, company_id FROM employee WHERE company_id = 501;
CREATE TABLE company AS SELECT i AS id, i % 2 = 1 AS active FROM generate_series(500, 510) AS i;
CREATE TABLE before AS SELECT ctid::text AS place, xmin::text AS version, * FROM employee;

-- A sample is another one each time, unless its seed is given.
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id IN (SELECT id FROM company TABLESAMPLE BERNOULLI (50))');
\set VERBOSITY terse
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'EXISTS (SELECT FROM company TABLESAMPLE SYSTEM (50) WHERE id = company_id)');
SELECT * FROM bulk_sync('employee', 'import', '{id}',
	'company_id = (SELECT max(x.id) FROM (SELECT c.id FROM company AS c TABLESAMPLE BERNOULLI (50)) AS x)');
SELECT * FROM bulk_sync('employee', 'import', '{id}',
	'company_id IN (WITH c AS (SELECT id FROM company TABLESAMPLE BERNOULLI (50)) SELECT id FROM c)');
SELECT * FROM bulk_sync('employee', 'import', '{id}',
	'company_id IN (SELECT 501 UNION SELECT d.id FROM company AS c JOIN company AS d TABLESAMPLE SYSTEM (50) USING (active))');
SELECT * FROM bulk_sync('employee', 'import', '{id}',
	'company_id IN (SELECT x.id FROM company, LATERAL (SELECT id FROM company TABLESAMPLE SYSTEM (50)) AS x)');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'CASE WHEN company_id > 0 THEN
	NOT EXISTS (SELECT FROM company WHERE id = (SELECT min(id) FROM employee AS e TABLESAMPLE SYSTEM (50))) END');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id IN (SELECT id FROM company TABLESAMPLE BERNOULLI (50) REPEATABLE (random()))');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id IN (SELECT id FROM company TABLESAMPLE BERNOULLI (50 + random()) REPEATABLE (1))');

-- With row locks, others decide what is read, or newer rows than those of the snapshot are.
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id IN (SELECT id FROM company FOR UPDATE)');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id IN (SELECT id FROM company FOR NO KEY UPDATE)');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id IN (SELECT id FROM company FOR SHARE SKIP LOCKED)');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id IN (SELECT id FROM company FOR KEY SHARE NOWAIT)');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id IN (SELECT c.id FROM company AS c, import AS i FOR UPDATE OF i SKIP LOCKED)');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id IN (SELECT id FROM (SELECT id FROM company FOR UPDATE SKIP LOCKED) AS c)');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id IN (WITH c AS (SELECT id FROM company FOR UPDATE SKIP LOCKED) SELECT id FROM c)');

-- A sequence has no snapshot, and the rows that are inserted move it.
CREATE SEQUENCE numbers START 501;
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id = (SELECT last_value FROM numbers)');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id IN (SELECT last_value FROM numbers WHERE NOT is_called)');

-- Views that it reads, and views of views.
CREATE VIEW sampled AS SELECT id FROM company TABLESAMPLE BERNOULLI (50);
CREATE VIEW locked AS SELECT id FROM company FOR UPDATE SKIP LOCKED;
CREATE VIEW numbered AS SELECT last_value::int AS id FROM numbers;
CREATE VIEW outer_sampled WITH (security_invoker) AS WITH s AS (SELECT * FROM sampled) SELECT id FROM s WHERE id > 0;
CREATE VIEW outer_locked AS SELECT (SELECT max(id) FROM locked) AS id;
CREATE VIEW outer_numbered AS SELECT 1 AS id UNION ALL SELECT id FROM numbered;
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id IN (SELECT id FROM sampled)');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id IN (SELECT id FROM locked)');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id IN (SELECT id FROM numbered)');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id IN (SELECT id FROM outer_sampled)');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id IN (SELECT id FROM outer_locked)');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id IN (SELECT id FROM outer_numbered)');

-- So do the other functions, and a dry run.
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id IN (SELECT id FROM sampled)', dry_run => true);
SELECT * FROM bulk_sync_json('employee', '[{"id": 1}]', '{id}', 'company_id IN (SELECT id FROM sampled)');
SELECT * FROM bulk_compare('employee', 'import', '{id}', 'company_id IN (SELECT id FROM sampled)');

-- Policies of what the filter reads belong to it.
CREATE ROLE regress_bulk_sync_sampler;
GRANT ALL ON employee, import, company, before TO regress_bulk_sync_sampler;
CREATE VIEW company_of_owner AS SELECT id FROM company;
CREATE VIEW company_of_caller WITH (security_invoker) AS SELECT id FROM company;
GRANT SELECT ON company_of_owner, company_of_caller TO regress_bulk_sync_sampler;
ALTER TABLE company ENABLE ROW LEVEL SECURITY;
CREATE POLICY sampled ON company USING (id IN (SELECT company_id FROM employee AS e TABLESAMPLE BERNOULLI (50)));
SET ROLE regress_bulk_sync_sampler;
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id IN (SELECT id FROM company)');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id IN (SELECT id FROM company_of_caller)');
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id IN (SELECT id FROM company_of_owner WHERE id = 501)', dry_run => true);
RESET ROLE;
DROP POLICY sampled ON company;
CREATE POLICY moody ON company USING (random() < 2);
SET ROLE regress_bulk_sync_sampler;
-- Nothing of this can be seen in the filter, so the detail says where to look.
\set VERBOSITY default
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id IN (SELECT id FROM company)');
\set VERBOSITY terse
RESET ROLE;
ALTER TABLE company DISABLE ROW LEVEL SECURITY;
-- Those of the target do not, nor does what a target that is a view reads.
ALTER TABLE employee ENABLE ROW LEVEL SECURITY;
CREATE POLICY sampled ON employee USING (company_id IN (SELECT id FROM company TABLESAMPLE BERNOULLI (100)));
SET ROLE regress_bulk_sync_sampler;
SELECT * FROM bulk_sync('employee', 'import', '{id}', 'company_id IN (SELECT id FROM company WHERE id = 501)', dry_run => true);
RESET ROLE;
DROP POLICY sampled ON employee;
ALTER TABLE employee DISABLE ROW LEVEL SECURITY;
CREATE VIEW employees AS SELECT * FROM employee TABLESAMPLE BERNOULLI (100) WHERE random() < 2;
SELECT status, key FROM bulk_compare('employees', 'import', '{id}', 'company_id IN (SELECT id FROM company WHERE id = 501)');

-- Nothing of all that has changed anything.
SELECT count(*) AS changed FROM (
	TABLE before EXCEPT SELECT ctid::text, xmin::text, * FROM employee) AS c;

-- Fine are samples with a seed, and samples in staging, which is read once. So is LIMIT: what it gives without ORDER BY
-- is the caller's business.
CREATE VIEW sampled_import AS SELECT * FROM import TABLESAMPLE BERNOULLI (100);
SELECT * FROM sync_checked('employee', 'sampled_import', '{id}', 'company_id IN (SELECT id FROM company TABLESAMPLE BERNOULLI (100) REPEATABLE (7) WHERE id = 501)');
UPDATE import SET name = name || '!';
SELECT * FROM sync_checked('employee', 'import', '{id}', 'company_id IN (SELECT id FROM company WHERE id = 501 LIMIT 1)');

DROP VIEW sampled, locked, numbered, outer_sampled, outer_locked, outer_numbered, company_of_owner, company_of_caller, employees, sampled_import;
DROP SEQUENCE numbers;
DROP TABLE employee, import, company, before;
DROP ROLE regress_bulk_sync_sampler;
