\set ECHO none
--
-- Checks of a sync that share no code with it, for the tests in sql/. Each test begins with
--     \i test/oracle.sql
-- and then calls
--     SELECT * FROM sync_checked('target', 'staging', '{key}', ...);
-- with the arguments of bulk_sync by position or name. It works out in SQL what has to happen, calls
-- bulk_sync with dry_run, then really, then once more, and returns the counts of the real call with
-- a verdict: "ok", or what is wrong. What "ok" means:
--
--   * the dry run returned the counts of the real call and wrote nothing;
--   * the counts are those that SQL found, and
--     created + updated + unchanged + skipped = rows in staging;
--   * the rows in scope are, with all their copies and in every synced column, those of staging;
--   * matched rows kept their primary key and every column that is not synced;
--   * unchanged rows, and rows out of scope, kept ctid and xmin; no other row came into the table;
--   * with update_when, a row that differs was written only where that is true of the row as it was and the row as
--     SQL would store it;
--   * touched columns have now() in every row that was written;
--   * a second call reports only unchanged rows, and what was skipped is skipped again.
--
-- A test in which a BEFORE trigger interferes says triggers_interfere => true and looks at counts and rows itself:
-- untouched rows and the second call are checked all the same. Where the second call rightly writes again,
-- it says converges => false.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS bulk_sync;
DROP SCHEMA IF EXISTS oracle CASCADE;
RESET client_min_messages;
CREATE SCHEMA oracle;

-- Values are compared by what they print, which tells apart what `=` does not: 1.0 and 1.00, -0 and 0.
SET extra_float_digits = 1;

-- The columns of a relation, in their order.
CREATE FUNCTION oracle.columns_of(relation regclass) RETURNS text[]
RETURN (
	SELECT coalesce(array_agg(attname::text ORDER BY attnum), '{}')
	FROM pg_attribute WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped
);

-- Columns that a matched row never gets from staging unless they are keys.
CREATE FUNCTION oracle.never_updated(target regclass) RETURNS text[]
RETURN (
	SELECT coalesce(array_agg(attname::text), '{}')
	FROM pg_attribute WHERE attrelid = target AND attnum > 0 AND (
		attgenerated <> '' OR attidentity <> '' OR
		attnum = ANY (SELECT unnest(indkey) FROM pg_index WHERE indrelid = target AND indisprimary))
);

CREATE FUNCTION oracle.generated(target regclass) RETURNS text[]
RETURN (
	SELECT coalesce(array_agg(attname::text), '{}')
	FROM pg_attribute WHERE attrelid = target AND attnum > 0 AND attgenerated <> ''
);

CREATE FUNCTION oracle.synced(target regclass, staging regclass, keys text[], columns text[],
	ignore_columns text[]) RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
	shared text[] := ARRAY(SELECT unnest(oracle.columns_of(target)) INTERSECT SELECT unnest(oracle.columns_of(staging)));
	updatable text[] := ARRAY(SELECT unnest(shared) EXCEPT SELECT unnest(oracle.never_updated(target)));
BEGIN
	IF columns IS NOT NULL THEN
		updatable := ARRAY(SELECT unnest(updatable) INTERSECT SELECT unnest(columns));
	END IF;
	RETURN ARRAY((SELECT unnest(updatable) UNION SELECT unnest(keys)) EXCEPT SELECT unnest(ignore_columns) ORDER BY 1);
END $$;

-- ROW("a", "b")::text: an image of columns that tells NULL from ''.
CREATE FUNCTION oracle.image(columns text[]) RETURNS text
RETURN format('ROW(%s)::text',
	(SELECT string_agg(quote_ident(name), ', ' ORDER BY position)
		FROM unnest(columns) WITH ORDINALITY AS u (name, position)));

-- "a" AS k1, "b" AS k2
CREATE FUNCTION oracle.key_list(keys text[]) RETURNS text
RETURN (
	SELECT string_agg(format('%I AS k%s', name, position), ', ')
	FROM unnest(keys) WITH ORDINALITY AS u (name, position)
);

-- Every row of the target as it is now.
CREATE FUNCTION oracle.photograph(into_table text, target regclass, keys text[], filter text,
	synced text[], touched text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	everything text[] := oracle.columns_of(target);
	kept text[] := ARRAY(SELECT unnest(everything) EXCEPT SELECT unnest(synced || touched || oracle.generated(target)) ORDER BY 1);
BEGIN
	EXECUTE format(
		E'CREATE TEMP TABLE %I AS SELECT tableoid AS "oracle table", ctid AS "oracle place", '
		'xmin::text AS "oracle xmin", coalesce((\n%s\n), false) AS "oracle scope", '
		'%s AS "oracle row", %s AS "oracle kept", %s AS "oracle synced", %s FROM %s',
		into_table, coalesce(filter, 'true'), oracle.image(everything), oracle.image(kept),
		oracle.image(synced), oracle.key_list(keys), target);
END $$;

-- How each column of staging becomes a literal, in SQL. Text that is for another type gets none itself: it will
-- go through the input function of the column that it is put into.
CREATE FUNCTION oracle.literals(target regclass, staging regclass, names text[], OUT needed boolean, OUT list text)
BEGIN ATOMIC
	SELECT bool_or(written), string_agg(CASE
		WHEN written THEN format('quote_nullable(s.%I::text)', name)
		ELSE format('format(''CAST(%%L AS %%s)'', s.%I::text, %L)', name, type) END, ' || '', '' || ' ORDER BY name)
	FROM (
		SELECT t.attname::text AS name, st.typcategory = 'S' AND tt.typcategory <> 'S' AS written,
			format_type(s.atttypid, s.atttypmod) AS type
		FROM pg_attribute t JOIN pg_type tt ON tt.oid = t.atttypid
		JOIN pg_attribute s ON s.attname = t.attname JOIN pg_type st ON st.oid = s.atttypid
		WHERE t.attrelid = target AND s.attrelid = staging AND t.attname::text IN (SELECT unnest(names))
	) AS columns;
END;

-- The rows of staging as plain SQL would store them.
CREATE FUNCTION oracle.stage(target regclass, staging regclass, keys text[], synced text[])
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	shared text[] := ARRAY(SELECT unnest(synced) UNION SELECT unnest(keys) ORDER BY 1);
	names text := (SELECT string_agg(quote_ident(name), ', ' ORDER BY name) FROM unnest(shared) AS name);
	sources text := (SELECT string_agg(format('s.%I', name), ', ' ORDER BY name) FROM unnest(shared) AS name);
	literals record := oracle.literals(target, staging, shared);
	rows_to_store text;
BEGIN
	EXECUTE format('CREATE TEMP TABLE oracle_converted AS SELECT %s FROM %s WITH NO DATA', names, target);
	IF literals.needed THEN
		EXECUTE format('SELECT string_agg(''('' || %s || '')'', '', '') FROM %s AS s', literals.list, staging)
			INTO rows_to_store;
		IF rows_to_store IS NOT NULL THEN
			EXECUTE format('INSERT INTO oracle_converted (%s) VALUES %s', names, rows_to_store);
		END IF;
	ELSE
		EXECUTE format('INSERT INTO oracle_converted (%s) SELECT %s FROM %s AS s', names, sources, staging);
	END IF;
	EXECUTE format(
		'CREATE TEMP TABLE oracle_staged AS SELECT row_number() OVER () AS "oracle number", '
		'%s AS "oracle synced", %s FROM oracle_converted',
		oracle.image(synced), oracle.key_list(keys));
END $$;

-- Which row in scope belongs to which row of staging; all of them are wanted, until oracle.want() looks.
CREATE FUNCTION oracle.pair(keys text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	number int;
	has_null boolean;
	condition text := 'true';
BEGIN
	FOR number IN 1 .. cardinality(keys) LOOP
		EXECUTE format('SELECT EXISTS (SELECT FROM oracle_staged WHERE k%s IS NOT DISTINCT FROM NULL)', number) INTO has_null;
		condition := condition || CASE WHEN has_null
			THEN format(' AND (b.k%1$s = s.k%1$s OR (b.k%1$s IS NOT DISTINCT FROM NULL AND s.k%1$s IS NOT DISTINCT FROM NULL))', number)
			ELSE format(' AND b.k%1$s = s.k%1$s', number) END;
	END LOOP;
	EXECUTE format(
		'CREATE TEMP TABLE oracle_pairs AS SELECT b."oracle table" AS t, b."oracle place" AS p, '
		's."oracle number" AS n, b."oracle synced" AS old, s."oracle synced" AS new, '
		'b."oracle kept" AS kept, true AS wanted FROM oracle_before b JOIN oracle_staged s ON b."oracle scope" AND %s',
		condition);
END $$;

-- Which pairs does the condition let through? The new rows go into a table like the target, which computes their
-- generated columns.
CREATE FUNCTION oracle.want(target regclass, synced text[], touch_columns text[], update_when text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	everything text := (SELECT string_agg('oracle_new.' || quote_ident(name), ', ' ORDER BY position)
		FROM unnest(oracle.columns_of(target)) WITH ORDINALITY AS u (name, position));
	names text;
	sources text;
BEGIN
	SELECT string_agg(quote_ident(name), ', ' ORDER BY name), string_agg(CASE WHEN name = ANY (touch_columns) THEN 'now()'
		WHEN name = ANY (synced) THEN format('s.%I', name) ELSE format('o.%I', name) END, ', ' ORDER BY name)
		INTO names, sources FROM unnest(oracle.columns_of(target)) AS name WHERE name <> ALL (oracle.generated(target));
	EXECUTE format('CREATE TEMP TABLE oracle_new (LIKE %s INCLUDING GENERATED, "oracle number" bigint)', target);
	EXECUTE format('INSERT INTO oracle_new (%s, "oracle number") SELECT %s, s."oracle number" FROM oracle_pairs p '
		'JOIN %s AS o ON o.tableoid = p.t AND o.ctid = p.p '
		'JOIN (SELECT row_number() OVER () AS "oracle number", * FROM oracle_converted) AS s ON s."oracle number" = p.n',
		names, sources, target);
	-- Nothing else that is called old or new is in reach.
	EXECUTE format(E'CREATE TEMP TABLE oracle_wanted AS SELECT "oracle number" FROM (SELECT t AS "oracle t", p AS "oracle p", n AS "oracle n" '
		'FROM oracle_pairs) AS "oracle pair" JOIN %s AS old ON old.tableoid = "oracle t" AND old.ctid = "oracle p" '
		'JOIN oracle_new ON "oracle number" = "oracle n" JOIN LATERAL (SELECT %s) AS new ON true WHERE (\n%s\n)',
		target, everything, update_when);
	UPDATE oracle_pairs SET wanted = n IN (SELECT "oracle number" FROM oracle_wanted) WHERE old IS DISTINCT FROM new;
	DROP TABLE oracle_wanted;
	DROP TABLE oracle_new;
END $$;

-- Touched columns that do not have now() in rows that were written.
CREATE FUNCTION oracle.untouched(target regclass, touch_columns text[]) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
	name text;
	many bigint;
BEGIN
	FOREACH name IN ARRAY touch_columns LOOP
		EXECUTE format('SELECT count(*) FROM %1$s AS t WHERE %2$I IS DISTINCT FROM now()::%3$s '
			'AND NOT EXISTS (SELECT FROM oracle_before WHERE "oracle table" = t.tableoid AND "oracle place" = t.ctid '
			'AND "oracle xmin" = t.xmin::text)', target, name, (SELECT format_type(atttypid, atttypmod) FROM pg_attribute
			WHERE attrelid = target AND attname = name)) INTO many;
		IF many > 0 THEN
			RETURN NEXT format('%s: not touched in %s written rows', name, many);
		END IF;
	END LOOP;
END $$;

-- What is in one list and not in the other, each with its copies.
CREATE FUNCTION oracle.difference(what text, expected text, got text) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
	many bigint;
	example text;
BEGIN
	EXECUTE format('SELECT count(*), min(e.image) FROM (%s EXCEPT ALL %s) AS e (image)', expected, got)
		INTO many, example;
	IF many > 0 THEN
		RETURN NEXT format('%s: %s rows missing, such as %s', what, many, example);
	END IF;
	EXECUTE format('SELECT count(*), min(e.image) FROM (%s EXCEPT ALL %s) AS e (image)', got, expected)
		INTO many, example;
	IF many > 0 THEN
		RETURN NEXT format('%s: %s rows too many, such as %s', what, many, example);
	END IF;
END $$;

CREATE FUNCTION oracle.difference_of_counts(what text, expected text, got text) RETURNS SETOF text
BEGIN ATOMIC
	SELECT format('%s: %s where %s was expected', what, got, expected) WHERE expected IS DISTINCT FROM got;
END;

CREATE OR REPLACE FUNCTION sync_checked(target regclass, staging regclass, keys text[],
	filter text DEFAULT NULL, columns text[] DEFAULT NULL, ignore_columns text[] DEFAULT NULL,
	skip_creates boolean DEFAULT false, skip_updates boolean DEFAULT false,
	skip_deletes boolean DEFAULT false, allow_empty boolean DEFAULT false,
	max_deletes bigint DEFAULT NULL, max_delete_ratio float8 DEFAULT NULL,
	allow_out_of_scope boolean DEFAULT false, lock text DEFAULT 'rows',
	triggers_interfere boolean DEFAULT false, converges boolean DEFAULT true,
	touch_columns text[] DEFAULT NULL, update_when text DEFAULT NULL,
	OUT created bigint, OUT updated bigint, OUT deleted bigint, OUT unchanged bigint,
	OUT skipped bigint, OUT verdict text)
LANGUAGE plpgsql AS $$
DECLARE
	call text := format('SELECT * FROM bulk_sync(%L, %L, %L, %L, columns => %L, ignore_columns => %L, '
		'skip_creates => %L, skip_updates => %L, skip_deletes => %L, allow_empty => %L, '
		'max_deletes => %L, max_delete_ratio => %L, allow_out_of_scope => %L, lock => %L, '
		'touch_columns => %L, update_when => %L, dry_run => ',
		target, staging, keys, filter, columns, ignore_columns, skip_creates, skip_updates,
		skip_deletes, allow_empty, max_deletes, max_delete_ratio, allow_out_of_scope, lock,
		touch_columns, update_when);
	synced text[] := oracle.synced(target, staging, keys, columns, ignore_columns);
	staged bigint;
	expected bulk_sync_stats;
	rehearsed bulk_sync_stats;
	done bulk_sync_stats;
	again bulk_sync_stats;
	problems text[] := '{}';
	-- A test that gives bulk_sync little memory need not wait for these queries.
	memory text := current_setting('work_mem');
BEGIN
	PERFORM set_config('work_mem', '64MB', true);
	PERFORM oracle.photograph('oracle_before', target, keys, filter, synced, coalesce(touch_columns, '{}'));
	PERFORM oracle.stage(target, staging, keys, synced);
	ANALYZE oracle_before, oracle_staged;
	PERFORM oracle.pair(keys);
	ANALYZE oracle_pairs;
	IF update_when IS NOT NULL THEN
		PERFORM oracle.want(target, synced, coalesce(touch_columns, '{}'), update_when);
	END IF;

	SELECT count(*) FILTER (WHERE old IS DISTINCT FROM new AND wanted), count(*) FILTER (WHERE NOT wanted),
		count(*) FILTER (WHERE old = new)
		INTO expected.updated, expected.skipped, expected.unchanged FROM oracle_pairs;
	SELECT count(*) INTO staged FROM oracle_staged;
	expected.created := staged - expected.updated - expected.unchanged - expected.skipped;
	SELECT count(*) INTO expected.deleted FROM oracle_before b WHERE b."oracle scope"
		AND NOT EXISTS (SELECT FROM oracle_pairs p WHERE p.t = b."oracle table" AND p.p = b."oracle place");
	IF skip_creates THEN
		expected.skipped := expected.skipped + expected.created;
		expected.created := 0;
	END IF;
	IF skip_updates THEN
		expected.skipped := expected.skipped + expected.updated;
		expected.updated := 0;
	END IF;
	IF skip_deletes THEN
		expected.deleted := 0;
	END IF;

	PERFORM set_config('work_mem', memory, true);
	EXECUTE call || 'true)' INTO rehearsed;
	PERFORM set_config('work_mem', '64MB', true);
	problems := problems || ARRAY(SELECT oracle.difference_of_counts('dry run', expected::text, rehearsed::text));
	PERFORM oracle.photograph('oracle_after', target, keys, filter, synced, coalesce(touch_columns, '{}'));
	problems := problems || ARRAY(SELECT oracle.difference('dry run wrote',
		'SELECT format(''%s %s %s %s'', "oracle table", "oracle place", "oracle xmin", "oracle row") FROM oracle_before',
		'SELECT format(''%s %s %s %s'', "oracle table", "oracle place", "oracle xmin", "oracle row") FROM oracle_after'));
	DROP TABLE oracle_after;

	PERFORM set_config('work_mem', memory, true);
	EXECUTE call || 'false)' INTO done;
	PERFORM set_config('work_mem', '64MB', true);
	PERFORM oracle.photograph('oracle_after', target, keys, filter, synced, coalesce(touch_columns, '{}'));
	IF NOT triggers_interfere THEN
		problems := problems || ARRAY(SELECT oracle.difference_of_counts('counts', expected::text, done::text));
		IF done.created + done.updated + done.unchanged + done.skipped IS DISTINCT FROM staged THEN
			problems := problems || format('counts do not add up to %s rows in staging', staged);
		END IF;
	ELSIF done.unchanged IS DISTINCT FROM expected.unchanged OR
		done.created + done.updated + done.deleted + done.skipped IS DISTINCT FROM
		expected.created + expected.updated + expected.deleted + expected.skipped THEN
		problems := problems || format('counts: %s do not add up to those of %s', done, expected);
	END IF;

	IF NOT triggers_interfere THEN
		problems := problems || ARRAY(SELECT oracle.difference('rows in scope',
			format('(SELECT CASE WHEN wanted AND NOT %1$L THEN new ELSE old END FROM oracle_pairs '
				'UNION ALL SELECT "oracle synced" FROM oracle_staged WHERE NOT %2$L '
				'AND NOT EXISTS (SELECT FROM oracle_pairs WHERE n = "oracle number") '
				'UNION ALL SELECT "oracle synced" FROM oracle_before b WHERE %3$L AND "oracle scope" '
				'AND NOT EXISTS (SELECT FROM oracle_pairs p WHERE p.t = "oracle table" AND p.p = "oracle place"))',
				skip_updates, skip_creates, skip_deletes),
			CASE WHEN allow_out_of_scope
			THEN 'SELECT "oracle synced" FROM (SELECT "oracle synced", "oracle row" FROM oracle_after EXCEPT ALL '
				'SELECT "oracle synced", "oracle row" FROM oracle_before WHERE NOT "oracle scope") AS o'
			ELSE 'SELECT "oracle synced" FROM oracle_after WHERE "oracle scope"' END));
		problems := problems || ARRAY(SELECT d FROM oracle.difference('columns that are not synced',
			format('SELECT CASE WHEN wanted AND NOT %L THEN new ELSE old END || '' kept '' || kept FROM oracle_pairs', skip_updates),
			'SELECT "oracle synced" || '' kept '' || "oracle kept" FROM oracle_after') AS d
			WHERE d NOT LIKE '%too many%');
	END IF;

	problems := problems || ARRAY(SELECT d FROM oracle.difference('untouched rows',
		'SELECT format(''%s %s %s %s'', "oracle table", "oracle place", "oracle xmin", "oracle row") FROM oracle_before '
		'LEFT JOIN oracle_pairs ON t = "oracle table" AND p = "oracle place" WHERE NOT "oracle scope" OR old = new OR NOT wanted',
		'SELECT format(''%s %s %s %s'', "oracle table", "oracle place", "oracle xmin", "oracle row") FROM oracle_after') AS d
		WHERE d NOT LIKE '%too many%');
	IF NOT allow_out_of_scope AND NOT triggers_interfere THEN
		problems := problems || ARRAY(SELECT oracle.difference('rows out of scope',
			'SELECT "oracle row" FROM oracle_before WHERE NOT "oracle scope"',
			'SELECT "oracle row" FROM oracle_after WHERE NOT "oracle scope"'));
	END IF;
	IF touch_columns IS NOT NULL AND NOT triggers_interfere THEN
		problems := problems || ARRAY(SELECT oracle.untouched(target, touch_columns));
	END IF;
	DROP TABLE oracle_before, oracle_after, oracle_staged, oracle_converted, oracle_pairs;
	PERFORM set_config('work_mem', memory, true);

	IF converges THEN
		EXECUTE call || 'false)' INTO again;
		problems := problems || ARRAY(SELECT oracle.difference_of_counts('second call',
			(0, 0, 0, done.unchanged + done.created + done.updated, done.skipped)::text, again::text));
	END IF;
	created := done.created;
	updated := done.updated;
	deleted := done.deleted;
	unchanged := done.unchanged;
	skipped := done.skipped;
	verdict := CASE WHEN problems = '{}' THEN 'ok' ELSE array_to_string(problems, '; ') END;
END $$;

-- The error of a call, in parts, for a test that wants to show some of them.
CREATE OR REPLACE FUNCTION failure(call text, OUT state text, OUT message text, OUT detail text,
	OUT hint text, OUT "constraint" text, OUT context text)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE call;
	message := 'no failure';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
		hint = PG_EXCEPTION_HINT, "constraint" = CONSTRAINT_NAME, context = PG_EXCEPTION_CONTEXT;
	context := split_part(context, E'\n', 1);
END $$;

-- Errors print as their message alone; a test that shows a detail or a hint sets another VERBOSITY.
\set VERBOSITY terse
\set SHOW_CONTEXT never
\set ECHO all
