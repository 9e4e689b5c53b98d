package footfall.live;

import footfall.javabolt.JavaBolt;
import java.nio.file.Path;
import java.util.HashMap;
import org.apache.storm.Config;
import org.apache.storm.StormSubmitter;
import org.apache.storm.generated.SubmitOptions;
import org.apache.storm.generated.TopologyInitialStatus;
import org.apache.storm.topology.TopologyBuilder;

/** Submits the live topology's spout with a bolt in Java behind it, paused: it counts once it is activated. */
public final class TwinTopology {

    private TwinTopology() {
    }

    /** Argument: path of the definition, YAML or JSON. */
    public static void main(String[] arguments) throws Exception {
        Definition definition = Definition.read(Path.of(arguments[0]));
        Config config = new Config();
        config.putAll(definition.map("config", Object.class));
        Definition spout = definition.section("spout");
        Definition bolt = definition.section("bolt");
        Definition pack = spout.section("pack");
        Topics topics = new Topics(spout.map("topics", Integer.class));
        TopologyBuilder builder = new TopologyBuilder();
        builder.setSpout(LiveTopology.SPOUT, new PartitionSpout(topics,
                new Packer.Limits(pack.number("records"), pack.number("bytes"), pack.number("linger_ms")),
                spout.number("max_in_flight_bytes"),
                new LiveTopology.KafkaConnector(new HashMap<>(spout.map("consumer", Object.class))),
                System::currentTimeMillis), spout.number("tasks"));
        builder.setBolt(LiveTopology.BOLT, new JavaBolt(bolt.map("hbase", String.class), bolt.text("table_prefix"),
                spout.map("topics", Integer.class)), bolt.number("tasks"))
                .customGrouping(LiveTopology.SPOUT, new PartitionGrouping(topics));
        StormSubmitter.submitTopology(definition.text("name"), config, builder.createTopology(),
                new SubmitOptions(TopologyInitialStatus.INACTIVE));
    }
}
