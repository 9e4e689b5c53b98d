package footfall.live;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.storm.task.ShellBolt;
import org.apache.storm.topology.IRichBolt;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.tuple.Fields;

/**
 * A bolt whose work is done by a child process. The worker ends with the child and the supervisor starts both anew.
 */
public final class PythonBolt extends ShellBolt implements IRichBolt {

    private static final long serialVersionUID = 1L;

    private final HashMap<String, List<String>> streams;

    /**
     * @param command     program and arguments, absolute
     * @param environment added to the worker's own
     * @param streams     what it emits: the fields of each stream
     */
    PythonBolt(List<String> command, Map<String, String> environment, Map<String, List<String>> streams) {
        super(command.toArray(new String[0]));
        this.streams = new HashMap<>(streams);
        setEnv(environment);
        // The program is installed, not shipped in the jar, so there is no folder of resources to change to.
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
