# Perl, DBD::Pg: the program's own objects as JSON, and the ids of those that are new.
# docs: begin
use strict;
use warnings;
use DBI;
use JSON::PP;

my @employees = (
    { name => "Alice", phone => "1111", title => "engineer" },
    { name => "Bob",   phone => "2223", title => "engineer" },
    { name => "Erin",  phone => "5555", title => undef },
);
my $db = DBI->connect("dbi:Pg:dbname=hr", undef, undef, { RaiseError => 1 });
my $created = $db->selectall_arrayref(<<'SQL', undef, JSON::PP->new->encode(\@employees), "{name}", 501, 501);
    SELECT new ->> 'name', new ->> 'id'
    FROM bulk_sync_json_returning('employee', ?::jsonb, ?::text[], format('company_id = %L', ?::text),
                                  insert_defaults => jsonb_build_object('company_id', ?::int))
    WHERE action = 'created'
SQL
print "@$_\n" for @$created;    # Erin 5
$db->disconnect;
# docs: end
