package footfall.live;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.storm.generated.ErrorInfo;
import org.apache.storm.generated.KillOptions;
import org.apache.storm.generated.Nimbus;
import org.apache.storm.generated.NotAliveException;
import org.apache.storm.generated.TopologyInfo;
import org.apache.storm.generated.TopologySummary;
import org.apache.storm.shade.net.minidev.json.JSONObject;
import org.apache.storm.shade.net.minidev.json.JSONValue;
import org.apache.storm.thrift.TException;
import org.apache.storm.utils.NimbusClient;
import org.apache.storm.utils.Utils;

/** Lists, activates and kills topologies. Prints one JSON document; the exit code is 3 if a wait timed out. */
public final class TopologyControl {

    private static final int TIMED_OUT = 3;
    private static final long POLL_EVERY_MS = 250;

    private TopologyControl() {
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    /**
     * Arguments: {@code list}; {@code activate NAME}; {@code deactivate NAME}; {@code await NAME WITHIN_S}: waits until
     * all executors run; {@code kill NAME DRAIN_S WITHIN_S}: stops the spout, gives tuples DRAIN_S seconds to be
     * processed, and waits until the topology is gone. WITHIN_S is the timeout of the wait in seconds.
     */
    public static void main(String[] arguments) throws Exception {
        int code = 0;
        try (NimbusClient client = NimbusClient.Builder.withConf(Utils.readStormConfig()).build()) {
            Nimbus.Iface nimbus = client.getClient();
            switch (arguments[0]) {
                case "list" -> {
                }
                case "activate" -> nimbus.activate(arguments[1]);
                case "deactivate" -> nimbus.deactivate(arguments[1]);
                case "await" -> code = await(nimbus, arguments[1], Integer.parseInt(arguments[2]));
                case "kill" -> code = kill(nimbus, arguments[1], Integer.parseInt(arguments[2]),
                        Integer.parseInt(arguments[3]));
                default -> throw new IllegalArgumentException("Unknown command " + arguments[0] + ".");
            }
            System.out.println(JSONValue.toJSONString(list(nimbus)));
        }
        // Storm's client leaves threads that would keep the process alive.
        System.exit(code);
    }

    private static int await(Nimbus.Iface nimbus, String name, int withinS) throws Exception {
        return within(withinS, () -> {
            Optional<TopologySummary> found = find(nimbus, name);
            if (found.isEmpty() || !found.get().get_status().equals("ACTIVE")) {
                return false;
            }
            TopologyInfo info = nimbus.getTopologyInfo(found.get().get_id());
            return info.get_executors_size() > 0 && running(info) == info.get_executors_size();
        });
    }

    private static int kill(Nimbus.Iface nimbus, String name, int drainS, int withinS) throws Exception {
        KillOptions options = new KillOptions();
        options.set_wait_secs(drainS);
        try {
            if (find(nimbus, name).filter(topology -> !topology.get_status().equals("KILLED")).isPresent()) {
                nimbus.killTopologyWithOpts(name, options);
            }
        } catch (NotAliveException e) {
            return 0;
        }
        return within(withinS, () -> find(nimbus, name).isEmpty());
    }

    /** Polls until the condition holds. */
    private static int within(int seconds, Condition condition) throws Exception {
        long until = System.nanoTime() + seconds * 1_000_000_000L;
        while (!condition.holds()) {
            if (System.nanoTime() > until) {
                return TIMED_OUT;
            }
            Thread.sleep(POLL_EVERY_MS);
        }
        return 0;
    }

    private static Optional<TopologySummary> find(Nimbus.Iface nimbus, String name) throws TException {
        return nimbus.getTopologySummaries().stream().filter(topology -> topology.get_name().equals(name)).findFirst();
    }

    private static long running(TopologyInfo info) {
        return info.get_executors().stream().filter(executor -> executor.get_uptime_secs() > 0).count();
    }

    private static List<Map<String, Object>> list(Nimbus.Iface nimbus) throws TException {
        List<Map<String, Object>> listed = new ArrayList<>();
        for (TopologySummary topology : nimbus.getTopologySummaries()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("id", topology.get_id());
            entry.put("name", topology.get_name());
            entry.put("status", topology.get_status());
            entry.put("uptime_s", topology.get_uptime_secs());
            try {
                Object conf = JSONValue.parse(nimbus.getTopologyConf(topology.get_id()));
                entry.put("fingerprint", ((JSONObject) conf).get("footfall.fingerprint"));
                TopologyInfo info = nimbus.getTopologyInfo(topology.get_id());
                entry.put("executors", info.get_executors_size());
                entry.put("running", running(info));
                entry.put("errors", errors(info));
            } catch (NotAliveException e) {
                // It ended between the two requests.
                continue;
            }
            listed.add(entry);
        }
        return listed;
    }

    private static List<Map<String, Object>> errors(TopologyInfo info) {
        List<Map<String, Object>> errors = new ArrayList<>();
        info.get_errors().forEach((component, infos) -> {
            for (ErrorInfo error : infos) {
                Map<String, Object> entry = new LinkedHashMap<>();
                entry.put("component", component);
                entry.put("at_s", error.get_error_time_secs());
                entry.put("error", error.get_error());
                errors.add(entry);
            }
        });
        return errors;
    }
}
