package footfall.hive;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import javax.security.sasl.AuthenticationException;
import org.apache.hive.service.auth.PasswdAuthenticationProvider;

/**
 * Admits two users of HiveServer2, whose passwords stand in files: one reads, the other one creates tables and views. A
 * file is read at each login, so that a new password needs no restart.
 */
public final class PasswordFileAuthenticator implements PasswdAuthenticationProvider {

    /** System properties: the names of the users, and the paths of their files. */
    static final String USER = "footfall.hive.user";

    static final String FILE = "footfall.hive.password.file";
    static final String SCHEMA_USER = "footfall.hive.schema.user";
    static final String SCHEMA_FILE = "footfall.hive.schema.password.file";

    @Override
    public void Authenticate(String user, String password) throws AuthenticationException {
        String schemaUser = System.getProperty(SCHEMA_USER);
        boolean ofSchema = schemaUser != null && schemaUser.equals(user);
        byte[] expected = join(System.getProperty(ofSchema ? SCHEMA_USER : USER), stored(ofSchema ? SCHEMA_FILE : FILE));
        // In constant time, so that the duration of an answer tells nothing about the password.
        if (user == null || password == null || !MessageDigest.isEqual(expected, join(user, password))) {
            throw new AuthenticationException("The user or the password is wrong.");
        }
    }

    private static String stored(String property) throws AuthenticationException {
        String password;
        try {
            password = Files.readString(Path.of(System.getProperty(property))).strip();
        } catch (IOException e) {
            throw new AuthenticationException("The password's file cannot be read: " + e.getMessage());
        }
        if (password.isEmpty()) {
            throw new AuthenticationException("The password's file is empty.");
        }
        return password;
    }

    private static byte[] join(String user, String password) {
        return (user + '\0' + password).getBytes(StandardCharsets.UTF_8);
    }
}
