# Ruby, pg: COPY into a temporary table, then the call, in one transaction.
# docs: begin
require "pg"

connection = PG.connect(dbname: "hr")
connection.transaction do
  connection.exec("CREATE TEMP TABLE import (company_id int, name text, phone text, title text) ON COMMIT DROP")
  connection.copy_data("COPY import FROM STDIN WITH (FORMAT csv, HEADER)") do
    File.foreach("employees.csv") { |line| connection.put_copy_data(line) }
  end
  stats = connection.exec_params(<<~SQL, ["{company_id,name}", 501])[0]
    SELECT * FROM bulk_sync('employee', 'import', $1::text[], format('company_id = %L', $2::text),
                            max_delete_ratio => 0.5)
  SQL
  puts stats.values.join(" ")
end
# docs: end
