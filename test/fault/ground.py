"""The grounds: a company's rows in a table, and stagings to sync back and forth, and what SQL says of them.

A ground is always in the state of one of its stagings, so what any call has to do, and has to leave behind, is known
beforehand from the stagings alone. Names of rows say what no sync may do to them: a k row is the same in all stagings
and must keep its place, a p row is in all of them and must keep its id, a v row comes and goes.
"""
import os
from collections import namedtuple

from server import Failed

BYSTANDER = 99  # a company that nobody touches

# What a row is besides its id and its place.
ROW = {
    "employee": "ROW(t.name, t.a, t.b)::text",
    "linked": "ROW(t.name, t.a, t.b, t.boss)::text",
    "soft": "CASE WHEN t.gone_at IS NULL THEN ROW(t.name, t.a, t.b)::text ELSE t.name || ' is gone' END",
    "parted": "ROW(t.name, t.a, t.b, t.region)::text",
}
EXTRA = {
    "linked": ", CASE WHEN i % 10 <> 0 THEN lag(name) OVER (ORDER BY i) END AS boss",
    "parted": ", (CASE WHEN i % 10 = 0 THEN i ELSE a + i END & 3) % 3 AS region",
}

STAGING = """CREATE TABLE {table} AS
SELECT {company} AS company_id, name, a, 'text ' || a || CASE WHEN i % 100 = 1 THEN
        (SELECT string_agg(md5(a::text || j), '') FROM generate_series(1, 100) AS j)
        ELSE repeat(' more', i % 7) END AS b {extra}
FROM (SELECT i, CASE WHEN i % 10 = 0 THEN 'k' WHEN i % 10 < 4 THEN 'p' ELSE 'v' END || i AS name,
        hashint4(i * 31 + CASE WHEN i % 10 <> 0 AND hashint4(i * 13 + {variant}) & 7 < {changes}
            THEN {variant} + 1 ELSE 0 END) AS a
    FROM generate_series(1, {rows}) AS i
    WHERE i % 10 < 4 OR hashint4(i * 7 + {variant} * 7919) & 7 < 6) AS x
"""

State = namedtuple("State", "content place kept ids bystander audit children")


def digest(row, where="true"):
    """Says what rows there are, as SQL: how many, and a hash of them all in any order."""
    return (
        f"count(*) FILTER (WHERE {where}) || ' ' || coalesce(sum(hashtextextended({row}, 0)::numeric) FILTER (WHERE"
        f" {where}), 0)"
    )


class Ground:
    """The rows of one company in one target."""

    def __init__(self, target, company, rows, variants=4, changes=2):
        self.target, self.company, self.rows, self.variants, self.changes = target, company, rows, variants, changes
        self.name = f"{target}_{company}"
        self.filter = f"company_id = {company}"
        self.content = []  # the digest of each staging
        self.counts = {}  # what a sync has to count from one to another
        self.current = None  # the staging that the rows are as
        self.state = None  # what it looks like, as last seen

    def staging(self, variant):
        return f"staging_{self.name}_{variant}"

    def slow_staging(self, variant):
        return f"slow_{self.staging(variant)}"

    def options(self):
        return ", soft_delete => 'gone_at'" if self.target == "soft" else ""

    def condition(self, slow):
        return self.filter + (f" AND poke($$filter$$, {self.target}.company_id)" if slow else "")

    def call(self, variant, options="", slow=False):
        """The call that makes the rows as this staging has them."""
        condition = self.condition(slow)
        staging = self.slow_staging(variant) if slow else self.staging(variant)
        return (
            f"SELECT * FROM bulk_sync('{self.target}', '{staging}', '{{company_id,name}}',"
            f" '{condition}'{self.options()}{options})"
        )

    def call_json(self, variant, options="", slow=False):
        condition = self.condition(slow)
        return (
            f"SELECT * FROM bulk_sync_json('{self.target}', (SELECT jsonb_agg(to_jsonb(s)) FROM"
            f" {self.staging(variant)} AS s), '{{company_id,name}}', '{condition}'{self.options()}{options})"
        )

    def call_compare(self, variant, slow=False):
        condition = self.condition(slow)
        staging = self.slow_staging(variant) if slow else self.staging(variant)
        return (
            "SELECT count(*) FILTER (WHERE status = 'added'), count(*) FILTER (WHERE status = 'updated'), "
            "count(*) FILTER (WHERE status = 'removed'), count(*) FILTER (WHERE status = 'unchanged'), 0 "
            f"FROM bulk_compare('{self.target}', '{staging}', '{{company_id,name}}', '{condition}'{self.options()}, "
            "include_unchanged => true)"
        )

    def prepare(self, session):
        for variant in range(self.variants):
            session.run(
                STAGING.format(
                    table=self.staging(variant),
                    company=self.company,
                    variant=variant,
                    rows=self.rows,
                    changes=self.changes,
                    extra=EXTRA.get(self.target, ""),
                )
            )
            session.run(
                f"CREATE VIEW {self.slow_staging(variant)} AS "
                f"SELECT * FROM {self.staging(variant)} WHERE poke('staging', company_id)"
            )
        if self.target == "soft":
            # Every name is there at least once, marked or not, from the beginning.
            for variant in range(self.variants - 1, 0, -1):
                session.run(self.call(variant, ", allow_empty => true"))
        session.run(self.call(0))
        self.current = 0
        for variant in range(self.variants):
            self.content.append(session.one(self.expected_content(variant))[0])
            for old in range(self.variants):
                self.counts[old, variant] = session.one(self.expected_counts(old, variant))
        session.run(f"INSERT INTO permitted VALUES ('{self.name}', ARRAY['{self.content[0]}'])")
        self.state = self.observe(session)
        if self.state.content != self.content[0]:
            raise Failed(f"{self.name}: the first sync is not right")

    def expected_content(self, variant):
        if self.target != "soft":
            return f"SELECT {digest(ROW[self.target])} FROM {self.staging(variant)} AS t"
        everybody = " UNION ".join(f"SELECT name FROM {self.staging(each)}" for each in range(self.variants))
        row = "CASE WHEN t.name IS NULL THEN e.name || ' is gone' ELSE ROW(t.name, t.a, t.b)::text END"
        return f"SELECT {digest(row)} FROM ({everybody}) AS e LEFT JOIN {self.staging(variant)} AS t USING (name)"

    def expected_counts(self, old, new):
        """created, updated, deleted, unchanged, skipped"""
        added, both = "f.name IS NULL", "f.name = t.name"
        revived = added if self.target == "soft" else "false"
        return (
            f"SELECT count(*) FILTER (WHERE {added} AND NOT {revived}), count(*) FILTER (WHERE {revived} OR {both} AND"
            f" f::text <> t::text), count(*) FILTER (WHERE t.name IS NULL), count(*) FILTER (WHERE {both} AND f::text ="
            f" t::text), 0::bigint FROM {self.staging(old)} AS f FULL JOIN {self.staging(new)} AS t USING (name)"
        )

    def observe(self, session):
        """What the rows are like, where they are, and what else a call might have touched."""
        scope, place = f"t.company_id = {self.company}", "ROW(t.tableoid, t.ctid, t.xmin, t.*)::text"
        side = (
            f"(SELECT coalesce(sum(rows), 0) FROM audit WHERE company_id = {self.company}), "
            f"(SELECT count(*) FROM linked_child WHERE company_id = {self.company})"
            if self.target == "linked"
            else "0, 0"
        )
        parts = [
            digest(ROW[self.target], scope),
            digest(place, scope),
            digest(place, f"{scope} AND t.name ^@ 'k'"),
            digest("t.id || t.name", f"{scope} AND t.name !~ '^v'"),
            digest(place, f"t.company_id = {BYSTANDER}"),
            side,
        ]
        return State(
            *session.one(
                f"SELECT {', '.join(parts)} FROM {self.target} AS t WHERE t.company_id IN ({self.company}, {BYSTANDER})"
            )
        )

    def look(self):
        """The query for the content alone."""
        return f"SELECT {digest(ROW[self.target])} FROM {self.target} AS t WHERE company_id = {self.company}"

    def permit(self, session, variant):
        session.run(
            f"UPDATE permitted SET digests = ARRAY['{self.content[self.current]}', '{self.content[variant]}'] "
            f"WHERE ground = '{self.name}'"
        )
        if self.target == "linked":
            session.run(f"DELETE FROM audit WHERE company_id = {self.company}")

    def difference(self, session, variant):
        """The rows in which scope and staging differ, for a report."""
        row = ROW[self.target]
        want = f"SELECT {row} FROM {self.staging(variant)} AS t"
        got = f"SELECT {row} FROM {self.target} AS t WHERE company_id = {self.company}"
        return session.run(
            f"(SELECT 'missing', left(x::text, 60) FROM ({want} EXCEPT ALL {got}) AS x LIMIT 5) UNION ALL "
            f"(SELECT 'surplus', left(x::text, 60) FROM ({got} EXCEPT ALL {want}) AS x LIMIT 5)"
        )


def schema():
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "schema.sql"), encoding="utf-8") as file:
        return file.read()


def make_bystanders(session):
    for target in ROW:
        Ground(target, BYSTANDER, 200, variants=1).prepare(session)
