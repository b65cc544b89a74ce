-- Conversion: of which kind it is between two types, and what it makes of a value.
CREATE DOMAIN positive_int AS int CHECK (VALUE > 0);
CREATE DOMAIN required_text AS text NOT NULL;
CREATE DOMAIN label AS varchar(5);
CREATE TYPE colour AS ENUM ('red', 'green');
CREATE TABLE columns (
    int4 int4, int8 int8, num numeric, num_5_1 numeric(5, 1), float8 float8, bool bool, text text, varchar varchar,
    varchar_5 varchar(5), varchar_9 varchar(9), char_5 char(5), char_3 char(3), name name, date date,
    timestamp_0 timestamp(0), timestamptz timestamptz, interval interval, json json, jsonb jsonb, regclass regclass,
    colour colour, positive_int positive_int, required_text required_text, label label, int_array int[],
    text_array text[], point point, uuid uuid, bit_3 bit(3), bytea bytea, oid oid
);

SELECT told(format('conversions: %s to %s, %s', source, target, coalesce(value, 'NULL')),
            outcome(format('SELECT unit_convert(''columns'', %L, %L, %L)', source, target, value)), expected)
FROM (VALUES
    -- The same, or only called by another name.
    ('int4', 'int4', '5', 'none: ''5'''),
    ('num', 'num', '1.50', 'none: ''1.50'''),
    ('varchar_5', 'varchar_5', 'a', 'none: ''a'''),
    ('varchar_5', 'varchar_9', 'a ', 'none: ''a '''),
    ('varchar_5', 'text', 'a', 'none: ''a'''),
    ('text', 'varchar', 'a', 'none: ''a'''),
    ('char_5', 'char_5', 'a', 'none: ''a    '''),
    ('num_5_1', 'num', '1.5', 'none: ''1.5'''),
    ('positive_int', 'int4', '3', 'none: ''3'''),
    ('int_array', 'int_array', '{1,NULL}', 'none: ''{1,NULL}'''),
    ('int4', 'int4', NULL, 'none: NULL'),
    -- An assignment cast, with the length that the column has.
    ('int4', 'int8', '5', 'expression: ''5'''),
    ('int8', 'int4', '2147483647', 'expression: ''2147483647'''),
    ('int8', 'int4', '2147483648', '22003 integer out of range'),
    ('float8', 'int4', '2.5', 'expression: ''2'''),
    ('num', 'num_5_1', '1.25', 'expression: ''1.3'''),
    ('num', 'num_5_1', '12345', '22003 numeric field overflow'),
    ('text', 'varchar_5', 'abcde   ', 'expression: ''abcde'''),
    ('text', 'varchar_5', 'abcdef', '22001 value too long for type character varying(5)'),
    ('varchar_9', 'varchar_5', 'abcdef', '22001 value too long for type character varying(5)'),
    ('text', 'char_5', 'a', 'expression: ''a    '''),
    ('char_5', 'char_3', 'ab', 'expression: ''ab '''),
    ('char_5', 'char_3', 'abcd', '22001 value too long for type character(3)'),
    ('char_5', 'text', 'a', 'expression: ''a'''),
    ('int4', 'text', '5', 'expression: ''5'''),
    ('date', 'timestamptz', 'infinity', 'expression: ''infinity'''),
    ('json', 'jsonb', '{"b": 1,"a":2}', 'expression: ''{"a": 2, "b": 1}'''),
    ('colour', 'text', 'red', 'expression: ''red'''),
    ('int_array', 'text_array', '{1,2}', 'expression: ''{1,2}'''),
    ('int4', 'oid', '5', NULL),
    ('int4', 'text', NULL, 'expression: NULL'),
    -- Text is read as the type writes it.
    ('text', 'int4', ' 5 ', 'input: ''5'''),
    ('text', 'int4', 'five', '22P02 invalid input syntax for type integer: "five"'),
    ('text', 'int4', NULL, 'input: NULL'),
    ('varchar_9', 'num_5_1', '1.25', 'input: ''1.3'''),
    ('text', 'timestamp_0', '2020-01-01 00:00:00.7', 'input: ''2020-01-01 00:00:01'''),
    ('text', 'bit_3', '1010', '22026 bit string length 4 does not match type bit(3)'),
    ('text', 'regclass', '-', 'input: ''-'''),
    ('text', 'regclass', 'pg_class', 'input: ''pg_class'''),
    ('text', 'colour', 'green', 'input: ''green'''),
    ('char_5', 'colour', 'red', 'input: ''red'''),
    ('char_5', 'int4', '7', 'input: ''7'''),
    ('text', 'bool', 'yes', 'input: ''t'''),
    ('text', 'jsonb', '{"b": 1}', 'input: ''{"b": 1}'''),
    ('text', 'int_array', '{1,2}', 'input: ''{1,2}'''),
    ('text', 'point', '(1,2)', 'input: ''(1,2)'''),
    ('text', 'bytea', '\x01', 'input: ''\x01'''),
    ('text', 'uuid', 'A0EEBC999C0B4EF8BB6D6BB9BD380A11', 'input: ''a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'''),
    ('label', 'int4', '12', 'input: ''12'''),
    -- A domain checks what it gets, NULL too.
    ('int4', 'positive_int', '3', 'expression: ''3'''),
    ('int4', 'positive_int', '-3', '23514 value for domain positive_int violates check constraint "positive_int_check"'),
    ('text', 'positive_int', '3', 'input: ''3'''),
    ('text', 'positive_int', '-3', '23514 value for domain positive_int violates check constraint "positive_int_check"'),
    ('int4', 'positive_int', NULL, 'expression: NULL'),
    ('text', 'required_text', 'a', 'expression: ''a'''),
    ('text', 'required_text', NULL, '23502 domain required_text does not allow null values'),
    ('int4', 'required_text', NULL, '23502 domain required_text does not allow null values'),
    ('text', 'label', 'abcdef', '22001 value too long for type character varying(5)'),
    -- What an INSERT would refuse.
    ('int4', 'point', '5', 'impossible'),
    ('bool', 'num', 't', 'impossible'),
    ('text_array', 'int_array', '{1}', 'impossible'),
    ('int4', 'bool', '1', 'impossible'),
    ('jsonb', 'int4', '1', 'impossible'),
    ('int_array', 'int4', '{1}', 'impossible')) AS v (source, target, value, expected)
WHERE expected IS NOT NULL;
