--
-- A constraint that the writes violate keeps its SQLSTATE, its name and its detail, a trigger's error
-- is the trigger's own, and the whole sync is undone.
--
\i test/oracle.sql

CREATE TABLE company (id int PRIMARY KEY);
INSERT INTO company VALUES (501), (502);
CREATE TABLE employee (
	id int PRIMARY KEY,
	name text NOT NULL,
	phone text CONSTRAINT employee_phone_once UNIQUE,
	age int CONSTRAINT employee_age_positive CHECK (age > 0),
	company_id int CONSTRAINT employee_company REFERENCES company,
	room int4range,
	CONSTRAINT employee_room EXCLUDE USING gist (room WITH &&));
CREATE TABLE badge (id int PRIMARY KEY, employee_id int CONSTRAINT badge_employee REFERENCES employee);
CREATE TABLE import (id int, name text, phone text, age int, company_id int, room int4range);
INSERT INTO employee VALUES (1, 'Ann', '1', 30, 501, '[1,2)'), (2, 'Bob', '2', 40, 501, '[2,3)'),
	(3, 'Cid', '3', 50, 502, '[3,4)');
CREATE TABLE before AS SELECT ctid::text AS place, xmin::text AS version, * FROM employee;
CREATE VIEW changed AS SELECT count(*) AS changed FROM (
	TABLE before EXCEPT SELECT ctid::text, xmin::text, * FROM employee) AS c;

-- Each call also deletes row 3, updates row 1 and inserts row 4: all of it is undone.
CREATE FUNCTION try(bad text) RETURNS TABLE (state text, "constraint" text, message text, detail text)
LANGUAGE plpgsql AS $$
BEGIN
	TRUNCATE import;
	INSERT INTO import VALUES (1, 'Anna', '1', 30, 501, '[1,2)'), (2, 'Bob', '2', 40, 501, '[2,3)'),
		(4, 'Dee', '4', 40, 501, '[4,5)');
	EXECUTE 'UPDATE import SET ' || bad;
	RETURN QUERY SELECT f.state, f."constraint", f.message, f.detail
		FROM failure('SELECT * FROM bulk_sync(''employee'', ''import'', ''{id}'')') AS f;
END $$;
\x on
-- by the INSERT
SELECT * FROM try('name = NULL WHERE id = 4');
SELECT * FROM try('phone = ''2'' WHERE id = 4');
SELECT * FROM try('age = 0 WHERE id = 4');
SELECT * FROM try('company_id = 999 WHERE id = 4');
SELECT * FROM try('room = ''[1,9)'' WHERE id = 4');
SELECT * FROM try('id = NULL WHERE id = 4');
-- by the UPDATE
SELECT * FROM try('name = NULL WHERE id = 2');
SELECT * FROM try('phone = ''1'' WHERE id = 2');
SELECT * FROM try('age = -1 WHERE id = 2');
SELECT * FROM try('company_id = 999 WHERE id = 2');
SELECT * FROM try('room = ''[1,9)'' WHERE id = 2');
-- by the DELETE
INSERT INTO badge VALUES (1, 3);
SELECT * FROM try('age = age');
TRUNCATE badge;
\x off
TABLE changed;

-- Two rows that swap a unique value: not deferrable is an error, with a hint; deferrable is none.
TRUNCATE import;
INSERT INTO import VALUES (1, 'Ann', '2', 30, 501, '[1,2)'), (2, 'Bob', '1', 40, 501, '[2,3)'), (3, 'Cid', '3', 50, 502, '[3,4)');
SELECT state, "constraint", hint FROM failure('SELECT * FROM bulk_sync(''employee'', ''import'', ''{id}'')');
TABLE changed;

-- A constraint that is checked at commit: its error is the commit's.
ALTER TABLE employee DROP CONSTRAINT employee_company;
ALTER TABLE employee ADD CONSTRAINT employee_company FOREIGN KEY (company_id) REFERENCES company
	DEFERRABLE INITIALLY DEFERRED;
UPDATE import SET company_id = 999, phone = id::text;
BEGIN;
SELECT * FROM bulk_sync('employee', 'import', '{id}');
COMMIT;
TABLE changed;

-- Partitions: a row that has none.
CREATE TABLE region (id int, region text) PARTITION BY LIST (region);
CREATE TABLE region_north PARTITION OF region FOR VALUES IN ('north');
INSERT INTO region VALUES (1, 'north');
CREATE TABLE regions AS SELECT 1 AS id, 'south' AS region;
SELECT state, message FROM failure('SELECT * FROM bulk_sync(''region'', ''regions'', ''{id}'')');
SELECT state, message FROM failure('SELECT * FROM bulk_sync(''region'', ''regions'', ''{id,region}'')');
TABLE region;

-- Errors of triggers, before and after the rows are written, and of what a trigger does.
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION USING ERRCODE = 'P0042', MESSAGE = format('%s %s refused', TG_WHEN, TG_OP),
		CONSTRAINT = 'house rule', DETAIL = 'the detail', HINT = 'the hint';
END $$;
UPDATE import SET company_id = 501, age = age + 1;
INSERT INTO import VALUES (4, 'Dee', '4', 40, 501, '[4,5)');
CREATE TRIGGER refuse AFTER INSERT ON employee FOR EACH ROW EXECUTE FUNCTION refuse();
SELECT * FROM failure('SELECT * FROM bulk_sync(''employee'', ''import'', ''{id}'')');
DROP TRIGGER refuse ON employee;
CREATE TRIGGER refuse BEFORE UPDATE ON employee FOR EACH STATEMENT EXECUTE FUNCTION refuse();
SELECT state, message FROM failure('SELECT * FROM bulk_sync(''employee'', ''import'', ''{id}'')');
DROP TRIGGER refuse ON employee;
CREATE FUNCTION divide() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW.age / 0; END $$;
CREATE TRIGGER divide BEFORE UPDATE ON employee FOR EACH ROW EXECUTE FUNCTION divide();
SELECT state, message FROM failure('SELECT * FROM bulk_sync(''employee'', ''import'', ''{id}'')');
DROP TRIGGER divide ON employee;
TABLE changed;

-- Caught in PL/pgSQL, or undone to a savepoint: the transaction and the session go on.
BEGIN;
SAVEPOINT start;
SELECT * FROM try('age = 0 WHERE id = 4');
SELECT * FROM bulk_sync('employee', 'import', '{id}');
ROLLBACK TO start;
UPDATE import SET age = 41 WHERE id = 1;
SELECT * FROM bulk_sync('employee', 'import', '{id}');
ROLLBACK;
TABLE changed;
SELECT * FROM sync_checked('employee', 'import', '{id}');

DROP FUNCTION try(text);
DROP VIEW changed;
DROP TABLE badge, employee, company, import, before, region, regions;
DROP FUNCTION refuse(), divide();
