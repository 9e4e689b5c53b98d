package footfall.javabolt;

/** One aggregate row: the two cells of one partition, each with the offset that it counts to. */
final class Row {

    final byte[] key;
    /** The flush that changed it last. */
    long touched;

    private final Population people = new Population();
    private final Population bots = new Population();
    private long countsOffset = -1;
    private long activeOffset = -1;

    /** @param counts stored cell, null if there is none; likewise {@code active} */
    Row(String key, byte[] counts, byte[] active) {
        this.key = Cells.utf8(key);
        if (counts != null) {
            Cells.unpack(counts, unpacker -> {
                unpacker.unpackArrayHeader();
                countsOffset = unpacker.unpackLong();
                people.loadFigures(unpacker);
                bots.loadFigures(unpacker);
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
        }
        if (activeOffset < event.offset()) {
            population.meet(event.visitor());
        }
    }

    /** The cell of {@code minute_metrics}, null if it holds everything up to {@code last} already. */
    byte[] countsCell(Cells cells, long last) {
        if (countsOffset >= last) {
            return null;
        }
        countsOffset = last;
        return cells.counts(last, people, bots);
    }

    /** The cell of {@code active_users}, likewise. */
    byte[] activeCell(Cells cells, long last) {
        if (activeOffset >= last) {
            return null;
        }
        activeOffset = last;
        return cells.visitors(last, people, bots);
    }
}
