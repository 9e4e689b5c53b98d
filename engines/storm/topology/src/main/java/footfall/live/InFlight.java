package footfall.live;

import java.util.Map;
import java.util.TreeMap;

/** The emitted and unacked packs of one partition, and the position up to which everything is acked. Pure. */
final class InFlight {

    private final TreeMap<Long, Pack> unacked = new TreeMap<>();
    private long emittedTo;
    private long committed;

    /** @param position the offset below which everything counts as acked and committed */
    InFlight(long position) {
        emittedTo = position;
        committed = position;
    }

    void emitted(Pack pack) {
        unacked.put(pack.from(), pack);
        emittedTo = Math.max(emittedTo, pack.to());
    }

    /** Returns the acked pack, or null if it is not in flight. */
    Pack acked(Pack.Id id) {
        Pack pack = find(id);
        if (pack != null) {
            unacked.remove(id.from());
        }
        return pack;
    }

    /** The pack as it was emitted, or null if it is not in flight. */
    Pack find(Pack.Id id) {
        Pack pack = unacked.get(id.from());
        return pack != null && pack.to() == id.to() ? pack : null;
    }

    boolean isEmpty() {
        return unacked.isEmpty();
    }

    /** The offset below which every record is acked. */
    long ackedPosition() {
        Map.Entry<Long, Pack> first = unacked.firstEntry();
        return first == null ? emittedTo : first.getKey();
    }

    /** Whether the acked position is beyond the committed one. */
    boolean hasUncommitted() {
        return ackedPosition() > committed;
    }

    void committed(long position) {
        committed = Math.max(committed, position);
    }
}
