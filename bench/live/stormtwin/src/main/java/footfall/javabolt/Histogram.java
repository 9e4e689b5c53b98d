package footfall.javabolt;

import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;

/** The bounds of response times, as {@code footfall.metrics.histogram} has them. */
final class Histogram {

    private static final int LONGEST_MS = 600_000;
    private static final int[] BOUNDS_MS = bounds();

    private Histogram() {
    }

    /** The index of the first bound that is at least so many milliseconds; the last takes what lies beyond. */
    static int bucket(long ms) {
        int found = Arrays.binarySearch(BOUNDS_MS, (int) Math.max(-1, Math.min(ms, LONGEST_MS)));
        return found >= 0 ? found : -found - 1;
    }

    private static int[] bounds() {
        TreeSet<Integer> found = new TreeSet<>(List.of(0, LONGEST_MS));
        int bound;
        for (int k = 0; (bound = (int) Math.rint(Math.pow(1.02, k))) < LONGEST_MS; k++) {
            found.add(bound);
        }
        return found.stream().mapToInt(Integer::intValue).toArray();
    }
}
