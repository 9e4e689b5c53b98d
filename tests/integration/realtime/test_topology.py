"""The deployed topology with its engines: what it reads, how far it is, and that deploying twice changes nothing."""

from footfall.kafka.logs import describe
from footfall.names import TOPIC_EVENTS, TOPIC_REJECTED
from footfall.realtime.deploy import deploy
from footfall.realtime.lag import lag
from tests.support.platform import Platform, await_true


def test_the_topics_are_as_counting_needs_them(busy_platform: Platform) -> None:
    topics = describe(busy_platform.settings)
    assert topics[TOPIC_EVENTS].partitions == busy_platform.settings.events_partitions
    assert topics[TOPIC_REJECTED].partitions == 1


def test_counting_keeps_up(busy_platform: Platform) -> None:
    def is_fresh() -> bool:
        age_s = lag(busy_platform.settings).age_s
        return age_s is not None and age_s < 5

    await_true(is_fresh, "figures younger than 5 s", 60)
    measured = lag(busy_platform.settings)
    expected = {(TOPIC_EVENTS, number) for number in range(busy_platform.settings.events_partitions)}
    assert set(measured.partitions) == expected | {(TOPIC_REJECTED, 0)}


def test_deploying_what_runs_changes_nothing(busy_platform: Platform) -> None:
    bolts = set(busy_platform.processes("footfall.realtime.live_bolt"))
    assert len(bolts) == busy_platform.settings.live_tasks
    deploy(busy_platform.settings)
    assert bolts == set(busy_platform.processes("footfall.realtime.live_bolt"))
