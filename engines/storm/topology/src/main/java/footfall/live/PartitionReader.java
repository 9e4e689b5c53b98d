package footfall.live;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.LogTruncationException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;

/**
 * Reads a fixed set of partitions into packs and tracks the ends of their logs. It is not a member of the consumer
 * group: the topology fixes which task reads which partitions, and the group only stores the committed positions.
 *
 * <p>Every method that calls Kafka may throw a KafkaException and may then be called again.
 */
final class PartitionReader {

    /** The longest time that one request may block the spout's thread, and with it the acks. */
    private static final Duration ANSWER_WITHIN = Duration.ofSeconds(1);
    private static final long LONGEST_POLL_MS = 10;
    private static final long ASK_ENDS_EVERY_MS = 1000;

    private final Consumer<byte[], byte[]> consumer;
    private final List<TopicPartition> partitions;
    private final LongSupplier clock;
    private final java.util.function.Consumer<String> report;
    private final Map<TopicPartition, Packer> packers = new LinkedHashMap<>();
    private final Set<TopicPartition> refused = new HashSet<>();
    private Map<TopicPartition, Long> ends = Map.of();
    private long endsAskedMs;
    private long askEndsAtMs;

    /**
     * @param clock  wall clock, epoch ms
     * @param report called with a sentence for the operator
     */
    PartitionReader(Consumer<byte[], byte[]> consumer, List<TopicPartition> partitions, LongSupplier clock,
            java.util.function.Consumer<String> report) {
        this.consumer = consumer;
        this.partitions = List.copyOf(partitions);
        this.clock = clock;
        this.report = report;
    }

    /** Starts each partition at its committed offset, or at the start of its log. Returns the positions. */
    Map<TopicPartition, Long> start(Packer.Limits limits) {
        Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(new HashSet<>(partitions), ANSWER_WITHIN);
        Set<TopicPartition> fresh = new HashSet<>();
        partitions.stream().filter(p -> committed.get(p) == null).forEach(fresh::add);
        Map<TopicPartition, Long> begins =
                fresh.isEmpty() ? Map.of() : consumer.beginningOffsets(fresh, ANSWER_WITHIN);
        consumer.assign(partitions);
        Map<TopicPartition, Long> positions = new LinkedHashMap<>();
        for (TopicPartition partition : partitions) {
            long position = fresh.contains(partition) ? begins.get(partition) : committed.get(partition).offset();
            consumer.seek(partition, position);
            packers.put(partition, new Packer(partition.topic(), partition.partition(), position, limits));
            positions.put(partition, position);
        }
        return positions;
    }

    /** Polls for records and returns the packs that are full or old enough. */
    List<Pack> read() {
        List<Pack> closed = new ArrayList<>();
        try {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(pollMs()))) {
                byte[] value = record.value() == null ? new byte[0] : record.value();
                packer(record.topic(), record.partition()).add(record.offset(), value, clock.getAsLong(), closed);
            }
        } catch (LogTruncationException e) {
            e.offsetOutOfRangePartitions().keySet().forEach(this::refuse);
        } catch (OffsetOutOfRangeException e) {
            reposition(e.offsetOutOfRangePartitions().keySet());
        }
        long now = clock.getAsLong();
        for (Packer packer : packers.values()) {
            if (packer.dueInMs(now) == 0) {
                closed.add(packer.close());
            }
        }
        return closed;
    }

    /**
     * Requests the ends of the logs, at most once a second.
     *
     * @return the partitions that are read to their end; none if no request was made
     */
    Collection<TopicPartition> askEnds() {
        long now = clock.getAsLong();
        if (now < askEndsAtMs) {
            return List.of();
        }
        askEndsAtMs = now + ASK_ENDS_EVERY_MS;
        ends = consumer.endOffsets(partitions, ANSWER_WITHIN);
        endsAskedMs = now;
        refused.forEach(this::reportRefused);
        List<TopicPartition> atEnd = new ArrayList<>();
        packers.forEach((partition, packer) -> {
            if (!packer.isOpen() && caughtUpMs(partition, packer.position()) > 0) {
                atEnd.add(partition);
            }
        });
        return atEnd;
    }

    /** When {@code position} was last known to be the log's end, epoch ms; 0 if the log goes on beyond it. */
    long caughtUpMs(TopicPartition partition, long position) {
        Long end = ends.get(partition);
        return end != null && position >= end && !refused.contains(partition) ? endsAskedMs : 0;
    }

    long position(TopicPartition partition) {
        return packers.get(partition).position();
    }

    private Packer packer(String topic, int partition) {
        return packers.get(new TopicPartition(topic, partition));
    }

    private long pollMs() {
        long now = clock.getAsLong();
        long wait = LONGEST_POLL_MS;
        for (Packer packer : packers.values()) {
            long due = packer.dueInMs(now);
            wait = due < 0 ? wait : Math.min(wait, due);
        }
        return wait;
    }

    /** The next records were deleted from the log: continue at its start, and leave a gap in the offsets. */
    private void reposition(Set<TopicPartition> lost) {
        Map<TopicPartition, Long> begins = new HashMap<>(consumer.beginningOffsets(lost, ANSWER_WITHIN));
        Map<TopicPartition, Long> lastEnds = consumer.endOffsets(lost, ANSWER_WITHIN);
        for (TopicPartition partition : lost) {
            Packer packer = packers.get(partition);
            long expected = packer.position();
            long begin = begins.get(partition);
            if (expected > lastEnds.get(partition)) {
                refuse(partition);
                continue;
            }
            consumer.seek(partition, Math.max(expected, begin));
            if (expected < begin) {
                report.accept("Kafka's log of " + partition + " begins at offset " + begin + "; the records from "
                        + expected + " were deleted before they were counted.");
                if (begin == lastEnds.get(partition)) {
                    packer.skipTo(begin);
                }
            }
        }
    }

    /** Kafka lost records that were already read. Reading on would count other records with the same offsets. */
    private void refuse(TopicPartition partition) {
        consumer.pause(List.of(partition));
        refused.add(partition);
        reportRefused(partition);
    }

    private void reportRefused(TopicPartition partition) {
        report.accept("Kafka's log of " + partition + " ends before offset " + packers.get(partition).position()
                + ", which was already read: it lost records. The partition is read no further; run"
                + " `./footfall rebuild live`.");
    }
}
