package footfall.pig;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.pig.data.DataByteArray;
import org.apache.pig.data.TupleFactory;
import org.junit.jupiter.api.Test;

class LineTextTest {
  private static String text(byte[] line) throws IOException {
    return new LineText().exec(TupleFactory.getInstance().newTuple(line == null ? null : new DataByteArray(line)));
  }

  @Test
  void aLongLineIsCutBetweenCharacters() throws IOException {
    String emoji = "\uD83D\uDE00".repeat(LineText.MOST_CHARACTERS);
    assertEquals(emoji, text((emoji + "x").getBytes(StandardCharsets.UTF_8)));
    assertEquals(emoji, text(emoji.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void invalidBytesAreReplaced() throws IOException {
    assertEquals("a\uFFFDb", text(new byte[] {'a', (byte) 0xff, 'b'}));
  }

  @Test
  void noLineHasNoText() throws IOException {
    assertNull(text(null));
  }
}
