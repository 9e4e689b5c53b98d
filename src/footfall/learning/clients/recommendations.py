"""The client of the job `recommendations`: lists of users, similar items and popular ones, by one run of Mahout."""

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from footfall.hdfs import Hdfs
from footfall.jobs.model import tag
from footfall.learning import checks, extracts, preferences, ranking, recommender, runs
from footfall.learning.clients import _client
from footfall.learning.ids import Item, User
from footfall.learning.mahout import Mahout
from footfall.learning.places import OnYarn
from footfall.learning.ranking import Neighbour, Ranked
from footfall.learning.runs import Plan, Verdict
from footfall.learning.tables import (
    POPULAR_ITEMS,
    RECOMMENDATIONS,
    RECOMMENDATIONS_POINTER,
    RECOMMENDER_MODELS,
    SIMILAR_ITEMS,
)
from footfall.settings import Settings

NAME: Final = "recommendations"
CONTAINER_MB: Final = 1024
# A page leaves out what a visitor knows, so a list must be longer than what it shows.
_MOST_POPULAR: Final = 50


def score(settings: Settings, files: Hdfs, plan: Plan) -> str:
    """Does the job. Raises TooLittleData, ModelMissing, MahoutFailed, HdfsUnavailable and YarnUnavailable."""
    runs.begin(files, plan.run, RECOMMENDATIONS_POINTER)
    rows = runs.rows(files, plan.run, "uses")
    uses = extracts.uses_of(rows)
    liked = preferences.preferences(uses)
    recommender.check_enough(liked, f"{plan.first} to {plan.dt}")
    model = runs.model(files, plan.run, RECOMMENDER_MODELS, plan.dt)
    items = runs.rows(files, plan.run, "items")
    titles, sections = extracts.titles_of(items), extracts.sections_of(items)
    place = OnYarn(settings, runs.staging(plan.run, NAME), tag(NAME, plan.run), CONTAINER_MB)
    mahout = Mahout(settings, place)
    with mahout.clean():
        learned = recommender.learn(mahout, liked, "recommender", model["method"])
    stamp = {"model_id": model["model_id"], "computed_ms": int(time.time() * 1000)}
    users = {User(row["app_id"], row["subject"]) for row in rows if row["is_user"]}
    listed = recommender.lists(learned, liked, uses, sections, model["method"])
    near = ranking.neighbours(learned.similar, liked, ranking.MOST)
    popularity = preferences.popularity(liked)
    recommendation_rows = _recommendations(listed, users, titles, stamp)
    similar_rows = _similar(near, titles, stamp)
    popular_rows = _popular(ranking.popular(popularity, sections, _MOST_POPULAR), popularity, titles, stamp)
    runs.put_table(files, plan.run, RECOMMENDATIONS, plan.dt, recommendation_rows)
    runs.put_table(files, plan.run, SIMILAR_ITEMS, plan.dt, similar_rows)
    runs.put_table(files, plan.run, POPULAR_ITEMS, plan.dt, popular_rows)
    problems = checks.of_recommendations(liked, titles, recommendation_rows, similar_rows, model["method"])
    runs.put_verdict(files, plan.run, Verdict(RECOMMENDATIONS_POINTER, plan.dt, problems))
    return (
        f"{len(listed)} users have {len(recommendation_rows)} recommendations, {len(near)} items have similar ones; "
        f"{len(mahout.jobs)} jobs took {sum(seconds for _, seconds in mahout.jobs):.0f} s. " + " ".join(problems)
    )


def _recommendations(
    listed: Mapping[User, Sequence[Ranked]],
    users: set[User],
    titles: Mapping[Item, str | None],
    stamp: Mapping[str, Any],
) -> list[dict[str, Any]]:
    return [
        {
            "app_id": user.app_id,
            "subject": user.subject,
            "is_user": user in users,
            "rank": rank,
            "item_type": one.item.item_type,
            "item_id": one.item.item_id,
            "title": titles.get(one.item),
            "score": one.score,
            "reason_item_id": None if one.reason is None else one.reason.item_id,
            **stamp,
        }
        for user, items in listed.items()
        for rank, one in enumerate(items, 1)
    ]


def _similar(
    near: Mapping[Item, Sequence[Neighbour]], titles: Mapping[Item, str | None], stamp: Mapping[str, Any]
) -> list[dict[str, Any]]:
    return [
        {
            **item._asdict(),
            "rank": rank,
            "similar_item_type": one.item.item_type,
            "similar_item_id": one.item.item_id,
            "title": titles.get(one.item),
            "similarity": one.similarity,
            "cooccurrences": one.users,
            **stamp,
        }
        for item, items in sorted(near.items())
        for rank, one in enumerate(items, 1)
    ]


def _popular(
    groups: Mapping[tuple[str, str], Sequence[Item]],
    popularity: Mapping[Item, int],
    titles: Mapping[Item, str | None],
    stamp: Mapping[str, Any],
) -> list[dict[str, Any]]:
    return [
        {
            "app_id": app,
            "page_section": section,
            "rank": rank,
            "item_type": item.item_type,
            "item_id": item.item_id,
            "title": titles.get(item),
            "users": popularity[item],
            **stamp,
        }
        for (app, section), items in sorted(groups.items())
        for rank, item in enumerate(items, 1)
    ]


if __name__ == "__main__":
    sys.exit(_client.run(sys.argv[1:], score))
