// Node, pg: the program's own objects as JSON, no staging table. Numbers of type bigint arrive as strings.
const { Client } = require("pg");

const company = 501;
const employees = [
	{ name: "Ann", phone: "1111", title: "engineer" },
	{ name: "Bob", phone: "2223", title: "engineer" },
	{ name: "Eve", phone: "5555" },
];

async function main() {
	const client = new Client();
	await client.connect();
	const { rows: [stats] } = await client.query(
		"SELECT * FROM bulk_sync_json('employee', $1, $2, format('company_id = %L', $3::int), insert_defaults => $4)",
		[JSON.stringify(employees), ["name"], company, { company_id: company }]);
	await client.end();
	console.log(stats);
}

main().catch((error) => {
	console.error(error.message);
	process.exitCode = 1;
});
