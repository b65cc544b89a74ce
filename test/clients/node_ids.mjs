// Node, pg: the program's own objects as JSON, and the ids of those that are new.
// docs: begin
import pg from "pg";

const employees = [
    { name: "Alice", phone: "1111", title: "engineer" },
    { name: "Bob", phone: "2223", title: "engineer" },
    { name: "Erin", phone: "5555", title: null },
];
const client = new pg.Client({ database: "hr" });
await client.connect();
const { rows } = await client.query(
    `SELECT new ->> 'name' AS name, (new ->> 'id')::int AS id
     FROM bulk_sync_json_returning('employee', $1::jsonb, $2::text[], format('company_id = %s', $3::int),
                                   insert_defaults => jsonb_build_object('company_id', $3::int))
     WHERE action = 'created'`,
    [JSON.stringify(employees), ["name"], 501]);
console.log(rows); // [ { name: 'Erin', id: 5 } ]
await client.end();
// docs: end
