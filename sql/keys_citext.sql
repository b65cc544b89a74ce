--
-- Keys that are equal without being the same: citext and nondeterministic collations.
--
\i test/oracle.sql
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS citext;
RESET client_min_messages;

-- 'Bob' and 'bob' are one key, and after the sync the target has it as staging writes it.
CREATE TABLE target (id serial PRIMARY KEY, name citext UNIQUE, v int);
CREATE TABLE staging (name citext, v int);
INSERT INTO target (name, v) VALUES ('Bob', 1), ('ALICE', 2), ('carol', 3);
INSERT INTO staging VALUES ('bob', 1), ('ALICE', 2), ('CAROL', 30), ('dave', 4);
SELECT * FROM sync_checked('target', 'staging', '{name}');
TABLE target ORDER BY id;

-- Staging as plain text is matched by the target's equality too.
ALTER TABLE staging ALTER name TYPE text;
UPDATE staging SET name = upper(name) WHERE name IN ('bob', 'dave');
SELECT * FROM sync_checked('target', 'staging', '{name}');
TABLE target ORDER BY id;

-- The key is ignored: matched, never updated.
UPDATE staging SET name = lower(name), v = 5;
SELECT * FROM sync_checked('target', 'staging', '{name}', ignore_columns => '{name}');
TABLE target ORDER BY id;
-- columns names others: keys are synced all the same.
SELECT * FROM sync_checked('target', 'staging', '{name}', columns => '{v}');
TABLE target ORDER BY id;

-- A key that is also the primary key is updated in its image, nothing else of the primary key.
CREATE TABLE pk (name citext, part int, v int, PRIMARY KEY (name, part));
CREATE TABLE pk_staged (name text, part int, v int);
INSERT INTO pk VALUES ('Ann', 1, 1);
INSERT INTO pk_staged VALUES ('ANN', 2, 1);
SELECT * FROM sync_checked('pk', 'pk_staged', '{name}');
TABLE pk;
DROP TABLE pk, pk_staged;

-- Two spellings in staging are one key twice.
INSERT INTO staging VALUES ('BOB', 6);
SELECT * FROM bulk_sync('target', 'staging', '{name}');
TABLE target ORDER BY id;

-- A column of citext that is no key is compared by its image.
TRUNCATE target, staging;
ALTER TABLE target ADD note citext;
ALTER TABLE staging ADD note citext;
INSERT INTO target (name, v, note) VALUES ('a', 1, 'Hello'), ('b', 1, 'Hello');
INSERT INTO staging VALUES ('a', 1, 'hello'), ('b', 1, 'Hello');
SELECT * FROM sync_checked('target', 'staging', '{name}');
SELECT name, note FROM target ORDER BY name;
DROP TABLE target, staging;
