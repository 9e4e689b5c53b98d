"""How far the live path has counted Kafka's topics, and whether it counted the log that Kafka holds."""

from collections.abc import Mapping

from footfall.kafka.topics import TopicPartition
from footfall.realtime.lag import PartitionState, uncounted
from footfall.verification.cut import Cut, PartitionRange, partition_name
from footfall.verification.findings import StoreFindings
from footfall.verification.live_tables import LiveTables
from footfall.verification.patience import Patience, await_reached


class LiveProgress:
    """The row `progress`, read once when it has reached the cut; all live stores share one."""

    def __init__(self, tables: LiveTables) -> None:
        self._tables = tables
        self._states: Mapping[TopicPartition, PartitionState] = {}

    def await_cut(self, cut: Cut, patience: Patience) -> None:
        """Waits until all partitions are counted up to the cut, or patience is over; once is enough.

        Raises EngineUnavailable.
        """
        if self._states:
            return

        def look() -> tuple[Mapping[TopicPartition, PartitionState], Mapping[TopicPartition, int]]:
            states = self._tables.progress(cut.topics)
            return states, behind(cut.starts, cut.ends, states)

        self._states = await_reached(look, "counted", patience)

    def counted(self, place: TopicPartition, start: int) -> int:
        """The last offset that is counted; before `start`, the log's first, if none is."""
        progress = self._states[place].progress
        return start - 1 if progress is None else progress.offset

    def judge(self, cut: Cut, findings: StoreFindings) -> None:
        """Names what is wrong with how far the live tables are, before anything is compared."""
        for place, records in behind(cut.starts, cut.ends, self._states).items():
            reached = self.counted(place, cut.starts[place]) + 1
            sentence = (
                f"{records} records of {partition_name(place)} are not counted yet: {reached} of {cut.ends[place]}."
            )
            findings.say("behind", sentence)
        for place, state in sorted(self._states.items()):
            for first, end, _ in state.lost:
                sentence = (
                    f"Offsets {first} to {end - 1} of {partition_name(place)} were gone from Kafka before they were "
                    "counted."
                )
                findings.say("lost", sentence)
            topic, progress = cut.topics[place[0]], state.progress
            if progress is not None and (progress.topic_id, progress.partitions) != (topic.id, topic.partitions):
                sentence = (
                    f"{partition_name(place)} was counted from another topic of that name; see `footfall rebuild live`."
                )
                findings.say("topic_differs", sentence)

    def judge_tail(self, partition: PartitionRange, findings: StoreFindings) -> None:
        """Names a partition of which more is counted than Kafka holds."""
        counted = self.counted((partition.topic, partition.number), partition.start)
        if counted >= partition.end:
            findings.say(
                "tail_lost",
                f"Kafka's log of {partition.topic}/{partition.number} ends at offset {partition.end}, but everything "
                f"before {counted + 1} is counted: Kafka lost its tail.",
            )

    def judge_unreadable(self, partition: PartitionRange, found: int, findings: StoreFindings) -> None:
        """Records that are no events are left out by all; but all must leave out the same.

        found: how many of those up to `counted` Kafka holds.
        """
        progress = self._states[partition.topic, partition.number].progress
        counted = 0 if progress is None else progress.unparsable
        # What Kafka has deleted may have held more of them.
        if counted < found or (counted > found and partition.start == 0):
            findings.say(
                "unreadable_differs",
                f"progress counts {counted} unreadable records in {partition.topic}/{partition.number}, "
                f"Kafka holds {found}.",
            )


def behind(
    starts: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
    states: Mapping[TopicPartition, PartitionState],
) -> dict[TopicPartition, int]:
    """Records below the ends that are not counted yet, by partition, where there are any."""
    waiting = {place: uncounted(starts[place], end, states[place].progress) for place, end in ends.items()}
    return {place: records for place, records in waiting.items() if records}
