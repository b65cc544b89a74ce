#!/usr/bin/python3
"""Rounds of a program that is behind a pooler of transactions, in Python with psycopg 3. Arguments: company, rounds."""
import sys

import psycopg

company, rounds = int(sys.argv[1]), int(sys.argv[2])
created = deleted = refused = 0
with psycopg.connect(prepare_threshold=None) as connection:
    for number in range(1, rounds + 1):
        try:
            with connection.transaction():
                connection.execute("CREATE TEMP TABLE import (company_id int, name text, phone text) ON COMMIT DROP")
                connection.execute("INSERT INTO served VALUES (%s, pg_backend_pid())", (company,))
                if number % 5:
                    with connection.cursor().copy("COPY import FROM STDIN") as copy:
                        for person in range(20):
                            copy.write_row((company, f"person {person}", number))
                        copy.write_row((company, f"round {number}", None))
                stats = connection.execute(
                    "SELECT * FROM bulk_sync('employee', 'import', %s, format('company_id = %%L', %s::text))",
                    (["company_id", "name"], company),
                ).fetchone()
            created, deleted = created + stats[0], deleted + stats[2]
        except psycopg.errors.ObjectNotInPrerequisiteState:  # nothing was staged
            refused += 1
print(created, deleted, refused)
