from xml.etree import ElementTree

import pytest

from footfall.sites.content import goods
from footfall.sites.pictures import picture


@pytest.mark.parametrize("style", [*(c.slug for c in goods.categories()), "landscape", "pattern"])
def test_a_picture_is_well_formed_without_styles_and_the_same_each_time(style: str) -> None:
    drawn = picture(style, "an-item")
    root = ElementTree.fromstring(drawn)
    assert root.tag == "svg"
    assert root.attrib["aria-hidden"] == "true"
    assert not any("style" in node.attrib or node.tag == "style" for node in root.iter())
    assert drawn == picture.__wrapped__(style, "an-item")


def test_different_items_look_different() -> None:
    assert len({picture("landscape", f"item-{n}") for n in range(50)}) == 50


def test_nothing_of_an_id_gets_into_the_drawing() -> None:
    assert "script" not in picture("pattern", "<script>")
