#!/usr/bin/perl
# The rounds of rounds.py, in Perl with DBD::Pg.
use strict;
use warnings;
use DBI;

my ($company, $rounds) = @ARGV;
my ($created, $deleted, $refused) = (0, 0, 0);
my $db = DBI->connect("dbi:Pg:", undef, undef,
    { AutoCommit => 0, RaiseError => 1, PrintError => 0, pg_server_prepare => 0 });
for my $round (1 .. $rounds) {
    my @stats = eval {
        $db->do("CREATE TEMP TABLE import (company_id int, name text, phone text) ON COMMIT DROP");
        $db->do("INSERT INTO served VALUES (?, pg_backend_pid())", undef, $company);
        if ($round % 5) {
            $db->do("COPY import FROM STDIN");
            $db->pg_putcopydata("$company\tperson $_\t$round\n") for 0 .. 19;
            $db->pg_putcopydata("$company\tround $round\t\\N\n");
            $db->pg_putcopyend();
        }
        my @row = $db->selectrow_array(
            "SELECT * FROM bulk_sync('employee', 'import', ?::text[], format('company_id = %L', ?::text))",
            undef, ["company_id", "name"], $company);
        $db->commit;
        @row;
    };
    if (@stats) {
        $created += $stats[0];
        $deleted += $stats[2];
    } elsif ($db->state eq "55000") {    # nothing was staged
        $db->rollback;
        $refused++;
    } else {
        die $@;
    }
}
print "$created $deleted $refused\n";
$db->disconnect;
