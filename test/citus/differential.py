#!/usr/bin/python3
"""Random calls in two worlds: on tables that Citus distributes, and on their twins on one machine (agree.sql).

    test/citus/differential.py [--cases N] [--seed S]     on the server of PGHOST and so on, in database PGDATABASE

The database is one with Citus and bulk_sync on several nodes. Each case fills target and staging with random rows of a
few companies, so that keys meet, and makes a call with random options. Some are on a reference table, whose copies
have to stay the same on all nodes. Prints each case in which the two worlds do not come to the same, or in which both
come to an error that is not about rows, and exits with 1 when there is any. Which of several errors is told may
differ: a call that is refused in both worlds, by errors of which rows are to blame, counts as the same.
"""
import argparse
import pathlib
import random
import sys

import psycopg2

TOP = pathlib.Path(__file__).resolve().parents[2]

COLUMNS = "company_id int, name text, phone text, age numeric(4,1), at date, gone boolean NOT NULL DEFAULT false"
TARGETS = ("employee", "everywhere")
STAGING = {
    "colocated": "company_id int, name text, phone text, age numeric(4,1)",
    "elsewhere": "name text, phone text, age numeric(4,1), company_id int",
    "copied": "age numeric(4,1), company_id int, name text, phone text",
    "plain": "company_id bigint, name varchar, phone text, age float8",
    "text": "age text, phone text, name text, company_id text",
}
ONLY_OF_WRITES = ["skip_creates", "skip_updates", "skip_deletes", "dry_run", "allow_empty"] + [
    "max_deletes",
    "max_delete_ratio",
    "touch_columns",
    "lock",
]
# Errors about rows: shards find them in another order than one machine does.
ABOUT_ROWS = ("21000", "44000", "55000", "23505", "22P02", "22003", "23514", "23502", "22001")
# Of the cases; others are refused for their rows.
LEAST_SUCCESSFUL = 0.25


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def set_up(cursor):
    cursor.execute("SET client_min_messages = error")
    cursor.execute((TOP / "test/citus/agree.sql").read_text())
    cursor.execute("SELECT 1")

    def twins(name, columns):
        cursor.execute("CALL twins(%s)", (f"CREATE TABLE {name} ({columns})",))

    for target in TARGETS:
        twins(target, COLUMNS)
        cursor.execute(f"CALL in_both('ALTER TABLE {target} ADD CHECK (age < 900)')")
    cursor.execute("SELECT create_distributed_table('d.employee', 'company_id', colocate_with => 'none')")
    cursor.execute("SELECT create_reference_table('d.everywhere')")
    for name, columns in STAGING.items():
        twins(name, columns)
    cursor.execute("SELECT create_distributed_table('d.colocated', 'company_id', colocate_with => 'd.employee')")
    cursor.execute("SELECT create_distributed_table('d.elsewhere', 'name', colocate_with => 'none')")
    cursor.execute("SELECT create_reference_table('d.copied')")
    cursor.execute("SELECT bulk_sync_setup('d.employee')")


def random_rows(rng, companies, most):
    rows = []
    for _ in range(rng.randrange(most)):
        rows.append(
            (
                rng.choice(companies),
                f"n{rng.randrange(12)}",
                rng.choice(["a", "b", None]),
                rng.choice([None, 1, 2.5, 30]),
            )
        )
    if rng.random() < 0.85:  # mostly without duplicates
        rows = list({row[:2]: row for row in rows}.values())
    return rows


def sql_value(value):
    return "NULL" if value is None else "'" + str(value) + "'"


def fill(cursor, table, rows, extra=""):
    cursor.execute("CALL in_both(%s)", (f"DELETE FROM {table}",))
    if rows:
        values = ", ".join("(" + ", ".join(sql_value(v) for v in row) + ")" for row in rows)
        sql = f"INSERT INTO {table} (company_id, name, phone, age) VALUES {values}"
        cursor.execute("CALL in_both(%s)", (sql,))
    if extra:
        cursor.execute("CALL in_both(%s)", (extra,))


def random_call(rng, target, staging, companies):
    options, filter_sql = [], None
    keys = "{company_id,name}"
    choice = rng.random()
    if choice < 0.3:
        filter_sql = f"company_id = {rng.choice(companies) if rng.random() < 0.9 else 99999999999}"
        if rng.random() < 0.5:
            keys = "{name}"
    elif choice < 0.45:
        filter_sql = rng.choice(
            ["age > 2", "phone = 'a'", f"{target}.company_id IN (1, 2, 3)", "gone IS NOT TRUE", "at IS NULL"]
        )
    elif choice < 0.5:
        keys = rng.choice(["{company_id}", "{name,company_id,phone}"])
    for name in ("skip_creates", "skip_updates", "skip_deletes", "dry_run", "allow_empty"):
        if rng.random() < (0.7 if name == "allow_empty" else 0.12):
            options.append(f"{name} => true")
    if rng.random() < 0.15 and keys != "{name}":
        options.append("allow_out_of_scope => true")
    if rng.random() < 0.2:
        options.append(f"max_deletes => {rng.randrange(20)}")
    if rng.random() < 0.1:
        options.append(f"max_delete_ratio => {rng.random():.2f}")
    if rng.random() < 0.2:
        options.append("soft_delete => 'gone'")
    if rng.random() < 0.1:
        options.append("columns => '{phone}'")
    if rng.random() < 0.1:
        options.append("touch_columns => '{at}'")
    if rng.random() < 0.1:
        options.append("update_when => 'new.age > old.age'")
    if rng.random() < 0.1:
        options.append("lock => 'table'")
    where = "NULL" if filter_sql is None else "'" + filter_sql.replace("'", "''") + "'"
    return ", ".join([repr(target), staging, f"'{keys}'", where] + options)


def comparison_of(call, rng):
    """The call that tells what a call would do, without the options that only calls which write have."""
    parts = [part for part in call.split(", ") if part.split(" => ")[0] not in ONLY_OF_WRITES]
    if rng.random() < 0.3:
        parts.append("include_unchanged => true")
    return f"bulk_compare({', '.join(parts)})"


def rows_as_json(rows):
    members = ("company_id", "name", "phone", "age")
    parts = []
    for row in rows:
        pairs = (
            f'"{m}": ' + ("null" if v is None else str(v) if m in ("company_id", "age") else f'"{v}"')
            for m, v in zip(members, row)
        )
        parts.append("{" + ", ".join(pairs) + "}")
    return "'[" + ", ".join(parts) + "]'"


def is_the_same(verdict):
    if verdict.startswith("same: "):
        return True
    if verdict.startswith("UNEXPECTED: "):  # both are refused
        return verdict[len("UNEXPECTED: ") :][:5] in ABOUT_ROWS
    if " on one machine, and distributed: " not in verdict:
        return False
    alone, together = verdict[len("DIFFERENT: ") :].split(" on one machine, and distributed: ")
    return alone[:5] in ABOUT_ROWS and together[:5] in ABOUT_ROWS


def has_same_copies(cursor, target):
    cursor.execute("SELECT copies(%s)", (target,))
    return cursor.fetchone()[0] == "same: copies"


def run_case(cursor, rng):
    target = "employee" if rng.random() < 0.7 else "everywhere"
    companies = [rng.randrange(1, 60) for _ in range(rng.randrange(1, 6))]
    fill(cursor, target, list({row[:2]: row for row in random_rows(rng, companies, 60)}.values()))
    staged_companies = companies if rng.random() < 0.6 else companies[:1]
    rows = random_rows(rng, staged_companies, 60)
    kind = rng.choice(list(STAGING) + ["json"])
    returning = "_returning" if rng.random() < 0.3 else ""
    if rng.random() < 0.3:
        cursor.execute("CALL in_both(%s)", (f"UPDATE {target} SET gone = true WHERE age > 2",))
    if kind == "json":
        calls = [f"bulk_sync_json{returning}({random_call(rng, target, rows_as_json(rows), companies)})"]
    else:
        spoil = "UPDATE text SET company_id = 'x' WHERE name = 'n3'"
        fill(cursor, kind, rows, spoil if kind == "text" and rng.random() < 0.2 else "")
        arguments = random_call(rng, target, repr(kind), companies)
        calls = [f"bulk_sync{returning}({arguments})"]
        if rng.random() < 0.4:
            calls.insert(0, comparison_of(arguments, rng))
    for call in calls:
        cursor.execute("SELECT agree(%s, %s)", (call, target))
        verdict = cursor.fetchone()[0]
        if not is_the_same(verdict):
            return False, f"{call}\n    {verdict}"
    if target == "everywhere" and not has_same_copies(cursor, target):
        return False, f"{calls[-1]}\n    the copies are not the same"
    return verdict.startswith(("same: (", "same: nothing")), None


def main():
    arguments = parse_arguments()
    connection = psycopg2.connect("")
    connection.autocommit = True
    cursor = connection.cursor()
    set_up(cursor)
    failed, successful = 0, 0
    for case in range(arguments.cases):
        rng = random.Random(f"{arguments.seed} {case}")
        success, found = run_case(cursor, rng)
        successful += success
        if found:
            failed += 1
            print(f"case {case}: {found}")
    print(f"{arguments.cases} cases, {successful} calls went through, {failed} cases are different")
    if successful < LEAST_SUCCESSFUL * arguments.cases:
        print("too few of them")
        failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
