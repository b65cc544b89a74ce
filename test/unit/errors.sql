-- Errors as PL/pgSQL and clients see them, after they came through C++.
CREATE FUNCTION fields_of(sql text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    m text; d text; h text; s text; t text; c text; k text; ty text;
BEGIN
    EXECUTE sql;
    RETURN '"no error"';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT,
        s = SCHEMA_NAME, t = TABLE_NAME, c = COLUMN_NAME, k = CONSTRAINT_NAME, ty = PG_DATATYPE_NAME;
    RETURN jsonb_build_array(SQLSTATE, m, d, h, s, t, c, k, ty);
END
$$;

CREATE FUNCTION context_of(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    context text;
BEGIN
    EXECUTE sql;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
    RETURN context;
END
$$;

CREATE FUNCTION raise_all() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE 'raised' USING ERRCODE = 'AB123', DETAIL = 'd', HINT = 'h', SCHEMA = 's', TABLE = 't',
        COLUMN = 'c', CONSTRAINT = 'k', DATATYPE = 'ty';
END
$$;

CREATE TABLE keyed (id int CONSTRAINT keyed_id PRIMARY KEY, n int NOT NULL, p int CONSTRAINT positive CHECK (p > 0));

SELECT told('errors: all fields of an error in C', fields_of($$SELECT unit_fail('error')$$)::text,
    '["23P01", "message with 100% and \"é\"", "A detail.", "A hint.", "a schema", "a table", "a column", "a constraint", "a type"]');
SELECT told('errors: all fields of RAISE', fields_of('SELECT unit_execute(''SELECT raise_all()'')')::text,
    '["AB123", "raised", "d", "h", "s", "t", "c", "k", "ty"]');
SELECT told('errors: all fields of RAISE, through nested calls',
    fields_of(format('SELECT unit_execute(%L)', format('SELECT unit_execute(%L)',
        'DO $do$ BEGIN PERFORM unit_execute(''SELECT raise_all()''); END $do$')))::text,
    '["AB123", "raised", "d", "h", "s", "t", "c", "k", "ty"]');
SELECT told('errors: of a constraint', (fields_of(format('SELECT unit_execute(%L)', sql)) - 3 - 2 - 1)::text, expected)
FROM (VALUES ('INSERT INTO keyed VALUES (1, 1, 1), (1, 1, 1)', '["23505", "public", "keyed", "", "keyed_id", ""]'),
             ('INSERT INTO keyed VALUES (1, NULL, 1)', '["23502", "public", "keyed", "n", "", ""]'),
             ('INSERT INTO keyed VALUES (1, 1, 0)', '["23514", "public", "keyed", "", "positive", ""]')) AS v (sql, expected);
SELECT told('errors: the context has each level, once', context_of(inner_call), format(
$$SQL statement "SELECT 1/0"
SQL statement "SELECT unit_execute('SELECT 1/0')"
SQL statement "%s"
PL/pgSQL function context_of(text) line 5 at EXECUTE$$, inner_call))
FROM (SELECT 'SELECT unit_execute(''SELECT unit_execute(''''SELECT 1/0'''')'')' AS inner_call) AS c;

SELECT told('errors: ' || kind, outcome(format('SELECT unit_fail(%L)', kind)), expected)
FROM (VALUES ('none', 'true'),
             ('bad_alloc', '53200 out of memory'),
             ('absurd size', '53200 out of memory'),
             ('no copy', '53200 out of memory'),
             ('exception', 'XX000 unexpected exception in bulk_sync: ' || repeat('x', 100) || ' 100% %s'),
             ('long exception', 'XX000 unexpected exception in bulk_sync: ' || repeat('y', 255)),
             ('unknown', 'XX000 unexpected exception in bulk_sync: unknown C++ exception')) AS v (kind, expected);
SELECT told('errors: length_error', left(outcome('SELECT unit_fail(''length_error'')'), 40),
            'XX000 unexpected exception in bulk_sync:');
SELECT told('errors: a cancelled statement', outcome($$
        SELECT unit_execute('DO $do$ BEGIN PERFORM pg_cancel_backend(pg_backend_pid()); PERFORM pg_sleep(10); END $do$')$$),
    '57014 canceling statement due to user request');
SELECT told('errors: a caught one takes its changes back, and no others', outcome($$
        SELECT unit_execute('DO $do$ BEGIN
            INSERT INTO keyed VALUES (1, 1, 1);
            BEGIN PERFORM unit_execute(''INSERT INTO keyed VALUES (2, 2, 2); INSERT INTO keyed VALUES (1, 1, 1)'');
            EXCEPTION WHEN unique_violation THEN INSERT INTO keyed VALUES (3, 3, 3); END;
            END $do$')$$) || ' ' || (SELECT string_agg(id::text, ' ' ORDER BY id) FROM keyed), NULL);
SELECT told('errors: what a caught one left', string_agg(id::text, ' ' ORDER BY id), '1 3') FROM keyed;
SELECT told('errors: every object was destroyed', unit_alive()::text, '0');
