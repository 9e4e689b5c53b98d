package footfall.live;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/** Collects the records of one partition into packs, closed by count, size or age. Pure: time is an argument. */
final class Packer {

    /**
     * The limits at which a pack is closed.
     *
     * @param records  the largest number of records
     * @param bytes    the largest total size of the values; a single record that is larger is a pack of its own
     * @param lingerMs the longest time, in ms, after its first record was read
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

    /** @param position the offset that is expected first */
    Packer(String topic, int partition, long position, Limits limits) {
        this.topic = topic;
        this.partition = partition;
        this.limits = limits;
        this.from = position;
        this.to = position;
    }

    /** Takes the next record; adds the packs that it closes to {@code closed}. */
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

    /** Moves to {@code position} without a record: the offsets in between have no records. */
    void skipTo(long position) {
        to = position;
    }

    /** Whether a record or a skipped range is waiting to be closed. */
    boolean isOpen() {
        return to != from;
    }

    /** Milliseconds until the open pack must be closed; 0 if it is due now, -1 if there is none. */
    long dueInMs(long nowMs) {
        if (!isOpen()) {
            return -1;
        }
        return values.isEmpty() ? 0 : Math.max(0, openedMs + limits.lingerMs() - nowMs);
    }

    /** The offset that is expected next. */
    long position() {
        return to;
    }

    /** Closes the open pack, which may be without records. */
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
