package footfall.live;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.storm.Config;
import org.apache.storm.StormSubmitter;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.topology.BoltDeclarer;
import org.apache.storm.topology.TopologyBuilder;

/** Submits the live topology that a file defines. */
public final class LiveTopology {

    static final String SPOUT = "kafka";
    static final String BOLT = "live";
    static final String ALERT_BOLT = "alerts";

    private LiveTopology() {
    }

    /** Argument: the path of the definition, YAML or JSON. */
    public static void main(String[] arguments) throws Exception {
        Definition definition = Definition.read(Path.of(arguments[0]));
        Config config = new Config();
        config.putAll(definition.map("config", Object.class));
        StormSubmitter.submitTopology(definition.text("name"), config, build(definition));
    }

    /** Wires the spout and the bolts. The alert bolt has one task, which receives the reports of all counting bolts. */
    static StormTopology build(Definition definition) {
        Definition spout = definition.section("spout");
        Definition bolt = definition.section("bolt");
        Topics topics = new Topics(spout.map("topics", Integer.class));
        TopologyBuilder builder = new TopologyBuilder();
        builder.setSpout(SPOUT, spout(spout, topics), spout.number("tasks"));
        Definition streams = bolt.section("streams");
        builder.setBolt(BOLT, bolt(bolt, streams.lists()), bolt.number("tasks"))
                .customGrouping(SPOUT, new PartitionGrouping(topics));
        BoltDeclarer alerts = builder.setBolt(ALERT_BOLT, bolt(definition.section("alerts"), Map.of()), 1);
        streams.lists().keySet().forEach(stream -> alerts.globalGrouping(BOLT, stream));
        return builder.createTopology();
    }

    private static PythonBolt bolt(Definition bolt, Map<String, List<String>> streams) {
        return new PythonBolt(bolt.texts("command"), bolt.map("environment", String.class), streams);
    }

    private static PartitionSpout spout(Definition spout, Topics topics) {
        Definition pack = spout.section("pack");
        Packer.Limits limits =
                new Packer.Limits(pack.number("records"), pack.number("bytes"), pack.number("linger_ms"));
        HashMap<String, Object> properties = new HashMap<>(spout.map("consumer", Object.class));
        return new PartitionSpout(topics, limits, spout.number("max_in_flight_bytes"), new KafkaConnector(properties),
                System::currentTimeMillis);
    }

    /** Connects to Kafka with the definition's properties and with those that the spout's guarantees depend on. */
    record KafkaConnector(HashMap<String, Object> given) implements PartitionSpout.Connector {

        private static final Map<String, Object> FIXED = Map.of(
                "enable.auto.commit", false,
                // A position outside the log must be reported, never reset silently.
                "auto.offset.reset", "none",
                "allow.auto.create.topics", false,
                "key.deserializer", ByteArrayDeserializer.class.getName(),
                "value.deserializer", ByteArrayDeserializer.class.getName());

        @Override
        public KafkaConsumer<byte[], byte[]> connect() {
            Map<String, Object> properties = new HashMap<>(given);
            properties.putAll(FIXED);
            return new KafkaConsumer<>(properties);
        }
    }
}
