-- Tasks that no bulk_sync() sends, given to a node by a user who got hold of a session as Citus has them. Each member of
-- a task is left out and replaced by what it must not be: the answer is an error that says so, or, where the value is
-- as good as the right one, the right answer. Variables: table, shard (of company 5), both with their schema.
\set QUIET on
SET client_min_messages = error;
SET citus.enable_ddl_propagation = off;
SELECT set_config('test.table', :'table', false), set_config('test.shard', :'shard', false) \g /dev/null

CREATE FUNCTION pg_temp.outcome(task jsonb, place oid DEFAULT 0, staged text DEFAULT E'5\ta\t5\tb\t') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM bulk_sync_on_shard(place, task, staged);
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || CASE WHEN SQLSTATE IN ('XX000', '42601') THEN ' ' || SQLERRM ELSE '' END;
END $$;

-- What a node is told to do; "part" is filled below.
CREATE FUNCTION pg_temp.task(step text, more jsonb) RETURNS jsonb
RETURN jsonb_build_object(
	'protocol', 1, 'step', step, 'now', '800000000000000', 'table', current_setting('test.table'),
	'settings', '{"DateStyle": "ISO, MDY", "search_path": "public"}'::jsonb, 'staging_name', 'staging',
	'options', '{"keys": "{company_id,name}", "dry_run": "t", "skip_deletes": "t"}'::jsonb,
	'shards', jsonb_build_array(jsonb_build_object(
		'name', current_setting('test.shard'), 'rows', 2, 'file', 0, 'least', -2147483648, 'most', 2147483647))) || more;

CREATE FUNCTION pg_temp.part(is_json int) RETURNS jsonb
RETURN (SELECT jsonb_build_object('part', jsonb_build_object(
	'file', CASE is_json WHEN 1 THEN 'objects' ELSE 'lost' END, 'group', groupid, 'host', 'nowhere', 'port', 1, 'binary', 1,
	'json', is_json, 'further', is_json, 'column', 'company_id', 'members', '["company_id", "name"]'::jsonb,
	'names', CASE is_json WHEN 1 THEN '["object", "position", "place"]' ELSE '["company_id", "name"]' END::jsonb,
	'types', CASE is_json WHEN 1 THEN '["jsonb", "bigint", "integer"]' ELSE '["integer", "text"]' END::jsonb))
	FROM pg_dist_local_group);

CREATE FUNCTION pg_temp.few() RETURNS jsonb
RETURN jsonb_build_object('few', jsonb_build_object('names', '["company_id", "name"]'::jsonb, 'types', '["integer", "text"]'::jsonb));

-- Everything that is in it, at any depth.
CREATE FUNCTION pg_temp.paths(task jsonb) RETURNS SETOF text[] LANGUAGE sql AS $$
	WITH RECURSIVE places(path, value) AS (
		SELECT '{}'::text[], task
		UNION ALL
		SELECT path || member.key, member.value FROM places, LATERAL (
			SELECT key, value FROM jsonb_each(CASE jsonb_typeof(places.value) WHEN 'object' THEN places.value ELSE '{}' END)
			UNION ALL
			SELECT (number - 1)::text, value FROM jsonb_array_elements(
				CASE jsonb_typeof(places.value) WHEN 'array' THEN places.value ELSE '[]' END) WITH ORDINALITY AS e(value, number)
		) AS member)
	SELECT path FROM places WHERE path <> '{}' $$;

-- A line for each member: what comes of it when it is not there, and of each other value.
CREATE FUNCTION pg_temp.try(task jsonb) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT format('%s: without %s; %s', array_to_string(path, '.'), pg_temp.outcome(task #- path),
		(SELECT string_agg(concat_ws(' ', value, result), ', ' ORDER BY value::text COLLATE "C") FROM (
			SELECT string_agg(value::text, ' ' ORDER BY value::text COLLATE "C") AS value, result FROM (
				SELECT value, pg_temp.outcome(jsonb_set(task, path, value)) AS result
				FROM jsonb_array_elements('[null, true, 0, 7, -1, 1.5, 1e40, "", "x", "''; --", "\"", "pg_class", "{", [], {}, [[]], [{}], ["x", 1]]') AS value) AS each
			GROUP BY result) AS groups))
	FROM pg_temp.paths(task) AS path ORDER BY array_to_string(path, '.') COLLATE "C" $$;

\echo a session of its own
SELECT pg_temp.outcome(pg_temp.task('find', '{}'));
SET application_name = 'citus_internal gpid=10000000001';
\echo no transaction of a call
SELECT pg_temp.outcome(pg_temp.task('wait', '{}'));
SELECT pg_temp.outcome(pg_temp.task('find', '{"token": "1"}'));

BEGIN;
SELECT FROM worker_partition_query_result('lost', 'SELECT company_id, name FROM (VALUES (5, ''a''), (5, ''b'')) AS v (company_id, name)',
	0, 'hash', '{-2147483648}', '{2147483647}', true, true) \g /dev/null
SELECT FROM worker_partition_query_result('objects', 'SELECT jsonb_build_object(''company_id'', 5, ''name'', n), p, 0 FROM (VALUES (''a'', 1::bigint), (''b'', 2)) AS v (n, p)',
	2, 'hash', '{-2147483648}', '{2147483647}', true, true) \g /dev/null
\echo rows
SELECT pg_temp.outcome(pg_temp.task('find', pg_temp.part(0)));
SELECT pg_temp.try(pg_temp.task('find', pg_temp.part(0)));
\echo objects
SELECT pg_temp.outcome(pg_temp.task('find', pg_temp.part(1)));
SELECT try FROM pg_temp.try(pg_temp.task('find', pg_temp.part(1))) WHERE try ~ '^(part|shards)';
\echo few rows
SELECT pg_temp.outcome(task), pg_temp.outcome(task #- '{options,dry_run}') FROM pg_temp.task('sync', pg_temp.few()) AS task;
SELECT try FROM pg_temp.try(pg_temp.task('sync', pg_temp.few())) WHERE try ~ '^few';
SELECT values || ': ' || pg_temp.outcome(pg_temp.task('sync', pg_temp.few()), staged => values)
FROM unnest(ARRAY['', E'5\ta\t', E'5\ta', E'5\t', E'5\ta\\', E'5\t\\N\t', E'\\N\ta\t', E'x\ta\t', E'5\ta\\\tb\\\\\t', E'5\ta\t5\ta\t']) AS values;
\echo few objects
SELECT pg_temp.outcome(task, staged => object), pg_temp.outcome(task #- '{options,dry_run}', staged => object)
FROM pg_temp.task('sync', '{"objects": 1}') AS task, (VALUES ('[{"company_id": 5, "name": "b"}]')) AS v(object);
SELECT try FROM pg_temp.try(pg_temp.task('sync', '{"objects": 1}')) AS try WHERE try ~ '^objects';
SELECT objects || ': ' || pg_temp.outcome(pg_temp.task('sync', '{"objects": 1}'), staged => objects)
FROM unnest(ARRAY['', '[', '{}', '7', 'null', '"x"', '[]', '[{}]', '[[]]', '[7]', '{"company_id": 5, "name": "b"}',
	'[{"company_id": null, "name": "b"}]', '[{"company_id": "x", "name": "b"}]', '[{"company_id": 5}]']) AS objects;
\echo other steps
SELECT pg_temp.outcome(pg_temp.task('wait', '{}'));
SELECT pg_temp.outcome(pg_temp.task('apply', '{}'));
SELECT pg_temp.outcome(pg_temp.task('apply', '{"token": "1"}'));
SELECT pg_temp.outcome(pg_temp.task('apply', '{"shards": {}}'));
SELECT pg_temp.outcome(pg_temp.task('find', '{}'), 1259);
SELECT pg_temp.outcome(pg_temp.task('find', '{"shards": [{"helper": "pg_class"}]}'), 1259);
\echo other options
SELECT name || ' ' || pg_temp.outcome(jsonb_set(pg_temp.task('find', pg_temp.part(0)), ARRAY['options', name], '"f"'))
FROM unnest(ARRAY['target', 'staging', 'rows', 'allow_empty', 'max_deletes', 'verbose', 'nonsense', 'lock', 'filter', 'update_when', 'columns', 'insert_defaults']) AS name;
\echo settings
SELECT name || ' ' || pg_temp.outcome(jsonb_set(pg_temp.task('find', pg_temp.part(0)), ARRAY['settings', name], '"x"'))
FROM unnest(ARRAY['role', 'session_authorization', 'TimeZone', 'work_mem']) AS name;
\echo rows that a call with rows does not take
CREATE FUNCTION pg_temp.outcome_of_rows(task jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM FROM bulk_sync_rows_on_shard(0, task);
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT pg_temp.outcome_of_rows(pg_temp.task('find', pg_temp.few()));
ROLLBACK;
