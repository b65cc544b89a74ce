#!/usr/bin/python3
"""Python, SQLAlchemy: a temporary table like the target, the filter as an expression, and the ids of new rows."""
# docs: begin
from sqlalchemy import Column, MetaData, Table, Text, cast, column, create_engine, func, insert, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, REGCLASS

employees = [
    {"company_id": 501, "name": "Alice", "phone": "1111", "title": "engineer"},
    {"company_id": 501, "name": "Bob", "phone": "2223", "title": "engineer"},
    {"company_id": 501, "name": "Erin", "phone": "5555", "title": None},
]
engine = create_engine("postgresql:///hr")
employee = Table("employee", MetaData(), autoload_with=engine)
staged = Table(
    "import",
    MetaData(),
    *(Column(each.name, each.type) for each in employee.columns if each.name in employees[0]),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)
scope = (employee.c.company_id == 501).compile(engine, compile_kwargs={"literal_binds": True})
rows = func.bulk_sync_returning(
    cast("employee", REGCLASS), cast("import", REGCLASS), cast(["company_id", "name"], ARRAY(Text)), str(scope)
).table_valued(column("action", Text), column("new", JSONB))
with engine.begin() as connection:
    staged.create(connection)
    connection.execute(insert(staged), employees)
    ids = select(rows.c.new["name"].astext, rows.c.new["id"].as_integer()).where(rows.c.action == "created")
    for name, number in connection.execute(ids):
        print(name, number)  # Erin 5
# docs: end
