package footfall.live;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/** The topics to read, in order, each with its fixed number of partitions. */
final class Topics implements Serializable {

    private static final long serialVersionUID = 1L;

    private final LinkedHashMap<String, Integer> partitions;

    Topics(Map<String, Integer> partitions) {
        this.partitions = new LinkedHashMap<>(partitions);
    }

    /** The number of a partition if the partitions of all topics are numbered from 0, in order. */
    int number(String topic, int partition) {
        int before = 0;
        for (Map.Entry<String, Integer> entry : partitions.entrySet()) {
            if (entry.getKey().equals(topic)) {
                return before + partition;
            }
            before += entry.getValue();
        }
        throw new IllegalArgumentException("Topic " + topic + " is not one of " + partitions.keySet() + ".");
    }

    /** The partitions that task {@code index} of {@code count} reads. */
    List<TopicPartition> share(int index, int count) {
        List<TopicPartition> mine = new ArrayList<>();
        partitions.forEach((topic, number) -> {
            for (int partition = index; partition < number; partition += count) {
                mine.add(new TopicPartition(topic, partition));
            }
        });
        return mine;
    }
}
