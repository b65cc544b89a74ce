"""The types a random column can have, and the literals its values are drawn from.

The literals of a type come in classes: all members of a class are equal by the type's default equality, and several members mean
several stored images of that one value (1.0 and 1.00). The classes only help to make tables with unique keys and with matches;
what is really equal is asked of the server by the oracle.
"""
from dataclasses import dataclass, field
from typing import Callable, Optional


class Raw(str):
    """A value written as an SQL expression instead of a quoted literal (large values)."""


def literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, Raw):
        return str(value)
    return "'" + value.replace("'", "''") + "'"


def ident(name):
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True)
class Alternative:
    """A type that a staging column may have instead of the target's.

    pool None: every literal of the target type fits it too.
    """

    sql: str
    pool: Optional[tuple] = None
    extra: tuple = ()
    carrier: bool = False  # a text type that carries another type: its input function converts
    refused: bool = False  # no assignment cast leads to the target type


@dataclass(frozen=True)
class Type:
    name: str
    sql: str
    send: str  # the function that gives the stored image of a value
    classes: tuple
    keyable: bool = True  # has a default equality
    plain: str = ""  # the type without length, to cast a text carrier to; "" for the text types themselves
    bad: tuple = ()  # texts that do not convert
    alternatives: tuple = ()
    many: Optional[Callable] = field(default=None, compare=False)  # i -> the i-th of many distinct values
    needs: str = ""  # an extension or a collation that must be there
    collation: str = ""

    def declaration(self):
        return self.sql + (" COLLATE " + self.collation if self.collation else "")

    def key_classes(self):
        """Large values are no keys: an index could not hold them."""
        return [group for group in self.classes if not isinstance(group[0], Raw)]


TEXT_CARRIERS = (
    Alternative("text", carrier=True),
    Alternative("varchar", carrier=True),
    Alternative("citext", carrier=True),
    Alternative("differential_text", carrier=True),
)
SMALL = ("0", "1", "2", "7", "-1")
NO_CAST = {
    "uuid": "int4",
    "point": "int4",
    "inet": "bool",
    "int4": "bool",
    "date": "int4",
    "bool": "date",
    "jsonb": "int4",
    "interval": "uuid",
    "mood": "int4",
    "bytea": "point",
}


def each(*values):
    return tuple((value,) for value in values)


def alt(sql, pool=None, extra=()):
    return Alternative(sql, pool, extra)


def make(name, sql, send, classes, plain="", alternatives=(), **more):
    """A type that is no text type gets the text carriers as alternatives, and sometimes one that cannot be assigned."""
    texts = TEXT_CARRIERS if plain else ()
    refused = (
        (Alternative(NO_CAST[name], ("1",), refused=True),)
        if name in ("uuid", "point", "date", "jsonb", "mood")
        else ()
    )
    return Type(
        name,
        sql,
        send,
        tuple(tuple(group) for group in classes),
        plain=plain,
        alternatives=tuple(alternatives) + texts + refused,
        **more,
    )


LARGE = (
    Raw("repeat(md5('1'), 120)"),
    Raw("repeat(md5('2'), 400)"),  # compressed in line, and out of line
    Raw("(SELECT string_agg(md5(i::text), '') FROM generate_series(1, 200) i)"),
    Raw("(SELECT string_agg(md5(i::text), '') FROM generate_series(2, 201) i)"),
)
TEXTS = each("", "a", "A", "b", "\u00e4", "it's", "line\nbreak", "back\\slash", " a", "a ", "NULL", "x" * 40) + each(
    *LARGE
)
FOLDED = (("Bob", "bob", "BOB"), ("alice", "Alice"), ("",), ("x", "X"), ("it's", "IT'S"), ("\u00e4",), (" bob",))

# A table: the formatter would give each word a line.
# fmt: off
TYPES = (
    make("int2", "int2", "int2send", each(*SMALL, "32767", "-32768"), "int2", bad=("40000", "x", "1.5"),
         alternatives=(alt("int4", SMALL, ("40000",)), alt("int8", SMALL), alt("numeric", SMALL, ("1.4",))), many=str),
    make("int4", "int4", "int4send", each(*SMALL, "2147483647", "-2147483648"), "int4", bad=("2147483648", "", "abc"),
         alternatives=(alt("int2", SMALL), alt("int8", None, ("2147483648",)), alt("numeric", None, ("1.4", "0.5", "2.0")),
                       alt("float8", SMALL, ("1.5",))), many=str),
    make("int8", "int8", "int8send", each(*SMALL, "9223372036854775807", "-9223372036854775808"), "int8", bad=("1e3", "z"),
         alternatives=(alt("int2", SMALL), alt("int4", SMALL), alt("numeric", None, ("1.4",))), many=str),
    make("numeric", "numeric", "numeric_send", (("0", "0.0", "0.00"), ("1", "1.0", "1.00"), ("-5.25", "-5.250"), ("NaN",),
         ("100000000000000000000", "100000000000000000000.0"), ("Infinity",), ("2",)), "numeric", bad=("1,5", ""),
         alternatives=(alt("int4", SMALL), alt("int8", SMALL), alt("float8", SMALL, ("0.1",))), many=str),
    make("numeric_6_2", "numeric(6,2)", "numeric_send", (("0", "0.00"), ("1", "1.00", "1.004"), ("-999.99",), ("2.5",), ("7",)),
         "numeric", bad=("123456", "x"), alternatives=(alt("numeric", None, ("1.001", "1.2345", "123456")), alt("int4", SMALL),
         alt("float8", ("1", "2.5"))), many=lambda i: str(i % 10000)),
    make("float8", "float8", "float8send", (("0", "-0"), ("NaN",), ("1.5",), ("1e300",), ("Infinity",), ("-Infinity",), ("0.1",)),
         "float8", bad=("1e999", "one"), alternatives=(alt("int4", SMALL), alt("numeric", ("0", "1.5", "0.10")), alt("float4", ("0", "-0", "1.5"))), many=str),
    make("float4", "float4", "float4send", (("0", "-0"), ("NaN",), ("1.5",), ("0.1",)), "float4", bad=("1e99",),
         alternatives=(alt("float8", None, ("0.10000000000000001",)),)),
    make("text", "text", "textsend", TEXTS, alternatives=(alt("varchar(60)", tuple(t for g in TEXTS[:12] for t in g)), alt("citext"),
         alt("int4", SMALL), alt("differential_text")), many=lambda i: f"key {i}"),
    make("text_c", "text", "textsend", TEXTS, alternatives=(alt("varchar"), alt("text")), collation='"C"', many=lambda i: f"k{i:07d}"),
    make("text_ci", "text", "textsend", FOLDED, alternatives=(alt("varchar"), alt("citext")), collation="differential_ci",
         needs="icu", many=lambda i: f"K{i}"),
    make("varchar_5", "varchar(5)", "varcharsend", each("", "a", "A", "abcde", "ab ", "it's"), bad=("abcdef",),
         alternatives=(alt("text", None, ("abc      ", "abcdef")), alt("varchar(20)", None, ("abcde ",)), alt("citext"), alt("int4", SMALL))),
    make("char_4", "char(4)", "bpcharsend", (("a", "a  "), ("ab",), ("abcd",), ("", " "), ("A",)), bad=("abcde",),
         alternatives=(alt("text", None, ("abcd   ", "abcde")), alt("varchar(20)"), alt("char(6)", None, ("abcdef",)))),
    make("citext", "citext", "citextsend", FOLDED, alternatives=(alt("text"), alt("varchar")), needs="citext", many=lambda i: f"Key{i}"),
    make("name", "name", "namesend", each("a", "A", "pg_class", ""), alternatives=(alt("text"),)),
    make("bytea", "bytea", "byteasend", each("\\x", "\\x00ff", "\\xdeadbeef", "abc"), "bytea", bad=("\\xzz",)),
    make("uuid", "uuid", "uuid_send", (("00000000-0000-0000-0000-000000000001", "00000000000000000000000000000001"),
         ("ffffffff-ffff-ffff-ffff-ffffffffffff", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"),
         ("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",), ("12345678-1234-1234-1234-123456789abc",)), "uuid", bad=("no uuid",),
         many=lambda i: f"{i:032x}"),
    make("date", "date", "date_send", each("2024-02-29", "1999-12-31", "infinity", "-infinity", "0044-03-15 BC", "2024-03-31"), "date",
         bad=("2023-02-29", "soon"), alternatives=(alt("timestamp", None, ("2024-02-29 15:00",)), alt("timestamptz", None, ("1999-12-31 23:59+00",)))),
    make("timestamp", "timestamp", "timestamp_send", each("2024-01-01 00:00:00", "2024-01-01 00:00:00.000001", "infinity", "1999-12-31 23:59:59"),
         "timestamp", bad=("25:00",), alternatives=(alt("date", ("2024-01-01", "infinity")), alt("timestamptz"))),
    make("timestamp_0", "timestamp(0)", "timestamp_send", each("2024-01-01 00:00:00", "1999-12-31 23:59:58.4", "2024-06-01 12:00"), "timestamp",
         bad=("noon tea",), alternatives=(alt("timestamp", None, ("2024-01-01 00:00:00.3",)),)),
    make("timestamptz", "timestamptz", "timestamptz_send", (("2024-01-01 00:00:00+00", "2024-01-01 01:00:00+01"), ("2024-07-01 12:00:00+00",),
         ("infinity",), ("1999-12-31 23:59:59.999999+00",)), "timestamptz", bad=("never",),
         alternatives=(alt("date", ("2024-01-01", "infinity")), alt("timestamp", ("2024-01-01 01:00:00", "infinity")))),
    make("time", "time", "time_send", each("00:00", "12:34:56.5", "24:00:00"), "time", bad=("25:00",)),
    make("timetz", "timetz", "timetz_send", each("00:00+00", "01:00+01", "12:00-08"), "timetz", bad=("25:00",)),
    make("interval", "interval", "interval_send", (("1 day", "24:00:00"), ("1 mon", "30 days"), ("0", "00:00"), ("-1 day",), ("1 year",)),
         "interval", bad=("a while",), alternatives=(alt("time", ("00:00", "12:00")),)),
    make("bool", "bool", "boolsend", (("t", "true"), ("f", "false")), "bool", bad=("maybe",)),
    make("json", "json", "json_send", each('{"a":1}', '{"a": 1}', "[]", "null", '"x"'), "json", keyable=False, bad=("{a}",),
         alternatives=(alt("jsonb"),)),
    make("jsonb", "jsonb", "jsonb_send", (('{"a":1}', '{"a":1.0}', '{"a": 1.00}'), ("[1,2]", "[1, 2]"), ("null",), ("1", "1.0"), ('{"b":[{}]}',)),
         "jsonb", bad=("{", ""), alternatives=(alt("json"),)),
    make("xml", "xml", "xml_send", each("<a/>", "<a></a>", "<b>1</b>"), "xml", keyable=False, bad=("<a>",), needs="xml"),
    make("point", "point", "point_send", each("(0,0)", "(-0,0)", "(1,2)", "(1e300,-1)"), "point", keyable=False, bad=("1;2",)),
    make("box", "box", "box_send", each("(1,1),(0,0)", "(5,5),(4,4)", "(2,2),(0,0)"), "box", keyable=False, bad=("((",)),
    make("int_array", "int4[]", "array_send", each("{}", "{1,2}", "{1,NULL}", "[0:1]={1,2}", "{{1,2},{3,4}}"), "int4[]", bad=("1,2",),
         alternatives=(alt("int8[]"), alt("int2[]"))),
    make("text_array", "text[]", "array_send", each("{}", "{a,b}", '{"a b",NULL}', "{NULL}"), "text[]", bad=("{",), alternatives=(alt("varchar(9)[]"),)),
    make("numeric_array", "numeric(5,1)[]", "array_send", (("{1}", "{1.04}"), ("{1.5,NULL}",), ("{}",)), "numeric[]", bad=("{x}", "{12345.6}"),
         alternatives=(alt("numeric[]", None, ("{12345.6}",)),)),
    make("varchar_array", "varchar(3)[]", "array_send", each("{a}", "{abc,NULL}", "{}"), "varchar[]", bad=("{abcd}",),
         alternatives=(alt("text[]", None, ("{abcd}", "{ab }")),)),
    make("mood", "differential_mood", "enum_send", each("sad", "ok", "happy", "it's"), "differential_mood", bad=("angry", "")),
    make("positive", "differential_positive", "int4send", each("1", "2", "3", "2147483647"), "int4", bad=("-1", "0", "x"),
         alternatives=(alt("int4", None, ("-1",)), alt("int8"))),
    make("short", "differential_short", "varcharsend", each("a", "abcd", "", "A"), bad=("abcde", "bad"),
         alternatives=(alt("text", None, ("abcde",)), alt("varchar(9)", None, ("bad",)))),
    make("pair", "differential_pair", "record_send", (("(1,a)",), ("(1,)",), ("(,)",), ('(2,"b c")',)), "differential_pair", bad=("(1)", "x")),
    make("document", "differential_document", "record_send", each('(1,"{}")', '(1,"{ }")', "(,)"), "differential_document", keyable=False, bad=("(",)),
    make("money", "money", "cash_send", (("1.00", "1"), ("2.50",), ("-3",)), "money", bad=("lots",), alternatives=(alt("numeric", ("1", "1.00", "2.50")), alt("int4", SMALL))),
    make("bit_3", "bit(3)", "bit_send", each("101", "000", "111"), '"bit"', bad=("10", "abc"), alternatives=(alt('"bit"', None, ("10",)),)),
    make("varbit_5", "varbit(5)", "varbit_send", each("", "1", "10101", "0"), "varbit", bad=("101010",), alternatives=(alt("varbit", None, ("1010101",)),)),
    make("inet", "inet", "inet_send", (("10.0.0.1", "10.0.0.1/32"), ("10.0.0.0/8",), ("::1",)), "inet", bad=("10.0.0",), alternatives=(alt("cidr", ("10.0.0.0/8",)),)),
    make("interval_0", "interval day to second(0)", "interval_send", (("1 day", "24:00:00"), ("00:00:01.4",), ("2 mon",)), "interval", bad=("x",),
         alternatives=(alt("interval", None, ("00:00:01.6", "1 year 00:00:00.5")),)),
    make("numeric_3_n2", "numeric(3,-2)", "numeric_send", (("100", "149"), ("0", "1"), ("-2500",)), "numeric", bad=("100000",),
         alternatives=(alt("int4", ("100", "0", "149")), alt("numeric", None, ("151", "99999")))),
    make("bpchar", "bpchar", "bpcharsend", (("a", "a  "), ("ab",), ("",))),
    make("letter", '"char"', "charsend", each("a", "A", "", "1")),
    make("oid", "oid", "oidsend", each("0", "1", "4294967295"), "oid", bad=("-x",), alternatives=(alt("int8", ("0", "1")),)),
    make("pg_lsn", "pg_lsn", "pg_lsn_send", each("0/0", "16/B374D848"), "pg_lsn", bad=("0",)),
    make("xid8", "xid8", "xid8send", each("0", "12345678901"), "xid8"),
    make("path", "path", "path_send", each("((0,0),(1,1))", "[(0,0),(1,1)]", "((0,0),(2,2))"), "path", keyable=False),
    make("circle", "circle", "circle_send", each("<(0,0),1>", "<(5,5),1>"), "circle", keyable=False),
    make("jsonpath", "jsonpath", "jsonpath_send", each("$.a", '$."b"', "strict $"), "jsonpath", keyable=False, bad=("$$$",)),
    make("tsquery", "tsquery", "tsquerysend", each("'a' & 'b'", "'a'", ""), "tsquery"),
    make("mood_array", "differential_mood[]", "array_send", each("{sad,ok}", "{}", "{NULL}"), "differential_mood[]", bad=("{angry}",)),
    make("pair_array", "differential_pair[]", "array_send", each('{"(1,a)"}', '{"(1,)",NULL}', "{}"), "differential_pair[]"),
    make("citext_array", "citext[]", "array_send", (("{a,B}", "{A,b}"), ("{}",), ("{NULL}",)), "citext[]", needs="citext", alternatives=(alt("text[]"),)),
    make("jsonb_array", "jsonb[]", "array_send", (("{1}", "{1.0}"), ("{NULL}",)), "jsonb[]", bad=("{x}",)),
    make("tstzrange", "tstzrange", "range_send", (("[2024-01-01 00:00+00,)", "[2024-01-01 01:00+01,)"), ("empty",)), "tstzrange"),
    make("few", "differential_few", "array_send", each("{1}", "{1,2}"), "int4[]", bad=("{1,2,3}",), alternatives=(alt("int4[]", None, ("{1,2,3}",)),)),
    make("code", "differential_code", "citextsend", (("ab", "AB"), ("x",)), bad=("",), needs="citext", alternatives=(alt("text", None, ("",)), alt("citext"))),
    make("macaddr", "macaddr", "macaddr_send", (("08:00:2b:01:02:03", "08002b010203"), ("ff:ff:ff:ff:ff:ff",)), "macaddr", bad=("08",)),
    make("tsvector", "tsvector", "tsvectorsend", (("'a' 'b'", "b a"), ("a:1",), ("",), ("a:1A b:2",)), "tsvector", bad=("'",)),
    make("int4range", "int4range", "range_send", (("[1,5)", "[1,4]"), ("empty", "(1,1)"), ("(,)",), ("[5,)",)), "int4range", bad=("[5,1)",)),
    make("numrange", "numrange", "range_send", (("[1.0,2.0]", "[1.00,2.0]", "[1,2]"), ("empty",), ("(,5)",)), "numrange", bad=("[2,1]",)),
    make("multirange", "int4multirange", "multirange_send", (("{[1,5)}", "{[1,3),[3,5)}"), ("{}",), ("{[1,2),[5,6)}",)), "int4multirange", bad=("{",)),
)
# fmt: on

BY_NAME = {kind.name: kind for kind in TYPES}

PRELUDE = """
CREATE DOMAIN differential_text AS text;
CREATE TYPE differential_mood AS ENUM ('sad', 'ok', 'happy', 'it''s');
CREATE DOMAIN differential_positive AS int CHECK (VALUE > 0);
CREATE DOMAIN differential_short AS varchar(4) CHECK (VALUE <> 'bad');
CREATE DOMAIN differential_few AS int[] CHECK (cardinality(VALUE) < 3);
CREATE TYPE differential_pair AS (a int, b text);
CREATE TYPE differential_document AS (a int, b json);
""".strip()

PRELUDE_CITEXT = "CREATE EXTENSION IF NOT EXISTS citext; CREATE DOMAIN differential_code AS citext CHECK (VALUE <> '');"
PRELUDE_ICU = "CREATE COLLATION differential_ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
