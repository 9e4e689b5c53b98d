package footfall.live;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.storm.multilang.BoltMsg;
import org.apache.storm.multilang.NoOutputException;
import org.apache.storm.multilang.ShellMsg;
import org.apache.storm.multilang.SpoutMsg;
import org.apache.storm.task.TopologyContext;
import org.junit.jupiter.api.Test;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;
import org.msgpack.value.ImmutableValue;
import org.msgpack.value.MapValue;
import org.msgpack.value.Value;
import org.msgpack.value.ValueFactory;

class MessagePackSerializerTest {

    private final ByteArrayOutputStream toChild = new ByteArrayOutputStream();

    private MessagePackSerializer serializer(byte[] fromChild) {
        return serializer(new ByteArrayInputStream(fromChild));
    }

    private MessagePackSerializer serializer(InputStream fromChild) {
        MessagePackSerializer serializer = new MessagePackSerializer();
        serializer.initialize(toChild, fromChild);
        return serializer;
    }

    private static byte[] frame(Value value) throws IOException {
        try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
            packer.packValue(value);
            byte[] body = packer.toByteArray();
            return ByteBuffer.allocate(4 + body.length).putInt(body.length).put(body).array();
        }
    }

    private static Value text(String text) {
        return ValueFactory.newString(text);
    }

    private Value sent() throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(toChild.toByteArray()));
        byte[] body = new byte[in.readInt()];
        in.readFully(body);
        assertEquals(0, in.available());
        return MessagePack.newDefaultUnpacker(body).unpackValue();
    }

    private static Value of(Value map, String key) {
        return ((MapValue) map).map().get(text(key));
    }

    @Test
    void sendsEveryTypeAsItIs() throws IOException {
        BoltMsg message = new BoltMsg();
        message.setId("7");
        message.setComp("kafka");
        message.setStream("default");
        message.setTask(3);
        List<Object> tuple = new ArrayList<>(Arrays.asList("ünï", 5, 1L << 40, -1, 2.5, true, null, new byte[] {0, -1},
                List.of(1L, 2L), Map.of("k", List.of())));
        message.setTuple(tuple);
        serializer(new byte[0]).writeBoltMsg(message);
        Value sent = sent();
        assertEquals("7", of(sent, "id").asStringValue().asString());
        assertEquals(3, of(sent, "task").asIntegerValue().toInt());
        List<Value> values = of(sent, "tuple").asArrayValue().list();
        assertEquals("ünï", values.get(0).asStringValue().asString());
        assertEquals(5, values.get(1).asIntegerValue().toInt());
        assertEquals(1L << 40, values.get(2).asIntegerValue().toLong());
        assertEquals(-1, values.get(3).asIntegerValue().toInt());
        assertEquals(2.5, values.get(4).asFloatValue().toDouble());
        assertTrue(values.get(5).asBooleanValue().getBoolean());
        assertTrue(values.get(6).isNilValue());
        assertArrayEquals(new byte[] {0, -1}, values.get(7).asBinaryValue().asByteArray());
        assertEquals(2, values.get(8).asArrayValue().size());
        assertEquals(0, of(values.get(9), "k").asArrayValue().size());
    }

    @Test
    void sendsAPackOfMegabytesWhole() throws IOException {
        BoltMsg message = new BoltMsg();
        message.setTuple(List.of(Collections.nCopies(300, new byte[10_000])));
        serializer(new byte[0]).writeBoltMsg(message);
        List<Value> values = of(sent(), "tuple").asArrayValue().get(0).asArrayValue().list();
        assertEquals(300, values.size());
        assertEquals(10_000, values.get(299).asBinaryValue().asByteArray().length);
    }

    @Test
    void sendsTaskIdsAndSpoutMessages() throws IOException {
        serializer(new byte[0]).writeTaskIds(List.of(4, 5));
        assertEquals("[4,5]", sent().toJson());
        toChild.reset();
        SpoutMsg message = new SpoutMsg();
        message.setCommand("next");
        serializer(new byte[0]).writeSpoutMsg(message);
        assertEquals("next", of(sent(), "command").asStringValue().asString());
    }

    @Test
    void readsAnswersOfEveryKind() throws Exception {
        ImmutableValue emit = ValueFactory.newMap(text("command"), text("emit"), text("stream"), text("bad"),
                text("need_task_ids"), ValueFactory.newBoolean(false), text("anchors"), ValueFactory.newArray(text("9")),
                text("tuple"), ValueFactory.newArray(ValueFactory.newInteger(1), ValueFactory.newFloat(0.5),
                        ValueFactory.newNil(), ValueFactory.newBinary(new byte[] {1}), ValueFactory.newBoolean(true),
                        ValueFactory.newMap(text("a"), ValueFactory.newArray())));
        ShellMsg message = serializer(frame(emit)).readShellMsg();
        assertEquals("emit", message.getCommand());
        assertEquals("bad", message.getStream());
        assertFalse(message.areTaskIdsNeeded());
        assertEquals(List.of("9"), message.getAnchors());
        List<Object> tuple = message.getTuple();
        assertEquals(Arrays.asList(1L, 0.5, null), tuple.subList(0, 3));
        assertArrayEquals(new byte[] {1}, (byte[]) tuple.get(3));
        assertEquals(Arrays.asList(true, Map.of("a", List.of())), tuple.subList(4, 6));
    }

    @Test
    void readsAcksLogsAndSyncsWithTheProtocolsDefaults() throws Exception {
        ShellMsg ack = serializer(frame(ValueFactory.newMap(text("command"), text("ack"), text("id"), text("42"))))
                .readShellMsg();
        assertEquals("42", ack.getId());
        assertEquals("default", ack.getStream());
        assertEquals(0, ack.getTask());
        assertTrue(ack.areTaskIdsNeeded());
        assertNull(ack.getTuple());
        ShellMsg log = serializer(frame(ValueFactory.newMap(text("command"), text("log"), text("msg"), text("hot"),
                text("level"), ValueFactory.newInteger(4)))).readShellMsg();
        assertEquals("hot", log.getMsg());
        assertEquals(ShellMsg.ShellLogLevel.ERROR, log.getLogLevel());
    }

    @Test
    void readsWhatArrivesByteByByte() throws Exception {
        byte[] whole = frame(ValueFactory.newMap(text("command"), text("sync")));
        InputStream slow = new InputStream() {
            private int at;

            @Override
            public int read() {
                return at < whole.length ? whole[at++] & 0xff : -1;
            }

            @Override
            public int read(byte[] into, int offset, int length) {
                int one = read();
                if (one < 0) {
                    return -1;
                }
                into[offset] = (byte) one;
                return 1;
            }
        };
        assertEquals("sync", serializer(slow).readShellMsg().getCommand());
    }

    @Test
    void aClosedPipeIsNoOutput() throws IOException {
        assertThrows(NoOutputException.class, () -> serializer(new byte[0]).readShellMsg());
        byte[] whole = frame(ValueFactory.newMap(text("command"), text("sync")));
        assertThrows(NoOutputException.class,
                () -> serializer(Arrays.copyOf(whole, whole.length - 1)).readShellMsg());
    }

    @Test
    void garbageIsAnErrorAndNotAHang() throws IOException {
        assertThrows(IOException.class, () -> serializer(new byte[] {-1, -1, -1, -1}).readShellMsg());
        assertThrows(IOException.class, () -> serializer(frame(text("sync"))).readShellMsg());
        assertThrows(IOException.class, () -> serializer(new byte[] {0, 0, 0, 1, (byte) 0xc1}).readShellMsg());
    }

    @Test
    void connectsWithThePlaceOfTheTaskAndTakesThePid() throws Exception {
        Map<Integer, String> components = Map.of(5, "live", 6, "live");
        TopologyContext context = new TopologyContext(null, Map.of(), components, Map.of("live", List.of(5, 6)), Map.of(),
                Map.of(), "footfall-live-1", null, "/pids", 6, 6700, List.of(5, 6), Map.of(), Map.of(), Map.of(),
                Map.of(), null, null);
        MessagePackSerializer serializer =
                serializer(frame(ValueFactory.newMap(text("pid"), ValueFactory.newInteger(4711))));
        assertEquals(4711L, serializer.connect(Map.of("topology.workers", 1), context));
        Value setup = sent();
        assertEquals("/pids", of(setup, "pidDir").asStringValue().asString());
        assertEquals(1, of(of(setup, "conf"), "topology.workers").asIntegerValue().toInt());
        assertEquals(1, of(of(setup, "context"), "taskindex").asIntegerValue().toInt());
        assertEquals(2, of(of(setup, "context"), "tasks").asIntegerValue().toInt());
    }
}
