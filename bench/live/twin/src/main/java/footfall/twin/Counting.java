package footfall.twin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * One partition's events, counted as the live tables count them: once an identity, by minute, in each dimension, people
 * apart from bots. What it leaves out: a session keeps of its events only that they were there.
 */
final class Counting implements Processor<String, byte[], Void, Void> {

    static final List<String> STORES = List.of("sessions", "minute-metrics", "active-users");
    static final LongAdder COUNTED = new LongAdder();
    static final LongAdder REPEATS = new LongAdder();
    static final LongAdder ROWS = new LongAdder();
    /** When the first record and the newest were processed, {@code System.nanoTime}; threads may differ by a record. */
    static volatile long firstNanos;
    static volatile long newestNanos;

    private static final int[] BOUNDS_MS = bounds();
    private static final byte[] PRESENT = {};
    // A row is these counts, and then pairs of a histogram's bucket and its page views, all of four bytes.
    private static final int EVENTS = 0;
    private static final int PAGE_VIEWS = 4;
    private static final int ERRORS = 8;
    private static final int NOT_FOUND = 12;
    private static final int VISITORS = 16;
    private static final int COUNTS_END = 20;

    private final ObjectMapper json = new ObjectMapper();
    private KeyValueStore<String, byte[]> sessions;
    private KeyValueStore<String, byte[]> metrics;
    private KeyValueStore<String, byte[]> active;

    /** What one event adds to each of its rows; {@code bucket} is -1 for what has no response time. */
    private record Added(String visitor, boolean pageView, boolean failure, boolean notFound, int bucket) {
    }

    @Override
    public void init(ProcessorContext<Void, Void> context) {
        sessions = context.getStateStore("sessions");
        metrics = context.getStateStore("minute-metrics");
        active = context.getStateStore("active-users");
    }

    @Override
    public void process(Record<String, byte[]> record) {
        if (firstNanos == 0) {
            firstNanos = System.nanoTime();
        }
        count(record);
        newestNanos = System.nanoTime();
    }

    private void count(Record<String, byte[]> record) {
        JsonNode event;
        try {
            event = json.readTree(record.value());
        } catch (IOException e) {
            return;
        }
        if (event.path("backfill").asBoolean()) {
            return;
        }
        String identity = event.get("session_id").textValue() + '\0' + event.get("event_id").textValue();
        if (sessions.putIfAbsent(identity, PRESENT) != null) {
            REPEATS.increment();
            return;
        }
        String app = event.get("app_id").textValue();
        String type = event.get("event_type").textValue();
        String path = event.path("page_path").textValue();
        int status = event.path("http_status").asInt();
        boolean pageView = type.equals("page_view");
        boolean failure = type.equals("error") || pageView && status >= 500;
        int responseMs = pageView ? event.path("response_ms").asInt(-1) : -1;
        Added added = new Added(app + '\0' + event.get("anonymous_id").textValue(), pageView, failure,
                pageView && status == 404, responseMs < 0 ? -1 : bucket(responseMs));

        char population = event.get("is_bot").booleanValue() ? 'b' : 'p';
        long minute = Instant.parse(event.get("event_time").textValue()).toEpochMilli() / 60_000;
        add(key(population, app, "app", minute, ""), added);
        add(key(population, app, "country", minute, event.path("country").asText()), added);
        add(key(population, app, "device", minute, event.path("device_type").asText()), added);
        if (path != null) {
            add(key(population, app, "page", minute, path), added);
            add(key(population, app, "section", minute, event.path("page_section").asText()), added);
        }
        if (failure) {
            String code = event.path("error_code").asText();
            String error = (code.isEmpty() && status != 0 ? "" + status : code) + '\u001f'
                    + event.path("error_message").asText() + '\u001f' + (path == null ? "" : path);
            add(key(population, app, "error", minute, error), added);
        }
        COUNTED.increment();
    }

    private static String key(char population, String app, String dimension, long minute, String value) {
        return app + '\0' + dimension + '\0' + minute + '\0' + value + '\0' + population;
    }

    private void add(String key, Added added) {
        byte[] stored = metrics.get(key);
        if (stored == null) {
            ROWS.increment();
        }
        // The store keeps the very array that it was given, so a new one is changed.
        byte[] changed = stored == null ? new byte[COUNTS_END] : stored.clone();
        if (added.bucket >= 0) {
            changed = respond(changed, added.bucket);
        }
        ByteBuffer row = ByteBuffer.wrap(changed);
        increment(row, EVENTS, true);
        increment(row, PAGE_VIEWS, added.pageView);
        increment(row, ERRORS, added.failure);
        increment(row, NOT_FOUND, added.notFound);
        increment(row, VISITORS, active.putIfAbsent(key + '\0' + added.visitor, PRESENT) == null);
        metrics.put(key, changed);
    }

    private static void increment(ByteBuffer row, int at, boolean by) {
        if (by) {
            row.putInt(at, row.getInt(at) + 1);
        }
    }

    private static byte[] respond(byte[] stored, int bucket) {
        ByteBuffer row = ByteBuffer.wrap(stored);
        for (int at = COUNTS_END; at < stored.length; at += 8) {
            if (row.getInt(at) == bucket) {
                increment(row, at + 4, true);
                return stored;
            }
        }
        byte[] longer = Arrays.copyOf(stored, stored.length + 8);
        ByteBuffer.wrap(longer).putInt(stored.length, bucket).putInt(stored.length + 4, 1);
        return longer;
    }

    private static int bucket(int ms) {
        int found = Arrays.binarySearch(BOUNDS_MS, ms);
        return Math.min(found >= 0 ? found : -found - 1, BOUNDS_MS.length - 1);
    }

    private static int[] bounds() {
        TreeSet<Integer> found = new TreeSet<>(List.of(0, 600_000));
        int bound;
        for (int k = 0; (bound = (int) Math.rint(Math.pow(1.02, k))) < 600_000; k++) {
            found.add(bound);
        }
        return found.stream().mapToInt(Integer::intValue).toArray();
    }
}
