// Node, pg: the program's own objects as JSON, no staging table. Numbers of type bigint arrive as strings.
// docs: begin
import pg from "pg";

const employees = [
    { name: "Alice", phone: "1111", title: "engineer" },
    { name: "Bob", phone: "2224", title: null },
];
const client = new pg.Client({ database: "hr" });
await client.connect();
const { rows: [stats] } = await client.query(
    `SELECT * FROM bulk_sync_json('employee', $1::jsonb, '{name}', format('company_id = %L', $2::text),
                                  insert_defaults => jsonb_build_object('company_id', $2::int))`,
    [JSON.stringify(employees), 501]);
console.log(stats);
await client.end();
// docs: end
