"""Creates the pictures in `docs/images/` from a running platform, with an incident, past days and learning:
`PYTHONPATH=src:. .footfall/install/venv/bin/python -m tests.support.screenshots`."""

from typing import Final

from playwright.sync_api import Browser, expect

from footfall.cluster.supervision.run import recall
from footfall.settings import REPOSITORY
from tests.support.browser import chromium

FOLDER: Final = REPOSITORY / "docs" / "images"
# Name, width, height, colour scheme, and the link that is followed.
_PICTURES: Final = (
    ("live", 1360, 1000, "light", None),
    ("live-dark", 1360, 1000, "dark", None),
    ("live-phone", 390, 844, "light", None),
    ("alert", 1360, 800, "light", "Details"),
    ("history", 1360, 1000, "light", "History"),
    ("learning", 1360, 1000, "light", "Learning"),
)
# What shows that a link has been followed.
_ARRIVED: Final = {"Details": "Errors there", "History": "Most visited pages", "Learning": "Segments of visitors"}


def picture(browser: Browser, address: str, name: str, size: tuple[int, int], colours: str, click: str | None) -> None:
    """One picture of the live page once its figures are there."""
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if colours == "dark" else "light"
    )
    page.goto(address)
    expect(page.locator(".ff-stream tbody tr").first).to_be_visible(timeout=30_000)
    if click is not None:
        page.get_by_role("link", name=click).first.click()
        expect(page.get_by_role("heading", name=_ARRIVED[click])).to_be_visible(timeout=30_000)
    # Wait for one or two more refreshes, so that no panel is still loading.
    page.wait_for_timeout(5_000)
    page.screenshot(path=FOLDER / f"{name}.png")
    page.close()


def main() -> None:
    settings = recall()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for name, width, height, colours, click in _PICTURES:
            address = f"http://127.0.0.1:{settings.port('dashboard')}/"
            picture(browser, address, name, (width, height), colours, click)


if __name__ == "__main__":
    main()
