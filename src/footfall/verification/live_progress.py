"""How far the live path has counted Kafka's topics, and whether it counted the log that Kafka holds now."""

from collections.abc import Mapping

from footfall.kafka.topics import TopicPartition
from footfall.realtime.lag import PartitionState, uncounted
from footfall.verification.cut import Cut, PartitionRange, partition_name
from footfall.verification.findings import StoreFindings
from footfall.verification.live_tables import LiveTables
from footfall.verification.patience import Patience, await_reached


class LiveProgress:
    """The row `progress`, read once when it has reached the cut. All live stores share one instance."""

    def __init__(self, tables: LiveTables) -> None:
        self._tables = tables
        self._states: Mapping[TopicPartition, PartitionState] = {}

    def await_cut(self, cut: Cut, patience: Patience) -> None:
        """Waits until all partitions are counted up to the cut, or until the patience is over. Later calls do nothing.

        Raises EngineUnavailable.
        """
        if self._states:
            return

        def look() -> tuple[Mapping[TopicPartition, PartitionState], Mapping[TopicPartition, int]]:
            states = self._tables.progress(cut.topics)
            return states, behind(cut.starts, cut.ends, states)

        self._states = await_reached(look, "counted", patience)

    def counted(self, partition: TopicPartition, start: int) -> int:
        """The last offset that is counted; start - 1 if none is, where `start` is the first offset of the log."""
        progress = self._states[partition].progress
        return start - 1 if progress is None else progress.offset

    def judge(self, cut: Cut, findings: StoreFindings) -> None:
        """Reports partitions that are behind, lost offsets, and a topic that was replaced by a namesake."""
        for partition, records in behind(cut.starts, cut.ends, self._states).items():
            name, end = partition_name(partition), cut.ends[partition]
            reached = self.counted(partition, cut.starts[partition]) + 1
            findings.say(
                "behind", f"{records} records of {name} are not counted yet: counting is at offset {reached} of {end}."
            )
        for partition, state in sorted(self._states.items()):
            name = partition_name(partition)
            for first, end, _ in state.lost:
                findings.say("lost", f"Kafka deleted offsets {first} to {end - 1} of {name} before they were counted.")
            topic, progress = cut.topics[partition[0]], state.progress
            if progress is not None and (progress.topic_id, progress.partitions) != (topic.id, topic.partitions):
                findings.say(
                    "topic_differs",
                    f"{name} was counted from another topic of the same name. "
                    "`./footfall rebuild live` counts it again.",
                )

    def judge_tail(self, partition: PartitionRange, findings: StoreFindings) -> None:
        """Reports a partition of which more is counted than Kafka holds."""
        counted = self.counted((partition.topic, partition.number), partition.start)
        if counted >= partition.end:
            findings.say(
                "tail_lost",
                f"Kafka lost the end of {partition.topic}/{partition.number}: its log ends at offset {partition.end}, "
                f"but everything before offset {counted + 1} is counted.",
            )

    def judge_unreadable(self, partition: PartitionRange, found: int, findings: StoreFindings) -> None:
        """Reports a partition in which counting skipped another number of unreadable records than Kafka holds.

        found: the number of unreadable records that Kafka holds up to the last counted offset.
        """
        progress = self._states[partition.topic, partition.number].progress
        counted = 0 if progress is None else progress.unparsable
        # Records that Kafka has deleted may have been unreadable too.
        if counted < found or (counted > found and partition.start == 0):
            findings.say(
                "unreadable_differs",
                f"Counting skipped {counted} unreadable records in {partition.topic}/{partition.number}, "
                f"but Kafka holds {found}.",
            )


def behind(
    starts: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
    states: Mapping[TopicPartition, PartitionState],
) -> dict[TopicPartition, int]:
    """The number of records before the ends that are not counted yet, by partition, without zeros."""
    waiting = {
        partition: uncounted(starts[partition], end, states[partition].progress) for partition, end in ends.items()
    }
    return {partition: records for partition, records in waiting.items() if records}
