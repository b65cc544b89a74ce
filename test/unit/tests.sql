-- The tests that are written in C++, each in a transaction of its own.
SELECT format('SELECT told(%1$L, outcome(%2$L), %3$L)', name, format('SELECT unit_test(%L)', name), '')
FROM string_to_table(unit_names(), E'\n') AS name ORDER BY name \gexec

-- They work at the top level of a transaction too, where no EXCEPTION clause has made a subtransaction.
SELECT told('all of them, once more at the top level',
            string_agg(failures, E'\n') FILTER (WHERE failures <> ''), NULL)
FROM string_to_table(unit_names(), E'\n') AS name, unit_test(name) AS failures;
