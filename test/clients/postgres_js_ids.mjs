// Node, postgres.js: the objects in a temporary table, and the ids of those that are new.
// docs: begin
import postgres from "postgres";

const employees = [
    { company_id: 501, name: "Alice", phone: "1111", title: "engineer" },
    { company_id: 501, name: "Bob", phone: "2223", title: "engineer" },
    { company_id: 501, name: "Erin", phone: "5555", title: null },
];
const sql = postgres({ database: "hr" });
const created = await sql.begin(async sql => {
    await sql`CREATE TEMP TABLE import (company_id int, name text, phone text, title text) ON COMMIT DROP`;
    await sql`INSERT INTO import ${sql(employees)}`;
    return sql`
        SELECT new ->> 'name' AS name, (new ->> 'id')::int AS id
        FROM bulk_sync_returning('employee', 'import', ${["company_id", "name"]}::text[],
                                 format('company_id = %s', ${501}::int))
        WHERE action = 'created'`;
});
console.log([...created]); // [ { name: 'Erin', id: 5 } ]
await sql.end();
// docs: end
