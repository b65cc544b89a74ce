-- Rows of tables, formed by TupleFormer and by the server.
SELECT setseed(0.5) \g /dev/null

CREATE FUNCTION maybe(chance float, value anyelement) RETURNS anyelement LANGUAGE sql AS
    'SELECT CASE WHEN random() < chance THEN value END';
CREATE FUNCTION noise(bytes int) RETURNS text LANGUAGE sql AS
    'SELECT left(string_agg(md5(random()::text), ''''), bytes) FROM generate_series(0, bytes / 32)';

CREATE TABLE narrow (a "char", b bool, c int2, d "char", e int4, f bool, g int8, h int2, i float4, j "char", k float8, l oid);
INSERT INTO narrow SELECT maybe(c, 'x'::"char"), maybe(c, true), maybe(c, (-1)::int2), maybe(c, 'y'::"char"), maybe(c, -2), maybe(c, false),
        maybe(c, -3::int8), maybe(c, 4::int2), maybe(c, 1.5::float4), maybe(c, 'z'::"char"), maybe(c, 'NaN'::float8), maybe(c, 5::oid)
FROM generate_series(1, 1000) AS n, LATERAL (SELECT CASE WHEN n % 5 = 0 THEN 1 ELSE 0.7 END AS c) AS chance;

CREATE TABLE by_reference (a "char", b uuid, c "char", d interval, e name, f "char", g timetz, h tid, i macaddr, j point, k bool, l box, m macaddr8);
INSERT INTO by_reference SELECT maybe(c, 'x'::"char"), maybe(c, gen_random_uuid()), maybe(c, 'y'::"char"), maybe(c, interval '1 mon -2 days'),
        maybe(c, 'name'::name), maybe(c, 'z'::"char"), maybe(c, '01:02+03'::timetz), maybe(c, '(1,2)'::tid), maybe(c, '08:00:2b:01:02:03'::macaddr),
        maybe(c, '(1,2)'::point), maybe(c, true), maybe(c, '(1,2),(3,4)'::box), maybe(c, '08:00:2b:01:02:03:04:05'::macaddr8)
FROM generate_series(1, 1000) AS n, LATERAL (SELECT CASE WHEN n % 5 = 0 THEN 1 ELSE 0.7 END AS c) AS chance;

-- Values short and long, compressed, in the TOAST table with and without compression, and kept as they are.
CREATE TABLE variable (a text, b "char", c varchar, d int8, e bytea, f bool, g numeric, h jsonb, i int4[], j float8[], k inet, l text, m varbit, n text);
ALTER TABLE variable ALTER a SET STORAGE extended, ALTER c SET STORAGE external, ALTER e SET STORAGE main, ALTER l SET STORAGE plain;
INSERT INTO variable SELECT maybe(c, repeat('x', length * 40)), maybe(c, 'y'::"char"), maybe(c, noise(length)), maybe(c, -3::int8),
        maybe(c, convert_to(noise(length / 3), 'UTF8')), maybe(c, true), maybe(c, random()::numeric ^ (length / 100)),
        maybe(c, jsonb_build_object('a', noise(length))), maybe(c, array_fill(length, ARRAY[length])), maybe(c, ARRAY[random(), NULL]),
        maybe(c, inet '10.0.0.1'), maybe(c, noise(length % 300)), maybe(c, repeat('101', length % 100)::varbit), maybe(c, noise(length % 260))
FROM generate_series(1, 600) AS n, LATERAL (SELECT CASE WHEN n % 5 = 0 THEN 1 ELSE 0.7 END AS c,
    CASE WHEN n % 4 = 0 THEN 3000 ELSE 300 END * random() AS x) AS chance, LATERAL (SELECT x::int AS length) AS l;

-- Lengths around the one up to which a header of one byte does.
CREATE TABLE around (a bool, b text, c bool, d text, e int8);
ALTER TABLE around ALTER d SET STORAGE plain;
INSERT INTO around SELECT true, repeat('x', n), false, repeat('y', n), n FROM generate_series(0, 300) AS n;

-- Columns that a row does not have yet.
CREATE TABLE grown (a int, b text);
INSERT INTO grown VALUES (1, 'a'), (NULL, NULL);
ALTER TABLE grown ADD c text DEFAULT 'later', ADD d int8, ADD e uuid DEFAULT '00000000-0000-0000-0000-000000000001';
INSERT INTO grown VALUES (2, 'b', NULL, 3);

CREATE TABLE no_columns ();
INSERT INTO no_columns DEFAULT VALUES;

DO $$
BEGIN
    EXECUTE format('CREATE TABLE wide (%s)', (SELECT string_agg(format('c%s %s', n, (ARRAY['int4', 'bool', 'text', 'int2', '"char"'])[1 + n % 5]), ', ')
                                              FROM generate_series(1, 1600) AS n));
    EXECUTE format('INSERT INTO wide VALUES (%s)', (SELECT string_agg(CASE WHEN n % 3 = 0 THEN 'NULL' ELSE (ARRAY['1', 'true', '''abc''', '2', '''z'''])[1 + n % 5] END, ', ')
                                                    FROM generate_series(1, 1600) AS n));
    EXECUTE format('INSERT INTO wide (c1, c1600) VALUES (true, 16)');
END
$$;

SELECT told('tuples: the bytes of the server, table ' || name, outcome(format('SELECT unit_compare_forms(%L)', name)), rows || ' rows')
FROM (VALUES ('narrow', 1000), ('by_reference', 1000), ('variable', 600), ('around', 301), ('grown', 3), ('no_columns', 1), ('wide', 2)) AS v (name, rows);

-- So that the table above has what it is there for.
SELECT told('tuples: values are in every form', concat_ws(', ',
        bool_or(pg_column_size(a) < octet_length(a) / 2), bool_or(pg_column_size(c) < 128), bool_or(octet_length(c) > 2000)),
    't, t, t')
FROM variable;
SELECT told('tuples: values are in the TOAST table', (pg_relation_size(reltoastrelid) > 0)::text, 'true')
FROM pg_class WHERE oid = 'variable'::regclass;
-- Every catalog has other columns.
SELECT told('tuples: the bytes of the server, all catalogs', string_agg(format('%s: %s', relname, result), ', ') FILTER (WHERE result NOT LIKE '% rows'), NULL)
FROM pg_class, LATERAL outcome(format('SELECT unit_compare_forms(%s)', oid)) AS result
WHERE relkind = 'r' AND relnamespace = 'pg_catalog'::regnamespace;
