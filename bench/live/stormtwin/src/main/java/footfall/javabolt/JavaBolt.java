package footfall.javabolt;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichBolt;
import org.apache.storm.tuple.Tuple;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The live bolt in Java: owns whole partitions, takes the spout's packs, counts, flushes to HBase, acknowledges.
 *
 * <p>As a Python bolt's process has, each task has a thread of its own that takes all that has come, and then flushes
 * what is due; so the flushes are of the same sizes. Storm's own threads would never know that nothing more is at hand.
 */
public final class JavaBolt extends BaseRichBolt {

    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger(JavaBolt.class);
    private static final int FLUSH_AT = 5_000;
    private static final long FLUSH_AFTER_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final HashMap<String, String> hbase;
    private final String tablePrefix;
    private final HashMap<String, Integer> topics;

    private transient OutputCollector collector;
    private transient BlockingQueue<Tuple> inbox;
    private transient Thread thread;
    private transient volatile Exception failure;

    /**
     * @param hbase       properties of HBase's client
     * @param tablePrefix before the names of the tables that are written
     * @param topics      how many partitions each topic has
     */
    public JavaBolt(Map<String, String> hbase, String tablePrefix, Map<String, Integer> topics) {
        this.hbase = new HashMap<>(hbase);
        this.tablePrefix = tablePrefix;
        this.topics = new HashMap<>(topics);
    }

    @Override
    public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector out) {
        collector = out;
        inbox = new LinkedBlockingQueue<>();
        thread = new Thread(this::run, "java-bolt-" + context.getThisTaskIndex());
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void execute(Tuple pack) {
        if (failure != null) {
            // Ends the worker: its memory no longer agrees with the store.
            throw new IllegalStateException("Counting ended.", failure);
        }
        inbox.add(pack);
    }

    @Override
    public void cleanup() {
        thread.interrupt();
    }

    @Override
    public void declareOutputFields(OutputFieldsDeclarer declarer) {
        // Nothing is emitted.
    }

    private void run() {
        try (Store store = new Store(hbase, tablePrefix)) {
            work(store);
        } catch (InterruptedException e) {
            LOG.info("Counting ends.");
        } catch (IOException | RuntimeException e) {
            LOG.error("Counting ends", e);
            failure = e;
            collector.reportError(e);
        }
    }

    private void work(Store store) throws IOException, InterruptedException {
        Map<String, Partition> partitions = new HashMap<>();
        List<Tuple> arrived = new ArrayList<>();
        long firstUnflushed = 0;
        int waiting = 0;
        while (true) {
            long patience =
                    waiting == 0 ? IDLE_NANOS : Math.max(0, firstUnflushed + FLUSH_AFTER_NANOS - System.nanoTime());
            Tuple first = inbox.poll(patience, TimeUnit.NANOSECONDS);
            if (first != null) {
                arrived.add(first);
                inbox.drainTo(arrived);
            }
            if (waiting == 0) {
                firstUnflushed = System.nanoTime();
            }
            arrived.forEach(pack -> take(pack, partitions, store));
            arrived.clear();
            waiting = waiting(partitions);
            if (waiting >= FLUSH_AT || waiting > 0 && System.nanoTime() - firstUnflushed >= FLUSH_AFTER_NANOS) {
                for (Partition partition : partitions.values()) {
                    partition.flush().forEach(collector::ack);
                }
                waiting = waiting(partitions);
                firstUnflushed = System.nanoTime();
            }
        }
    }

    private void take(Tuple pack, Map<String, Partition> partitions, Store store) {
        if (pack.getLongByField("from").equals(pack.getLongByField("to"))) {
            // Says only that everything was read.
            collector.ack(pack);
            return;
        }
        String topic = pack.getStringByField("topic");
        int number = pack.getIntegerByField("partition");
        partitions.computeIfAbsent(topic + '/' + number, key -> new Partition(topic, number, topics.get(topic), store))
                .offer(pack);
    }

    private static int waiting(Map<String, Partition> partitions) {
        return partitions.values().stream().mapToInt(Partition::waiting).sum();
    }
}
