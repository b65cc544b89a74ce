-- psql: the file goes into a temporary table on the client's side of the connection, then the call.
BEGIN;
CREATE TEMP TABLE import (company_id int, name text, phone text, title text) ON COMMIT DROP;
\copy import from 'employees.csv' csv header
SELECT * FROM bulk_sync('employee', 'import', '{company_id,name}', 'company_id = 501');
COMMIT;
