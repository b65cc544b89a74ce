--
-- Columns of composite types, of arrays and domains of them, and tables that are made of a type.
--
\i test/oracle.sql

CREATE TYPE address AS (street text, number int);
CREATE DOMAIN real_address AS address CHECK (VALUE IS NULL OR (VALUE).number > 0 AND (VALUE).street IS NOT NULL);
CREATE DOMAIN short_list AS address[] CHECK (cardinality(VALUE) < 4);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TYPE person AS (name text, age positive, home real_address, seen address[]);

-- A table of a type: its columns are the type's.
CREATE TABLE target OF person (PRIMARY KEY (name), age WITH OPTIONS DEFAULT 1);
CREATE TABLE staging OF person;
INSERT INTO target VALUES ('Ann', 30, '(High,1)', '{"(a,1)"}'), ('Bob', 40, '(Low,2)', '{}'), ('Cid', 50, NULL, NULL);
INSERT INTO staging VALUES ('Ann', 30, '(High,1)', '{"(a,1)"}'), ('Bob', 40, '(Low,3)', '{"(a,1)",NULL,"(,)"}'), ('Dee', 60, '(Mid,4)', '{}');
SELECT * FROM sync_checked('target', 'staging', '{name}');
TABLE target ORDER BY name;
-- The type changes under both of them.
ALTER TYPE person ADD ATTRIBUTE phone text CASCADE;
ALTER TYPE person DROP ATTRIBUTE seen CASCADE;
UPDATE staging SET phone = '1' WHERE name = 'Ann';
SELECT * FROM sync_checked('target', 'staging', '{name}');
TABLE target ORDER BY name;
-- A composite as the key, matched field by field; NULL fields are equal to NULL fields, and a row of NULLs is not NULL.
CREATE TABLE places (at address, v int);
CREATE TABLE places_staged (at address, v int);
INSERT INTO places VALUES ('(a,1)', 1), ('(,1)', 2), ('(,)', 3), (NULL, 4), ('(b,)', 5);
INSERT INTO places_staged VALUES ('(a,1)', 1), ('(,1)', 20), ('(,)', 30), (NULL, 40), ('(b,0)', 5);
SELECT * FROM bulk_sync('places', 'places_staged', '{at}');
SELECT * FROM bulk_sync('places', 'places_staged', '{at}');
SELECT at, at IS NULL AS null, at IS NOT DISTINCT FROM NULL AS none, v FROM places ORDER BY v;
-- Arrays of composites, the same composites by another lower bound, and a domain over such arrays.
CREATE TABLE lists (id int PRIMARY KEY, l short_list, ll address[][]);
CREATE TABLE lists_staged (id int, l address[], ll text);
INSERT INTO lists VALUES (1, '{"(a,1)"}', '{{"(a,1)"},{"(b,2)"}}'), (2, '[0:0]={"(a,1)"}', NULL), (3, '{}', '{}');
INSERT INTO lists_staged VALUES (1, '{"(a,1)"}', '{{"(a,1)"},{"(b,2)"}}'), (2, '{"(a,1)"}', NULL), (3, '{NULL,"(,)"}', '{}'), (4, NULL, '{"(x,)"}');
SELECT * FROM sync_checked('lists', 'lists_staged', '{id}');
TABLE lists ORDER BY id;
-- The checks of domains hold on each level, and nothing is written when one fails.
UPDATE lists_staged SET l = '{"(a,1)","(a,2)","(a,3)","(a,4)"}' WHERE id = 2;
SELECT state, "constraint" FROM failure($$SELECT bulk_sync('lists', 'lists_staged', '{id}')$$);
UPDATE lists_staged SET l = '{}' WHERE id = 2;
SELECT * FROM sync_checked('lists', 'lists_staged', '{id}', skip_deletes => true);
CREATE TABLE loose (name text, age int, home address, phone text);
INSERT INTO loose VALUES ('Ann', 31, '(High,0)', '2'), ('Bob', 0, '(Low,3)', NULL);
SELECT state, "constraint" FROM failure($$SELECT bulk_sync('target', 'loose', '{name}', columns => '{home}')$$);
UPDATE loose SET home = NULL;
SELECT state, "constraint" FROM failure($$SELECT bulk_sync('target', 'loose', '{name}', columns => '{age}')$$);
UPDATE loose SET home = ROW(NULL, 1), age = 32;
SELECT state, "constraint" FROM failure($$SELECT bulk_sync('target', 'loose', '{name}')$$);
TABLE target ORDER BY name;
UPDATE loose SET home = ('High', 7);
SELECT * FROM sync_checked('target', 'loose', '{name}');
-- From text, through the input functions of the composite and of its domains.
CREATE TABLE written (name text, age text, home text, phone text);
INSERT INTO written VALUES ('Ann', '32', '("High ""St""",8)', NULL), ('Bob', '32', '(High,7)', '');
SELECT * FROM sync_checked('target', 'written', '{name}');
SELECT name, (home).street FROM target ORDER BY name;
UPDATE written SET home = '(High,-1)' WHERE name = 'Bob';
SELECT state, "constraint" FROM failure($$SELECT bulk_sync('target', 'written', '{name}')$$);
UPDATE written SET home = '(High' WHERE name = 'Bob';
SELECT state FROM failure($$SELECT bulk_sync('target', 'written', '{name}')$$);

-- A column of the row type of a table, which gets a column more: a value stored before has another image than one that
-- was stored with a NULL there, and is written once.
CREATE TABLE shape (x int, y int);
CREATE TABLE shapes (id int PRIMARY KEY, s shape);
CREATE TABLE shapes_staged (id int, s shape);
INSERT INTO shapes VALUES (1, '(1,2)'), (2, '(3,4)');
INSERT INTO shapes_staged VALUES (1, '(1,2)');
ALTER TABLE shape ADD z text;
INSERT INTO shapes_staged VALUES (2, '(3,4,)'), (3, '(5,6,seven)');
SELECT * FROM bulk_sync('shapes', 'shapes_staged', '{id}');
SELECT * FROM bulk_sync('shapes', 'shapes_staged', '{id}');
TABLE shapes ORDER BY id;
ALTER TABLE shape DROP y;
UPDATE shapes_staged SET s.z = 'zed' WHERE id = 1;
SELECT * FROM sync_checked('shapes', 'shapes_staged', '{id}');
TABLE shapes ORDER BY id;
DROP TABLE target, staging, places, places_staged, lists, lists_staged, loose, written, shapes, shapes_staged, shape;
DROP TYPE person;
DROP DOMAIN short_list, real_address, positive;
DROP TYPE address;
