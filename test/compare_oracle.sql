--
-- That bulk_compare agrees with bulk_sync, row by row. Read after oracle.sql. From here on sync_checked asks
-- bulk_compare too, before it syncs, and its verdict tells when the sync then did something else; and
--     SELECT * FROM agreed('target', 'staging', '{key}', ...);
-- does the same with soft_delete and insert_defaults, which sync_checked does not know, and first, in a subtransaction
-- that is rolled back, with an update_when that holds every second row back. What "ok" means:
--
--   * the counts of the dry run and of the sync are the numbers of rows of each status;
--   * every row that was in scope is `old` of one row of the comparison, each with its copies (already marked ones
--     left out);
--   * afterwards the table has every `new` of an updated or unchanged row as it is, a row that contains each `new`
--     of an added one, the removed ones not at all or marked, and out of scope what was there before;
--   * with update_when, bulk_compare leaves out exactly those updated rows that it shows without, of whose `old` and
--     `new` SQL finds the condition not to be true; afterwards the table has their `old`;
--   * `key` is the key of `old` or `new`, and `changes` is what differs between the two;
--   * after the sync there is nothing left to find.
--
-- The table's rows are read by to_jsonb(). A value that has no exact form in it, and a pair that it shows alike, are
-- strings in bulk_compare, which are read back first.
--
CREATE FUNCTION oracle.key_of(keys text[], r jsonb) RETURNS jsonb
RETURN (SELECT jsonb_object_agg(k, r -> k) FROM unnest(keys) AS k);

-- Is a row marked as deleted?
CREATE FUNCTION oracle.marked(r jsonb, mark text) RETURNS boolean
RETURN mark IS NOT NULL AND coalesce(r ->> mark, 'false') <> 'false';

-- A value that is shown as a string, as to_jsonb() shows it.
CREATE FUNCTION oracle.read_back(shown jsonb, type text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	value jsonb;
BEGIN
	IF jsonb_typeof(shown) = 'string' THEN
		EXECUTE format('SELECT to_jsonb(%L::%s)', shown #>> '{}', type) INTO value;
	END IF;
	RETURN coalesce(value, shown);
EXCEPTION WHEN others THEN
	RETURN shown;
END $$;

-- Columns of the target whose values to_jsonb() may show alike, with their types; `plain`: a string is none of its forms.
CREATE FUNCTION oracle.look_alikes(target regclass) RETURNS TABLE (name text, type text, plain boolean)
BEGIN ATOMIC
	SELECT a.attname, format_type(a.atttypid, a.atttypmod), t.typcategory IN ('A', 'C', 'N')
	FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
	WHERE a.attrelid = target AND a.attnum > 0 AND NOT a.attisdropped
		AND (t.typcategory IN ('A', 'C') OR t.typname IN ('json', 'jsonb', 'float4', 'float8') OR t.typtype = 'd');
END;

-- An object with one member put back, if it has it.
CREATE FUNCTION oracle.put_back(object jsonb, name text, type text) RETURNS jsonb
RETURN CASE WHEN object ? name
	THEN jsonb_set(object, ARRAY[name], oracle.read_back(object -> name, type)) ELSE object END;

-- Puts strings that stand for another form of JSON, or for one of two look-alikes, back to what to_jsonb() shows.
CREATE FUNCTION oracle.put_all_back(target regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	found record;
BEGIN
	FOR found IN SELECT s.place, c.name, c.type FROM oracle_said s, oracle.look_alikes(target) AS c
		WHERE 'string' IN (jsonb_typeof(s.old -> c.name), jsonb_typeof(s.new -> c.name), jsonb_typeof(s.key -> c.name))
			AND (c.plain OR s.status = 'updated' AND s.changes ? c.name
				AND oracle.read_back(s.old -> c.name, c.type)::text = oracle.read_back(s.new -> c.name, c.type)::text)
	LOOP
		UPDATE oracle_said SET old = oracle.put_back(old, found.name, found.type),
			new = oracle.put_back(new, found.name, found.type), key = oracle.put_back(key, found.name, found.type),
			changes = CASE WHEN changes ? found.name
				THEN jsonb_set(changes, ARRAY[found.name], oracle.put_back(oracle.put_back(changes -> found.name, 'old', found.type), 'new', found.type))
				ELSE changes END
			WHERE place = found.place;
	END LOOP;
END $$;

-- Gives updated rows that the condition is not true of another status. What differs from the comparison with it?
CREATE FUNCTION oracle.hold_back(target regclass, update_when text, call text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format(E'CREATE TEMP TABLE oracle_true AS SELECT "oracle place" AS place FROM (SELECT place AS "oracle place", old AS "oracle old", '
		'new AS "oracle new" FROM oracle_said WHERE status = ''updated'') AS "oracle row", jsonb_populate_record(NULL::%1$s, "oracle old") AS old, '
		'jsonb_populate_record(NULL::%1$s, "oracle new") AS new WHERE (\n%2$s\n)', target, update_when);
	UPDATE oracle_said SET status = 'held back' WHERE status = 'updated' AND place NOT IN (SELECT place FROM oracle_true);
	EXECUTE format('CREATE TEMP TABLE oracle_wanted AS SELECT *, row_number() OVER () AS place FROM %s, update_when => %L)', call, update_when);
	ALTER TABLE oracle_said RENAME TO oracle_kept;
	ALTER TABLE oracle_wanted RENAME TO oracle_said;
	PERFORM oracle.put_all_back(target);
	ALTER TABLE oracle_said RENAME TO oracle_wanted;
	ALTER TABLE oracle_kept RENAME TO oracle_said;
	RETURN QUERY SELECT oracle.difference('bulk_compare with update_when',
		'SELECT (status, key, old, new, changes)::text FROM oracle_said WHERE status <> ''held back''',
		'SELECT (status, key, old, new, changes)::text FROM oracle_wanted');
	DROP TABLE oracle_true, oracle_wanted;
END $$;

-- Before the sync: all rows of the target, and what bulk_compare says. What is wrong with it already?
CREATE FUNCTION oracle.ask(target regclass, staging regclass, keys text[], filter text, columns text[],
	ignore_columns text[], soft_delete text, insert_defaults jsonb, allow_out_of_scope boolean, update_when text)
	RETURNS SETOF text
LANGUAGE plpgsql SET IntervalStyle = postgres AS $$
DECLARE
	call text := format('bulk_compare(%L, %L, %L, %L, columns => %L, ignore_columns => %L, soft_delete => %L, '
		'insert_defaults => %L, allow_out_of_scope => %L, include_unchanged => true',
		target, staging, keys, filter, columns, ignore_columns, soft_delete, insert_defaults, allow_out_of_scope);
BEGIN
	EXECUTE format(E'CREATE TEMP TABLE oracle_was AS SELECT to_jsonb(%2$I.*) AS r, coalesce((\n%1$s\n), false) AS in_scope '
		'FROM %3$s', coalesce(filter, 'true'), (SELECT relname FROM pg_class WHERE oid = target), target);
	EXECUTE 'CREATE TEMP TABLE oracle_said AS SELECT *, row_number() OVER () AS place FROM ' || call || ')';
	PERFORM oracle.put_all_back(target);
	IF update_when IS NOT NULL THEN
		RETURN QUERY SELECT oracle.hold_back(target, update_when, call);
	END IF;
END $$;

-- What is wrong with what bulk_compare said; "done" is what the sync did, as text.
CREATE FUNCTION oracle.disagreements(target regclass, keys text[], soft_delete text, skip_creates boolean,
	skip_updates boolean, skip_deletes boolean, done text) RETURNS SETOF text
LANGUAGE plpgsql SET IntervalStyle = postgres AS $$
DECLARE
	said bulk_sync_stats;
	found text;
	lacking bigint;
BEGIN
	SELECT count(*) FILTER (WHERE s.status = 'added' AND NOT skip_creates),
		count(*) FILTER (WHERE s.status = 'updated' AND NOT skip_updates),
		count(*) FILTER (WHERE s.status = 'removed' AND NOT skip_deletes),
		count(*) FILTER (WHERE s.status = 'unchanged'),
		count(*) FILTER (WHERE s.status = 'added' AND skip_creates OR s.status = 'updated' AND skip_updates OR s.status = 'held back')
		INTO said FROM oracle_said s;
	RETURN QUERY SELECT oracle.difference_of_counts('bulk_compare', said::text, done);

	-- What each status comes with.
	SELECT string_agg(s::text, ', ') INTO found FROM oracle_said s WHERE NOT CASE
		WHEN s.status = 'added' THEN s.old IS NULL AND s.new IS NOT NULL AND s.changes IS NULL
		WHEN s.status IN ('updated', 'held back') THEN s.old IS NOT NULL AND s.new IS NOT NULL AND s.changes <> '{}'
		WHEN s.status = 'removed' THEN s.old IS NOT NULL AND s.new IS NULL AND s.changes IS NULL
		WHEN s.status = 'unchanged' THEN s.old IS NOT NULL AND s.new::text = s.old::text AND s.changes IS NULL
		ELSE false END;
	IF found IS NOT NULL THEN
		RETURN NEXT 'rows that are not as their status says: ' || found;
	END IF;
	-- A key that is a generated column has its value from elsewhere in a new row.
	SELECT string_agg(s::text, ', ') INTO found FROM oracle_said s
		WHERE s.key IS NULL OR s.key <> oracle.key_of(keys, coalesce(s.old, s.new || s.key))
			OR NOT oracle.key_of(keys, s.key) = s.key;
	IF found IS NOT NULL THEN
		RETURN NEXT 'keys that are not those of the row: ' || found;
	END IF;
	-- Generated columns follow the others, and json prints alike where its spaces differ.
	SELECT string_agg(s::text, ', ') INTO found FROM oracle_said s WHERE s.status = 'updated' AND (
		EXISTS (SELECT FROM jsonb_object_keys(s.old) AS c WHERE s.old ->> c IS DISTINCT FROM s.new ->> c
			AND NOT s.changes ? c AND c <> ALL (oracle.generated(target)))
		OR EXISTS (SELECT FROM jsonb_each(s.changes) AS c (name, change)
			WHERE c.change::text <> jsonb_build_object('old', s.old -> c.name, 'new', s.new -> c.name)::text));
	IF found IS NOT NULL THEN
		RETURN NEXT 'changes that are not what differs: ' || found;
	END IF;

	RETURN QUERY SELECT oracle.difference('old',
		format('SELECT r::text FROM oracle_was WHERE in_scope AND NOT oracle.marked(r, %1$L) OR r IN '
			'(SELECT old FROM oracle_said WHERE status <> ''removed'' AND oracle.marked(old, %1$L))', soft_delete),
		'SELECT old::text FROM oracle_said WHERE old IS NOT NULL');

	-- The table now, less what was out of scope, or marked and not called back.
	EXECUTE format('CREATE TEMP TABLE oracle_is AS SELECT e.r::jsonb AS r FROM (SELECT to_jsonb(%1$I.*)::text FROM %2$s EXCEPT ALL '
		'(SELECT r::text FROM oracle_was WHERE NOT in_scope UNION ALL (SELECT r::text FROM oracle_was WHERE in_scope '
		'AND oracle.marked(r, %3$L) EXCEPT ALL SELECT old::text FROM oracle_said))) AS e (r)',
		(SELECT relname FROM pg_class WHERE oid = target), target, soft_delete);
	CREATE TEMP TABLE oracle_stays AS
		SELECT CASE WHEN s.status = 'updated' AND NOT skip_updates THEN s.new ELSE s.old END AS r FROM oracle_said s
		WHERE s.status IN ('updated', 'held back', 'unchanged') OR s.status = 'removed' AND skip_deletes;
	CREATE TEMP TABLE oracle_rest AS
		SELECT e.r::jsonb AS r, oracle.key_of(keys, e.r::jsonb) AS key
		FROM (SELECT r::text FROM oracle_is EXCEPT ALL SELECT r::text FROM oracle_stays) AS e (r);
	ANALYZE oracle_said, oracle_rest;
	RETURN QUERY SELECT d FROM oracle.difference('new', 'SELECT r::text FROM oracle_stays',
		'SELECT r::text FROM oracle_is') AS d WHERE d NOT LIKE '%too many%';
	IF soft_delete IS NOT NULL THEN
		RETURN QUERY SELECT oracle.difference('soft deletes',
			format('SELECT (old - %L)::text FROM oracle_said WHERE status = ''removed'' AND NOT %L', soft_delete, skip_deletes),
			format('SELECT (r - %1$L)::text FROM oracle_rest WHERE oracle.marked(r, %1$L)', soft_delete));
		DELETE FROM oracle_rest WHERE oracle.marked(r, soft_delete);
	END IF;
	SELECT count(*) INTO lacking FROM oracle_said s WHERE s.status = 'added' AND NOT skip_creates
		AND NOT EXISTS (SELECT FROM oracle_rest r WHERE r.r @> s.new AND r.key = s.key);
	IF lacking > 0 OR said.created <> (SELECT count(*) FROM oracle_rest) THEN
		RETURN NEXT format('new: %s added rows are not there, among %s rows', lacking, (SELECT count(*) FROM oracle_rest));
	END IF;
	DROP TABLE oracle_was, oracle_said, oracle_is, oracle_stays, oracle_rest;
END $$;

CREATE FUNCTION oracle.differences_left(target regclass, staging regclass, keys text[], filter text, columns text[],
	ignore_columns text[], soft_delete text, insert_defaults jsonb, allow_out_of_scope boolean, update_when text)
	RETURNS SETOF text
LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT ''left: '' || status || key FROM bulk_compare(%L, %L, %L, %L, columns => %L, '
		'ignore_columns => %L, soft_delete => %L, insert_defaults => %L, allow_out_of_scope => %L, update_when => %L)',
		target, staging, keys, filter, columns, ignore_columns, soft_delete, insert_defaults, allow_out_of_scope, update_when);
END $$;

ALTER FUNCTION sync_checked SET SCHEMA oracle;

CREATE FUNCTION sync_checked(target regclass, staging regclass, keys text[],
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
	memory text := current_setting('work_mem');
	-- A sync may skip what is wrong with rows that it does not write; a comparison leaves nothing out.
	asks boolean := NOT triggers_interfere AND converges AND NOT skip_creates AND NOT skip_updates
		-- It has no touched columns, neither for the condition nor to show.
		AND touch_columns IS NULL;
	problems text[] := '{}';
BEGIN
	IF asks THEN
		problems := ARRAY(SELECT oracle.ask(target, staging, keys, filter, columns, ignore_columns, NULL, NULL, allow_out_of_scope,
			update_when));
	END IF;
	SELECT * INTO created, updated, deleted, unchanged, skipped, verdict FROM oracle.sync_checked(target, staging, keys,
		filter, columns, ignore_columns, skip_creates, skip_updates, skip_deletes, allow_empty, max_deletes,
		max_delete_ratio, allow_out_of_scope, lock, triggers_interfere, converges, touch_columns, update_when);
	IF asks THEN
		PERFORM set_config('work_mem', '64MB', true);
		problems := problems || ARRAY(SELECT oracle.disagreements(target, keys, NULL, skip_creates, skip_updates,
			skip_deletes, (created, updated, deleted, unchanged, skipped)::text));
		PERFORM set_config('work_mem', memory, true);
		verdict := CASE WHEN problems = '{}' THEN verdict WHEN verdict = 'ok' THEN array_to_string(problems, '; ')
			ELSE verdict || '; ' || array_to_string(problems, '; ') END;
	END IF;
END $$;

CREATE FUNCTION oracle.agreed(target regclass, staging regclass, keys text[],
	filter text DEFAULT NULL, columns text[] DEFAULT NULL, ignore_columns text[] DEFAULT NULL,
	skip_creates boolean DEFAULT false, skip_updates boolean DEFAULT false,
	skip_deletes boolean DEFAULT false, soft_delete text DEFAULT NULL, insert_defaults jsonb DEFAULT NULL,
	allow_out_of_scope boolean DEFAULT false, update_when text DEFAULT NULL,
	OUT created bigint, OUT updated bigint, OUT deleted bigint, OUT unchanged bigint,
	OUT skipped bigint, OUT verdict text)
LANGUAGE plpgsql AS $$
DECLARE
	call text := format('SELECT * FROM bulk_sync(%L, %L, %L, %L, columns => %L, ignore_columns => %L, '
		'skip_creates => %L, skip_updates => %L, skip_deletes => %L, soft_delete => %L, insert_defaults => %L, '
		'allow_out_of_scope => %L, update_when => %L, allow_empty => true, dry_run => ', target, staging, keys, filter, columns, ignore_columns,
		skip_creates, skip_updates, skip_deletes, soft_delete, insert_defaults, allow_out_of_scope, update_when);
	rehearsed bulk_sync_stats;
	done bulk_sync_stats;
	problems text[] := '{}';
BEGIN
	problems := ARRAY(SELECT oracle.ask(target, staging, keys, filter, columns, ignore_columns, soft_delete, insert_defaults,
		allow_out_of_scope, update_when));
	EXECUTE call || 'true)' INTO rehearsed;
	EXECUTE call || 'false)' INTO done;
	problems := problems || ARRAY(SELECT oracle.difference_of_counts('dry run', rehearsed::text, done::text));
	problems := problems || ARRAY(SELECT oracle.disagreements(target, keys, soft_delete, skip_creates, skip_updates,
		skip_deletes, done::text));
	IF NOT (skip_creates OR skip_updates OR skip_deletes OR allow_out_of_scope) THEN
		problems := problems || ARRAY(SELECT oracle.differences_left(target, staging, keys, filter, columns, ignore_columns,
			soft_delete, insert_defaults, allow_out_of_scope, update_when));
	END IF;
	created := done.created;
	updated := done.updated;
	deleted := done.deleted;
	unchanged := done.unchanged;
	skipped := done.skipped;
	verdict := CASE WHEN problems = '{}' THEN 'ok' ELSE array_to_string(problems, '; ') END;
END $$;

CREATE OR REPLACE FUNCTION agreed(target regclass, staging regclass, keys text[],
	filter text DEFAULT NULL, columns text[] DEFAULT NULL, ignore_columns text[] DEFAULT NULL,
	skip_creates boolean DEFAULT false, skip_updates boolean DEFAULT false,
	skip_deletes boolean DEFAULT false, soft_delete text DEFAULT NULL, insert_defaults jsonb DEFAULT NULL,
	allow_out_of_scope boolean DEFAULT false, update_when text DEFAULT NULL,
	OUT created bigint, OUT updated bigint, OUT deleted bigint, OUT unchanged bigint,
	OUT skipped bigint, OUT verdict text)
LANGUAGE plpgsql AS $$
DECLARE
	found text;
	state text;
BEGIN
	IF update_when IS NULL THEN
		BEGIN
			-- The condition is about texts, which have to be the same for all who ask it.
			SET LOCAL IntervalStyle = postgres;
			SELECT o.verdict INTO found FROM oracle.agreed(target, staging, keys, filter, columns, ignore_columns, true,
				skip_updates, skip_deletes, soft_delete, insert_defaults, allow_out_of_scope,
				'hashtext(to_jsonb(old)::text || to_jsonb(new)::text) % 2 = 0') AS o;
			RAISE EXCEPTION USING ERRCODE = 'ORA99';
		EXCEPTION WHEN others THEN
			GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE;
			IF state <> 'ORA99' THEN
				found := SQLERRM;
			END IF;
		END;
	END IF;
	SELECT o.created, o.updated, o.deleted, o.unchanged, o.skipped, o.verdict
		INTO created, updated, deleted, unchanged, skipped, verdict
		FROM oracle.agreed(target, staging, keys, filter, columns, ignore_columns, skip_creates, skip_updates, skip_deletes,
			soft_delete, insert_defaults, allow_out_of_scope, update_when) AS o;
	IF found <> 'ok' THEN
		verdict := verdict || '; with update_when: ' || found;
	END IF;
END $$;
\set ECHO all
