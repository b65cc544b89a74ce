# Perl, DBD::Pg: COPY into a temporary table, then the call, in one transaction.
# docs: begin
use strict;
use warnings;
use DBI;

my $db = DBI->connect("dbi:Pg:dbname=hr", undef, undef, { AutoCommit => 0, RaiseError => 1 });
$db->do("CREATE TEMP TABLE import (company_id int, name text, phone text, title text) ON COMMIT DROP");
$db->do("COPY import FROM STDIN WITH (FORMAT csv, HEADER)");
open my $file, "<", "employees.csv" or die "employees.csv: $!";
while (my $line = <$file>) {
    $db->pg_putcopydata($line);
}
$db->pg_putcopyend();
my @stats = $db->selectrow_array(<<'SQL', undef, ["company_id", "name"], 501);
    SELECT * FROM bulk_sync('employee', 'import', ?::text[], format('company_id = %L', ?::text),
                            max_delete_ratio => 0.5)
SQL
$db->commit;
print "@stats\n";
$db->disconnect;
# docs: end
