"""What a page of another site cannot do with a site's forms and pages."""

from pathlib import Path

import pytest

from footfall.sites.content import goods
from tests.support.sites import make_site


def test_a_form_of_another_site_changes_nothing(tmp_path: Path) -> None:
    app, _ = make_site(tmp_path, "shop")
    client = app.test_client()
    item = next(iter(goods.products()))
    client.get(f"/product/{item}")
    # The browser sends the visitor's cookie along, but a page of another site cannot know the token.
    for token in ({}, {"csrf": ""}, {"csrf": "guessed"}):
        assert client.post("/cart/add", data={"item": item, **token}).status_code == 400
    with client.session_transaction() as session:
        assert "cart" not in session
        token = {"csrf": session["csrf"]}
    assert client.post("/cart/add", data={"item": item, **token}).status_code == 303


@pytest.mark.parametrize("path", ["/", "/cart", "/nowhere"])
def test_no_page_can_be_framed_by_another_site(path: str, tmp_path: Path) -> None:
    app, _ = make_site(tmp_path, "shop")
    answer = app.test_client().get(path)
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
