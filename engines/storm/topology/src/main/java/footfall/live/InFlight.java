package footfall.live;

import java.util.Map;
import java.util.TreeMap;

/** One partition's packs that were emitted and not all acked, and how far everything before is acked. Pure. */
final class InFlight {

    private final TreeMap<Long, Pack> unacked = new TreeMap<>();
    private long emittedTo;
    private long committed;

    /** @param position offset up to which everything counts as acked and committed */
    InFlight(long position) {
        emittedTo = position;
        committed = position;
    }

    void emitted(Pack pack) {
        unacked.put(pack.from(), pack);
        emittedTo = Math.max(emittedTo, pack.to());
    }

    /** Returns the pack that is thereby done, or null if it was already (or never) known. */
    Pack acked(Pack.Id id) {
        Pack pack = find(id);
        if (pack != null) {
            unacked.remove(id.from());
        }
        return pack;
    }

    /** The pack as it was emitted, or null once it is acked. */
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

    /** Whether there is more to commit than was committed. */
    boolean hasNews() {
        return ackedPosition() > committed;
    }

    void committed(long position) {
        committed = Math.max(committed, position);
    }
}
