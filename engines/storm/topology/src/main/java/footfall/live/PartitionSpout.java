package footfall.live;

import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.storm.spout.SpoutOutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichSpout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Emits Kafka's records in packs and commits, for each partition, the offset below which every pack is acked.
 *
 * <p>A failed pack is emitted again, unchanged, from memory. Packs that are emitted but not committed when the worker
 * dies are read again. So every record arrives at least once, and the bolt removes repeats. If Kafka is unavailable,
 * the spout reports it and tries again.
 */
public final class PartitionSpout extends BaseRichSpout {

    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger(PartitionSpout.class);
    private static final long COMMIT_EVERY_MS = 2000;
    private static final long RETRY_KAFKA_AFTER_MS = 1000;
    /** The delay keeps a pack that fails at once from being emitted in a hot loop. */
    private static final long EMIT_AGAIN_AFTER_MS = 1000;
    private static final long REPORT_SAME_AFTER_MS = 60_000;
    private static final Duration LAST_COMMIT_WITHIN = Duration.ofSeconds(5);

    /** Creates the consumer in the worker that runs the spout. */
    interface Connector extends Serializable {
        Consumer<byte[], byte[]> connect();
    }

    /** Wall clock, epoch ms. */
    interface Clock extends Serializable {
        long ms();
    }

    private record Retry(TopicPartition partition, Pack.Id id, long dueMs) {
    }

    private final Topics topics;
    private final Packer.Limits limits;
    private final long maxInFlightBytes;
    private final Connector connector;
    private final Clock clock;

    private transient SpoutOutputCollector collector;
    private transient List<TopicPartition> mine;
    private transient Consumer<byte[], byte[]> consumer;
    private transient PartitionReader reader;
    private transient Map<TopicPartition, InFlight> inFlight;
    private transient ArrayDeque<Pack> ready;
    private transient ArrayDeque<Retry> failed;
    private transient Map<String, Long> reportedMs;
    private transient long inFlightBytes;
    private transient long askKafkaAtMs;
    private transient long commitAtMs;
    private transient boolean active;

    /** @param maxInFlightBytes reading pauses while this many bytes are emitted and not acked */
    PartitionSpout(Topics topics, Packer.Limits limits, long maxInFlightBytes, Connector connector, Clock clock) {
        this.topics = topics;
        this.limits = limits;
        this.maxInFlightBytes = maxInFlightBytes;
        this.connector = connector;
        this.clock = clock;
    }

    @Override
    public void declareOutputFields(OutputFieldsDeclarer declarer) {
        declarer.declare(Pack.FIELDS);
    }

    @Override
    public void open(Map<String, Object> conf, TopologyContext context, SpoutOutputCollector out) {
        int tasks = context.getComponentTasks(context.getThisComponentId()).size();
        collector = out;
        mine = topics.share(context.getThisTaskIndex(), tasks);
        inFlight = new HashMap<>();
        ready = new ArrayDeque<>();
        failed = new ArrayDeque<>();
        reportedMs = new HashMap<>();
        active = true;
    }

    @Override
    public void nextTuple() {
        emitFailed();
        if (inFlightBytes < maxInFlightBytes) {
            if (ready.isEmpty()) {
                askKafka(this::read);
            }
            Pack pack = ready.poll();
            if (pack != null) {
                emit(pack);
            }
        }
        commitIfDue();
    }

    @Override
    public void ack(Object messageId) {
        Pack.Id id = (Pack.Id) messageId;
        Pack pack = inFlight.get(partition(id)).acked(id);
        if (pack == null) {
            return;
        }
        inFlightBytes -= pack.bytes();
        if (active) {
            commitIfDue();
        } else if (inFlight.values().stream().allMatch(InFlight::isEmpty)) {
            commitAndWait();
        }
    }

    @Override
    public void fail(Object messageId) {
        Pack.Id id = (Pack.Id) messageId;
        if (inFlight.get(partition(id)).find(id) != null) {
            failed.add(new Retry(partition(id), id, clock.ms() + EMIT_AGAIN_AFTER_MS));
        }
    }

    @Override
    public void activate() {
        active = true;
    }

    @Override
    public void deactivate() {
        active = false;
        commitAndWait();
    }

    @Override
    public void close() {
        // Storm interrupts the closing thread, and an interrupted consumer refuses to send anything.
        Thread.interrupted();
        commitAndWait();
        if (consumer != null) {
            consumer.close(LAST_COMMIT_WITHIN);
        }
    }

    private void read() {
        if (reader == null) {
            start();
        }
        ready.addAll(reader.read());
        for (TopicPartition partition : reader.askEnds()) {
            if (inFlight.get(partition).isEmpty() && !isReady(partition)) {
                long position = reader.position(partition);
                ready.add(Pack.empty(partition.topic(), partition.partition(), position, position));
            }
        }
    }

    /** Whether packs wait to be emitted. If one failed, a tick behind them would look like a loss of its records. */
    private boolean isReady(TopicPartition partition) {
        return ready.stream().anyMatch(pack -> partition(pack.id()).equals(partition));
    }

    private void start() {
        if (consumer == null) {
            consumer = connector.connect();
        }
        PartitionReader fresh = new PartitionReader(consumer, mine, clock::ms, this::report);
        fresh.start(limits).forEach((partition, position) -> inFlight.put(partition, new InFlight(position)));
        reader = fresh;
        LOG.info("Reading {}", mine);
    }

    private void emitFailed() {
        Retry retry = failed.peek();
        if (retry == null || retry.dueMs() > clock.ms()) {
            return;
        }
        failed.remove();
        Pack pack = inFlight.get(retry.partition()).find(retry.id());
        if (pack != null) {
            collector.emit(pack.values(caughtUpMs(pack)), pack.id());
        }
    }

    private void emit(Pack pack) {
        if (pack.from() == pack.to()) {
            // A tick only reports how far the partition was read. It has no records, so it needs no ack.
            collector.emit(pack.values(caughtUpMs(pack)));
            return;
        }
        inFlight.get(partition(pack.id())).emitted(pack);
        inFlightBytes += pack.bytes();
        collector.emit(pack.values(caughtUpMs(pack)), pack.id());
    }

    private long caughtUpMs(Pack pack) {
        return reader.caughtUpMs(partition(pack.id()), pack.to());
    }

    private static TopicPartition partition(Pack.Id id) {
        return new TopicPartition(id.topic(), id.partition());
    }

    private void commitIfDue() {
        long now = clock.ms();
        if (now < commitAtMs) {
            return;
        }
        Map<TopicPartition, OffsetAndMetadata> uncommitted = uncommitted();
        if (!uncommitted.isEmpty()) {
            commitAtMs = now + COMMIT_EVERY_MS;
            askKafka(() -> consumer.commitAsync(uncommitted, (offsets, error) -> {
                if (error == null) {
                    committed(offsets);
                } else {
                    report("commit", "A position could not be committed; it is tried again: " + error.getMessage());
                }
            }));
        }
    }

    private void commitAndWait() {
        Map<TopicPartition, OffsetAndMetadata> uncommitted = uncommitted();
        if (!uncommitted.isEmpty()) {
            askKafka(() -> {
                consumer.commitSync(uncommitted, LAST_COMMIT_WITHIN);
                committed(uncommitted);
            });
        }
    }

    private Map<TopicPartition, OffsetAndMetadata> uncommitted() {
        Map<TopicPartition, OffsetAndMetadata> uncommitted = new HashMap<>();
        inFlight.forEach((partition, packs) -> {
            if (packs.hasUncommitted()) {
                uncommitted.put(partition, new OffsetAndMetadata(packs.ackedPosition()));
            }
        });
        return uncommitted;
    }

    private void committed(Map<TopicPartition, OffsetAndMetadata> offsets) {
        offsets.forEach((partition, offset) -> inFlight.get(partition).committed(offset.offset()));
    }

    /** Runs a request to Kafka, unless one has just failed. A failure is reported and delays the next attempt. */
    private void askKafka(Runnable request) {
        if (clock.ms() < askKafkaAtMs) {
            return;
        }
        try {
            request.run();
        } catch (InterruptException e) {
            throw e;
        } catch (KafkaException e) {
            askKafkaAtMs = clock.ms() + RETRY_KAFKA_AFTER_MS;
            report(e.getClass().getName(), "Kafka does not answer and is asked again: " + e.getMessage());
        }
    }

    private void report(String sentence) {
        report(sentence, sentence);
    }

    /** Reports one problem, identified by {@code key}, at most once a minute. */
    private void report(String key, String sentence) {
        long now = clock.ms();
        Long before = reportedMs.get(key);
        if (before == null || now - before >= REPORT_SAME_AFTER_MS) {
            reportedMs.put(key, now);
            LOG.warn(sentence);
            collector.reportError(new ReadFault(sentence));
        }
    }

    /** An error without a stack trace for Storm's list of a component's errors. */
    private static final class ReadFault extends Exception {

        private static final long serialVersionUID = 1L;

        ReadFault(String sentence) {
            super(sentence, null, false, false);
        }
    }
}
