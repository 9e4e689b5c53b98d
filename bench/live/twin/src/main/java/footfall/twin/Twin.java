package footfall.twin;

import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * The live counting on Kafka Streams, to be measured against. It counts from the offsets that its group has committed,
 * until standard input ends; then it prints as JSON how many events it counted, and how long that took.
 *
 * <p>Each task keeps what its partition says, as the bolt does: nothing is sent through a second topic to be counted by
 * another key, which would cost Streams a multiple.
 */
public final class Twin {

    private Twin() {
    }

    /** Arguments: bootstrap, application id, state folder, topic, threads, memory or rocksdb, guarantee, commit ms. */
    public static void main(String[] arguments) throws Exception {
        Properties config = new Properties();
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments[1]);
        config.put(StreamsConfig.STATE_DIR_CONFIG, arguments[2]);
        config.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, arguments[4]);
        config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, arguments[6]);
        config.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, arguments[7]);
        config.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        // Six times the default: a row that changes often goes to the changelog once a commit.
        config.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 64 * 1024 * 1024);
        config.put("auto.offset.reset", "earliest");
        config.put("enable.metrics.push", false);

        Topology topology = new Topology();
        topology.addSource("events", Serdes.String().deserializer(), Serdes.ByteArray().deserializer(), arguments[3]);
        topology.addProcessor("count", Counting::new, "events");
        for (String name : Counting.STORES) {
            topology.addStateStore(store(name, arguments[5]), "count");
        }
        CountDownLatch ended = new CountDownLatch(1);
        KafkaStreams streams = new KafkaStreams(topology, config);
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            ended.countDown();
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        streams.start();
        Thread reader = new Thread(() -> {
            try {
                System.in.readAllBytes();
            } catch (java.io.IOException e) {
                e.printStackTrace();
            }
            ended.countDown();
        });
        reader.setDaemon(true);
        reader.start();
        ended.await();
        streams.close();
        System.out.printf("{\"counted\": %d, \"repeats\": %d, \"rows\": %d, \"processing_ms\": %d}%n",
                Counting.COUNTED.sum(), Counting.REPEATS.sum(), Counting.ROWS.sum(),
                (Counting.newestNanos - Counting.firstNanos) / 1_000_000);
    }

    private static StoreBuilder<KeyValueStore<String, byte[]>> store(String name, String kind) {
        KeyValueBytesStoreSupplier supplier = kind.equals("memory")
                ? Stores.inMemoryKeyValueStore(name)
                : Stores.persistentKeyValueStore(name);
        return Stores.keyValueStoreBuilder(supplier, Serdes.String(), Serdes.ByteArray())
                .withCachingEnabled()
                .withLoggingEnabled(Map.of());
    }
}
