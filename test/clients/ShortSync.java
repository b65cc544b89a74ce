// Java, JDBC: the same as Sync.java, with the arguments in the text of the call.
import java.io.FileReader;
import java.sql.DriverManager;
import java.sql.ResultSet;
import org.postgresql.PGConnection;

public class ShortSync {
    public static void main(String[] arguments) throws Exception {
        try (var connection = DriverManager.getConnection("jdbc:postgresql://localhost/hr", "hr", "secret");
             var statement = connection.createStatement();
             var file = new FileReader("employees.csv")) {
            // docs: begin
            connection.setAutoCommit(false);
            statement.execute("CREATE TEMP TABLE import (company_id int, name text, phone text, title text) ON COMMIT DROP");
            connection.unwrap(PGConnection.class).getCopyAPI().copyIn("COPY import FROM STDIN WITH (FORMAT csv, HEADER)", file);
            ResultSet stats = statement.executeQuery(
                "SELECT * FROM bulk_sync('employee', 'import', '{company_id,name}', 'company_id = 501')");
            stats.next();
            connection.commit();
            // docs: end
            System.out.println(stats.getLong("created") + " new, " + stats.getLong("updated") + " changed, "
                               + stats.getLong("deleted") + " gone");
        }
    }
}
