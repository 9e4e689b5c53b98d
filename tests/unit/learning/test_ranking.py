"""Ids, preferences and the lists of users."""

import pytest

from footfall.learning import preferences, ranking
from footfall.learning.ids import Ids, Item, User
from footfall.learning.preferences import Use
from footfall.learning.ranking import Ranked

ANN, BEN, CAT = (User("shop", name) for name in ("ann", "ben", "cat"))
TENT, LAMP, BOOT, MAP = (Item("shop", "product", name) for name in ("tent", "lamp", "boot", "map"))
STORY = Item("news", "article", "story")


def test_ids_are_dense_and_do_not_depend_on_the_order() -> None:
    ids = Ids([TENT, STORY, LAMP, TENT])
    assert [ids.thing(n) for n in range(len(ids))] == [STORY, LAMP, TENT]
    assert [ids.number(item) for item in (STORY, LAMP, TENT)] == [0, 1, 2]
    for missing in (-1, 3):
        with pytest.raises(IndexError):
            ids.thing(missing)


def test_who_uses_two_sites_is_two_users() -> None:
    assert len(Ids([User("shop", "ann"), User("news", "ann")])) == 2


@pytest.mark.parametrize(
    ("counts", "engaged_ms", "weight"),
    [
        ({"page_view": 1}, 0, 1.0),
        ({"page_view": 1}, 29_999, 1.0),
        ({"page_view": 3}, 0, 2.0),
        ({"page_view": 1, "form_submit": 1}, 90_000, 3.0),
        # Reading counts as four views at most.
        ({"page_view": 3}, 10**9, 3.0),
        ({"page_view": 10**6}, 0, 10.0),
        ({}, 60_000, 0.0),
    ],
)
def test_weights_grow_ever_more_slowly(counts: dict[str, int], engaged_ms: int, weight: float) -> None:
    assert preferences.weight(Use(ANN, TENT, counts, engaged_ms)) == weight


def test_buying_weighs_more_than_putting_into_the_cart_and_that_more_than_looking() -> None:
    looked, put, paid = (
        preferences.weight(Use(ANN, TENT, {"page_view": 1, action: 1}, 0))
        for action in ("page_view", "add_to_cart", "purchase")
    )
    assert looked < put < paid


def test_preferences_popularity_and_purchases_follow_from_uses() -> None:
    uses = [
        Use(ANN, TENT, {"page_view": 1, "purchase": 1}, 0),
        Use(ANN, LAMP, {}, 60_000),
        Use(BEN, TENT, {"page_view": 1}, 0),
    ]
    liked = preferences.preferences(uses)
    assert liked == {ANN: {TENT: pytest.approx(2.807, abs=1e-3)}, BEN: {TENT: 1.0}}
    assert preferences.popularity(liked) == {TENT: 2}
    assert preferences.bought(uses) == {ANN: {TENT}}


def test_popular_items_are_of_their_site_and_section() -> None:
    users = {TENT: 5, LAMP: 7, BOOT: 5, STORY: 99}
    sections = {TENT: "camping", LAMP: "lighting", BOOT: "camping", STORY: "politics"}
    found = ranking.popular(users, sections, most=2)
    assert found["shop", "camping"] == [BOOT, TENT]
    assert found["shop", "all"] == [LAMP, BOOT]
    assert found["news", "all"] == found["news", "politics"] == [STORY]


def test_the_main_section_of_a_user_has_the_largest_weights() -> None:
    sections = {TENT: "camping", BOOT: "camping", LAMP: "lighting"}
    liked = {ANN: {TENT: 2.0, BOOT: 2.0, LAMP: 3.0}, BEN: {LAMP: 1.0}}
    assert ranking.main_sections(liked, sections) == {ANN: "camping", BEN: "lighting"}


def test_a_list_has_nothing_that_was_used_and_nothing_of_another_site() -> None:
    found = ranking.listed(
        ANN,
        [(TENT, 9.0), (STORY, 8.0), (LAMP, 1.0), (BOOT, 2.0)],
        used={TENT},
        fallbacks=[[TENT, BOOT, STORY], [MAP, LAMP]],
        similar={BOOT: {TENT: 0.9}, LAMP: {MAP: 0.9}},
        most=10,
    )
    assert found == [Ranked(BOOT, 2.0, TENT), Ranked(LAMP, 1.0, None), Ranked(MAP, None, None)]


def test_the_reason_is_the_most_similar_item_that_was_used() -> None:
    [first] = ranking.listed(ANN, [(MAP, 1.0)], {TENT, BOOT}, [], {MAP: {TENT: 0.5, BOOT: 0.8, LAMP: 0.9}}, most=1)
    assert first.reason == BOOT


def test_neighbours_are_of_the_same_site_and_know_their_common_users() -> None:
    liked = {ANN: {TENT: 1.0, LAMP: 1.0}, BEN: {TENT: 1.0, LAMP: 1.0, BOOT: 1.0}, CAT: {BOOT: 1.0}}
    found = ranking.neighbours({TENT: {LAMP: 0.5, BOOT: 0.5, STORY: 0.9, TENT: 1.0}}, liked, most=5)
    assert [(one.item, one.similarity, one.users) for one in found[TENT]] == [(LAMP, 0.5, 2), (BOOT, 0.5, 1)]
