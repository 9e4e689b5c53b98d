package footfall.pig;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class Rfc3339Test {
  @ParameterizedTest
  @CsvSource({
    "1970-01-01T00:00:00.000Z, 0",
    "1969-12-31T23:59:59.999Z, -1",
    "2026-11-24T08:00:00.123Z, 1795507200123",
    "2024-02-29T00:00:00.000Z, 1709164800000",
    "0001-01-01T00:00:00.000Z, -62135596800000",
    "9999-12-31T23:59:59.999Z, 253402300799999",
  })
  void aTimeIsItsMilliseconds(String text, long milliseconds) {
    assertEquals(milliseconds, Rfc3339.milliseconds(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {
    "", "2026-11-24", "2026-11-24T08:00:00Z", "2026-11-24T08:00:00.12Z", "2026-11-24t08:00:00.123z",
    "2026-11-24T08:00:00.123+00:00", "2026-02-29T08:00:00.123Z", "2026-13-01T08:00:00.123Z",
    "2026-11-24T24:00:00.000Z", "2026-11-24T08:00:60.000Z", "0000-11-24T08:00:00.000Z", " 2026-11-24T08:00:00.123Z",
    "٢٠٢٦-11-24T08:00:00.123Z",
  })
  void anythingElseIsNoTime(String text) {
    assertNull(Rfc3339.milliseconds(text));
  }

  @Test
  void aLineFeedAtTheEndIsNoPartOfATime() {
    assertNull(Rfc3339.milliseconds("2026-11-24T08:00:00.123Z\n"));
  }
}
