"""The checks of what was learned."""

from typing import Any

from footfall.learning import checks
from footfall.learning.ids import Item, User

TENT, LAMP = Item("shop", "product", "tent"), Item("shop", "product", "lamp")
ANN = User("shop", "ann")


def _members(*segments: int) -> list[dict[str, Any]]:
    return [{"subject": f"s{n}", "segment_id": segment} for n, segment in enumerate(segments)]


def _segments(**sizes: int) -> list[dict[str, Any]]:
    return [{"segment_id": int(number[1:].replace("_", "-")), "size": size} for number, size in sizes.items()]


SUBJECTS = [f"s{n}" for n in range(6)]


def test_every_subject_in_one_segment_is_fine() -> None:
    assert checks.of_segments(SUBJECTS, _members(0, 0, 1, 1, 1, -1), _segments(s0=2, s1=3, s_1=1)) == []


def test_each_problem_of_segments_is_a_sentence() -> None:
    [sentence] = checks.of_segments([*SUBJECTS, "zoe"], _members(0, 0, 1, 1, 1, 1), _segments(s0=2, s1=4))
    assert sentence == "1 subjects have no segment: zoe."
    [sentence] = checks.of_segments(SUBJECTS[:-1], _members(0, 0, 1, 1, 1, 1), _segments(s0=2, s1=4))
    assert sentence == "1 members are no subjects of the window: s5."
    [sentence] = checks.of_segments(SUBJECTS, _members(0, 0, 1, 1, 1, 1), _segments(s0=2, s1=5))
    assert sentence.startswith("The sizes of the segments differ")
    [sentence] = checks.of_segments(SUBJECTS, _members(0, 0, 0, 0, 0, 0), _segments(s0=6))
    assert sentence.startswith("All subjects are in one segment")
    [sentence] = checks.of_segments(SUBJECTS, _members(0, 1, 1, 1, -1, -1), _segments(s0=1, s1=3, s_1=2))
    assert sentence.startswith("2 of 6 subjects are outliers")
    twice = [*_members(0, 0, 1, 1, 1, 1), {"subject": "s0", "segment_id": 1}]
    [sentence] = checks.of_segments(SUBJECTS, twice, _segments(s0=2, s1=5))
    assert sentence == "1 subjects have several segments: s0."


def _row(item: Item, score: float | None = 1.0, app: str = "shop") -> dict[str, Any]:
    return {"app_id": app, "subject": "ann", "item_type": item.item_type, "item_id": item.item_id, "score": score}


def test_each_problem_of_recommendations_is_a_sentence() -> None:
    used, items, near = {ANN: {TENT}}, {TENT, LAMP}, [{}]
    assert checks.of_recommendations(used, items, [_row(LAMP)], near, "boolean") == []
    [sentence] = checks.of_recommendations(used, items, [_row(TENT)], near, "boolean")
    assert sentence == "1 users get items that they used or bought: ann."
    [sentence] = checks.of_recommendations(used, items, [_row(LAMP, app="news")], near, "boolean")
    assert sentence == "1 recommended items do not exist on the user's site: lamp."
    [sentence] = checks.of_recommendations(used, items, [_row(LAMP), _row(LAMP)], near, "boolean")
    assert sentence == "1 users get an item twice: ann."
    [sentence] = checks.of_recommendations(used, items, [_row(LAMP, None)], near, "boolean")
    assert sentence.startswith("No user gets an item by the recommender")
    assert checks.of_recommendations(used, items, [_row(LAMP, None)], near, "popular") == []
    [sentence] = checks.of_recommendations(used, items, [_row(LAMP)], [], "boolean")
    assert sentence == "No item has a similar one."
