package footfall.javabolt;

import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.datasketches.memory.Memory;
import org.apache.datasketches.theta.SetOperation;
import org.apache.datasketches.theta.Sketches;
import org.apache.datasketches.theta.Union;
import org.apache.datasketches.theta.UpdateSketch;
import org.msgpack.core.MessagePacker;
import org.msgpack.core.MessageUnpacker;

/** What a row counts of people, or of bots. */
final class Population {

    private static final int NOMINAL_ENTRIES = 4096;
    private static final byte[] NOBODY = {};

    private long events;
    private long pageViews;
    private long errors;
    private long notFound;
    private final Map<Integer, Integer> responses = new HashMap<>();
    private Long firstMs;
    private Long lastMs;
    private String sample;
    private long errorEvents;
    private byte[] loaded = NOBODY;
    private UpdateSketch grown;
    // Visitors met since the last write: most come again, and a set of texts is cheaper than a sketch.
    private final Set<String> met = new HashSet<>();

    /** @param asError whether the row is this error's own */
    void count(Event event, boolean asError) {
        events++;
        if (event.pageView()) {
            pageViews++;
            if (event.notFound()) {
                notFound++;
            }
            if (event.bucket() >= 0) {
                responses.merge(event.bucket(), 1, Integer::sum);
            }
        }
        if (event.failure()) {
            errors++;
            if (!event.pageView()) {
                errorEvents++;
            }
        }
        if (asError) {
            firstMs = firstMs == null ? event.timeMs() : Math.min(firstMs, event.timeMs());
            lastMs = lastMs == null ? event.timeMs() : Math.max(lastMs, event.timeMs());
            sample = sample == null ? event.requestId() : sample;
        }
    }

    void meet(String visitor) {
        met.add(visitor);
    }

    /** Adds those who were met since the last call to the sketch; false if it knew them all. */
    boolean grow() {
        if (met.isEmpty()) {
            return false;
        }
        if (grown == null) {
            grown = UpdateSketch.builder().setNominalEntries(NOMINAL_ENTRIES).build();
        }
        int retained = grown.getRetainedEntries(true);
        long theta = grown.getThetaLong();
        met.forEach(grown::update);
        met.clear();
        return retained != grown.getRetainedEntries(true) || theta != grown.getThetaLong();
    }

    /** The distinct visitors, as they are stored. */
    byte[] sketch() {
        if (grown == null) {
            return loaded;
        }
        grown.rebuild();
        if (loaded.length == 0) {
            return grown.compact().toByteArray();
        }
        // A stored sketch takes no more updates, so it is continued by union.
        Union union = SetOperation.builder().setNominalEntries(NOMINAL_ENTRIES).buildUnion();
        union.union(Sketches.wrapSketch(Memory.wrap(loaded)));
        union.union(grown);
        return union.getResult().toByteArray();
    }

    void loadSketch(byte[] sketch) {
        loaded = sketch;
    }

    void packFigures(MessagePacker packer) throws IOException {
        packer.packArrayHeader(9);
        packer.packLong(events).packLong(pageViews).packLong(errors).packLong(notFound);
        packer.packMapHeader(responses.size());
        for (Map.Entry<Integer, Integer> views : responses.entrySet()) {
            packer.packInt(views.getKey()).packInt(views.getValue());
        }
        Cells.whole(packer, firstMs);
        Cells.whole(packer, lastMs);
        Cells.text(packer, sample);
        packer.packLong(errorEvents);
    }

    void loadFigures(MessageUnpacker unpacker) throws IOException {
        unpacker.unpackArrayHeader();
        events = unpacker.unpackLong();
        pageViews = unpacker.unpackLong();
        errors = unpacker.unpackLong();
        notFound = unpacker.unpackLong();
        for (int left = unpacker.unpackMapHeader(); left > 0; left--) {
            responses.put(unpacker.unpackInt(), unpacker.unpackInt());
        }
        firstMs = unpacker.tryUnpackNil() ? null : unpacker.unpackLong();
        lastMs = unpacker.tryUnpackNil() ? null : unpacker.unpackLong();
        sample = unpacker.tryUnpackNil() ? null : unpacker.unpackString();
        errorEvents = unpacker.unpackLong();
    }
}
