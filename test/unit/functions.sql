-- The functions of the module, whose path is :module, and how their results are told.
CREATE FUNCTION unit_names() RETURNS text LANGUAGE c AS :'module', 'unit_names';
CREATE FUNCTION unit_test(name text) RETURNS text LANGUAGE c STRICT AS :'module', 'unit_test';
CREATE FUNCTION unit_fail(kind text) RETURNS bool LANGUAGE c STRICT AS :'module', 'unit_fail';
CREATE FUNCTION unit_execute(sql text) RETURNS bool LANGUAGE c STRICT AS :'module', 'unit_execute';
CREATE FUNCTION unit_alive() RETURNS int LANGUAGE c AS :'module', 'unit_alive';
CREATE FUNCTION unit_heap_bytes() RETURNS bigint LANGUAGE c AS :'module', 'unit_heap_bytes';
CREATE FUNCTION unit_compare_forms(relation regclass) RETURNS text
    LANGUAGE c STRICT AS :'module', 'unit_compare_forms';
CREATE FUNCTION unit_compare_keys(anyelement, anyelement) RETURNS text
    LANGUAGE c STRICT AS :'module', 'unit_compare_keys';
CREATE FUNCTION unit_is_by_image(anyelement) RETURNS bool LANGUAGE c STRICT AS :'module', 'unit_is_by_image';
CREATE FUNCTION unit_convert(relation regclass, source text, target text, value text) RETURNS text
    LANGUAGE c AS :'module', 'unit_convert';

-- A line for one test: what came out is to be what was expected.
CREATE FUNCTION told(name text, actual text, expected text) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN actual IS NOT DISTINCT FROM expected THEN 'ok      ' || name
                ELSE format(E'FAILED  %s\n        got:      %s\n        expected: %s', name, actual, expected) END
$$;

-- The result of a query that gives one text, or "SQLSTATE message" when it fails.
CREATE FUNCTION outcome(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE sql INTO result;
    RETURN result;
EXCEPTION WHEN OTHERS OR query_canceled THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
