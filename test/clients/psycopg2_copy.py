#!/usr/bin/python3
"""Python, psycopg2: COPY into a temporary table, then the call by name, in one transaction."""
# docs: begin
import psycopg2

with psycopg2.connect("dbname=hr") as connection, connection.cursor() as cursor:
    cursor.execute("CREATE TEMP TABLE import (company_id int, name text, phone text, title text) ON COMMIT DROP")
    with open("employees.csv") as file:
        cursor.copy_expert("COPY import FROM STDIN WITH (FORMAT csv, HEADER)", file)
    cursor.execute(
        """SELECT * FROM bulk_sync('employee', 'import', keys => %s, filter => format('company_id = %%L', %s),
                                              max_delete_ratio => 0.5)""",
        (["company_id", "name"], 501),
    )
    created, updated, deleted, unchanged, skipped = cursor.fetchone()
    print(created, updated, deleted, unchanged, skipped)
# docs: end
