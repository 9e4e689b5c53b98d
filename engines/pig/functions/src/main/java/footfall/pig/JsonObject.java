package footfall.pig;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * The values of a JSON object by their names. It accepts exactly what orjson accepts, with which the sites' own reader
 * of log lines works: valid UTF-8 without lone surrogates, finite numbers, at most 1024 levels.
 */
final class JsonObject {
  /** A value that no column holds: a truth value, a fraction, an integer beyond 64 bits, an array, an object. */
  static final Object OTHER = new Object();

  private static final int MOST_LEVELS = 1024;
  /** Integers with fewer digits fit into a long. */
  private static final int DIGITS_OF_LONG = 19;
  private static final JsonFactory FACTORY = new JsonFactory().disable(JsonFactory.Feature.INTERN_FIELD_NAMES);

  private JsonObject() {}

  /**
   * Parses one line. Texts become String, integers Long, null becomes null, everything else {@link #OTHER}. Of equal
   * names the last one counts.
   *
   * @throws BadLine if the line is not a JSON object
   */
  static Map<String, Object> parse(byte[] line) throws BadLine {
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(line)).toString();
    } catch (CharacterCodingException invalid) {
      throw new BadLine(Reason.NOT_UTF8);
    }
    try (JsonParser parser = FACTORY.createParser(text)) {
      boolean isObject = parser.nextToken() == JsonToken.START_OBJECT;
      Map<String, Object> values = isObject ? fields(parser) : null;
      if (!isObject) {
        skip(parser, MOST_LEVELS);
      }
      if (parser.nextToken() != null) {
        throw new BadLine(Reason.NOT_JSON);
      }
      if (!isObject) {
        throw new BadLine(Reason.NOT_AN_OBJECT);
      }
      return values;
    } catch (IOException invalid) {
      throw new BadLine(Reason.NOT_JSON);
    }
  }

  private static Map<String, Object> fields(JsonParser parser) throws IOException, BadLine {
    Map<String, Object> values = new HashMap<>();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = wellFormed(parser.getCurrentName());
      values.put(name, value(parser, parser.nextToken()));
    }
    return values;
  }

  private static Object value(JsonParser parser, JsonToken token) throws IOException, BadLine {
    switch (token) {
      case VALUE_STRING:
        return wellFormed(parser.getText());
      case VALUE_NULL:
        return null;
      case VALUE_NUMBER_INT:
        if (parser.getTextLength() < DIGITS_OF_LONG) {
          return parser.getLongValue();
        }
        finite(parser);
        return OTHER;
      default:
        // The object of the line is the first level.
        skip(parser, MOST_LEVELS - 1);
        return OTHER;
    }
  }

  /** Reads the current value to its end and checks all that it contains. */
  private static void skip(JsonParser parser, int most) throws IOException, BadLine {
    int levels = 0;
    JsonToken token = parser.currentToken();
    while (true) {
      if (token == null) {
        throw new BadLine(Reason.NOT_JSON);
      }
      switch (token) {
        case START_OBJECT, START_ARRAY -> levels++;
        case END_OBJECT, END_ARRAY -> levels--;
        case VALUE_STRING -> wellFormed(parser.getText());
        case FIELD_NAME -> wellFormed(parser.getCurrentName());
        case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> finite(parser);
        default -> { }
      }
      if (levels > most) {
        throw new BadLine(Reason.NOT_JSON);
      }
      if (levels == 0) {
        return;
      }
      token = parser.nextToken();
    }
  }

  private static String wellFormed(String text) throws BadLine {
    for (int at = 0; at < text.length(); at++) {
      char unit = text.charAt(at);
      if (Character.isSurrogate(unit)) {
        boolean isPair = Character.isHighSurrogate(unit)
            && at + 1 < text.length()
            && Character.isLowSurrogate(text.charAt(at + 1));
        if (!isPair) {
          throw new BadLine(Reason.NOT_JSON);
        }
        at++;
      }
    }
    return text;
  }

  private static void finite(JsonParser parser) throws IOException, BadLine {
    if (Double.isInfinite(Double.parseDouble(parser.getText()))) {
      throw new BadLine(Reason.NOT_JSON);
    }
  }
}
