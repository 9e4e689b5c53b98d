package footfall.hive;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.security.sasl.AuthenticationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PasswordFileAuthenticatorTest {

    private final PasswordFileAuthenticator authenticator = new PasswordFileAuthenticator();

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void writeThePassword() throws IOException {
        file = folder.resolve("password");
        Files.writeString(file, "right\n");
        System.setProperty(PasswordFileAuthenticator.USER, "footfall");
        System.setProperty(PasswordFileAuthenticator.FILE, file.toString());
    }

    @AfterEach
    void forgetTheSchemaUser() {
        System.clearProperty(PasswordFileAuthenticator.SCHEMA_USER);
    }

    @Test
    void admitsTheUserWithThePassword() {
        assertDoesNotThrow(() -> authenticator.Authenticate("footfall", "right"));
    }

    @ParameterizedTest
    @CsvSource({"footfall,wrong", "footfall,right2", "footfall,''", "somebody,right", "footfal,lright", "'',''", "footfall,", ",right"})
    void refusesEverythingElse(String user, String password) {
        assertEquals("The user or the password is wrong.", refusal(user, password));
    }

    @Test
    void admitsTheSchemaUserWithItsOwnPasswordOnly() throws IOException {
        refusal("footfall_schema", "right");
        Path other = folder.resolve("other");
        Files.writeString(other, "schema");
        System.setProperty(PasswordFileAuthenticator.SCHEMA_USER, "footfall_schema");
        System.setProperty(PasswordFileAuthenticator.SCHEMA_FILE, other.toString());
        assertDoesNotThrow(() -> authenticator.Authenticate("footfall_schema", "schema"));
        assertDoesNotThrow(() -> authenticator.Authenticate("footfall", "right"));
        assertEquals("The user or the password is wrong.", refusal("footfall_schema", "right"));
        assertEquals("The user or the password is wrong.", refusal("footfall", "schema"));
    }

    @Test
    void doesNotLetTheBorderBetweenUserAndPasswordMove() {
        assertEquals("The user or the password is wrong.", refusal("footfall\0right", ""));
    }

    @Test
    void readsANewPasswordAtTheNextLogin() throws IOException {
        Files.writeString(file, "another");
        assertDoesNotThrow(() -> authenticator.Authenticate("footfall", "another"));
        refusal("footfall", "right");
    }

    @Test
    void refusesEverybodyWithoutAPasswordInTheFile() throws IOException {
        Files.writeString(file, " \n");
        assertEquals("The password's file is empty.", refusal("footfall", ""));
        Files.delete(file);
        refusal("footfall", "right");
    }

    private String refusal(String user, String password) {
        return assertThrows(AuthenticationException.class, () -> authenticator.Authenticate(user, password))
                .getMessage();
    }
}
