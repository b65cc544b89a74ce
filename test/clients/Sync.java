// Java, JDBC: COPY into a temporary table, then the call, in one transaction.
// docs: begin
import java.io.FileReader;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import org.postgresql.PGConnection;

public class Sync {
    public static void main(String[] arguments) throws Exception {
        try (Connection connection = DriverManager.getConnection("jdbc:postgresql://localhost/hr", "hr", "secret");
             var statement = connection.createStatement();
             var file = new FileReader("employees.csv")) {
            connection.setAutoCommit(false);
            statement.execute("CREATE TEMP TABLE import (company_id int, name text, phone text, title text) ON COMMIT DROP");
            connection.unwrap(PGConnection.class).getCopyAPI()
                .copyIn("COPY import FROM STDIN WITH (FORMAT csv, HEADER)", file);
            try (var call = connection.prepareStatement("SELECT * FROM bulk_sync('employee', 'import', ?::text[], format('company_id = %L', ?::text))")) {
                call.setArray(1, connection.createArrayOf("text", new String[] {"company_id", "name"}));
                call.setInt(2, 501);
                ResultSet stats = call.executeQuery();
                stats.next();
                System.out.println(stats.getLong("created") + " new, " + stats.getLong("updated") + " changed, "
                                   + stats.getLong("deleted") + " gone");
            }
            connection.commit();
        }
    }
}
// docs: end
