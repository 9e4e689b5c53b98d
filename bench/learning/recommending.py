"""Judges recommendations on the last days of a history: those of Mahout, of its rivals, popular items, and chance."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.learning import rivals
from bench.learning.facts import RUN, Facts
from footfall.learning import extracts, preferences, recommender
from footfall.learning.clients.recommender_model import choose, mahouts, split
from footfall.learning.evaluation import baselines, rankings
from footfall.learning.evaluation.comparison import Comparison, compare
from footfall.learning.evaluation.rankings import HeldOut
from footfall.learning.ids import Item, User
from footfall.learning.mahout import Mahout
from footfall.learning.places import InProcess
from footfall.learning.preferences import Use
from footfall.learning.ranking import Method
from footfall.settings import Settings

# A user needs so many items in training to be judged.
LEAST_USED: Final = 5
MAHOUT: Final = "mahout"
MAHOUTS: Final[tuple[Method, ...]] = ("boolean", "weighted")
# Mahout must beat the better of them: the list that a site shows without it, and the popular items of the whole site.
POPULAR: Final = ("popular by section", "popular by site")
HEAP_MB: Final = 1024
# The last quarter of the days evaluates.
_SHARE: Final = 4

Lists = Mapping[User, Sequence[Item]]


class Judged(NamedTuple):
    """users_training, with_least: users in training, and those with LEAST_USED items. by_mahout: the share of listed
    items that Mahout found and not popularity. chosen: what was chosen on validation days, and by which figures."""

    comparison: Comparison
    users_training: int
    with_least: int
    items: int
    by_mahout: float
    chosen: dict[str, Any]


class Split(NamedTuple):
    """What the days that train hold, and the items of the later days. Nothing of the later days is in the others."""

    uses: list[Use]
    liked: dict[User, dict[Item, float]]
    sections: dict[Item, str]
    data: HeldOut[User, Item]


def judge(settings: Settings, facts: Facts, days: Sequence[str], python: Path | None, seed: int) -> Judged:
    """Learns from the first days and judges on the last ones. days: ascending. seed: of chance and the bootstrap.

    python: of the independent libraries, which are left out without it. Raises MahoutFailed.
    """
    training = days[: -max(1, len(days) // _SHARE)]
    items = extracts.items(facts.rows, dict.fromkeys(training, RUN))
    rows = extracts.of_known(extracts.uses(facts.rows, dict.fromkeys(days, RUN)), items)
    whole = _split(rows, items, training[-1], days[len(training)], LEAST_USED)
    of_training = [row for row in rows if row["dt"] <= training[-1]]
    published, chosen_by, _ = choose(settings, of_training, items, training)
    best = mahouts(chosen_by)
    methods: dict[str, Lists] = {}
    by_mahout = 0.0
    for method in MAHOUTS:
        listed = _by_mahout(settings, whole, method)
        methods[MAHOUT if method == best else f"mahout, {method}"] = listed.items
        by_mahout = listed.scored if method == best else by_mahout
    nothing = recommender.Learned({}, {})
    served = recommender.lists(nothing, whole.liked, whole.uses, whole.sections, best)
    methods[POPULAR[0]] = {user: [one.item for one in listed] for user, listed in served.items()}
    methods[POPULAR[1]] = baselines.by_popularity(whole.data, _same_site)
    methods["chance"] = baselines.by_chance(whole.data, _same_site, seed)
    chosen: dict[str, Any] = {MAHOUT: best, "published": published, **chosen_by}
    if python is not None:
        variant, figures = _best_rival(python, rows, items, training)
        methods["implicit"] = rivals.recommend(python, whole.liked, whole.data.relevant)[variant]
        chosen |= {"implicit": variant, "implicit_maps": figures}
    return Judged(
        comparison=compare(whole.data, methods, MAHOUT, seed),
        users_training=len(whole.liked),
        with_least=sum(len(liked) >= LEAST_USED for liked in whole.liked.values()),
        items=len(whole.data.candidates),
        by_mahout=by_mahout,
        chosen=chosen,
    )


class _Listed(NamedTuple):
    items: Lists
    scored: float


def _by_mahout(settings: Settings, whole: Split, method: Method) -> _Listed:
    """The lists that the job `recommendations` would store, and the share of their items that Mahout scored."""
    with tempfile.TemporaryDirectory(prefix="mahout-") as folder:
        mahout = Mahout(settings, InProcess(Path(folder)), HEAP_MB)
        learned = recommender.learn(mahout, whole.liked, "recommender", method)
    listed = recommender.lists(learned, whole.liked, whole.uses, whole.sections, method)
    of_judged = [one for user in whole.data.relevant for one in listed[user]]
    scored = sum(one.score is not None for one in of_judged) / max(1, len(of_judged))
    return _Listed({user: [one.item for one in items] for user, items in listed.items()}, scored)


def _best_rival(
    python: Path, rows: Sequence[dict[str, Any]], items: Sequence[dict[str, Any]], training: Sequence[str]
) -> tuple[str, dict[str, float]]:
    """The best variant of implicit on the validation days, which are those of Mahout; and the MAP of each."""
    last, first = split(training)
    known = _split([row for row in rows if row["dt"] <= training[-1]], items, last, first, LEAST_USED)
    found = rivals.recommend(python, known.liked, known.data.relevant)
    maps = {variant: rankings.figures(known.data, lists).map for variant, lists in found.items()}
    return max(maps, key=lambda variant: maps[variant]), maps


def _split(rows: Sequence[dict[str, Any]], items: Sequence[dict[str, Any]], last: str, first: str, least: int) -> Split:
    """Splits rows of uses by time. last: the last day that trains. first: the first one that is judged."""
    uses = extracts.uses_of(rows, last=last)
    liked = preferences.preferences(uses)
    later = preferences.preferences(extracts.uses_of(rows, first=first))
    return Split(uses, liked, extracts.sections_of(items), rankings.held_out(liked, later, least))


def _same_site(user: User, item: Item) -> bool:
    return user.app_id == item.app_id
