import pytest

from footfall.recommendations.arms import arm_of
from footfall.recommendations.offer import Item, Offer, Shelf, Visitor, offer
from footfall.recommendations.reads import Why
from footfall.recommendations.table import StoredList, popular_key, subject_key
from tests.support.lists import POPULAR as CONTROL
from tests.support.lists import RECOMMENDED as LEARNED
from tests.support.lists import StoredLists, list_of

KNOWN = {("product", name) for name in "abcdefghijklmnopqrstuvwxyz"}


def items(names: str) -> tuple[Item, ...]:
    return tuple(("product", name) for name in names)


def listed(names: str, used: str = "") -> StoredList:
    return list_of(items(names), items(used))


def shown(
    stored: StoredLists, who: str | None, user_id: str | None = None, section: str | None = None, left_out: str = ""
) -> Offer:
    shelf = Shelf(4, KNOWN.__contains__, items("wxyz"), items(left_out))
    return offer(Visitor("shop", who, user_id), section, shelf, stored)


def test_the_arms_of_these_browsers() -> None:
    assert (arm_of(LEARNED), arm_of(CONTROL)) == ("recommended", "popular")


def test_one_arm_sees_its_own_list_and_the_other_what_is_popular() -> None:
    stored = StoredLists({popular_key("shop"): listed("abcdefgh")})
    for who in (LEARNED, CONTROL):
        stored.lists[subject_key("shop", who)] = listed("mnopq")
    assert shown(stored, LEARNED) == Offer(items("mnop"), "recommended", "learned", None)
    assert shown(stored, CONTROL) == Offer(items("abcd"), "popular", "popular", "arm")
    assert all(len(keys) == 2 for keys in stored.asked)


def test_both_arms_leave_out_the_same_items() -> None:
    stored = StoredLists({popular_key("shop"): listed("abcdefgh")})
    for who in (LEARNED, CONTROL):
        stored.lists[subject_key("shop", who)] = listed("mcnopq", used="ae")
    assert shown(stored, LEARNED, left_out="n").items == items("mcop")
    assert shown(stored, CONTROL, left_out="c").items == items("bdfg")
    assert shown(stored, LEARNED, left_out="mnopq").items == items("cbdf")


def test_a_visitor_without_a_list_sees_what_is_popular_and_stays_in_the_arm() -> None:
    stored = StoredLists({popular_key("shop"): listed("abcd")})
    assert shown(stored, LEARNED) == Offer(items("abcd"), "recommended", "popular", "no_list")
    # A list of items that the site no longer has is none either.
    stored.lists[subject_key("shop", LEARNED)] = list_of([("product", "gone")])
    assert shown(stored, LEARNED) == Offer(items("abcd"), "recommended", "popular", "no_list")


def test_a_short_list_is_filled_up() -> None:
    stored = StoredLists({popular_key("shop"): listed("nab"), subject_key("shop", LEARNED): listed("mn")})
    assert shown(stored, LEARNED) == Offer(items("mnab"), "recommended", "learned", None)
    assert shown(StoredLists({popular_key("shop"): listed("ab")}), CONTROL).items == items("abwx")


def test_the_section_of_the_page_comes_before_the_site() -> None:
    stored = StoredLists({popular_key("shop"): listed("abcd"), popular_key("shop", "packs"): listed("pc")})
    assert shown(stored, CONTROL, section="packs").items == items("pcab")
    assert shown(stored, CONTROL, section="home").items == items("abcd")


def test_the_list_of_the_login_comes_first() -> None:
    stored = StoredLists({subject_key("shop", LEARNED): listed("abcd"), subject_key("shop", "u000001"): listed("mnop")})
    assert shown(stored, LEARNED, user_id="u000001").items == items("mnop")
    assert shown(stored, LEARNED, user_id="u000002").items == items("abcd")


def test_without_an_id_nothing_personal_is_read() -> None:
    stored = StoredLists({popular_key("shop"): listed("abcd"), subject_key("shop", "u000001"): listed("mnop")})
    assert shown(stored, None, user_id="u000001") == Offer(items("abcd"), None, "popular", "outside")
    assert stored.asked == [[popular_key("shop")]]


@pytest.mark.parametrize("why", ["busy", "paused", "late", "failed"])
def test_without_hbase_the_site_s_own_list_is_shown_and_the_arm_stays(why: Why) -> None:
    assert shown(StoredLists(why=why), LEARNED) == Offer(items("wxyz"), "recommended", "catalogue", why)
    assert shown(StoredLists(why=why), CONTROL) == Offer(items("wxyz"), "popular", "catalogue", why)
    assert shown(StoredLists(why=why), None) == Offer(items("wxyz"), None, "catalogue", why)


def test_a_site_with_little_to_show_shows_less() -> None:
    assert shown(StoredLists(), CONTROL, left_out="wxyz") == Offer((), "popular", "catalogue", "arm")
