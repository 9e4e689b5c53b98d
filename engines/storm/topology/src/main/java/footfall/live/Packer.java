package footfall.live;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/** Collects one partition's records into packs, closed by number, by size or by age. Pure: time is an argument. */
final class Packer {

    /**
     * When a pack is closed.
     *
     * @param records  at most so many records
     * @param bytes    at most so many bytes of values, except that one longer record is a pack of its own
     * @param lingerMs at the latest so many milliseconds after its first record was read
     */
    record Limits(int records, long bytes, long lingerMs) implements Serializable {
    }

    private final String topic;
    private final int partition;
    private final Limits limits;
    private long from;
    private long to;
    private long openedMs;
    private long bytes;
    private List<Long> offsets = new ArrayList<>();
    private List<byte[]> values = new ArrayList<>();

    /** @param position offset expected first */
    Packer(String topic, int partition, long position, Limits limits) {
        this.topic = topic;
        this.partition = partition;
        this.limits = limits;
        this.from = position;
        this.to = position;
    }

    /** Takes the next record; adds the packs that this closes to {@code closed}. */
    void add(long offset, byte[] value, long nowMs, List<Pack> closed) {
        if (!values.isEmpty() && bytes + value.length > limits.bytes()) {
            closed.add(close());
        }
        if (values.isEmpty()) {
            openedMs = nowMs;
        }
        offsets.add(offset);
        values.add(value);
        bytes += value.length;
        to = offset + 1;
        if (values.size() >= limits.records() || bytes >= limits.bytes()) {
            closed.add(close());
        }
    }

    /** The reader moved to {@code position} without a record: what lies between is in no record's place. */
    void skipTo(long position) {
        to = position;
    }

    /** Whether something is held, a record or a skipped range. */
    boolean isOpen() {
        return to != from;
    }

    /** Milliseconds until the pack in hand must be closed; 0 if that is now, -1 if there is none. */
    long dueInMs(long nowMs) {
        if (!isOpen()) {
            return -1;
        }
        return values.isEmpty() ? 0 : Math.max(0, openedMs + limits.lingerMs() - nowMs);
    }

    /** Offset expected next. */
    long position() {
        return to;
    }

    /** Closes the pack in hand, which may be without records. */
    Pack close() {
        boolean contiguous = values.size() == to - from;
        Pack pack = new Pack(topic, partition, from, to, contiguous ? null : offsets, values, bytes);
        from = to;
        bytes = 0;
        offsets = new ArrayList<>();
        values = new ArrayList<>();
        return pack;
    }
}
