#!/usr/bin/python3
"""Python, psycopg 3: the program's own objects as JSON, and the ids of those that are new."""
# docs: begin
import psycopg
from psycopg.types.json import Jsonb

employees = [
    {"name": "Alice", "phone": "1111", "title": "engineer"},
    {"name": "Bob", "phone": "2223", "title": "engineer"},
    {"name": "Erin", "phone": "5555", "title": None},
]
with psycopg.connect("dbname=hr") as connection:
    for name, number in connection.execute(
        """SELECT new ->> 'name', (new ->> 'id')::int
           FROM bulk_sync_json_returning('employee', %s, %s, format('company_id = %%L', %s::text),
                                         insert_defaults => %s)
           WHERE action = 'created'""",
        (Jsonb(employees), ["name"], 501, Jsonb({"company_id": 501})),
    ):
        print(name, number)  # Erin 5
# docs: end
