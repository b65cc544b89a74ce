# Ruby, pg: the program's own objects as JSON, and the ids of those that are new.
# docs: begin
require "json"
require "pg"

employees = [
  { name: "Alice", phone: "1111", title: "engineer" },
  { name: "Bob", phone: "2223", title: "engineer" },
  { name: "Erin", phone: "5555", title: nil },
]
created = PG.connect(dbname: "hr").exec_params(<<~SQL, [JSON.generate(employees), 501])
  SELECT new ->> 'name' AS name, new ->> 'id' AS id
  FROM bulk_sync_json_returning('employee', $1::jsonb, '{name}', format('company_id = %L', $2::text),
                                insert_defaults => jsonb_build_object('company_id', $2::int))
  WHERE action = 'created'
SQL
created.each { |row| puts "#{row["name"]} #{row["id"]}" } # Erin 5
# docs: end
