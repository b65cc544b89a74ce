#!/usr/bin/python3
"""Python, psycopg2: the same as psycopg2_copy.py, with the arguments by position."""
# docs: begin
import psycopg2

with psycopg2.connect("dbname=hr") as connection, connection.cursor() as cursor:
    cursor.execute("CREATE TEMP TABLE import (company_id int, name text, phone text, title text) ON COMMIT DROP")
    with open("employees.csv") as file:
        cursor.copy_expert("COPY import FROM STDIN WITH (FORMAT csv, HEADER)", file)
    cursor.execute(
        "SELECT * FROM bulk_sync('employee', 'import', %s, format('company_id = %%s', %s))",
        (["company_id", "name"], 501),
    )
    created, updated, deleted, unchanged, skipped = cursor.fetchone()
# docs: end

print(created, updated, deleted, unchanged, skipped)
