package footfall.pig;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonObjectTest {
  private static Map<String, Object> parse(String text) throws BadLine {
    return JsonObject.parse(text.getBytes(StandardCharsets.UTF_8));
  }

  private static Reason reason(String text) {
    return assertThrows(BadLine.class, () -> parse(text)).reason;
  }

  @Test
  void valuesHaveTheirNamesInAnyOrder() throws BadLine {
    Map<String, Object> values = parse("{\"b\": \"\\u00e4\\n\", \"a\": 12, \"n\": null}");
    assertEquals("ä\n", values.get("b"));
    assertEquals(12L, values.get("a"));
    assertEquals(true, values.containsKey("n"));
    assertEquals(null, values.get("n"));
  }

  @Test
  void theLastOfEqualNamesCounts() throws BadLine {
    assertEquals(2L, parse("{\"a\": [1], \"a\": 2}").get("a"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"true", "1.0", "1e3", "9223372036854775808", "[1]", "{\"x\": {}}"})
  void whatNoColumnHoldsIsOfAnotherType(String value) throws BadLine {
    assertSame(JsonObject.OTHER, parse("{\"a\": " + value + ", \"b\": 1}").get("a"));
  }

  @ParameterizedTest
  @ValueSource(strings = {
    "", "{", "{\"a\": 1", "{\"a\": 1}}", "{\"a\": 1} x", "{\"a\": 1,}", "{\"a\": 01}", "{\"a\": NaN}", "{'a': 1}",
    "{\"a\": \"\t\"}", "{\"a\": 1e400}", "{\"a\": [1e400]}", "{\"a\": \"\\ud800\"}", "{\"a\": [\"\\udc00\"]}",
    "{\"\\ud800\": 1}", "{\"a\": {\"\\ud800\": 1}}", "\uFEFF{}", "{} {}", "/**/ {}",
  })
  void anythingElseIsNotJson(String text) {
    assertEquals(Reason.NOT_JSON, reason(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "1", "\"text\"", "null", "[[{\"a\": 1}]]"})
  void aDocumentMayBeNoObject(String text) {
    assertEquals(Reason.NOT_AN_OBJECT, reason(text));
  }

  @Test
  void nestingHasALimit() throws BadLine {
    assertSame(JsonObject.OTHER, parse("{\"a\": " + "[".repeat(1023) + "]".repeat(1023) + "}").get("a"));
    assertEquals(Reason.NOT_JSON, reason("{\"a\": " + "[".repeat(1024) + "]".repeat(1024) + "}"));
  }

  @Test
  void invalidUtf8IsNotReplaced() {
    for (byte[] line : new byte[][] {{'{', '"', (byte) 0xff, '"', ':', '1', '}'}, {(byte) 0xc0, (byte) 0x80}}) {
      assertEquals(Reason.NOT_UTF8, assertThrows(BadLine.class, () -> JsonObject.parse(line)).reason);
    }
  }
}
