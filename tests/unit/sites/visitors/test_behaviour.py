"""The behaviour files: the shipped ones load, and each fault of a wrong one is named in a sentence."""

import random
from collections.abc import Callable
from statistics import median
from typing import Any

import pytest
import yaml

from footfall.site_registry import DEMO_SITES
from footfall.sites.visitors.behaviour import FOLDER, BehaviourError, LogNormal, check_behaviour, load_behaviour


def shop() -> dict[str, Any]:
    content = yaml.safe_load((FOLDER / "shop.yaml").read_text("utf-8"))
    assert isinstance(content, dict)
    return content


@pytest.mark.parametrize("app", DEMO_SITES)
def test_the_shipped_file_names_its_site_and_keeps_the_promised_dwells(app: str) -> None:
    behaviour = load_behaviour(app)
    assert behaviour.app == app
    assert behaviour.visit.dwell_s.median == 12
    assert behaviour.visit.only_page_dwell_s.median == 5


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda c: c["states"]["home"]["to"].update(nowhere=1), "state home goes on to nowhere"),
        (lambda c: c["states"]["home"]["to"].pop("leave"), "state home gives no weight to leave"),
        (lambda c: (c["entries"].pop(), c["states"].pop("error")), "the state error is missing"),
        (lambda c: c["entries"][0].update(state="nowhere"), "entry / names the state nowhere"),
        (lambda c: c["entries"][0].update(path="/x/{}"), "needs {} in its path exactly when it has values"),
        (lambda c: c["forms"]["find"].update(leads_to="nowhere"), "form find names the state nowhere"),
        (lambda c: c["sources"][0].update(utm={"colour": "red"}), "utm has no parameter colour"),
        (lambda c: c.update(goal=["cart", "nowhere"]), "goal names nowhere, which is no state or form"),
        (lambda c: c["returns"][0].update(share=0.5), "the shares of returns exceed 0.6"),
        (lambda c: c["visit"].update(dwel=1), "visit.dwel"),
        (lambda c: c["visit"].update(reload_share=2), "visit.reload_share"),
        (lambda c: c["states"]["home"].update(to={"leave": 0}), "state home needs weights of 0 or more, not all 0"),
        (lambda c: c.pop("search_terms"), "search_terms"),
    ],
)
def test_a_fault_is_named(spoil: Callable[[dict[str, Any]], object], named: str) -> None:
    content = shop()
    spoil(content)
    with pytest.raises(BehaviourError) as caught:
        check_behaviour(content, "shop.yaml")
    assert named in str(caught.value)
    assert "shop.yaml" in str(caught.value)


def test_a_site_without_a_file_is_a_sentence() -> None:
    with pytest.raises(BehaviourError, match=r"nosuch\.yaml cannot be read"):
        load_behaviour("nosuch")


def test_log_normal_has_its_median_and_its_cut() -> None:
    rng = random.Random(1)
    drawn = [LogNormal(median=12, sigma=0.8, most=60).draw(rng) for _ in range(4_000)]
    assert 11 < median(drawn) < 13
    assert max(drawn) == 60
