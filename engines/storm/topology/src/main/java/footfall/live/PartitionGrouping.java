package footfall.live;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.storm.generated.GlobalStreamId;
import org.apache.storm.grouping.CustomStreamGrouping;
import org.apache.storm.task.WorkerTopologyContext;

/**
 * Assigns each partition to one task for as long as the topology runs. The partitions of all topics are numbered in
 * order and assigned round-robin, so the tasks have equal shares.
 */
public final class PartitionGrouping implements CustomStreamGrouping {

    private static final long serialVersionUID = 1L;

    private final Topics topics;
    private List<Integer> tasks;

    PartitionGrouping(Topics topics) {
        this.topics = topics;
    }

    @Override
    public void prepare(WorkerTopologyContext context, GlobalStreamId stream, List<Integer> targetTasks) {
        tasks = new ArrayList<>(targetTasks);
        tasks.sort(null);
    }

    @Override
    public List<Integer> chooseTasks(int taskId, List<Object> values) {
        int number = topics.number((String) values.get(0), (Integer) values.get(1));
        return List.of(tasks.get(number % tasks.size()));
    }
}
