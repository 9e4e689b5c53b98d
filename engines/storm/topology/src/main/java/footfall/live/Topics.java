package footfall.live;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/** The topics that are read, in order, each with its fixed number of partitions. */
final class Topics implements Serializable {

    private static final long serialVersionUID = 1L;

    private final LinkedHashMap<String, Integer> partitions;

    Topics(Map<String, Integer> partitions) {
        this.partitions = new LinkedHashMap<>(partitions);
    }

    /** The place of a partition when all are counted through from 0. */
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
