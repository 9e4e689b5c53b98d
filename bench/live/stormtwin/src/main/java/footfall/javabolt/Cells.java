package footfall.javabolt;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.zip.Deflater;
import java.util.zip.InflaterInputStream;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePacker;
import org.msgpack.core.MessageUnpacker;

/** What a cell holds, in the very MessagePack of {@code footfall.realtime.tables}. Not thread-safe. */
final class Cells {

    private static final int DEFLATED_FROM = 512;
    private static final byte ZLIB = 0x78;

    private final MessageBufferPacker packer = MessagePack.newDefaultBufferPacker();
    private final Deflater deflater = new Deflater(Deflater.BEST_SPEED);

    /** Packs or unpacks; nothing is written to or read from anywhere but memory. */
    @FunctionalInterface
    interface Work<S> {
        void on(S stream) throws IOException;
    }

    /** Events of a session: of each its id and sixteen fields. */
    byte[] session(List<Event> events) {
        byte[] cell = packed(packer -> {
            packer.packArrayHeader(events.size());
            for (Event event : events) {
                packer.packArrayHeader(2).packBinaryHeader(16).writePayload(bytes(event.eventId()));
                event(packer, event);
            }
        });
        return cell.length < DEFLATED_FROM ? cell : deflated(cell);
    }

    private byte[] deflated(byte[] cell) {
        deflater.reset();
        deflater.setInput(cell);
        deflater.finish();
        // What cannot be made smaller grows by some bytes.
        byte[] found = new byte[cell.length + 64];
        return Arrays.copyOf(found, deflater.deflate(found));
    }

    /** What {@link #session} packed, as MessagePack. */
    static byte[] inflated(byte[] cell) {
        if (cell[0] != ZLIB) {
            return cell;
        }
        try (InflaterInputStream stream = new InflaterInputStream(new ByteArrayInputStream(cell))) {
            return stream.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void event(MessagePacker packer, Event event) throws IOException {
        packer.packArrayHeader(16);
        packer.packLong(event.offset()).packLong(event.seq());
        packer.packLong(event.timeMs()).packLong(event.receivedMs());
        packer.packString(event.type()).packString(event.app()).packString(event.anonymousId());
        text(packer, event.userId());
        text(packer, event.viewId());
        text(packer, event.path());
        text(packer, event.title());
        text(packer, event.pageType());
        text(packer, event.element());
        whole(packer, event.engagedMs());
        whole(packer, event.status());
        packer.packBoolean(event.isBot());
    }

    /** The row of {@code user_pages} that leads from a person to a session. */
    static byte[] personKey(char kind, String person, String sessionId) {
        return utf8(kind + ":" + person + '\0' + sessionId);
    }

    byte[] index(long last, long timeMs) {
        return packed(packer -> packer.packArrayHeader(2).packLong(last).packLong(timeMs));
    }

    byte[] counts(long last, Population people, Population bots, int entries, int exits, Map<String, Integer> cities) {
        return packed(packer -> {
            packer.packArrayHeader(6).packLong(last);
            people.packFigures(packer);
            bots.packFigures(packer);
            packer.packInt(entries).packInt(exits);
            if (cities.isEmpty()) {
                packer.packNil();
                return;
            }
            packer.packMapHeader(cities.size());
            for (Map.Entry<String, Integer> views : cities.entrySet()) {
                packer.packString(views.getKey()).packInt(views.getValue());
            }
        });
    }

    byte[] visitors(long last, Population people, Population bots) {
        byte[] peopleSketch = people.sketch();
        byte[] botsSketch = bots.sketch();
        return packed(packer -> {
            packer.packArrayHeader(3).packLong(last);
            packer.packBinaryHeader(peopleSketch.length).writePayload(peopleSketch);
            packer.packBinaryHeader(botsSketch.length).writePayload(botsSketch);
        });
    }

    /** How far a partition is counted. The topic's id, for which the Python bolt asks Kafka, is left empty. */
    byte[] progress(int partitions, long last, long unparsable) {
        return packed(packer -> packer.packArrayHeader(4).packString("").packInt(partitions).packLong(last)
                .packLong(unparsable));
    }

    static void unpack(byte[] cell, Work<MessageUnpacker> work) {
        try (MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(cell)) {
            work.on(unpacker);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void text(MessagePacker packer, String text) throws IOException {
        if (text == null) {
            packer.packNil();
        } else {
            packer.packString(text);
        }
    }

    static void whole(MessagePacker packer, Number number) throws IOException {
        if (number == null) {
            packer.packNil();
        } else {
            packer.packLong(number.longValue());
        }
    }

    /** An event's id as it is stored, in a cell of its session's row and as the column of one that begins with it. */
    static byte[] bytes(UUID eventId) {
        return ByteBuffer.allocate(16).putLong(eventId.getMostSignificantBits())
                .putLong(eventId.getLeastSignificantBits()).array();
    }

    static UUID eventId(byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        return new UUID(buffer.getLong(), buffer.getLong());
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private byte[] packed(Work<MessagePacker> work) {
        try {
            work.on(packer);
            byte[] cell = packer.toByteArray();
            packer.clear();
            return cell;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
