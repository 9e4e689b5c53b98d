"""The jobs of learning, and what their clients refuse."""

import importlib
from datetime import date

import pytest

from footfall.jobs.model import Request
from footfall.learning.clients import _client, recommender_model
from footfall.learning.errors import TooLittleData
from footfall.learning.ids import Item, User
from footfall.learning.jobs import JOBS
from footfall.learning.ranking import Ranked
from footfall.learning.recommender import Learned, check_enough, lists
from footfall.learning.tables import TABLES
from footfall.settings import Settings
from footfall.warehouse import jobs as warehouse

REQUEST = Request("20261129T020000-1a2b", (date(2026, 11, 27), date(2026, 11, 28)))
TENT, LAMP, BOOT = (Item("shop", "product", name) for name in ("tent", "lamp", "boot"))
ANN, BEN = User("shop", "ann"), User("shop", "ben")


def test_every_job_has_a_client_and_a_name_of_its_own() -> None:
    for job in JOBS:
        module = job.command(Settings(), REQUEST)[2]
        assert importlib.import_module(module).__name__ == module
    names = [job.name for job in (*warehouse.JOBS, *JOBS)]
    assert len(set(names)) == len(names)


def _never(*_: object) -> str:
    raise AssertionError("wrong arguments must not reach the work")


@pytest.mark.parametrize("arguments", [[], [REQUEST.run], ["x'; rm", "2026-11-28"], [REQUEST.run, "yesterday"]])
def test_wrong_arguments_of_a_client_are_one_sentence(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert _client.run(arguments, _never) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(("The arguments are a run and its days", "A day is written as"))


def test_every_table_is_written_by_one_job() -> None:
    written = [output for job in JOBS for output in job.outputs]
    for table in TABLES:
        assert written.count(table.name) == 1, table.name


def test_a_container_fits_beside_its_client_into_the_memory_of_its_job() -> None:
    for job in JOBS:
        assert job.memory_mb <= 2048
        assert job.heavy == (job.memory_mb > 1024)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (["01", "02"], ("01", "02")),
        (["01", "02", "03", "04", "05", "06", "07"], ("06", "07")),
        ([f"{n:02}" for n in range(1, 9)], ("06", "07")),
        ([f"{n:02}" for n in range(1, 57)], ("49", "50")),
    ],
)
def test_the_last_quarter_of_the_window_validates(days: list[str], expected: tuple[str, str]) -> None:
    assert recommender_model.split(days) == expected


def test_a_sample_of_users_is_the_same_each_time() -> None:
    liked = {User("shop", f"u{number:03}"): {TENT: 1.0} for number in range(100)}
    assert recommender_model.sample(liked, 100) == liked
    chosen = recommender_model.sample(liked, 20)
    assert len(chosen) == 20
    assert recommender_model.sample(dict(reversed(liked.items())), 20) == chosen


@pytest.mark.parametrize(
    ("boolean", "weighted", "gain", "method"),
    [
        (0.20, 0.10, [-0.09, -0.06], "boolean"),
        (0.10, 0.20, [-0.09, -0.06], "weighted"),
        (0.10, 0.10, [-0.09, -0.06], "boolean"),
        # Better, and perhaps by chance.
        (0.10, 0.09, [-0.01, 0.06], "boolean"),
        (0.10, 0.20, [0.01, 0.04], "popular"),
    ],
)
def test_popularity_replaces_mahout_only_if_it_is_surely_better(
    boolean: float, weighted: float, gain: list[float], method: str
) -> None:
    figures = {"boolean_map": boolean, "weighted_map": weighted, "popularity_map": 0.11, "popularity_gain": gain}
    assert recommender_model.chosen(figures) == method


def test_popular_lists_have_no_section_and_nothing_of_mahout() -> None:
    liked = {ANN: {TENT: 1.0}, BEN: {LAMP: 1.0, BOOT: 1.0}, User("shop", "cat"): {BOOT: 1.0}}
    sections = {TENT: "camping", LAMP: "camping", BOOT: "shoes"}
    learned = Learned({ANN: [(LAMP, 0.9)]}, {LAMP: {TENT: 0.8}, TENT: {LAMP: 0.8}})
    by_mahout = lists(learned, liked, [], sections, "boolean")
    assert by_mahout[ANN] == [Ranked(LAMP, 0.9, TENT), Ranked(BOOT, None, None)]
    popular = lists(learned, liked, [], sections, "popular")
    assert popular[ANN] == [Ranked(BOOT, None, None), Ranked(LAMP, None, None)]


def test_too_little_to_recommend_from_is_a_sentence() -> None:
    check_enough({ANN: {TENT: 1.0}, BEN: {LAMP: 1.0}}, "now")
    with pytest.raises(TooLittleData, match="Nobody used an item"):
        check_enough({}, "now")
    with pytest.raises(TooLittleData, match="1 user and 2 items"):
        check_enough({ANN: {TENT: 1.0, LAMP: 1.0}}, "now")
    with pytest.raises(TooLittleData, match="2 users and 1 item;"):
        check_enough({ANN: {TENT: 1.0}, BEN: {TENT: 1.0}}, "now")


def test_a_list_is_filled_with_what_is_popular_in_the_users_section() -> None:
    rope, story = Item("shop", "product", "rope"), Item("news", "article", "story")
    liked = {
        ANN: {TENT: 5.0, LAMP: 1.0},
        BEN: dict.fromkeys((rope, BOOT), 1.0),
        User("news", "ann"): {story: 1.0},
        User("shop", "cat"): {BOOT: 1.0},
    }
    sections = {TENT: "camping", rope: "camping", BOOT: "footwear", LAMP: "lighting"}
    found = lists(Learned({}, {}), liked, [], sections, "boolean")
    # The rope is of Ann's section, the boot is more popular.
    assert [one.item for one in found[ANN]] == [rope, BOOT]
    assert found[User("news", "ann")] == []
