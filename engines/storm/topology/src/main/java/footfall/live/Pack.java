package footfall.live;

import java.util.ArrayList;
import java.util.List;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Values;

/**
 * Consecutive records of one partition, the unit that is emitted, acked and emitted again.
 *
 * @param topic     topic of all records
 * @param partition partition of all records
 * @param from      position before the first record: the offset that was expected next
 * @param to        position after the last record: the offset expected after this pack
 * @param offsets   offset of each value; null when they are exactly {@code from} to {@code to - 1}
 * @param values    the records' bytes, in order of their offsets
 * @param bytes     length of all values together
 */
record Pack(String topic, int partition, long from, long to, List<Long> offsets, List<byte[]> values, long bytes) {

    static final Fields FIELDS =
            new Fields("topic", "partition", "from", "to", "caught_up_ms", "offsets", "values");

    /** What the pack is known by between spout and acker. */
    record Id(String topic, int partition, long from, long to) {
    }

    /** A pack without records, which only says how far the partition was read. */
    static Pack empty(String topic, int partition, long from, long to) {
        return new Pack(topic, partition, from, to, from == to ? null : List.of(), List.of(), 0);
    }

    Id id() {
        return new Id(topic, partition, from, to);
    }

    /**
     * The tuple's values, in types that Storm's serialiser knows, should a tuple ever cross workers.
     *
     * @param caughtUpMs wall clock, epoch ms, at which this pack's end was the end of the log; 0 if it was not
     */
    Values values(long caughtUpMs) {
        ArrayList<Long> listed = offsets == null ? null : new ArrayList<>(offsets);
        return new Values(topic, partition, from, to, caughtUpMs, listed, new ArrayList<>(values));
    }
}
