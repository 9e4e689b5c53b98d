"""People: the same for one seed, in the promised proportions."""

import re
from collections import Counter
from functools import lru_cache
from ipaddress import ip_address
from random import Random

from footfall.sites.visitors.locations import COUNTRIES
from footfall.sites.visitors.population import Person, Population

SIZE = 40_000
HOUR_MS = 3_600_000


@lru_cache(maxsize=2)
def everybody(app: str) -> tuple[Person, ...]:
    population = Population(7, app, SIZE)
    return tuple(population.person(index) for index in range(SIZE))


def test_a_person_is_the_same_whenever_it_is_made() -> None:
    again = Population(7, "shop", SIZE)
    assert [again.person(index) for index in (39_999, 17, 0)] == [everybody("shop")[index] for index in (39_999, 17, 0)]


def test_another_seed_or_site_has_other_people() -> None:
    ids = {person.anonymous_id for person in everybody("shop")}
    assert len(ids) == SIZE
    assert ids.isdisjoint(person.anonymous_id for person in everybody("news"))
    assert Population(8, "shop", SIZE).person(3).anonymous_id not in ids


def test_more_than_three_thousand_have_a_login_of_their_own_and_many_visit_two_sites() -> None:
    shop, news = ({p.user_id for p in everybody(app) if p.user_id} for app in ("shop", "news"))
    assert len(shop) == sum(p.user_id is not None for p in everybody("shop")) >= 3_000
    assert len(shop & news) > 1_000
    assert all(re.fullmatch(r"u\d{6}", user) for user in shop)
    person = next(p for p in everybody("shop") if p.user_id)
    assert person.email == f"{person.user_id}@example.com"


def test_logins_are_those_of_the_people_with_their_countries() -> None:
    population = Population(7, "shop", SIZE)
    assert list(population.logins()) == [(p.user_id, p.country) for p in everybody("shop") if p.user_id]
    assert {f"u{number:06d}" for number in range(1, population.users + 1)} >= {user for user, _ in population.logins()}


def test_shares_of_gpc_and_wrong_clocks() -> None:
    people = everybody("shop")
    assert 0.045 < sum(p.gpc for p in people) / SIZE < 0.055
    wrong = [p.clock_offset_ms for p in people if p.clock_offset_ms]
    assert 0.025 < len(wrong) / SIZE < 0.035
    assert max(map(abs, wrong)) < 48 * HOUR_MS
    assert min(wrong) < 0 < max(wrong)


def test_an_address_lies_in_a_block_of_the_person_s_country() -> None:
    for person in everybody("shop")[::97]:
        address = ip_address(person.address)
        assert any(address in block for block in (*person.country.v4, *person.country.v6))


def test_countries_are_in_proportion_and_follow_their_day() -> None:
    share = Counter(p.country.code for p in everybody("shop"))
    total = sum(country.weight for country in COUNTRIES)
    for country in COUNTRIES:
        assert abs(share[country.code] / SIZE - country.weight / total) < 0.001
    population = Population(7, "shop", SIZE)

    def japanese_at(hour_utc: int) -> int:
        rng = Random(1)
        drawn = [population.draw_index(rng, 20_000 * 24 * HOUR_MS + hour_utc * HOUR_MS) for _ in range(3_000)]
        return sum(everybody("shop")[index].country.code == "JP" for index in drawn)

    # 20:00 in Tokyo is 11:00 UTC; 03:00 there is 18:00 UTC.
    assert japanese_at(11) > 5 * japanese_at(18)


def test_crawlers_are_new_each_time_and_have_no_login() -> None:
    population = Population(7, "shop", SIZE)
    bots = [population.bot(number, ("GoogleBot/1",)) for number in range(20)]
    assert len({bot.anonymous_id for bot in bots}) == 20
    assert {bot.device.user_agent for bot in bots} == {"GoogleBot/1"}
    assert all(bot.user_id is None for bot in bots)


def test_tastes_differ_between_people_and_stay() -> None:
    person = everybody("shop")[5]
    subjects = [f"section-{n}" for n in range(200)]
    likes = [person.taste(subject) for subject in subjects]
    assert likes == [person.taste(subject) for subject in subjects]
    assert 20 < sum(like > 1 for like in likes) < 60
    assert likes != [everybody("shop")[6].taste(subject) for subject in subjects]
