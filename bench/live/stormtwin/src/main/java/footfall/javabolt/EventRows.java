package footfall.javabolt;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.apache.hadoop.hbase.Cell;
import org.apache.hadoop.hbase.client.Put;
import org.apache.hadoop.hbase.client.Result;
import org.msgpack.value.Value;

/** What the events of one partition change: sessions, persons, aggregates. Loaded, counted in memory, written whole. */
final class EventRows {

    private static final int MOST_ROWS = 6_000;
    private static final int MOST_SESSIONS = 5_000;
    private static final byte[] INDEX_COLUMN = {'s'};
    private static final long INDEX_EVERY_MS = 3_600_000;

    private final byte[] column;
    private final Store store;
    private final Cells cells = new Cells();
    private Map<String, Row> rows = new HashMap<>();
    private Map<String, Session> sessions = new HashMap<>();
    private long round;

    private static final class Session {
        /** The first offset of each event. */
        final Map<UUID, Long> events = new HashMap<>();
        final Walk walk = new Walk();
        long used;
        private String anonymousId;
        private String userId;
        private long indexedMs;

        /** Whether the index has to be told that this person was here then. */
        boolean index(Event event) {
            if (event.anonymousId().equals(anonymousId) && Objects.equals(event.userId(), userId)
                    && event.timeMs() < indexedMs + INDEX_EVERY_MS) {
                return false;
            }
            anonymousId = event.anonymousId();
            userId = event.userId();
            indexedMs = event.timeMs();
            return true;
        }
    }

    EventRows(int partition, Store store) {
        this.column = Cells.utf8("e" + partition);
        this.store = store;
    }

    /**
     * Counts events and writes what they change.
     *
     * @param last the offset that the written cells include; they are stamped with the one after it
     */
    void write(List<Event> events, long last) throws IOException {
        load(events);
        round++;
        long stamp = last + 1;
        Set<Row> dirty = new LinkedHashSet<>();
        Map<String, List<Event>> fresh = new LinkedHashMap<>();
        Map<Person, Long> persons = new HashMap<>();
        for (Event event : events) {
            Session session = sessions.get(event.sessionId());
            session.used = round;
            Long first = session.events.putIfAbsent(event.eventId(), event.offset());
            if (first != null && first < event.offset()) {
                continue;
            }
            if (first == null) {
                fresh.computeIfAbsent(event.sessionId(), id -> new ArrayList<>()).add(event);
            }
            if (session.index(event)) {
                persons.merge(new Person('a', event.anonymousId(), event.sessionId()), event.timeMs(), Math::max);
                if (event.userId() != null) {
                    persons.merge(new Person('u', event.userId(), event.sessionId()), event.timeMs(), Math::max);
                }
            }
            String[] keys = event.rows();
            for (int at = 0; at < keys.length; at++) {
                Row row = rows.get(keys[at]);
                row.count(event, event.failure() && at == keys.length - 1);
                dirty.add(row);
            }
            if (!event.isBot()) {
                session.walk.step(event.app(), event.timeMs(), event.view(), (key, entries, exits) -> {
                    Row row = rows.get(key);
                    row.change(event.offset(), entries, exits);
                    dirty.add(row);
                });
            }
        }
        List<Put> visited = new ArrayList<>(fresh.size());
        fresh.forEach((id, its) -> visited.add(new Put(Cells.utf8(id), stamp)
                .addColumn(Store.FAMILY, Cells.bytes(its.get(0).eventId()), stamp, cells.session(its))));
        store.put("sessions", visited);
        List<Put> index = new ArrayList<>(persons.size());
        persons.forEach((person, timeMs) -> {
            byte[] key = Cells.personKey(person.kind, person.id, person.sessionId);
            index.add(new Put(key, stamp).addColumn(Store.FAMILY, INDEX_COLUMN, stamp, cells.index(last, timeMs)));
        });
        store.put("user_pages", index);
        writeRows(dirty, last);
        forgetOldest();
    }

    private record Person(char kind, String id, String sessionId) {
    }

    private void writeRows(Set<Row> dirty, long last) throws IOException {
        List<Put> counts = new ArrayList<>(dirty.size());
        List<Put> active = new ArrayList<>(dirty.size());
        for (Row row : dirty) {
            row.touched = round;
            add(counts, row.key, row.countsCell(cells, last), last + 1);
            add(active, row.key, row.activeCell(cells, last), last + 1);
        }
        store.put("minute_metrics", counts);
        store.put("active_users", active);
    }

    private void add(List<Put> puts, byte[] key, byte[] cell, long stamp) {
        if (cell != null) {
            puts.add(new Put(key, stamp).addColumn(Store.FAMILY, column, stamp, cell));
        }
    }

    /** Reads sessions and rows that are met for the first time, or were forgotten. */
    private void load(List<Event> events) throws IOException {
        Set<String> newSessions = new HashSet<>();
        for (Event event : events) {
            if (!sessions.containsKey(event.sessionId())) {
                newSessions.add(event.sessionId());
            }
        }
        List<Result> stored = store.sessions(keys(newSessions));
        newSessions.forEach(id -> sessions.put(id, new Session()));
        for (Result session : stored) {
            load(sessions.get(text(session.getRow())), session, events.get(0).offset());
        }
        Set<String> newRows = new HashSet<>();
        for (Event event : events) {
            newRows.addAll(Arrays.asList(event.rows()));
            if (event.view() != null) {
                sessions.get(event.sessionId()).walk.replaced(event.view(), newRows);
            }
        }
        newRows.removeAll(rows.keySet());
        List<byte[]> keys = keys(newRows);
        Map<String, byte[]> counts = cells("minute_metrics", keys);
        Map<String, byte[]> active = cells("active_users", keys);
        newRows.forEach(key -> rows.put(key, new Row(key, counts.get(key), active.get(key))));
    }

    /** An event of a session's cell, as far as its walk needs it. */
    private record Known(UUID id, long offset, long seq, long timeMs, String type, String app, String path,
            boolean isBot) {

        Walk.View view() {
            return !type.equals("page_view") || path == null ? null
                    : new Walk.View(seq, id, EventReader.key(app, "page", EventReader.minute(timeMs), path));
        }
    }

    /** Takes in what the store has of a session; its walk goes as far as what came before an offset. */
    private static void load(Session session, Result stored, long before) {
        List<Known> found = new ArrayList<>();
        for (Cell cell : stored.rawCells()) {
            byte[] value = new byte[cell.getValueLength()];
            System.arraycopy(cell.getValueArray(), cell.getValueOffset(), value, 0, value.length);
            Cells.unpack(Cells.inflated(value), unpacker -> {
                for (int left = unpacker.unpackArrayHeader(); left > 0; left--) {
                    unpacker.unpackArrayHeader();
                    UUID id = Cells.eventId(unpacker.readPayload(unpacker.unpackBinaryHeader()));
                    List<Value> fields = unpacker.unpackValue().asArrayValue().list();
                    found.add(new Known(id, whole(fields, 0), whole(fields, 1), whole(fields, 2), text(fields, 4),
                            text(fields, 5), text(fields, 9), fields.get(15).asBooleanValue().getBoolean()));
                }
            });
        }
        found.sort(Comparator.comparingLong(Known::offset));
        for (Known event : found) {
            session.events.putIfAbsent(event.id, event.offset);
            if (event.offset < before && !event.isBot) {
                session.walk.step(event.app, event.timeMs, event.view(), (key, entries, exits) -> {
                });
            }
        }
    }

    private static long whole(List<Value> fields, int at) {
        return fields.get(at).asIntegerValue().toLong();
    }

    private static String text(List<Value> fields, int at) {
        return fields.get(at).isNilValue() ? null : fields.get(at).asStringValue().asString();
    }

    private Map<String, byte[]> cells(String table, List<byte[]> keys) throws IOException {
        Map<String, byte[]> found = new HashMap<>();
        for (Result row : store.cells(table, column, keys)) {
            found.put(text(row.getRow()), row.value());
        }
        return found;
    }

    private static List<byte[]> keys(Set<String> texts) {
        return texts.stream().sorted().map(Cells::utf8).toList();
    }

    private static String text(byte[] key) {
        return new String(key, StandardCharsets.UTF_8);
    }

    private void forgetOldest() {
        if (rows.size() > MOST_ROWS) {
            rows = newest(rows, Comparator.comparingLong(row -> row.touched), MOST_ROWS * 3 / 4);
        }
        if (sessions.size() > MOST_SESSIONS) {
            sessions = newest(sessions, Comparator.comparingLong(session -> session.used), MOST_SESSIONS * 3 / 4);
        }
    }

    private static <V> Map<String, V> newest(Map<String, V> all, Comparator<V> byUse, int most) {
        Map<String, V> kept = new HashMap<>();
        all.entrySet().stream().sorted(Map.Entry.comparingByValue(byUse.reversed())).limit(most)
                .forEach(entry -> kept.put(entry.getKey(), entry.getValue()));
        return kept;
    }
}
