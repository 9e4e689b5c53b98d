package footfall.http;

import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Decides by the header {@code Host} whether a request was meant for this daemon.
 *
 * <p>A page of another site can let its own name resolve to this machine (DNS rebinding). Its requests are then of the
 * same origin for the browser, so it may read all answers and send any header. But they carry the page's name. An
 * address, in contrast, is no name that anybody could have let resolve.
 */
public final class HostRule {
    /** The property with the names of this platform's hosts, separated by commas. */
    public static final String NAMES = "footfall.http.names";

    static final String REFUSAL = "This port answers no requests for that host.";

    private static final Pattern ADDRESS = Pattern.compile("\\[[0-9a-f:.]+]|\\d{1,3}(\\.\\d{1,3}){3}");
    private static final Pattern PORT = Pattern.compile(":\\d{0,5}$");

    private final Set<String> names;

    /** Allows these names, separated by commas, besides {@code localhost} and all addresses. */
    public HostRule(String names) {
        this.names = Arrays.stream((names + ",localhost").split(","))
                .map(name -> name.trim().toLowerCase(Locale.ROOT))
                .filter(name -> !name.isEmpty())
                .collect(Collectors.toUnmodifiableSet());
    }

    /** Whether a request with this header is answered. A request without the header is not. */
    public boolean allows(String header) {
        if (header == null) {
            return false;
        }
        String host = PORT.matcher(header.trim().toLowerCase(Locale.ROOT)).replaceFirst("");
        return names.contains(host) || ADDRESS.matcher(host).matches();
    }
}
