<?php // PDO: the program's own objects as JSON, and the ids of those that are new.
// docs: begin
$employees = [
    ["name" => "Alice", "phone" => "1111", "title" => "engineer"],
    ["name" => "Bob", "phone" => "2223", "title" => "engineer"],
    ["name" => "Erin", "phone" => "5555", "title" => null],
];
$db = new PDO("pgsql:dbname=hr");
$call = $db->prepare(<<<'SQL'
    SELECT new ->> 'name' AS name, (new ->> 'id')::int AS id
    FROM bulk_sync_json_returning('employee', ?::jsonb, ?::text[], format('company_id = %L', ?::text),
                                  insert_defaults => ?::jsonb)
    WHERE action = 'created'
    SQL);
$call->execute([json_encode($employees, JSON_THROW_ON_ERROR), "{name}", 501, '{"company_id": 501}']);
foreach ($call as ["name" => $name, "id" => $id]) {
    echo "$name $id\n"; // Erin 5
}
// docs: end
