--
-- Values that cannot become the target column's: the error names the column, the value and the row's
-- key. Types that cannot be converted at all are refused before anything is read.
--
\i test/oracle.sql
\set VERBOSITY default
\set SHOW_CONTEXT errors

CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE employee (
	id int PRIMARY KEY, name varchar(5), code char(2), age positive, hired date, amount numeric(4,1),
	mood mood, active boolean, tags int[], place point);
INSERT INTO employee (id, name) VALUES (1, 'Ann'), (2, 'Bob');
CREATE TABLE before AS SELECT ctid::text AS place, xmin::text AS version, id, name FROM employee;

-- Text that does not parse: one call a column.
CREATE TABLE written (id text, name text, code text, age text, hired text, amount text, mood text,
	active text, tags text, place text);
INSERT INTO written VALUES ('1', 'Ann'), ('2', 'Bob');
CREATE FUNCTION try(name text, value text) RETURNS SETOF bulk_sync_stats LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('UPDATE written SET %I = %L WHERE id = ''2''', name, value);
	RETURN QUERY EXECUTE format('SELECT * FROM bulk_sync(''employee'', ''written'', ''{id}'', columns => %L)',
		CASE WHEN name <> 'id' THEN ARRAY[name] ELSE '{}' END);
END $$;
\set SHOW_CONTEXT never
SELECT * FROM try('id', '2a');
SELECT * FROM try('age', 'forty');
SELECT * FROM try('age', '-1');
SELECT * FROM try('age', '99999999999');
SELECT * FROM try('hired', '2024-02-30');
SELECT * FROM try('hired', 'soon');
SELECT * FROM try('amount', '1234567');
SELECT * FROM try('mood', 'ugly');
SELECT * FROM try('active', 'perhaps');
SELECT * FROM try('tags', '{1,x}');
SELECT * FROM try('tags', '1');
SELECT * FROM try('place', '(1)');
SELECT * FROM try('name', 'Robert');
SELECT * FROM try('code', 'abc');

-- What the context says: column, value and key, also of composite keys and of nulls in them; a long
-- value is cut.
\set SHOW_CONTEXT errors
UPDATE written SET age = 'forty' WHERE id = '2';
SELECT * FROM bulk_sync('employee', 'written', '{id}');
SELECT * FROM bulk_sync('employee', 'written', '{name,hired}', ignore_columns => '{id}');
UPDATE written SET age = repeat('long', 20) WHERE id = '2';
SELECT * FROM bulk_sync('employee', 'written', '{id}');
UPDATE written SET age = '', name = 'O''Hara, ) (x' WHERE id = '2';
SELECT * FROM bulk_sync('employee', 'written', '{name}', columns => '{age}');
UPDATE written SET age = NULL, name = 'Bob';
ALTER DOMAIN positive ADD CONSTRAINT some_age CHECK (VALUE IS NOT NULL) NOT VALID;
SELECT * FROM bulk_sync('employee', 'written', '{id}');
ALTER DOMAIN positive DROP CONSTRAINT some_age;

-- Typed columns that have an assignment cast: never a silent cut or overflow.
CREATE TABLE typed AS SELECT 2::bigint AS id, 'Robert'::varchar AS name;
SELECT * FROM bulk_sync('employee', 'typed', '{id}');
UPDATE typed SET id = 3000000000, name = 'Bob';
SELECT * FROM bulk_sync('employee', 'typed', '{id}');
UPDATE typed SET id = 2;
ALTER TABLE typed ADD age int DEFAULT 0;
SELECT * FROM bulk_sync('employee', 'typed', '{id}');
ALTER TABLE typed ALTER age SET DEFAULT 1, ADD amount float8 DEFAULT 1e10;
UPDATE typed SET age = 1;
SELECT * FROM bulk_sync('employee', 'typed', '{id}');
-- blanks alone may be cut
UPDATE typed SET amount = 1.25, name = 'Bob      ';
SELECT * FROM bulk_sync('employee', 'typed', '{id}', skip_deletes => true, dry_run => true);

-- Types without an assignment cast.
CREATE TABLE mismatch AS SELECT 1 AS id, 20240101 AS hired;
SELECT * FROM bulk_sync('employee', 'mismatch', '{id}');
CREATE TABLE mismatch2 AS SELECT 1 AS id, 1 AS active;
SELECT * FROM bulk_sync('employee', 'mismatch2', '{id}');
CREATE TABLE mismatch3 AS SELECT '2024-01-01'::date AS id;
SELECT * FROM bulk_sync('employee', 'mismatch3', '{id}');
CREATE TABLE mismatch4 AS SELECT 1 AS id, ARRAY['1'] AS tags;
SELECT * FROM bulk_sync('employee', 'mismatch4', '{id}');
-- ignore_columns keeps a column from being updated, not from being inserted.
SELECT * FROM bulk_sync('employee', 'mismatch4', '{id}', ignore_columns => '{tags}');

-- Key types without a default equality.
CREATE TABLE document (body json, place point, area box, page xml, n int);
CREATE TABLE documents (LIKE document);
SELECT * FROM bulk_sync('document', 'documents', '{body}');
SELECT * FROM bulk_sync('document', 'documents', '{n,place}');
SELECT * FROM bulk_sync('document', 'documents', '{area}');
SELECT * FROM bulk_sync('document', 'documents', '{page}');

-- Nothing has changed, and the session goes on.
SELECT count(*) AS changed FROM (
	TABLE before EXCEPT SELECT ctid::text, xmin::text, id, name FROM employee) AS c;
SELECT * FROM sync_checked('employee', 'typed', '{id}');
DROP FUNCTION try(text, text);
DROP TABLE employee, written, typed, mismatch, mismatch2, mismatch3, mismatch4, document, documents, before;
DROP TYPE mood;
DROP DOMAIN positive;
