package footfall.crm;

import com.cloudera.sqoop.lib.DelimiterSet;
import com.cloudera.sqoop.lib.LargeObjectLoader;
import com.cloudera.sqoop.lib.SqoopRecord;
import java.io.DataInput;
import java.io.DataOutput;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.apache.hadoop.io.Text;

/**
 * One row of any query as one line of text, in the text format of PostgreSQL's COPY: columns are separated by tabs, NULL is
 * {@code \N}, and backslash, tab, newline and carriage return within a value are {@code \\}, {@code \t}, {@code \n} and
 * {@code \r}. So a value never spans two lines, and NULL differs from every value.
 *
 * <p>Sqoop's own classes escape the mark of NULL like a value, which makes the two equal. This class does not use Sqoop's
 * options about delimiters and NULL.
 */
public final class TextRow extends SqoopRecord {

    // The version of Sqoop's interface to its generated classes.
    private static final int FORMAT_VERSION = 3;

    private String line = "";

    /** Reads the current row. */
    @Override
    public void readFields(ResultSet rows) throws SQLException {
        int columns = rows.getMetaData().getColumnCount();
        StringBuilder text = new StringBuilder();
        for (int column = 1; column <= columns; column++) {
            if (column > 1) {
                text.append('\t');
            }
            append(text, rows.getString(column));
        }
        line = text.append('\n').toString();
    }

    private static void append(StringBuilder text, String value) {
        if (value == null) {
            text.append("\\N");
            return;
        }
        for (int i = 0; i < value.length(); i++) {
            char character = value.charAt(i);
            switch (character) {
                case '\\' -> text.append("\\\\");
                case '\t' -> text.append("\\t");
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                default -> text.append(character);
            }
        }
    }

    /** The line with its end, as Sqoop writes it to the file. */
    @Override
    public String toString() {
        return line;
    }

    @Override
    public String toString(DelimiterSet ignored) {
        return line;
    }

    @Override
    public int getClassFormatVersion() {
        return FORMAT_VERSION;
    }

    @Override
    public void loadLargeObjects(LargeObjectLoader loader) {
        // All columns were read as text.
    }

    // An import to text files writes lines and reads nothing back.

    @Override
    public void readFields(DataInput in) {
        throw unsupported();
    }

    @Override
    public void write(DataOutput out) {
        throw unsupported();
    }

    @Override
    public void write(PreparedStatement statement) {
        throw unsupported();
    }

    @Override
    public int write(PreparedStatement statement, int offset) {
        throw unsupported();
    }

    @Override
    public void parse(CharSequence text) {
        throw unsupported();
    }

    @Override
    public void parse(Text text) {
        throw unsupported();
    }

    @Override
    public void parse(byte[] text) {
        throw unsupported();
    }

    @Override
    public void parse(char[] text) {
        throw unsupported();
    }

    @Override
    public void parse(ByteBuffer text) {
        throw unsupported();
    }

    @Override
    public void parse(CharBuffer text) {
        throw unsupported();
    }

    private static UnsupportedOperationException unsupported() {
        return new UnsupportedOperationException("Rows are only imported, as lines of text.");
    }
}
