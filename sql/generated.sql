--
-- Generated columns are computed by the target: never written, never compared, but good for matching.
--
\i test/oracle.sql

CREATE TABLE target (id int PRIMARY KEY, price numeric, vat numeric GENERATED ALWAYS AS (price * 0.2) STORED, name text,
	folded text GENERATED ALWAYS AS (lower(name)) STORED);
CREATE TABLE staging (id int, price numeric, name text);
INSERT INTO target (id, price, name) VALUES (1, 10, 'One'), (2, 20, 'Two'), (3, 30, 'Three');
INSERT INTO staging VALUES (1, 10, 'One'), (2, 25, 'Two'), (4, 40, 'Four');
SELECT * FROM sync_checked('target', 'staging', '{id}');
TABLE target ORDER BY id;

-- Staging may have them, with other values: they are left alone. LIKE copies the column as an ordinary one.
DROP TABLE staging;
CREATE TABLE staging (LIKE target);
INSERT INTO staging VALUES (1, 10, -1, 'One', 'x'), (2, 25, NULL, 'two', 'y'), (5, 50, 0, 'Five', 'z');
SELECT * FROM sync_checked('target', 'staging', '{id}');
TABLE target ORDER BY id;
-- Staging may generate them too.
DROP TABLE staging;
CREATE TABLE staging (LIKE target INCLUDING GENERATED);
INSERT INTO staging (id, price, name) SELECT id, price + 1, name FROM target WHERE id < 5;
SELECT * FROM sync_checked('target', 'staging', '{id}');
TABLE target ORDER BY id;
-- To ask for an update of one is an error.
SELECT * FROM bulk_sync('target', 'staging', '{id}', columns => '{price,vat}');
-- A filter may use one; staged rows are judged by what will be generated for them.
INSERT INTO staging (id, price, name) VALUES (6, 60, 'Six');
SELECT * FROM sync_checked('target', 'staging', '{id}', 'vat < 100');
SELECT * FROM bulk_sync('target', 'staging', '{id}', 'vat < 10');
UPDATE staging SET price = 1000 WHERE id = 1;
SELECT * FROM bulk_sync('target', 'staging', '{id}', 'vat < 100');
SELECT count(*) FROM target WHERE price = 1000;
-- A staged row that has only one of the two columns that make it.
ALTER TABLE staging DROP vat, DROP folded;
ALTER TABLE target ADD factor int DEFAULT 2, ADD total numeric GENERATED ALWAYS AS (price * factor) STORED;
UPDATE target SET factor = 1 WHERE id = 2;
UPDATE staging SET price = 30 WHERE id = 2;
UPDATE staging SET price = 11 WHERE id = 1;
INSERT INTO staging VALUES (7, 15, 'Seven');
SELECT * FROM sync_checked('target', 'staging', '{id}', 'total <= 50', skip_deletes => true, skip_creates => true);
SELECT id, price, factor, total FROM target ORDER BY id;
DROP TABLE target, staging;

-- As a key: matched by what is stored, and a new row generates its own.
CREATE TABLE target (name text, folded text GENERATED ALWAYS AS (lower(name)) STORED, v int);
CREATE TABLE staging (name text, folded text GENERATED ALWAYS AS (lower(name)) STORED, v int);
INSERT INTO target (name, v) VALUES ('Bob', 1), ('Eve', 2), ('Al', 3);
INSERT INTO staging (name, v) VALUES ('BOB', 1), ('Eve', 20), ('Zoe', 4);
SELECT * FROM sync_checked('target', 'staging', '{folded}');
TABLE target ORDER BY folded;
DROP TABLE target, staging;

-- Text staging over a generated column of another type.
CREATE TABLE target (id int PRIMARY KEY, a int, twice int GENERATED ALWAYS AS (a * 2) STORED);
CREATE TABLE staging (id text, a text, twice text);
INSERT INTO target (id, a) VALUES (1, 1), (2, 2);
INSERT INTO staging VALUES ('1', '1', '2'), ('2', '3', '-'), ('3', '4', 'not a number');
SELECT * FROM bulk_sync('target', 'staging', '{id}');
TABLE target ORDER BY id;
DROP TABLE target, staging;
