package footfall.live;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.storm.multilang.BoltMsg;
import org.apache.storm.multilang.ISerializer;
import org.apache.storm.multilang.NoOutputException;
import org.apache.storm.multilang.ShellMsg;
import org.apache.storm.multilang.SpoutMsg;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.utils.Utils;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePackException;
import org.msgpack.core.MessagePacker;
import org.msgpack.value.Value;

/**
 * Storm's multilang protocol in MessagePack: each message is a length (four bytes, big-endian) and that many bytes.
 * Unlike JSON, it keeps binary values. One thread writes and one reads, as in ShellBolt.
 */
public final class MessagePackSerializer implements ISerializer {

    private static final long serialVersionUID = 1L;
    private static final int BUFFER = 256 * 1024;
    /** A child's messages are small; a longer one means that the stream is corrupt. */
    private static final int LONGEST_ANSWER = 16 * 1024 * 1024;

    private transient DataOutputStream out;
    private transient DataInputStream in;

    @Override
    public void initialize(OutputStream processIn, InputStream processOut) {
        out = new DataOutputStream(new BufferedOutputStream(processIn, BUFFER));
        in = new DataInputStream(new BufferedInputStream(processOut, BUFFER));
    }

    @Override
    public Number connect(Map<String, Object> conf, TopologyContext context) throws IOException, NoOutputException {
        Map<String, Object> place = new LinkedHashMap<>();
        place.put("componentid", context.getThisComponentId());
        place.put("taskid", context.getThisTaskId());
        place.put("taskindex", context.getThisTaskIndex());
        place.put("tasks", context.getComponentTasks(context.getThisComponentId()).size());
        place.put("stormid", context.getStormId());
        Map<String, Object> setup = new LinkedHashMap<>();
        setup.put("pidDir", context.getPIDDir());
        setup.put("conf", conf);
        setup.put("context", place);
        write(setup);
        Object pid = read().get("pid");
        if (pid instanceof Number number) {
            return number;
        }
        throw new NoOutputException("The child's first message has no pid.");
    }

    @Override
    public ShellMsg readShellMsg() throws IOException, NoOutputException {
        Map<String, Object> received = read();
        ShellMsg message = new ShellMsg();
        message.setCommand((String) received.get("command"));
        message.setId(received.get("id"));
        message.setMsg((String) received.get("msg"));
        message.setStream((String) received.getOrDefault("stream", Utils.DEFAULT_STREAM_ID));
        message.setTask(received.get("task") instanceof Number task ? task.longValue() : 0);
        message.setNeedTaskIds(!Boolean.FALSE.equals(received.get("need_task_ids")));
        if (received.get("tuple") instanceof List<?> tuple) {
            tuple.forEach(message::addTuple);
        }
        if (received.get("anchors") instanceof List<?> anchors) {
            anchors.forEach(anchor -> message.addAnchor((String) anchor));
        }
        if (received.get("level") instanceof Number level) {
            message.setLogLevel(level.intValue());
        }
        message.setMetricName((String) received.get("name"));
        message.setMetricParams(received.get("params"));
        return message;
    }

    @Override
    public void writeBoltMsg(BoltMsg message) throws IOException {
        Map<String, Object> sent = new LinkedHashMap<>();
        sent.put("id", message.getId());
        sent.put("comp", message.getComp());
        sent.put("stream", message.getStream());
        sent.put("task", message.getTask());
        sent.put("tuple", message.getTuple());
        write(sent);
    }

    @Override
    public void writeSpoutMsg(SpoutMsg message) throws IOException {
        Map<String, Object> sent = new LinkedHashMap<>();
        sent.put("command", message.getCommand());
        sent.put("id", message.getId());
        write(sent);
    }

    @Override
    public void writeTaskIds(List<Integer> taskIds) throws IOException {
        write(taskIds);
    }

    private void write(Object message) throws IOException {
        byte[] body;
        try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
            pack(packer, message);
            body = packer.toByteArray();
        }
        out.writeInt(body.length);
        out.write(body);
        out.flush();
    }

    private Map<String, Object> read() throws IOException, NoOutputException {
        byte[] body;
        try {
            int length = in.readInt();
            if (length < 0 || length > LONGEST_ANSWER) {
                throw new IOException("The child's message claims " + Integer.toUnsignedString(length) + " bytes.");
            }
            body = new byte[length];
            in.readFully(body);
        } catch (EOFException e) {
            throw new NoOutputException("The child closed its end of the pipe.", e);
        }
        Value value;
        try {
            value = MessagePack.newDefaultUnpacker(body).unpackValue();
        } catch (MessagePackException e) {
            throw new IOException("The child's message is not MessagePack.", e);
        }
        if (!value.isMapValue()) {
            throw new IOException("The child's message is not a map.");
        }
        @SuppressWarnings("unchecked")
        Map<String, Object> map = (Map<String, Object>) unpack(value);
        return map;
    }

    private static void pack(MessagePacker packer, Object value) throws IOException {
        if (value == null) {
            packer.packNil();
        } else if (value instanceof byte[] bytes) {
            packer.packBinaryHeader(bytes.length);
            packer.writePayload(bytes);
        } else if (value instanceof String text) {
            packer.packString(text);
        } else if (value instanceof Boolean flag) {
            packer.packBoolean(flag);
        } else if (value instanceof Double || value instanceof Float) {
            packer.packDouble(((Number) value).doubleValue());
        } else if (value instanceof Number number) {
            packer.packLong(number.longValue());
        } else if (value instanceof Collection<?> items) {
            packer.packArrayHeader(items.size());
            for (Object item : items) {
                pack(packer, item);
            }
        } else if (value instanceof Map<?, ?> entries) {
            packer.packMapHeader(entries.size());
            for (Map.Entry<?, ?> entry : entries.entrySet()) {
                packer.packString(String.valueOf(entry.getKey()));
                pack(packer, entry.getValue());
            }
        } else {
            packer.packString(value.toString());
        }
    }

    private static Object unpack(Value value) {
        switch (value.getValueType()) {
            case NIL:
                return null;
            case BOOLEAN:
                return value.asBooleanValue().getBoolean();
            case INTEGER:
                return value.asIntegerValue().toLong();
            case FLOAT:
                return value.asFloatValue().toDouble();
            case STRING:
                return value.asStringValue().asString();
            case BINARY:
                return value.asBinaryValue().asByteArray();
            case ARRAY:
                List<Object> items = new ArrayList<>();
                value.asArrayValue().forEach(item -> items.add(unpack(item)));
                return items;
            case MAP:
                Map<String, Object> entries = new LinkedHashMap<>();
                value.asMapValue().map().forEach(
                        (key, inner) -> entries.put(key.asStringValue().asString(), unpack(inner)));
                return entries;
            default:
                return value.toString();
        }
    }
}
