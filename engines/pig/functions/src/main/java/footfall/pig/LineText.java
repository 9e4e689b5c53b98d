package footfall.pig;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.pig.EvalFunc;
import org.apache.pig.data.DataByteArray;
import org.apache.pig.data.Tuple;

/** The text of a line, at most 2,000 characters. What is not valid UTF-8 becomes U+FFFD. */
public final class LineText extends EvalFunc<String> {
  static final int MOST_CHARACTERS = 2000;

  @Override
  public String exec(Tuple input) throws IOException {
    DataByteArray line = (DataByteArray) input.get(0);
    if (line == null) {
      return null;
    }
    String text = new String(line.get(), StandardCharsets.UTF_8);
    boolean isLong = text.codePointCount(0, text.length()) > MOST_CHARACTERS;
    return isLong ? text.substring(0, text.offsetByCodePoints(0, MOST_CHARACTERS)) : text;
  }
}
