package footfall.pig;

/** Why a line is set apart. The table stores the name in lower case. */
enum Reason {
  /** The bytes are not valid UTF-8. */
  NOT_UTF8,
  /** An access line holds a tab, a control character, or anything else beyond printable ASCII. */
  NOT_PRINTABLE,
  /** An access line does not have the format of the log; often a crash cut it off. */
  BAD_FORMAT,
  /** Not one JSON document; often a crash cut it off. */
  NOT_JSON,
  /** JSON, but no object. */
  NOT_AN_OBJECT,
  /** A necessary field is missing. */
  MISSING_FIELD,
  /** A field has a value of another type. */
  WRONG_TYPE,
  /** A number is negative or too large. */
  OUT_OF_RANGE,
  /** The name of the site is not one that a site can have. */
  BAD_APP_ID,
  /** The time is not RFC 3339 in UTC with milliseconds, or does not exist. */
  BAD_TIME;

  /** The text in the table. */
  String text() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
