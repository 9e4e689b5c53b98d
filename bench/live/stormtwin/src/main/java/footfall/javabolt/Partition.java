package footfall.javabolt;

import java.io.IOException;
import java.time.DateTimeException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.apache.hadoop.hbase.client.Put;
import org.apache.storm.tuple.Tuple;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One partition, counted by its single owner in order of its offsets: rows, then progress, then the acknowledgements.
 * Where the Python bolt sorts and explains what is out of order or lost, this one gives up: a benchmark's log has no
 * holes.
 */
final class Partition {

    private static final Logger LOG = LoggerFactory.getLogger(Partition.class);
    /** A flush takes whole packs until it has this many records. */
    private static final int MOST_RECORDS = 8_000;
    private static final byte[] PROGRESS_COLUMN = Cells.utf8("offset");

    private final int number;
    private final byte[] progressKey;
    private final int partitions;
    private final Store store;
    private final EventRows rows;
    private final EventReader reader = new EventReader();
    private final Cells cells = new Cells();
    private final Queue<Tuple> held = new ArrayDeque<>();
    private int records;
    private long next = -1;
    private long unparsable;

    /** @param partitions how many the topic has */
    Partition(String topic, int number, int partitions, Store store) {
        this.number = number;
        this.progressKey = Cells.utf8(topic + "|" + number);
        this.partitions = partitions;
        this.store = store;
        this.rows = new EventRows(number, store);
    }

    /** Keeps a pack for the next flush. */
    void offer(Tuple pack) {
        held.add(pack);
        records += values(pack).size();
    }

    /** How many records wait. */
    int waiting() {
        return records;
    }

    /** Counts and writes what waits, up to a flush's size, and returns the packs that are done. */
    List<Tuple> flush() throws IOException {
        List<Tuple> done = new ArrayList<>();
        List<Event> events = new ArrayList<>();
        for (int taken = 0; taken < MOST_RECORDS && !held.isEmpty();) {
            Tuple pack = held.remove();
            List<byte[]> values = values(pack);
            read(pack, values, events);
            taken += values.size();
            done.add(pack);
        }
        records -= done.stream().mapToInt(pack -> values(pack).size()).sum();
        if (done.isEmpty()) {
            return done;
        }
        rows.write(events, next - 1);
        Put progress = new Put(progressKey, next)
                .addColumn(Store.FAMILY, PROGRESS_COLUMN, next, cells.progress(partitions, next - 1, unparsable));
        store.put("progress", new ArrayList<>(List.of(progress)));
        return done;
    }

    private void read(Tuple pack, List<byte[]> values, List<Event> events) {
        long from = pack.getLongByField("from");
        @SuppressWarnings("unchecked")
        List<Long> offsets = (List<Long>) pack.getValueByField("offsets");
        if (next >= 0 && from != next) {
            throw new IllegalStateException("Partition " + number + " goes on at " + from + ", not at " + next + ".");
        }
        for (int at = 0; at < values.size(); at++) {
            long offset = offsets == null ? from + at : offsets.get(at);
            try {
                Event event = reader.read(offset, values.get(at));
                if (event != null) {
                    events.add(event);
                }
            } catch (IOException | IllegalArgumentException | DateTimeException e) {
                unparsable++;
                LOG.warn("Offset {} of partition {} is no stored event and is not counted: {}", offset, number,
                        e.getMessage());
            }
        }
        next = pack.getLongByField("to");
    }

    @SuppressWarnings("unchecked")
    private static List<byte[]> values(Tuple pack) {
        return (List<byte[]>) pack.getValueByField("values");
    }
}
