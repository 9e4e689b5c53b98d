package footfall.javabolt;

import java.util.Set;
import java.util.UUID;

/** The visit that a session's newest event belongs to, as {@code footfall.metrics.visits.OpenVisit} keeps it. */
final class Walk {

    private static final long LONGEST_GAP_MS = 1_800_000;
    private static final long DAY_MS = 86_400_000;

    private String app = "";
    private long beganMs;
    private long newestMs;
    private View first;
    private View last;

    /**
     * A page view of people.
     *
     * @param seq its place in the visit's order
     * @param row the key of its page's row
     */
    record View(long seq, UUID eventId, String row) {

        boolean isBefore(View other) {
            if (seq != other.seq) {
                return seq < other.seq;
            }
            int high = Long.compareUnsigned(eventId.getMostSignificantBits(), other.eventId.getMostSignificantBits());
            return (high != 0 ? high : Long.compareUnsigned(eventId.getLeastSignificantBits(),
                    other.eventId.getLeastSignificantBits())) < 0;
        }
    }

    /** Takes what a page's row counts more from now on, or less. */
    @FunctionalInterface
    interface Changes {
        void change(String row, int entries, int exits);
    }

    /** Names the rows that count something less once this view has come. */
    void replaced(View view, Set<String> found) {
        if (first != null && view.isBefore(first)) {
            found.add(first.row);
        }
        if (last != null && last.isBefore(view)) {
            found.add(last.row);
        }
    }

    /** Takes the next event of a person. {@code view} is null if it is no page view. */
    void step(String itsApp, long timeMs, View view, Changes told) {
        if (!itsApp.equals(app) || timeMs - newestMs > LONGEST_GAP_MS
                || timeMs > newestMs && timeMs / DAY_MS != newestMs / DAY_MS) {
            app = itsApp;
            beganMs = timeMs;
            newestMs = timeMs;
            first = null;
            last = null;
        } else if (timeMs > newestMs) {
            newestMs = timeMs;
        } else if (beganMs - timeMs > LONGEST_GAP_MS || timeMs / DAY_MS != newestMs / DAY_MS) {
            return;
        } else if (timeMs < beganMs) {
            beganMs = timeMs;
        }
        if (view == null) {
            return;
        }
        if (first == null) {
            first = view;
            last = view;
            told.change(view.row, 1, 1);
        } else if (last.isBefore(view)) {
            if (!view.row.equals(last.row)) {
                told.change(last.row, 0, -1);
                told.change(view.row, 0, 1);
            }
            last = view;
        } else if (view.isBefore(first)) {
            if (!view.row.equals(first.row)) {
                told.change(first.row, -1, 0);
                told.change(view.row, 1, 0);
            }
            first = view;
        }
    }
}
