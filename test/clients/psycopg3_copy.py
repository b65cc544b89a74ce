#!/usr/bin/python3
"""Python, psycopg 3: COPY into a temporary table, then the call by name, in one transaction."""
# docs: begin
import psycopg

with psycopg.connect("dbname=hr") as connection, connection.cursor() as cursor:
    cursor.execute("CREATE TEMP TABLE import (company_id int, name text, phone text, title text) ON COMMIT DROP")
    with open("employees.csv") as file, cursor.copy("COPY import FROM STDIN WITH (FORMAT csv, HEADER)") as copy:
        while data := file.read(65536):
            copy.write(data)
    cursor.execute(
        """SELECT * FROM bulk_sync('employee', 'import', keys => %s, filter => format('company_id = %%L', %s::text),
                                              max_delete_ratio => 0.5)""",
        (["company_id", "name"], 501),
    )
    print(cursor.fetchone())
# docs: end
