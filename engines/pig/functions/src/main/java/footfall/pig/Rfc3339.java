package footfall.pig;

import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Times in RFC 3339 UTC with exactly three decimals, such as {@code 2026-11-24T08:00:00.123Z}. */
final class Rfc3339 {
  private static final Pattern SHAPE = Pattern.compile(
      "([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\\.([0-9]{3})Z");

  private Rfc3339() {}

  /** Returns the milliseconds since 1970; null if the text is no valid time of the years 1 to 9999. */
  static Long milliseconds(String text) {
    Matcher shape = SHAPE.matcher(text);
    if (!shape.matches() || shape.group(1).equals("0000")) {
      return null;
    }
    try {
      LocalDateTime time = LocalDateTime.of(
          number(shape, 1), number(shape, 2), number(shape, 3), number(shape, 4), number(shape, 5), number(shape, 6));
      return time.toEpochSecond(ZoneOffset.UTC) * 1000 + number(shape, 7);
    } catch (DateTimeException invalid) {
      return null;
    }
  }

  private static int number(Matcher shape, int group) {
    return Integer.parseInt(shape.group(group));
  }
}
