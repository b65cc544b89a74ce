-- The same call in two worlds: on tables that Citus distributes, and on their twins on this machine alone, of which the
-- other tests know that they are right. What comes out of a call is its numbers, or the error with its detail and hint,
-- and the rows that are there afterwards.
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
	'(Failing row contains).*', '\1 ..'), 'Key .* (already exists|is not present)', 'Key .. \1');

-- A row that a call returns, without what sequences fill.
CREATE OR REPLACE FUNCTION without_id(text) RETURNS text
RETURN regexp_replace($1, '""id"": (\d+|null)(, )?', '', 'g');

-- What a call comes to, as text.
CREATE OR REPLACE FUNCTION outcome(world text, call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
	detail text;
	hint text;
	old_path text := current_setting('search_path');
BEGIN
	PERFORM set_config('search_path', world || ', public', true);
	BEGIN
		EXECUTE 'SELECT coalesce(string_agg(without_id(r::text), '' '' ORDER BY without_id(r::text)), ''nothing'') FROM ' || call || ' AS r' INTO result;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
		result := concat_ws(' | ', SQLSTATE, SQLERRM, nullif(without_order(detail), ''), nullif(hint, ''));
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

-- "same: " and what came out; or what differs.
CREATE OR REPLACE FUNCTION agree(call text, target text DEFAULT 'employee') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	alone text := outcome('l', call);
	together text := outcome('d', call);
	differing bigint := differing_rows(target);
BEGIN
	IF alone IS DISTINCT FROM together THEN
		RETURN format('DIFFERENT: %s on one machine, and distributed: %s', alone, together);
	END IF;
	IF differing > 0 THEN
		RETURN format('DIFFERENT: %s rows after %s', differing, alone);
	END IF;
	RETURN 'same: ' || alone;
END $$;
