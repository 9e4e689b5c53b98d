package footfall.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class PartitionGroupingTest {

    private static Topics topics() {
        Map<String, Integer> partitions = new LinkedHashMap<>();
        partitions.put("events", 8);
        partitions.put("events.rejected", 1);
        return new Topics(partitions);
    }

    @Test
    void dealsPartitionsOutEvenlyWhateverTheOrderOfTheTasks() {
        PartitionGrouping grouping = new PartitionGrouping(topics());
        grouping.prepare(null, null, List.of(9, 4, 6));
        List<Integer> chosen = new ArrayList<>();
        for (int partition = 0; partition < 8; partition++) {
            chosen.addAll(grouping.chooseTasks(1, List.of("events", partition)));
        }
        chosen.addAll(grouping.chooseTasks(1, List.of("events.rejected", 0)));
        assertEquals(List.of(4, 6, 9, 4, 6, 9, 4, 6, 9), chosen);
    }

    @Test
    void anUnknownTopicIsAnError() {
        assertThrows(IllegalArgumentException.class, () -> topics().number("clicks", 0));
    }

    @Test
    void eachPartitionIsReadByExactlyOneSpoutTask() {
        List<TopicPartition> all = new ArrayList<>();
        for (int task = 0; task < 3; task++) {
            all.addAll(topics().share(task, 3));
        }
        assertEquals(9, all.size());
        assertEquals(9, all.stream().distinct().count());
        assertEquals(List.of(new TopicPartition("events", 1), new TopicPartition("events", 4),
                new TopicPartition("events", 7)), topics().share(1, 3));
    }
}
