package footfall.live;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.messaging.IContext;
import org.apache.storm.serialization.KryoValuesDeserializer;
import org.apache.storm.serialization.KryoValuesSerializer;
import org.apache.storm.utils.Utils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LiveTopologyTest {

    private static final String TEXT = """
            {"name": "footfall-live", "config": {"topology.workers": 1},
             "spout": {"tasks": 1, "topics": {"events": 8, "events.rejected": 1}, "max_in_flight_bytes": 1000,
                       "pack": {"records": 256, "bytes": 1024, "linger_ms": 20},
                       "consumer": {"bootstrap.servers": "127.0.0.1:9092", "group.id": "g"}},
             "bolt": {"tasks": 2, "command": ["/bin/python", "-m", "x"], "environment": {"A": "b"},
                      "streams": {"slot_figures": ["a", "b"]}},
             "alerts": {"command": ["/bin/python", "-m", "y"], "environment": {}}}
            """;

    @TempDir
    Path folder;

    private Definition definition(String text) throws IOException {
        return Definition.read(Files.writeString(folder.resolve("live.json"), text));
    }

    @Test
    void wiresSpoutAndBoltAsDefined() throws IOException {
        StormTopology topology = LiveTopology.build(definition(TEXT));
        assertEquals(Set.of("kafka"), topology.get_spouts().keySet());
        assertEquals(Set.of("live", "alerts"), topology.get_bolts().keySet());
        assertEquals(2, topology.get_bolts().get("live").get_common().get_parallelism_hint());
        assertTrue(topology.get_bolts().get("live").get_common().get_inputs().values().iterator().next()
                .is_set_custom_serialized());
        assertEquals(List.of("a", "b"),
                topology.get_bolts().get("live").get_common().get_streams().get("slot_figures").get_output_fields());
        assertEquals("live", topology.get_bolts().get("alerts").get_common().get_inputs().keySet().iterator().next()
                .get_componentId());
        assertEquals(1, topology.get_bolts().get("alerts").get_common().get_parallelism_hint());
        assertEquals(List.of("topic", "partition", "from", "to", "caught_up_ms", "offsets", "values"),
                topology.get_spouts().get("kafka").get_common().get_streams().get("default").get_output_fields());
    }

    @Test
    void namesTheEntryThatIsWrong() {
        IllegalArgumentException missing = assertThrows(IllegalArgumentException.class,
                () -> LiveTopology.build(definition(TEXT.replace("\"records\": 256, ", ""))));
        assertEquals("The topology's entry spout.pack.records must be a integer, not null.", missing.getMessage());
        IllegalArgumentException mistyped = assertThrows(IllegalArgumentException.class,
                () -> LiveTopology.build(definition(TEXT.replace("\"events\": 8", "\"events\": \"eight\""))));
        assertEquals("The topology's entry spout.topics.events must be a integer, not eight.", mistyped.getMessage());
        assertThrows(IllegalArgumentException.class, () -> definition("[1]"));
    }

    @Test
    void aPackCanCrossWorkers() throws IOException {
        Map<String, Object> conf = Utils.readDefaultConfig();
        conf.put("topology.fall.back.on.java.serialization", false);
        Pack pack = new Pack("events", 3, 10, 14, List.of(10L, 13L), List.of(new byte[] {1, 2}, new byte[0]), 2);
        byte[] sent = new KryoValuesSerializer(conf).serialize(pack.values(5));
        List<Object> received = new KryoValuesDeserializer(conf).deserialize(sent);
        assertEquals(List.of("events", 3, 10L, 14L, 5L, List.of(10L, 13L)), received.subList(0, 6));
        assertArrayEquals(new byte[] {1, 2}, (byte[]) ((List<?>) received.get(6)).get(0));
    }

    @Test
    void theTransportOpensNothingAndRefusesASecondWorker() {
        IContext transport = new SoleWorkerTransport();
        assertEquals(6700, transport.bind("id", 6700, null, null).getPort());
        assertThrows(UnsupportedOperationException.class, () -> transport.connect("id", "host", 6701, null));
    }
}
