package footfall.hive;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import javax.security.sasl.AuthenticationException;
import org.apache.hive.service.auth.PasswdAuthenticationProvider;

/**
 * Admits one user of HiveServer2, whose password stands in a file. The file is read at each login, so that a new
 * password needs no restart.
 */
public final class PasswordFileAuthenticator implements PasswdAuthenticationProvider {

    /** System properties: the name of the user, and the path of the file. */
    static final String USER = "footfall.hive.user";

    static final String FILE = "footfall.hive.password.file";

    @Override
    public void Authenticate(String user, String password) throws AuthenticationException {
        byte[] expected = join(System.getProperty(USER), stored());
        // In constant time, so that the duration of an answer tells nothing about the password.
        if (user == null || password == null || !MessageDigest.isEqual(expected, join(user, password))) {
            throw new AuthenticationException("The user or the password is wrong.");
        }
    }

    private static String stored() throws AuthenticationException {
        String password;
        try {
            password = Files.readString(Path.of(System.getProperty(FILE))).strip();
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
