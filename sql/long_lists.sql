--
-- Lists that grow with what the caller passes: names in arguments, members of JSON objects. What is looked up in them is
-- found by a hash: if each name were compared with each other, every call here would take longer by far.
--
\i test/oracle.sql
\set VERBOSITY default
CREATE TABLE target (id int PRIMARY KEY, v text);
INSERT INTO target VALUES (1, 'a'), (2, 'b');
CREATE TABLE staging (LIKE target);
INSERT INTO staging VALUES (1, 'a'), (2, 'c');
CREATE TABLE documents (name text, rows jsonb);
-- An object keyed by id, where an array of rows with an id was meant.
INSERT INTO documents SELECT 'keyed by id', jsonb_agg(jsonb_build_object('k' || md5(i::text), jsonb_build_object('v', 'x')))
FROM generate_series(1, 200000) AS i;
INSERT INTO documents SELECT 'keyed by id but the last', rows || '[{"id": 1}]' FROM documents;
-- Members that are no column, all in one object, and each in another one.
INSERT INTO documents SELECT 'wide', jsonb_build_array(jsonb_object_agg('m' || i, i) || '{"id": 1}')
FROM generate_series(1, 200000) AS i;
INSERT INTO documents SELECT 'ragged', jsonb_agg(jsonb_build_object('id', i, 'm' || i, i)) FROM generate_series(1, 200000) AS i;
CREATE TABLE names AS SELECT array_agg('m' || i) AS names FROM generate_series(1, 200000) AS i;
-- Parameters, for a constant of this size would fill the messages.
PREPARE sync_rows(text, text[]) AS
	SELECT s.* FROM documents, bulk_sync_json('target', rows, '{id}', ignore_columns => $2, skip_deletes => true, dry_run => true) AS s
	WHERE name = $1;

SET statement_timeout = '60s';
EXECUTE sync_rows('keyed by id', NULL);
EXECUTE sync_rows('keyed by id but the last', NULL);
EXECUTE sync_rows('wide', NULL);
EXECUTE sync_rows('ragged', NULL);
SELECT s.* FROM documents, names, bulk_sync_json('target', rows, '{id}', ignore_columns => names, dry_run => true) AS s
WHERE name = 'wide';
SELECT s.* FROM documents, names, bulk_sync_json('target', rows, '{id}', ignore_columns => names, dry_run => true) AS s
WHERE name = 'ragged';
-- Names that are wrong.
SELECT s.* FROM names, bulk_sync('target', 'staging', names) AS s;
SELECT s.* FROM names, bulk_sync('target', 'staging', '{id}', columns => names) AS s;
SELECT s.* FROM names, bulk_sync('target', 'staging', '{id}', ignore_columns => names) AS s;
SELECT s.* FROM names, bulk_sync('target', 'staging', '{id}', ignore_columns => names || 'm77'::text) AS s;
SELECT s.* FROM names, bulk_sync_json('target', '[]', '{id}', columns => names) AS s;
SELECT s.* FROM documents, bulk_sync('target', 'staging', '{id}', insert_defaults => rows->0) AS s WHERE name = 'wide';
RESET statement_timeout;
SELECT * FROM sync_checked('target', 'staging', '{id}');
DROP TABLE documents, names;

-- The same errors as for few: of the first object that lacks a key, when another one has it.
SELECT bulk_sync_json('target', '[{"v": "x"}, {"v": "y"}]', '{id}');
SELECT bulk_sync_json('target', '[{"v": "x"}, {"id": 1}]', '{id}');
SELECT bulk_sync_json('target', '[{"id": 1}, {"v": "x"}, {"v": "x"}]', '{id}');
SELECT bulk_sync_json('target', '[{"id": 1}, {"v": "x"}, {"id": 2, "v": "x"}]', '{v,id}');
SELECT bulk_sync_json('target', '[{"v": "x"}, {"ID": 1}]', '{id}');
SELECT bulk_sync_json('target', '[{"v": "x"}, {"id": 1}]', '{id,none}');
-- Escapes are the characters that they stand for; a member may be empty, or longer than any column's name.
SELECT * FROM bulk_sync_json('target', '[{"\u0069d": 1, "v": "a"}, {"i\u0064": 2, "\u0076": "c"}]', '{id}');
SELECT bulk_sync_json('target', '[{"id": 1}, {"id": 2, "": 1}]', '{id}');
SELECT * FROM bulk_sync_json('target', '[{"id": 1, "v": "a"}, {"id": 2, "v": "c", "": 1}]', '{id}', ignore_columns => ARRAY['']);
CREATE TABLE long (a123456789012345678901234567890123456789012345678901234567890x2 int);
SELECT bulk_sync_json('long', '[{"a123456789012345678901234567890123456789012345678901234567890x2": 1}, {"a123456789012345678901234567890123456789012345678901234567890x23": 1}]', '{a123456789012345678901234567890123456789012345678901234567890x2}');
SELECT state, length(message) AS length FROM failure($$SELECT bulk_sync_json('target', jsonb_build_array(jsonb_build_object('id', 1, repeat('é', 1000000), 1)), '{id}')$$);
DROP TABLE target, staging, long;
