package footfall.pig;

import static footfall.pig.Column.*;

import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Parses the lines of the sites' logs. It accepts the same lines as {@code footfall.logs.line_parser}; a test compares
 * the two.
 */
final class LineParser {
  private static final Pattern ACCESS = Pattern.compile(
      "(?<address>\\S+) - - \\[[^\\]]*\\] \"(?<request>[^\"]*)\" (?<status>[0-9]{1,3}) (?<bytes>[0-9]{1,15}) "
          + "\"(?<referrer>[^\"]*)\" \"(?<agent>[^\"]*)\" "
          + "(?<app>\\S+) (?<id>\\S+) (?<duration>[0-9]{1,15}) (?<at>\\S+)");
  private static final Pattern APP = Pattern.compile("[a-z][a-z0-9-]{0,30}");
  private static final int MOST_STATUS = 999;
  /** Counts and durations have at most 15 digits, so no sum of them overflows. */
  private static final long MOST = 999_999_999_999_999L;
  /** 64 bits: among a million kinds of errors, an equal pair is less likely than one in ten million. */
  private static final int FINGERPRINT_BYTES = 8;

  private LineParser() {}

  /**
   * Parses one line without its line feed.
   *
   * @param kind access, error or performance
   * @return the columns of the line, except {@code LINE_ID}
   * @throws BadLine if it is not a valid line of this kind
   */
  static Map<Column, Object> parse(String kind, byte[] line) throws BadLine {
    return switch (kind) {
      case "access" -> access(line);
      case "error" -> error(JsonObject.parse(line));
      case "performance" -> performance(JsonObject.parse(line));
      default -> throw new IllegalArgumentException("There is no log of the kind '" + kind + "'.");
    };
  }

  private static Map<Column, Object> access(byte[] line) throws BadLine {
    for (byte one : line) {
      if (one < ' ' || one > '~') {
        throw new BadLine(Reason.NOT_PRINTABLE);
      }
    }
    Matcher match = ACCESS.matcher(new String(line, StandardCharsets.US_ASCII));
    if (!match.matches()) {
      throw new BadLine(Reason.BAD_FORMAT);
    }
    Map<Column, Object> row = row(match.group("app"), match.group("at"), match.group("id"));
    row.put(ADDRESS, known(match.group("address")));
    String[] request = match.group("request").split(" ", 3);
    if (request.length == 3) {
      String[] target = request[1].split("\\?", 2);
      row.put(METHOD, request[0]);
      row.put(PAGE_PATH, target[0]);
      row.put(QUERY_NAMES, target.length == 2 ? target[1] : "");
      row.put(PROTOCOL, request[2]);
    }
    row.put(STATUS, Integer.valueOf(match.group("status")));
    row.put(BYTES_SENT, Long.valueOf(match.group("bytes")));
    row.put(REFERRER, known(match.group("referrer")));
    row.put(AGENT, known(match.group("agent")));
    row.put(DURATION_US, Long.valueOf(match.group("duration")));
    return row;
  }

  private static Map<Column, Object> error(Map<String, Object> record) throws BadLine {
    Map<Column, Object> row = row(record);
    row.put(LEVEL, text(record, "level"));
    row.put(MESSAGE, text(record, "message"));
    row.put(USER_ACTION, optionalText(record, "user_action"));
    String errorClass = optionalText(record, "code");
    String traceback = optionalText(record, "traceback");
    String frame = traceback == null ? null : OwnFrame.of(traceback, text(record, "message"));
    row.put(ERROR_CLASS, errorClass);
    row.put(OWN_FRAME, frame);
    row.put(FINGERPRINT, fingerprint(errorClass, frame));
    return row;
  }

  private static Map<Column, Object> performance(Map<String, Object> record) throws BadLine {
    Map<Column, Object> row = row(record);
    row.put(DURATION_US, count(record, "duration_us", MOST));
    row.put(ENDPOINT, text(record, "endpoint"));
    row.put(METHOD, optionalText(record, "method"));
    row.put(QUEUE_US, optionalCount(record, "queue_us"));
    row.put(BYTES_SENT, optionalCount(record, "bytes_sent"));
    row.put(MEMORY_BYTES, optionalCount(record, "memory_bytes"));
    row.put(CPU_US, optionalCount(record, "cpu_us"));
    return row;
  }

  private static Map<Column, Object> row(Map<String, Object> record) throws BadLine {
    Map<Column, Object> row = row(text(record, "app_id"), text(record, "logged_at"), text(record, "request_id"));
    row.put(PAGE_PATH, text(record, "page_path"));
    row.put(STATUS, (int) count(record, "status", MOST_STATUS));
    return row;
  }

  private static Map<Column, Object> row(String app, String loggedAt, String requestId) throws BadLine {
    if (!APP.matcher(app).matches()) {
      throw new BadLine(Reason.BAD_APP_ID);
    }
    Long loggedMs = Rfc3339.milliseconds(loggedAt);
    if (loggedMs == null) {
      throw new BadLine(Reason.BAD_TIME);
    }
    Map<Column, Object> row = new EnumMap<>(Column.class);
    row.put(APP_ID, app);
    row.put(LOGGED_MS, loggedMs);
    row.put(REQUEST_ID, requestId);
    return row;
  }

  private static String fingerprint(String errorClass, String frame) {
    String both = (errorClass == null ? "" : errorClass) + "\n" + (frame == null ? "" : frame);
    byte[] hash = Sha256.of(both.getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(hash, 0, FINGERPRINT_BYTES);
  }

  /** A site writes `-` for what it does not know. */
  private static String known(String field) {
    return field.equals("-") ? null : field;
  }

  private static String text(Map<String, Object> record, String name) throws BadLine {
    necessary(record, name);
    if (record.get(name) instanceof String text) {
      return text;
    }
    throw new BadLine(Reason.WRONG_TYPE);
  }

  private static String optionalText(Map<String, Object> record, String name) throws BadLine {
    return record.get(name) == null ? null : text(record, name);
  }

  private static long count(Map<String, Object> record, String name, long most) throws BadLine {
    necessary(record, name);
    if (!(record.get(name) instanceof Long count)) {
      throw new BadLine(Reason.WRONG_TYPE);
    }
    if (count < 0 || count > most) {
      throw new BadLine(Reason.OUT_OF_RANGE);
    }
    return count;
  }

  private static Long optionalCount(Map<String, Object> record, String name) throws BadLine {
    return record.get(name) == null ? null : count(record, name, MOST);
  }

  private static void necessary(Map<String, Object> record, String name) throws BadLine {
    if (!record.containsKey(name)) {
      throw new BadLine(Reason.MISSING_FIELD);
    }
  }
}
