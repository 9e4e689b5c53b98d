package footfall.crm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.Proxy;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;

class TextRowTest {

    @Test
    void aRowIsOneLineWithATabBetweenColumns() throws SQLException {
        assertEquals("7\tAda\t\tü😀", line("7", "Ada", "", "ü😀"));
    }

    @Test
    void nullDiffersFromEveryValue() throws SQLException {
        assertEquals("\\N", line((String) null));
        assertEquals("\\\\N", line("\\N"));
        assertEquals("null", line("null"));
        assertEquals("", line(""));
    }

    @Test
    void noValueBreaksALineOrAColumn() throws SQLException {
        assertEquals("a\\tb\\nc\\r\\nd\\\\te\\\\", line("a\tb\nc\r\nd\\te\\"));
        assertEquals("comma, \"quote\" 'single'", line("comma, \"quote\" 'single'"));
    }

    @Test
    void theNextRowReplacesTheOneBefore() throws SQLException {
        TextRow row = new TextRow();
        row.readFields(rows("first", "1"));
        row.readFields(rows("second"));
        assertEquals("second\n", row.toString());
    }

    private static String line(String... values) throws SQLException {
        TextRow row = new TextRow();
        row.readFields(rows(values));
        String text = row.toString();
        assertEquals(text.length() - 1, text.indexOf('\n'));
        return text.substring(0, text.length() - 1);
    }

    /** A result set that stands on one row. */
    private static ResultSet rows(String... values) {
        ResultSetMetaData columns = proxy(ResultSetMetaData.class, (method, argument) -> values.length);
        return proxy(ResultSet.class, (method, argument) ->
                method.equals("getMetaData") ? columns : values[(int) argument - 1]);
    }

    private interface Answer {
        Object of(String method, Object argument);
    }

    private static <T> T proxy(Class<T> type, Answer answer) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type},
                (self, method, arguments) -> answer.of(method.getName(), arguments == null ? null : arguments[0])));
    }
}
