package footfall.javabolt;

import java.util.UUID;

/**
 * An event as the live tables need it. Times in ms since 1970.
 *
 * @param rows    keys of the aggregate rows it belongs to; an error's own is the last
 * @param visitor what tells visitors apart
 * @param bucket  of the histogram of response times, -1 for what has no response time
 * @param view    null for what is no page view of a person with a path
 * @param city    of page views alone, null if unknown
 */
record Event(long offset, String sessionId, UUID eventId, long seq, long timeMs, long receivedMs, String type,
        String app, String anonymousId, String userId, String viewId, String path, String title, String pageType,
        String element, Long engagedMs, Integer status, boolean isBot, String[] rows, String visitor, boolean pageView,
        boolean failure, boolean notFound, int bucket, String requestId, Walk.View view, String city) {
}
