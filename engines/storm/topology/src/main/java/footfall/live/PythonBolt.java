package footfall.live;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.storm.task.ShellBolt;
import org.apache.storm.topology.IRichBolt;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.tuple.Fields;

/**
 * A bolt that runs as a child process. If the child dies, so does the worker, and the supervisor restarts both.
 */
public final class PythonBolt extends ShellBolt implements IRichBolt {

    private static final long serialVersionUID = 1L;

    private final HashMap<String, List<String>> streams;

    /**
     * @param command     absolute path of the program, and its arguments
     * @param environment variables that are added to the worker's
     * @param streams     the fields of each stream that the bolt emits
     */
    PythonBolt(List<String> command, Map<String, String> environment, Map<String, List<String>> streams) {
        super(command.toArray(new String[0]));
        this.streams = new HashMap<>(streams);
        setEnv(environment);
        // The program is installed and not in the jar, so there is no folder of resources to change to.
        changeChildCWD(false);
    }

    @Override
    public void declareOutputFields(OutputFieldsDeclarer declarer) {
        streams.forEach((stream, fields) -> declarer.declareStream(stream, new Fields(fields)));
    }

    @Override
    public Map<String, Object> getComponentConfiguration() {
        return null;
    }
}
