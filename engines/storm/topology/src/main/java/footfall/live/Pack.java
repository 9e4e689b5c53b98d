package footfall.live;

import java.util.ArrayList;
import java.util.List;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Values;

/**
 * Consecutive records of one partition, the unit that is emitted, acked and emitted again after a failure.
 *
 * @param topic     the topic of all records
 * @param partition the partition of all records
 * @param from      the offset that was expected first
 * @param to        the offset that is expected after this pack
 * @param offsets   the offset of each value; null if they are exactly {@code from} to {@code to - 1}
 * @param values    the records' bytes, in order of their offsets
 * @param bytes     the total length of the values
 */
record Pack(String topic, int partition, long from, long to, List<Long> offsets, List<byte[]> values, long bytes) {

    static final Fields FIELDS =
            new Fields("topic", "partition", "from", "to", "caught_up_ms", "offsets", "values");

    /** The message id of a pack. */
    record Id(String topic, int partition, long from, long to) {
    }

    /** A pack without records, which only reports how far the partition was read. */
    static Pack empty(String topic, int partition, long from, long to) {
        return new Pack(topic, partition, from, to, from == to ? null : List.of(), List.of(), 0);
    }

    Id id() {
        return new Id(topic, partition, from, to);
    }

    /**
     * The tuple's values, in types that Storm's serializer supports between workers.
     *
     * @param caughtUpMs when (epoch ms) this pack's end was the end of the log; 0 if it was not
     */
    Values values(long caughtUpMs) {
        ArrayList<Long> listed = offsets == null ? null : new ArrayList<>(offsets);
        return new Values(topic, partition, from, to, caughtUpMs, listed, new ArrayList<>(values));
    }
}
