-- The SQL declarations have the arguments, in the order and with the defaults, that the table of options says; but for
-- functions without options, which are for tables of Citus.
CREATE FUNCTION unit_arguments() RETURNS text LANGUAGE c AS :'module', 'unit_arguments';
CREATE EXTENSION bulk_sync;

SELECT told('arguments: ' || proname, (SELECT line FROM string_to_table(unit_arguments(), E'\n') AS line
                                       WHERE split_part(line, ' ', 1) = proname),
            proname || ' ' || pg_get_function_arguments(oid))
FROM pg_proc
WHERE proname ~ '^bulk_(sync|compare)' AND pronargs > 0 AND proname !~ '_(setup|on_shard|on_copy|given_value)$'
ORDER BY proname;
