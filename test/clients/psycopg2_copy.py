#!/usr/bin/python3
"""Python, psycopg2: COPY into a temporary table, then the call by name, in one transaction."""
import json

import psycopg2

COMPANY = 501

connection = psycopg2.connect("")
with connection, connection.cursor() as cursor, open("employees.csv") as file:
    cursor.execute("CREATE TEMP TABLE import (name text, phone text, title text) ON COMMIT DROP")
    cursor.copy_expert("COPY import FROM STDIN WITH (FORMAT csv, HEADER)", file)
    cursor.execute(
        """SELECT * FROM bulk_sync('employee', 'import', keys => %(keys)s,
                                             filter => format('company_id = %%L', %(company)s),
                                   insert_defaults => %(defaults)s, max_delete_ratio => 0.5)""",
        {"keys": ["name"], "company": COMPANY, "defaults": json.dumps({"company_id": COMPANY})},
    )
    stats = dict(zip((column.name for column in cursor.description), cursor.fetchone()))
connection.close()
print(stats)
