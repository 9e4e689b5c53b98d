"""The learning page in each of its states, drawn by Streamlit without a browser or an engine."""

import html
from datetime import date
from typing import Any, Final

from footfall.dashboard import wording
from footfall.dashboard.data.errors import NotFound, Unavailable
from footfall.learning.features import FEATURES
from footfall.learning.questions.recommendations import FALLBACK
from footfall.learning.tables import RECOMMENDATIONS_POINTER, SEGMENTS_POINTER
from footfall.warehouse.published import Published
from tests.unit.dashboard.drawing import drawn, learning_page, lines, page
from tests.unit.dashboard.rows import HOSTILE, MadeUp

PUBLISHED_MS: Final = 1_795_936_351_000  # 2026-11-29T07:12:31Z
RUN: Final = Published(date(2026, 11, 28), "r1", PUBLISHED_MS, "")
_HOSTILE: Final = " ".join(HOSTILE)


class MadeUpLearned(MadeUp):
    """Two segments and a list of items in which every visitor's string is hostile; Hive and HDFS can be down."""

    def __init__(self, hive: bool = True, hdfs: bool = True) -> None:
        super().__init__()
        self.hive, self.hdfs = hive, hdfs
        self.published_kinds = {SEGMENTS_POINTER: RUN, RECOMMENDATIONS_POINTER: RUN}
        self.parameters: list[dict[str, Any]] = []
        self.types = ["course"]

    def learned(self) -> dict[str, Published]:
        if not self.hdfs:
            raise Unavailable("HDFS at 127.0.0.1:9870 does not answer.")
        return dict(self.published_kinds)

    def ask(self, question: str, **parameters: Any) -> list[dict[str, Any]]:
        if question.startswith("live-"):
            return super().ask(question, **parameters)
        self.asked.append(question)
        self.parameters.append(parameters)
        if not self.hive:
            raise Unavailable("Hive at 127.0.0.1:10000 does not answer.")
        if question == "segments":
            return [_feature(number, place) for number in (0, 1) for place in range(len(FEATURES))]
        if question == "recommendations":
            user = parameters["user"]
            known = user not in (FALLBACK, "stranger")
            row = {"user_or_fallback": user if known else FALLBACK, "item_type": "product", "title": _HOSTILE}
            row |= {"item_id": _HOSTILE, "reason_item_id": _HOSTILE if known else None, "app_id": "shop"}
            return [row | {"rank": 1, "score": 0.5 if known else None}, row | {"rank": 2, "score": None}]
        assert question == "similar-items"
        if parameters["item"] == "nothing":
            raise NotFound("No item is known to be similar to 'nothing'.")
        row = {"similar_item_id": _HOSTILE, "similar_item_type": _HOSTILE, "title": _HOSTILE}
        row |= {"rank": 1, "similarity": 0.875, "cooccurrences": 12, "app_id": "academy"}
        return [row | {"item_type": kind} for kind in self.types]


def _feature(number: int, place: int) -> dict[str, Any]:
    row = {"segment_id": number, "name": f"segment {number}", "size": 30 + 40 * number, "silhouette": 0.4}
    row |= {"size_share": 0.3 + 0.4 * number, "feature": FEATURES[place].name, "centre": float(place)}
    return row | {"population_mean": 5.5, "z": float(-place)}


def test_segments_and_popular_items() -> None:
    source = MadeUpLearned()
    test = learning_page(source)
    text = drawn(test)
    assert not test.exception
    assert "From the days up to Saturday, 28 November 2026" in text
    assert "published 29 Nov 07:12:31 UTC" in text
    [first, second] = (line for line in lines(text, "Segments of visitors") if line)
    assert first[:3] == ["segment 0", "30", wording.percent(0.3)]
    assert second[1] == "70"
    # The hour, the features that differ most, and never the coordinates of the hour.
    assert "local hour: around 3:00" in first[3]
    assert "errors met a visit: 8.00 (all: 5.50)" in first[3]
    assert "cos" not in text
    assert "<h2>Popular items</h2>" in text
    assert source.parameters[-1] == {"user": FALLBACK, "app": "all"}
    assert "ff-trouble" not in text


def test_items_of_a_person_and_similar_ones() -> None:
    source = MadeUpLearned()
    text = drawn(learning_page(source, user="u1", app="shop", item="tent"))
    assert "<h2>Recommendations</h2>" in text
    assert [line[4] for line in lines(text, "Recommendations") if line] == ["0.500", "–"]
    assert {"user": "u1", "app": "shop"} in source.parameters
    assert [line[4:] for line in lines(text, "Similar items") if line] == [["0.875", "12"]]
    assert "?view=learning&amp;user=u1&amp;app=shop&amp;item=" in text


def test_a_stranger_gets_popular_items_and_the_page_says_so() -> None:
    text = drawn(learning_page(MadeUpLearned(), user="stranger"))
    assert "Nothing is known of this person" in text


def test_popular_items_name_their_sites_and_have_no_empty_columns() -> None:
    text = drawn(learning_page(MadeUpLearned()))
    assert [line[:2] for line in lines(text, "Popular items") if line] == [["1", "shop"], ["2", "shop"]]
    assert "Score" not in text
    assert "Because of" not in text
    assert "Because of" in drawn(learning_page(MadeUpLearned(), user="u1"))


def test_similar_items_of_a_course_and_of_its_quiz_are_told_apart() -> None:
    source = MadeUpLearned()
    assert "Similar to the" not in drawn(learning_page(source, item="algebra"))
    source.types = ["course", "quiz"]
    found = [line for line in lines(drawn(learning_page(source, item="algebra")), "Similar items") if line]
    assert [(line[1], line[4]) for line in found] == [("academy", "course"), ("academy", "quiz")]


def test_choices_are_in_the_address() -> None:
    test = learning_page(MadeUpLearned(), view="learning")
    test.text_input[0].set_value("u1").run()
    assert test.query_params["user"] == "u1"
    test.button_group[0].set_value("news").run()
    assert (test.query_params["app"], test.query_params["view"]) == ("news", "learning")
    test.text_input[0].set_value("").run()
    assert "user" not in test.query_params


def test_an_item_without_similar_ones_is_a_sentence() -> None:
    assert "No item is known to be similar to" in drawn(learning_page(MadeUpLearned(), item="nothing"))


def test_before_anything_was_learned_the_page_says_what_to_run() -> None:
    source = MadeUpLearned()
    source.published_kinds = {}
    text = drawn(learning_page(source))
    assert "Nothing was learned yet" in text
    assert "<code>./footfall learn</code>" in text
    assert source.asked == []


def test_one_kind_is_shown_without_the_other() -> None:
    source = MadeUpLearned()
    del source.published_kinds[RECOMMENDATIONS_POINTER]
    text = drawn(learning_page(source))
    assert "<h2>Segments of visitors</h2>" in text
    assert source.asked == ["segments"]


def test_without_an_engine_the_page_says_so() -> None:
    assert "Hive at 127.0.0.1:10000 does not answer." in drawn(learning_page(MadeUpLearned(hive=False)))
    text = drawn(learning_page(MadeUpLearned(hdfs=False)))
    assert text.count("HDFS at 127.0.0.1:9870 does not answer.") == 1
    assert "ff-trouble" not in drawn(page(MadeUpLearned(hive=False, hdfs=False)))


def test_hostile_strings_are_text_and_no_widget_interprets_them() -> None:
    test = learning_page(MadeUpLearned(), user=_HOSTILE[:128], item=_HOSTILE[:128])
    assert not test.markdown
    text = drawn(test)
    for hostile in HOSTILE:
        assert html.escape(hostile, quote=True) in text
    assert "<script" not in text
    assert "<img" not in text


def test_a_site_that_does_not_exist_is_named() -> None:
    text = drawn(learning_page(MadeUpLearned(), app="elsewhere"))
    assert "There is no site <bdi>elsewhere</bdi>, so all sites are shown." in text
    assert "There is no site" not in drawn(learning_page(MadeUpLearned(), app="shop"))
