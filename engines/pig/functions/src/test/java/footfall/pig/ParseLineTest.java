package footfall.pig;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.pig.data.DataByteArray;
import org.apache.pig.data.DataType;
import org.apache.pig.data.Tuple;
import org.apache.pig.data.TupleFactory;
import org.apache.pig.impl.logicalLayer.schema.Schema;
import org.junit.jupiter.api.Test;

class ParseLineTest {
  private static final String ACCESS =
      "10.1.2.0/24 - - [24/Nov/2026:08:00:00 +0000] \"GET /search?q&r HTTP/1.1\" 200 512 \"http://x/\" \"Agent (1)\" "
          + "shop 01a 1234 2026-11-24T08:00:00.123Z";
  private static final String ERROR =
      "{\"logged_at\":\"2026-11-24T08:00:00.123Z\",\"app_id\":\"shop\",\"request_id\":\"01a\",\"level\":\"error\","
          + "\"status\":500,\"code\":\"ValueError\",\"message\":\"bad\",\"user_action\":\"buy\",\"page_path\":\"/x\","
          + "\"traceback\":\"Traceback (most recent call last):\\n  File \\\"/footfall/sites/a.py\\\", line 1, in f\\n"
          + "ValueError: bad\\n\"}";
  private static final String PERFORMANCE =
      "{\"logged_at\":\"2026-11-24T08:00:00.123Z\",\"app_id\":\"shop\",\"request_id\":\"01a\",\"method\":\"GET\","
          + "\"endpoint\":\"shop.search\",\"page_path\":\"/search\",\"status\":200,\"duration_us\":1234,"
          + "\"queue_us\":null,\"bytes_sent\":512,\"memory_bytes\":1000,\"cpu_us\":900}";

  private static Tuple parsed(String kind, String line) throws IOException {
    DataByteArray bytes = line == null ? null : new DataByteArray(line.getBytes(StandardCharsets.ISO_8859_1));
    Tuple input = TupleFactory.getInstance().newTuple(2);
    input.set(0, kind);
    input.set(1, bytes);
    return new ParseLine().exec(input);
  }

  private static Object value(Tuple row, Column column) throws IOException {
    return row.get(column.ordinal());
  }

  private static String reason(String kind, String line) throws IOException {
    return (String) value(parsed(kind, line), Column.REASON);
  }

  @Test
  void anAccessLineHasItsColumns() throws IOException {
    Tuple row = parsed("access", ACCESS);
    assertNull(value(row, Column.REASON));
    assertEquals("10.1.2.0/24", value(row, Column.ADDRESS));
    assertEquals("GET", value(row, Column.METHOD));
    assertEquals("/search", value(row, Column.PAGE_PATH));
    assertEquals("q&r", value(row, Column.QUERY_NAMES));
    assertEquals("HTTP/1.1", value(row, Column.PROTOCOL));
    assertEquals(200, value(row, Column.STATUS));
    assertEquals(512L, value(row, Column.BYTES_SENT));
    assertEquals("http://x/", value(row, Column.REFERRER));
    assertEquals("Agent (1)", value(row, Column.AGENT));
    assertEquals("shop", value(row, Column.APP_ID));
    assertEquals("01a", value(row, Column.REQUEST_ID));
    assertEquals(1234L, value(row, Column.DURATION_US));
    assertEquals(1795507200123L, value(row, Column.LOGGED_MS));
  }

  @Test
  void aDashIsUnknownAndNoQueryIsEmpty() throws IOException {
    Tuple row = parsed("access", ACCESS.replace("http://x/", "-").replace("Agent (1)", "-").replace("?q&r", ""));
    assertNull(value(row, Column.REFERRER));
    assertNull(value(row, Column.AGENT));
    assertEquals("", value(row, Column.QUERY_NAMES));
  }

  @Test
  void anIncompleteRequestIsAValidLineWithoutAPath() throws IOException {
    Tuple row = parsed("access", ACCESS.replace("GET /search?q&r HTTP/1.1", "GET"));
    assertNull(value(row, Column.REASON));
    assertNull(value(row, Column.METHOD));
    assertNull(value(row, Column.PAGE_PATH));
  }

  @Test
  void anErrorHasItsFrameAndFingerprint() throws IOException {
    Tuple row = parsed("error", ERROR);
    assertNull(value(row, Column.REASON));
    assertEquals("ValueError", value(row, Column.ERROR_CLASS));
    assertEquals("footfall/sites/a.py:f", value(row, Column.OWN_FRAME));
    assertEquals("buy", value(row, Column.USER_ACTION));
    Object fingerprint = value(row, Column.FINGERPRINT);
    assertEquals(fingerprint, value(parsed("error", ERROR.replace(":\"bad\"", ":\"worse\"")), Column.FINGERPRINT));
    assertNotEquals(fingerprint, value(parsed("error", ERROR.replace("in f", "in g")), Column.FINGERPRINT));
    assertNotEquals(fingerprint, value(parsed("error", ERROR.replace("\"ValueE", "\"KeyE")), Column.FINGERPRINT));
  }

  @Test
  void aPerformanceLineHasItsColumns() throws IOException {
    Tuple row = parsed("performance", PERFORMANCE);
    assertNull(value(row, Column.REASON));
    assertEquals("shop.search", value(row, Column.ENDPOINT));
    assertNull(value(row, Column.QUEUE_US));
    assertEquals(1000L, value(row, Column.MEMORY_BYTES));
    assertEquals(900L, value(row, Column.CPU_US));
  }

  @Test
  void aBrokenLineHasAReason() throws IOException {
    assertEquals("bad_format", reason("access", ACCESS.substring(0, 90)));
    assertEquals("not_printable", reason("access", ACCESS.replace("/search", "/\tsearch")));
    assertEquals("not_printable", reason("access", ACCESS.replace("/search", "/\u00ffsearch")));
    assertEquals("bad_app_id", reason("access", ACCESS.replace(" shop ", " Shop ")));
    assertEquals("bad_time", reason("access", ACCESS.replace("08:00:00.123Z", "08:00:61.123Z")));
    assertEquals("not_json", reason("error", ERROR.substring(0, 90)));
    assertEquals("not_utf8", reason("error", ERROR.replace("buy", "\u00ff")));
    assertEquals("not_an_object", reason("error", "[]"));
    assertEquals("missing_field", reason("error", ERROR.replace("\"message\"", "\"massage\"")));
    assertEquals("wrong_type", reason("error", ERROR.replace("500", "\"500\"")));
    assertEquals("wrong_type", reason("error", ERROR.replace("\"buy\"", "7")));
    assertEquals("out_of_range", reason("performance", PERFORMANCE.replace("1234", "-1")));
    assertEquals("out_of_range", reason("performance", PERFORMANCE.replace("900", "1000000000000000")));
    assertEquals("out_of_range", reason("performance", PERFORMANCE.replace("200", "1000")));
  }

  @Test
  void aBrokenLineHasNoValues() throws IOException {
    Tuple row = parsed("error", ERROR.replace("500", "\"500\""));
    assertNull(value(row, Column.APP_ID));
    assertNotEquals(null, value(row, Column.LINE_ID));
  }

  @Test
  void theBytesOfALineIdentifyIt() throws IOException {
    assertEquals(
        "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        value(parsed("access", "foo"), Column.LINE_ID));
  }

  @Test
  void anEmptyLineIsNone() throws IOException {
    Tuple row = parsed("access", null);
    assertNull(value(row, Column.LINE_ID));
    assertNull(value(row, Column.REASON));
  }

  @Test
  void anotherKindIsAMistakeOfTheScript() {
    assertThrows(IllegalArgumentException.class, () -> parsed("audit", ACCESS));
  }

  @Test
  void pigKnowsTheColumnsAndTheirTypes() throws IOException {
    Schema row = new ParseLine().outputSchema(null).getField(0).schema;
    assertEquals(Column.values().length, row.size());
    assertEquals("logged_ms", row.getField(Column.LOGGED_MS.ordinal()).alias);
    assertEquals(DataType.LONG, row.getField(Column.LOGGED_MS.ordinal()).type);
    assertEquals(DataType.INTEGER, row.getField(Column.STATUS.ordinal()).type);
    assertEquals(DataType.CHARARRAY, row.getField(Column.APP_ID.ordinal()).type);
  }
}
