// Java, JDBC: the program's own objects in a temporary table, and the ids of those that are new.
// docs: begin
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.util.List;

public class NewIds {
    record Employee(String name, String phone, String title) {}

    public static void main(String[] arguments) throws Exception {
        var employees = List.of(new Employee("Alice", "1111", "engineer"), new Employee("Bob", "2223", "engineer"),
                                new Employee("Erin", "5555", null));
        try (Connection connection = DriverManager.getConnection("jdbc:postgresql://localhost/hr", "hr", "secret");
             var statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("CREATE TEMP TABLE import (name text, phone text, title text) ON COMMIT DROP");
            try (var insert = connection.prepareStatement("INSERT INTO import VALUES (?, ?, ?)")) {
                for (var employee : employees) {
                    insert.setString(1, employee.name());
                    insert.setString(2, employee.phone());
                    insert.setString(3, employee.title());
                    insert.addBatch();
                }
                insert.executeBatch();
            }
            try (var call = connection.prepareStatement("""
                     SELECT new ->> 'name' AS name, (new ->> 'id')::int AS id
                     FROM bulk_sync_returning('employee', 'import', ?::text[], format('company_id = %s', ?::int),
                                              insert_defaults => ?::jsonb)
                     WHERE action = 'created'
                     """)) {
                call.setString(1, "{name}");
                call.setInt(2, 501);
                call.setString(3, "{\"company_id\": 501}");
                ResultSet created = call.executeQuery();
                while (created.next()) {
                    System.out.println(created.getString("name") + " " + created.getInt("id")); // Erin 5
                }
            }
            connection.commit();
        }
    }
}
// docs: end
