\set ECHO none
--
-- That bulk_sync_returning returns what was written. Read after oracle.sql.
--     SELECT * FROM returned('target', 'staging', '{key}', $$filter => 'a = 1', ...$$);
-- calls bulk_sync, which is undone, then bulk_sync_returning with dry_run, then really. It returns the counts of the
-- first with a verdict, and leaves the rows in the table "returned", in their order. What "ok" means:
--
--   * the numbers of rows of each action are the counts of bulk_sync;
--   * `old` are the rows of the target that are not at their places any more, each once, and `new` those that have come
--     to other places, as the table has them now;
--   * deleted rows come first, then updated, then created ones; each action has what belongs to it, `key` is the key of
--     the row, and `changes` is what differs between `old` and `new`;
--   * the dry run wrote nothing, and returned the same rows, created ones in the same order; of a created row, what is
--     known before defaults, and of a marked one nothing new.
--
-- Where triggers have a say, triggers_interfere => true leaves out what a dry run cannot know. Rows come from
-- bulk_sync_json_returning when the staging argument is a JSON array.
--
SET client_min_messages = warning;
DROP TABLE IF EXISTS returned, foreseen;
RESET client_min_messages;
CREATE TABLE returned (n bigint, action text, key jsonb, old jsonb, new jsonb, changes jsonb);
CREATE TABLE foreseen (LIKE returned);

-- Every row of the target, with its place.
CREATE FUNCTION oracle.places(into_table text, target regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TEMP TABLE %I AS SELECT tableoid AS t, ctid AS place, to_jsonb(%I.*) AS r FROM %s', into_table,
		(SELECT relname FROM pg_class WHERE oid = target), target);
END $$;

CREATE FUNCTION oracle.changes(old jsonb, new jsonb) RETURNS jsonb
RETURN (SELECT coalesce(jsonb_object_agg(c, jsonb_build_object('old', old -> c, 'new', new -> c)), '{}')
	FROM jsonb_object_keys(old) AS c WHERE (old -> c)::text IS DISTINCT FROM (new -> c)::text);

-- What is wrong with rows by themselves.
CREATE FUNCTION oracle.misshaped(keys text[], marks boolean) RETURNS SETOF text
BEGIN ATOMIC
	SELECT 'not as its action says: ' || r FROM returned AS r WHERE NOT CASE r.action
		WHEN 'created' THEN r.old IS NULL AND r.new IS NOT NULL AND r.changes IS NULL
		WHEN 'updated' THEN r.old IS NOT NULL AND r.new IS NOT NULL AND r.changes = oracle.changes(r.old, r.new)
		WHEN 'deleted' THEN r.old IS NOT NULL AND CASE WHEN marks
			THEN r.new IS NOT NULL AND r.changes = oracle.changes(r.old, r.new) ELSE r.new IS NULL AND r.changes IS NULL END
		ELSE false END
	UNION ALL
	SELECT 'not its key: ' || r FROM returned AS r
		WHERE r.key IS DISTINCT FROM (SELECT jsonb_object_agg(k, coalesce(r.old, r.new) -> k) FROM unnest(keys) AS k)
	UNION ALL
	SELECT 'not in its place: ' || r FROM (SELECT *, lag(action) OVER (ORDER BY n) AS before FROM returned) AS r
		WHERE before < action AND (before, action) <> ('deleted', 'updated') OR (before, action) = ('created', 'deleted');
END;

CREATE FUNCTION oracle.unforeseen() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT oracle.difference('foreseen',
		'SELECT concat_ws('' '', action, key, old, CASE action WHEN ''updated'' THEN concat_ws('' '', new, changes) END) FROM returned WHERE old IS NOT NULL',
		'SELECT concat_ws('' '', action, key, old, new, changes) FROM foreseen WHERE old IS NOT NULL');
	RETURN QUERY SELECT format('%s foreseen as %s', r, f)
		FROM (SELECT *, row_number() OVER (ORDER BY n) AS created FROM returned WHERE action = 'created') AS r
		FULL JOIN (SELECT *, row_number() OVER (ORDER BY n) AS created FROM foreseen WHERE action = 'created') AS f USING (created)
		WHERE ((r.key = f.key AND r.new @> f.new) AND num_nonnulls(f.old, f.changes) = 0) IS NOT TRUE
		ORDER BY created LIMIT 3;
END $$;

CREATE OR REPLACE FUNCTION returned(target regclass, staging text, keys text[], options text DEFAULT '', triggers_interfere boolean DEFAULT false,
	OUT created bigint, OUT updated bigint, OUT deleted bigint, OUT verdict text)
LANGUAGE plpgsql AS $$
DECLARE
	name text := CASE WHEN staging LIKE '[%' THEN 'bulk_sync_json' ELSE 'bulk_sync' END;
	arguments text := concat_ws(', ', quote_literal(target), quote_literal(staging), quote_literal(keys), nullif(options, ''));
	problems text[];
BEGIN
	BEGIN
		EXECUTE format('SELECT created, updated, deleted FROM %s(%s)', name, arguments) INTO created, updated, deleted;
		RAISE EXCEPTION USING ERRCODE = 'ZZZZZ';
	EXCEPTION WHEN SQLSTATE 'ZZZZZ' THEN
	END;
	PERFORM oracle.places('oracle_before', target);
	TRUNCATE returned, foreseen;
	EXECUTE format('INSERT INTO foreseen SELECT row_number() OVER (), * FROM %s_returning(%s, dry_run => true)', name, arguments);
	PERFORM oracle.places('oracle_dry', target);
	EXECUTE format('INSERT INTO returned SELECT row_number() OVER (), * FROM %s_returning(%s)', name, arguments);
	PERFORM oracle.places('oracle_after', target);
	problems := ARRAY(SELECT oracle.difference('dry run wrote', 'SELECT b::text FROM oracle_before AS b', 'SELECT d::text FROM oracle_dry AS d'));
	problems := problems || ARRAY(SELECT oracle.difference_of_counts('actions', (created, updated, deleted)::text,
		(SELECT (count(*) FILTER (WHERE action = 'created'), count(*) FILTER (WHERE action = 'updated'),
			count(*) FILTER (WHERE action = 'deleted'))::text FROM returned)));
	problems := problems || ARRAY(SELECT oracle.difference('old', 'SELECT b.r::text FROM oracle_before AS b LEFT JOIN oracle_after AS a '
		'USING (t, place) WHERE a.r IS NULL', 'SELECT old::text FROM returned WHERE old IS NOT NULL'));
	problems := problems || ARRAY(SELECT oracle.difference('new', 'SELECT a.r::text FROM oracle_after AS a LEFT JOIN oracle_before AS b '
		'USING (t, place) WHERE b.r IS NULL', 'SELECT new::text FROM returned WHERE new IS NOT NULL'));
	problems := problems || ARRAY(SELECT oracle.misshaped(keys, options ~ 'soft_delete'));
	IF NOT triggers_interfere THEN
		problems := problems || ARRAY(SELECT oracle.unforeseen());
	END IF;
	DROP TABLE oracle_before, oracle_dry, oracle_after;
	verdict := CASE WHEN problems = '{}' THEN 'ok' ELSE array_to_string(problems, '; ') END;
END $$;
\set ECHO all
