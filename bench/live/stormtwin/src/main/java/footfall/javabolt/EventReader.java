package footfall.javabolt;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.time.LocalDate;
import java.util.UUID;

/** Reads records of {@code events} as they stream by: fields that nobody counts become no objects. Not thread-safe. */
final class EventReader {

    private static final String NO_MINUTE = "00000000";
    private static final char SEPARATOR = '\0';
    private static final char PART_SEPARATOR = '\u001f';

    private final JsonFactory json = new JsonFactory();
    // A backlog is of few days.
    private String day = "";
    private long dayMs;

    /**
     * Reads one record.
     *
     * @return null for backfill, which no live table takes
     * @throws IOException              if it is no JSON
     * @throws IllegalArgumentException if it is no stored event
     */
    Event read(long offset, byte[] record) throws IOException {
        String app = null;
        String type = null;
        String session = null;
        String anonymous = null;
        String user = null;
        String path = null;
        String view = null;
        String pageType = null;
        String element = null;
        String country = null;
        String device = null;
        String request = null;
        String title = null;
        String section = null;
        String code = null;
        String message = null;
        String city = null;
        Double latitude = null;
        Double longitude = null;
        String eventId = null;
        String time = null;
        String received = null;
        Long seq = null;
        Long engaged = null;
        Long status = null;
        Long response = null;
        Boolean isBot = null;
        boolean backfill = false;
        try (JsonParser parser = json.createParser(record)) {
            require(parser.nextToken() == JsonToken.START_OBJECT, "the record");
            String name;
            while ((name = parser.nextFieldName()) != null) {
                JsonToken token = parser.nextToken();
                switch (name) {
                    case "app_id" -> app = text(parser, token);
                    case "event_type" -> type = text(parser, token);
                    case "session_id" -> session = text(parser, token);
                    case "anonymous_id" -> anonymous = text(parser, token);
                    case "user_id" -> user = text(parser, token);
                    case "page_path" -> path = text(parser, token);
                    case "page_view_id" -> view = text(parser, token);
                    case "page_type" -> pageType = text(parser, token);
                    case "element" -> element = text(parser, token);
                    case "country" -> country = text(parser, token);
                    case "device_type" -> device = text(parser, token);
                    case "request_id" -> request = text(parser, token);
                    case "page_title" -> title = text(parser, token);
                    case "page_section" -> section = text(parser, token);
                    case "city" -> city = text(parser, token);
                    case "latitude" -> latitude = token.isNumeric() ? parser.getDoubleValue() : null;
                    case "longitude" -> longitude = token.isNumeric() ? parser.getDoubleValue() : null;
                    case "error_code" -> code = text(parser, token);
                    case "error_message" -> message = text(parser, token);
                    case "event_id" -> eventId = text(parser, token);
                    case "event_time" -> time = text(parser, token);
                    case "received_at" -> received = text(parser, token);
                    case "seq" -> seq = whole(parser, token);
                    case "engaged_ms" -> engaged = whole(parser, token);
                    case "http_status" -> status = whole(parser, token);
                    case "response_ms" -> response = whole(parser, token);
                    case "is_bot" -> isBot = token.isBoolean() ? parser.getBooleanValue() : null;
                    case "backfill" -> backfill = token == JsonToken.VALUE_TRUE;
                    default -> parser.skipChildren();
                }
            }
        }
        require(app != null && type != null && session != null && !session.isEmpty() && anonymous != null
                && eventId != null && time != null && received != null && seq != null && isBot != null, "a field");
        long timeMs = milliseconds(time);
        require(timeMs >= 0, "event_time");
        if (backfill) {
            return null;
        }
        boolean pageView = type.equals("page_view");
        boolean failure = type.equals("error") || pageView && status != null && status >= 500;
        String minute = minute(timeMs);
        String[] rows = new String[3 + (path == null ? 0 : 2) + (failure ? 1 : 0)];
        rows[0] = key(app, "app", minute, "");
        rows[1] = key(app, "country", minute, orEmpty(country));
        rows[2] = key(app, "device", minute, orEmpty(device));
        if (path != null) {
            rows[3] = key(app, "page", minute, path);
            rows[4] = key(app, "section", minute, orEmpty(section));
        }
        if (failure) {
            String what = code != null && !code.isEmpty() ? code : status != null && status != 0 ? "" + status : "";
            rows[rows.length - 1] = key(app, "error", minute,
                    what + PART_SEPARATOR + orEmpty(message) + PART_SEPARATOR + orEmpty(path));
        }
        UUID id = UUID.fromString(eventId);
        return new Event(offset, session, id, seq, timeMs, milliseconds(received), type, app,
                anonymous, user, view, path, pageView ? title : null, pageType, element, engaged,
                status == null ? null : status.intValue(), isBot, rows, app + SEPARATOR + anonymous, pageView, failure,
                pageView && status != null && status == 404,
                pageView && response != null ? Histogram.bucket(response) : -1, request,
                pageView && path != null && !isBot ? new Walk.View(seq, id, rows[3]) : null,
                pageView && city != null
                        ? city + PART_SEPARATOR + angle(latitude) + PART_SEPARATOR + angle(longitude) : null);
    }

    private static String angle(Double degrees) {
        return degrees == null ? "" : Double.toString(degrees + 0.0);
    }

    /** The key of an aggregate row. */
    static String key(String app, String dimension, String minute, String value) {
        return app + SEPARATOR + dimension + SEPARATOR + minute + SEPARATOR + value;
    }

    /** The minute of a time, as row keys have it. */
    static String minute(long timeMs) {
        String number = Long.toString(timeMs / 60_000);
        return NO_MINUTE.substring(number.length()) + number;
    }

    private static String orEmpty(String text) {
        return text == null ? "" : text;
    }

    private static String text(JsonParser parser, JsonToken token) throws IOException {
        if (token == JsonToken.VALUE_NULL) {
            return null;
        }
        require(token == JsonToken.VALUE_STRING, "a text");
        String text = parser.getText();
        // It would separate the parts of a row key.
        require(text.indexOf(SEPARATOR) < 0, "a text");
        return text;
    }

    private static Long whole(JsonParser parser, JsonToken token) throws IOException {
        if (token == JsonToken.VALUE_NULL) {
            return null;
        }
        require(token == JsonToken.VALUE_NUMBER_INT, "a whole number");
        return parser.getLongValue();
    }

    /** Of a text such as {@code 2026-11-24T08:00:00.123Z}, the one notation that is stored. */
    private long milliseconds(String text) {
        require(text.length() == 24, "a time");
        if (!text.startsWith(day) || day.isEmpty()) {
            String date = text.substring(0, 10);
            dayMs = LocalDate.parse(date).toEpochDay() * 86_400_000;
            day = date;
        }
        long seconds = (number(text, 11, 13) * 60L + number(text, 14, 16)) * 60 + number(text, 17, 19);
        return dayMs + seconds * 1000 + number(text, 20, 23);
    }

    private static int number(String text, int from, int to) {
        return Integer.parseInt(text, from, to, 10);
    }

    private static void require(boolean fulfilled, String what) {
        if (!fulfilled) {
            throw new IllegalArgumentException(what + " is missing or wrong");
        }
    }
}
