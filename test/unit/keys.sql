-- KeyEquality says what the server's = says, and equal keys have equal hashes.

-- Compares all pairs of values: the pairs on which it is wrong, and how many are equal of how many.
CREATE FUNCTION compare_all(type text, literals text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format($sql$
        WITH v (x) AS (VALUES %s)
        SELECT concat_ws(', ', string_agg(DISTINCT format('%%s and %%s: %%s', a.x, b.x, c) COLLATE "C", '; ')
                                   FILTER (WHERE c <> CASE WHEN a.x = b.x THEN 'equal' ELSE 'different' END),
                         format('%%s of %%s', count(*) FILTER (WHERE c = 'equal'), count(*)))
        FROM v AS a, v AS b, unit_compare_keys(a.x, b.x) AS c
        $sql$, (SELECT string_agg(format('((%L)::%s)', literal, type), ', ') FROM unnest(literals) AS literal))
    INTO result;
    RETURN result;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;

CREATE TYPE pair AS (a numeric, b text);
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE DOMAIN amount AS numeric;

SELECT told('keys: ' || type, compare_all(type, literals), format('%s of %s', equal_pairs, cardinality(literals) ^ 2))
FROM (VALUES
    ('bool', '{t,f,t}'::text[], 5),
    ('"char"', '{a,b,a}', 5),
    ('int2', '{0,-1,1,-32768,-1}', 7),
    ('int4', '{0,-1,1,2147483647,-1}', 7),
    ('int8', '{0,-1,1,9223372036854775807,-1}', 7),
    ('float4', '{0,-0,1,NaN,NaN,Infinity,-Infinity}', 11),
    ('float8', '{0,-0,1,NaN,NaN,Infinity,-Infinity,1e-300}', 12),
    ('numeric', '{1,1.0,1.00,0,-0,0.000,NaN,NaN,Infinity,-1,1e20,100000000000000000000.0}', 28),
    ('amount', '{1,1.0,2}', 5),
    ('money', '{1,1.00,2}', 5),
    ('text', '{a,A,"a ","",a}', 7),
    ('text COLLATE "C"', '{a,A,"a ",a}', 6),
    ('varchar(5)', '{a,A,"a ",a}', 6),
    ('name', '{a,A,abc,abc}', 6),
    ('bpchar', '{a,"a ","a   ",A,""," "}', 14),
    ('char(5)', '{a,"a ",b}', 5),
    ('bytea', '{"\\x00","\\x0000","\\x","\\x00"}', 6),
    ('uuid', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,A0EEBC999C0B4EF8BB6D6BB9BD380A11,00000000-0000-0000-0000-000000000000}', 5),
    ('date', '{2020-01-01,2020-01-02,infinity,2020-01-01}', 6),
    ('time', '{00:00,24:00,00:00:00}', 5),
    ('timetz', '{00:00+00,01:00+01,00:00+00}', 5),
    ('timestamp', '{2020-01-01,-infinity,2020-01-01 00:00}', 5),
    ('timestamptz', '{2020-01-01 00:00+00,2020-01-01 01:00+01,infinity}', 5),
    ('interval', '{1 mon,30 days,720:00,1 day,24:00,0,-1 mon}', 15),
    ('inet', '{10.0.0.1,10.0.0.1/32,10.0.0.1/8}', 5),
    ('macaddr', '{08:00:2b:01:02:03,08002b010203,08:00:2b:01:02:04}', 5),
    ('bit(3)', '{101,100,101}', 5),
    ('varbit', '{101,1010,101}', 5),
    ('jsonb', '{"1","1.0","\"a\"","[1, 2]","[1.0,2]","{\"b\":1,\"a\":2}","{\"a\":2,\"b\":1.00}"}', 13),
    ('oid', '{0,4294967295,0}', 5),
    ('mood', '{sad,glad,sad}', 5),
    ('pg_lsn', '{0/1,0/2,0/1}', 5),
    ('int4[]', '{"{1,2}","[0:1]={1,2}","{1,NULL}","{{1,2}}","{}","{1,2}","{1,NULL}"}', 11),
    ('numeric[]', '{"{1.0,2}","{1,2.00}","{NaN}","{}"}', 6),
    ('float8[]', '{"{0}","{-0}","{NaN}","{NaN}"}', 8),
    ('text[]', '{"{a,b}","{a,B}","{a,NULL}","{a,b}"}', 6),
    ('money[]', '{"{1}","{1.00}","{2}"}', 5),
    ('pair', '{"(1.0,a)","(1.00,a)","(1,A)","(,)"}', 6),
    ('int4range', '{"[1,3)","[1,2]","(0,3)",empty,"(,)"}', 11),
    ('numrange', '{"[1.0,3)","[1,3.00)","[1,2]"}', 5),
    ('int4multirange', '{"{[1,3)}","{[1,2],[3,3]}","{[1,4)}","{}"}', 6),
    ('tsvector', '{"a b","b a","a:1 b","a"}', 6),
    ('tsquery', '{"a & b","a&b","a | b"}', 5),
    ('tid', '{"(0,1)","(0,2)","(0,1)"}', 5)) AS v (type, literals, equal_pairs);

SELECT told('keys: no equality of ' || type, outcome(format('SELECT unit_compare_keys(%L::%s, %1$L::%2$s)', literal, type)),
            '42883 could not identify an equality operator for type ' || type)
FROM (VALUES ('json', '1'), ('point', '(1,2)'), ('xid8[]', NULL), ('point[]', '{"(1,2)"}')) AS v (type, literal)
WHERE literal IS NOT NULL;

-- Where equal means the same bytes, and where not.
SELECT told('keys: compared as bytes: ' || expression, outcome(format('SELECT unit_is_by_image(%s)', expression)), expected::text)
FROM (VALUES ('1', true), ('1::bigint', true), ('gen_random_uuid()', true), ('''a''::text COLLATE "C"', true),
             ('''a''::text COLLATE "default"', true), ('now()', true), ('''\x00''::bytea', true), ('1.0', false),
             ('1.0::float8', false), ('''a''::bpchar', false), ('''a''::name', false), ('interval ''1 day''', false),
             ('''{1}''::numeric[]', false)) AS v (expression, expected);

-- The form in which a value is stored says nothing of its equality.
CREATE TABLE stored (id int, t text, b bytea, a int[]);
ALTER TABLE stored ALTER t SET STORAGE external, ALTER a SET STORAGE main;
INSERT INTO stored SELECT n, repeat(n::text, 30000), repeat(n::text, 30000)::bytea, array_fill(n, '{3000}')
FROM generate_series(1, 2) AS n;
INSERT INTO stored VALUES (3, '3', '3', '{3}');
SELECT told('keys: stored in any form: ' || type, outcome(format($$
        SELECT string_agg(DISTINCT unit_compare_keys(s.%1$I, %2$s) || ', ' || unit_compare_keys(%2$s, s.%1$I), '; ')
        FROM stored AS s WHERE id < 3$$, name, made)), 'equal, equal')
FROM (VALUES ('text', 't', 'repeat(id::text, 30000)'), ('bytea', 'b', 'repeat(id::text, 30000)::bytea'),
             ('int4[]', 'a', 'array_fill(id, ''{3000}'')')) AS v (type, name, made);
SELECT told('keys: stored short', unit_compare_keys(t, '3') || ', ' || unit_compare_keys('3', t) || ', ' ||
            unit_compare_keys(b, '3') || ', ' || unit_compare_keys(t, '4'), 'equal, equal, equal, different')
FROM stored WHERE id = 3;

SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'citext') AS has_citext,
       EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i') AND getdatabaseencoding() = 'UTF8' AS has_icu \gset
\if :has_citext
CREATE EXTENSION citext;
SELECT told('keys: citext', compare_all('citext', '{a,A,b,B,"a ",xyZ,Xyz}'), '13 of 49');
SELECT told('keys: compared as bytes: citext', unit_is_by_image('a'::citext)::text, 'false');
\else
\echo 'skipped keys: citext'
\endif
\if :has_icu
CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
SELECT told('keys: nondeterministic text', compare_all('text COLLATE any_case', ARRAY['a', 'A', 'b', 'é', U&'e\0301', 'É']), '14 of 36');
SELECT told('keys: nondeterministic char(n)', compare_all('bpchar COLLATE any_case', '{a,A,"a  ",b}'), '10 of 16');
SELECT told('keys: nondeterministic char(n)[]', compare_all('bpchar[] COLLATE any_case', '{"{a}","{\"A  \"}","{b}"}'), '5 of 9');
CREATE TYPE padded AS (a bpchar COLLATE any_case);
CREATE TYPE padded_range AS RANGE (subtype = bpchar, collation = any_case);
SELECT told('keys: nondeterministic char(n) in a field', compare_all('padded', '{(a),"(\"A  \")",(b)}'), '5 of 9');
SELECT told('keys: nondeterministic char(n) in a range', compare_all('padded_range', '{"[a,c]","[\"A  \",C]","[b,c]"}'), '5 of 9');
SELECT told('keys: nondeterministic text[]', compare_all('text[] COLLATE any_case', '{"{a,b}","{A,B}","{a}"}'), '5 of 9');
SELECT told('keys: compared as bytes: nondeterministic', unit_is_by_image('a'::text COLLATE any_case)::text, 'false');
\else
\echo 'skipped keys: collations of ICU'
\endif
