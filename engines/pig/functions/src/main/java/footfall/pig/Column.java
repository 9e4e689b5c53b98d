package footfall.pig;

/** The columns that {@link ParseLine} makes of a line of any kind. A kind fills those that its lines have. */
enum Column {
  /** SHA-256 of the line in hexadecimal digits; identifies it within its kind and day. */
  LINE_ID,
  /** Why the line is set apart; null if it is valid. The other columns are null if it is not. */
  REASON,
  APP_ID,
  REQUEST_ID,
  LOGGED_MS(Long.class),
  ADDRESS,
  METHOD,
  ENDPOINT,
  PAGE_PATH,
  QUERY_NAMES,
  PROTOCOL,
  STATUS(Integer.class),
  BYTES_SENT(Long.class),
  REFERRER,
  AGENT,
  DURATION_US(Long.class),
  QUEUE_US(Long.class),
  MEMORY_BYTES(Long.class),
  CPU_US(Long.class),
  LEVEL,
  USER_ACTION,
  ERROR_CLASS,
  MESSAGE,
  OWN_FRAME,
  FINGERPRINT;

  final Class<?> type;

  Column() {
    this(String.class);
  }

  Column(Class<?> type) {
    this.type = type;
  }

  /** Its name in Pig. */
  String text() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
