package footfall.live;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetResetStrategy;
import org.apache.kafka.common.TopicPartition;
import org.apache.storm.spout.ISpoutOutputCollector;
import org.apache.storm.spout.SpoutOutputCollector;
import org.apache.storm.task.TopologyContext;

/** A spout of two partitions between Kafka's own mock consumer and a list of what was emitted, with time set by hand. */
final class SpoutBench {

    static final TopicPartition ZERO = new TopicPartition("events", 0);
    static final TopicPartition ONE = new TopicPartition("events", 1);
    static final int MAX_BYTES = 1000;

    /** One emitted tuple. */
    record Emitted(List<Object> values, Object id) {

        long from() {
            return (Long) values.get(2);
        }

        long to() {
            return (Long) values.get(3);
        }

        long caughtUpMs() {
            return (Long) values.get(4);
        }

        List<?> texts() {
            return ((List<?>) values.get(6)).stream().map(b -> new String((byte[]) b, StandardCharsets.UTF_8)).toList();
        }
    }

    final List<Emitted> emitted = new ArrayList<>();
    final List<String> errors = new ArrayList<>();
    final MockConsumer<byte[], byte[]> kafka = new MockConsumer<>(OffsetResetStrategy.NONE) {
        @Override
        public synchronized void close(Duration timeout) {
            committedAtClose = SpoutBench.this.committed(ZERO);
            super.close(timeout);
        }
    };
    long committedAtClose = -1;
    final PartitionSpout spout;
    long nowMs = 1_000_000;

    SpoutBench() {
        kafka.updateBeginningOffsets(Map.of(ZERO, 0L, ONE, 0L));
        kafka.updateEndOffsets(new HashMap<>(Map.of(ZERO, 0L, ONE, 0L)));
        Map<String, Integer> topics = new LinkedHashMap<>();
        topics.put("events", 2);
        spout = new PartitionSpout(new Topics(topics), new Packer.Limits(3, 100, 20), MAX_BYTES, () -> kafka, () -> nowMs);
    }

    /** Commits a position before the spout starts. */
    void committedBefore(TopicPartition partition, long offset) {
        kafka.assign(Set.of(ZERO, ONE));
        kafka.commitSync(Map.of(partition, new OffsetAndMetadata(offset)));
    }

    void open() {
        Map<Integer, String> components = Map.of(1, "kafka");
        TopologyContext context = new TopologyContext(null, Map.of(), components, Map.of("kafka", List.of(1)), Map.of(),
                Map.of(), "storm", null, null, 1, 6700, List.of(1), Map.of(), Map.of(), Map.of(), Map.of(), null, null);
        spout.open(Map.of(), context, new SpoutOutputCollector(new Collector()));
    }

    /** Puts records with consecutive offsets into a partition's log. */
    void produce(TopicPartition partition, long offset, String... texts) {
        for (String text : texts) {
            kafka.addRecord(new ConsumerRecord<>(partition.topic(), partition.partition(), offset++, null,
                    text.getBytes(StandardCharsets.UTF_8)));
        }
        kafka.updateEndOffsets(Map.of(partition, offset));
    }

    /** Calls the spout often enough for all that is due now to be emitted. */
    void turn() {
        for (int i = 0; i < 12; i++) {
            spout.nextTuple();
        }
    }

    /** Moves the clock past the linger time. */
    void turnLater() {
        turn();
        nowMs += 20;
        turn();
    }

    List<Emitted> withRecords() {
        return emitted.stream().filter(e -> e.id() != null).toList();
    }

    List<Emitted> ticks() {
        return emitted.stream().filter(e -> e.id() == null).toList();
    }

    long committed(TopicPartition partition) {
        OffsetAndMetadata offset = kafka.committed(Set.of(partition), Duration.ZERO).get(partition);
        return offset == null ? -1 : offset.offset();
    }

    private final class Collector implements ISpoutOutputCollector {

        @Override
        public List<Integer> emit(String stream, List<Object> tuple, Object messageId) {
            emitted.add(new Emitted(tuple, messageId));
            return List.of(2);
        }

        @Override
        public void emitDirect(int task, String stream, List<Object> tuple, Object messageId) {
            throw new UnsupportedOperationException("The spout emits to a grouping.");
        }

        @Override
        public long getPendingCount() {
            return 0;
        }

        @Override
        public void flush() {
            // Nothing is buffered.
        }

        @Override
        public void reportError(Throwable error) {
            errors.add(error.getMessage());
        }
    }
}
