package footfall.javabolt;

import java.util.HashMap;
import java.util.Map;

/** One aggregate row: the two cells of one partition, each with the offset that it counts to. */
final class Row {

    final byte[] key;
    /** The flush that changed it last. */
    long touched;

    private final boolean isCountry;
    private final Population people = new Population();
    private final Population bots = new Population();
    private int entries;
    private int exits;
    // Of people alone, and of countries.
    private final Map<String, Integer> cities = new HashMap<>();
    private long countsOffset = -1;
    private long activeOffset = -1;

    /** @param counts stored cell, null if there is none; likewise {@code active} */
    Row(String key, byte[] counts, byte[] active) {
        this.key = Cells.utf8(key);
        this.isCountry = key.startsWith("country", key.indexOf('\0') + 1);
        if (counts != null) {
            Cells.unpack(counts, unpacker -> {
                unpacker.unpackArrayHeader();
                countsOffset = unpacker.unpackLong();
                people.loadFigures(unpacker);
                bots.loadFigures(unpacker);
                entries = unpacker.unpackInt();
                exits = unpacker.unpackInt();
                for (int left = unpacker.tryUnpackNil() ? 0 : unpacker.unpackMapHeader(); left > 0; left--) {
                    cities.put(unpacker.unpackString(), unpacker.unpackInt());
                }
            });
        }
        if (active != null) {
            Cells.unpack(active, unpacker -> {
                unpacker.unpackArrayHeader();
                activeOffset = unpacker.unpackLong();
                people.loadSketch(unpacker.readPayload(unpacker.unpackBinaryHeader()));
                bots.loadSketch(unpacker.readPayload(unpacker.unpackBinaryHeader()));
            });
        }
    }

    /** Counts what a cell does not hold yet: after a crash some cells are ahead of progress, and others are not. */
    void count(Event event, boolean asError) {
        Population population = event.isBot() ? bots : people;
        if (countsOffset < event.offset()) {
            population.count(event, asError);
            if (isCountry && event.city() != null && !event.isBot()) {
                cities.merge(event.city(), 1, Integer::sum);
            }
        }
        if (activeOffset < event.offset()) {
            population.meet(event.visitor());
        }
    }

    /** Counts visits in that begin or end here, or out. */
    void change(long offset, int moreEntries, int moreExits) {
        if (countsOffset < offset) {
            entries += moreEntries;
            exits += moreExits;
        }
    }

    /** The cell of {@code minute_metrics}, null if it holds everything up to {@code last} already. */
    byte[] countsCell(Cells cells, long last) {
        if (countsOffset >= last) {
            return null;
        }
        countsOffset = last;
        return cells.counts(last, people, bots, entries, exits, cities);
    }

    /** The cell of {@code active_users}, likewise; null also if nobody has come who was not there. */
    byte[] activeCell(Cells cells, long last) {
        if (activeOffset >= last || !(people.grow() | bots.grow())) {
            return null;
        }
        activeOffset = last;
        return cells.visitors(last, people, bots);
    }
}
