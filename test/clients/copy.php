<?php // The functions of pgsql: COPY into a temporary table, then the call, in one transaction.
// docs: begin
$db = pg_connect("dbname=hr");
pg_query($db, "BEGIN") or exit(1);
pg_query($db, "CREATE TEMP TABLE import (company_id int, name text, phone text, title text) ON COMMIT DROP") or exit(1);
pg_query($db, "COPY import FROM STDIN WITH (FORMAT csv, HEADER)") or exit(1);
$file = fopen("employees.csv", "r") or exit(1);
while (($line = fgets($file)) !== false) {
    pg_put_line($db, $line);
}
pg_end_copy($db) or exit(1);
$result = pg_query_params($db, <<<'SQL'
    SELECT * FROM bulk_sync('employee', 'import', $1::text[], format('company_id = %L', $2::text),
                            max_delete_ratio => 0.5)
    SQL, ["{company_id,name}", 501]) or exit(1);
$stats = pg_fetch_row($result);
pg_query($db, "COMMIT") or exit(1);
echo implode(" ", $stats), "\n";
// docs: end
