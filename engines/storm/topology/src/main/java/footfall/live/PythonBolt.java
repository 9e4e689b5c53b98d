package footfall.live;

import java.util.List;
import java.util.Map;
import org.apache.storm.task.ShellBolt;
import org.apache.storm.topology.IRichBolt;
import org.apache.storm.topology.OutputFieldsDeclarer;

/**
 * A bolt whose work is done by a child process. It emits nothing: what it counts goes to HBase. The worker ends with the
 * child and the supervisor starts both anew.
 */
public final class PythonBolt extends ShellBolt implements IRichBolt {

    private static final long serialVersionUID = 1L;

    /**
     * @param command     program and arguments, absolute
     * @param environment added to the worker's own
     */
    PythonBolt(List<String> command, Map<String, String> environment) {
        super(command.toArray(new String[0]));
        setEnv(environment);
        // The program is installed, not shipped in the jar, so there is no folder of resources to change to.
        changeChildCWD(false);
    }

    @Override
    public void declareOutputFields(OutputFieldsDeclarer declarer) {
        // Nothing is emitted.
    }

    @Override
    public Map<String, Object> getComponentConfiguration() {
        return null;
    }
}
