-- The same call in two worlds: on tables that Citus distributes, and on their twins on this machine alone, of which the
-- other tests know that they are right. What comes out of a call is its numbers, or the error with its detail, its hint
-- and what its context says of rows, and the rows that are there afterwards.
--
-- The distributed tables are in schema d, their twins of the same names in schema l, so that a call and its messages
-- are the same in both. Rows are compared without the column "id", which sequences fill differently.
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS d, l CASCADE;
CREATE SCHEMA d;
CREATE SCHEMA l;

-- Makes a table in both worlds; the caller distributes the one in d.
CREATE OR REPLACE PROCEDURE twins(definition text) LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL search_path = l, public;
	EXECUTE definition;
	SET LOCAL search_path = d, public;
	EXECUTE definition;
END $$;

-- Does the same in both worlds.
CREATE OR REPLACE PROCEDURE in_both(command text) LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL search_path = l, public;
	EXECUTE command;
	SET LOCAL search_path = d, public;
	EXECUTE command;
END $$;

-- The part of a message that depends on the order in which shards are asked, or on sequences: which keys are named
-- when there are more than can be, and the row that a constraint refused.
CREATE OR REPLACE FUNCTION without_order(text) RETURNS text
RETURN regexp_replace(regexp_replace(regexp_replace($1, 'Keys .* and (\d+ more)', 'Keys .. and \1'),
	'(Failing row contains).*', '\1 ..'), 'Key .* (already exists|is not present|is still referenced)', 'Key .. \1');

-- Of the context of an error what it says about the rows of the call.
CREATE OR REPLACE FUNCTION about_rows(context text) RETURNS text
RETURN (SELECT string_agg(line, ', ') FROM regexp_split_to_table(context, '\n') AS line WHERE line ~ '^(column|member|missing|element|dividing) ');

-- A row that a call returns, without what sequences fill.
CREATE OR REPLACE FUNCTION without_id(text) RETURNS text
RETURN regexp_replace($1, '""id"": (\d+|null)(, )?', '', 'g');

-- What a call comes to, as text.
CREATE OR REPLACE FUNCTION outcome(world text, call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
	detail text;
	hint text;
	context text;
	old_path text := current_setting('search_path');
BEGIN
	PERFORM set_config('search_path', world || ', public', true);
	BEGIN
		EXECUTE 'SELECT coalesce(string_agg(without_id(r::text), '' '' ORDER BY without_id(r::text)), ''nothing'') FROM ' || call || ' AS r' INTO result;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
		result := concat_ws(' | ', SQLSTATE, SQLERRM, nullif(without_order(detail), ''), nullif(hint, ''), about_rows(context));
	END;
	PERFORM set_config('search_path', old_path, true);
	RETURN result;
END $$;

CREATE OR REPLACE FUNCTION columns_but_id(relation regclass) RETURNS text
RETURN (
	SELECT string_agg(quote_ident(attname), ', ' ORDER BY attname)
	FROM pg_attribute WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attname <> 'id'
);

-- Rows that the two worlds do not share.
CREATE OR REPLACE FUNCTION differing_rows(target text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	columns text := columns_but_id(('l.' || quote_ident(target))::regclass);
	differing bigint;
BEGIN
	EXECUTE format('CREATE TEMP TABLE theirs ON COMMIT DROP AS SELECT %s FROM d.%I', columns, target);
	EXECUTE format(
		'SELECT count(*) FROM ((SELECT %1$s FROM l.%2$I EXCEPT ALL TABLE theirs)
			UNION ALL (TABLE theirs EXCEPT ALL SELECT %1$s FROM l.%2$I)) AS r', columns, target) INTO differing;
	DROP TABLE theirs;
	RETURN differing;
END $$;

-- "same: " and what came out in both worlds, which is to be rows, or an error with this SQLSTATE where one is expected; or
-- what is wrong.
CREATE OR REPLACE FUNCTION verdict(call text, target text, expected_error text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	alone text := outcome('l', call);
	together text := outcome('d', call);
	error text := (regexp_match(alone, '^([0-9A-Z]{5}) [|] '))[1];
	differing bigint := differing_rows(target);
BEGIN
	IF alone IS DISTINCT FROM together THEN
		RETURN format('DIFFERENT: %s on one machine, and distributed: %s', alone, together);
	END IF;
	IF differing > 0 THEN
		RETURN format('DIFFERENT: %s rows after %s', differing, alone);
	END IF;
	IF error IS DISTINCT FROM expected_error THEN
		RETURN format('UNEXPECTED: %s in place of %s', alone, coalesce('error ' || expected_error, 'rows'));
	END IF;
	RETURN 'same: ' || alone;
END $$;

-- A call that comes through.
CREATE OR REPLACE FUNCTION agree(call text, target text DEFAULT 'employee') RETURNS text
RETURN verdict(call, target, NULL);

-- A call that ends in an error.
CREATE OR REPLACE FUNCTION agree_on_error(error text, call text, target text DEFAULT 'employee') RETURNS text
RETURN verdict(call, target, error);

-- A call on distributed tables alone, because their twins would take it.
CREATE OR REPLACE FUNCTION refused_there(error text, call text) RETURNS text
RETURN (SELECT CASE WHEN o LIKE error || ' | %' THEN 'same: ' ELSE 'UNEXPECTED: ' END || o FROM outcome('d', call) AS o);

-- Are the copies of a reference table the same on all nodes that have one? A hash of the rows of each where they differ.
CREATE OR REPLACE FUNCTION copies(target text, nodes int DEFAULT 3) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	command text;
	result text;
BEGIN
	SELECT format('SELECT count(*) || '' '' || md5(string_agg(r::text, '','' ORDER BY r::text)) FROM %s AS r',
		shard_name(logicalrelid, shardid)) INTO command FROM pg_dist_shard WHERE logicalrelid = ('d.' || quote_ident(target))::regclass;
	SELECT CASE WHEN count(*) FILTER (WHERE c.success) = nodes AND count(DISTINCT c.result) FILTER (WHERE c.success) = 1 THEN 'same: copies'
		ELSE 'DIFFERENT: ' || string_agg(c.result, ', ') END INTO result FROM run_command_on_all_nodes(command) AS c;
	RETURN result;
END $$;
