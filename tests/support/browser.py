"""A headless Chromium, for tests that open pages as people do."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from footfall.cluster.installation.tools_for_tests import BROWSERS


@contextmanager
def chromium(*flags: str, keeps_pages: bool = False) -> Iterator[Browser]:
    """The system's browser, or Playwright's if there is none.

    flags: further arguments of its command line. keeps_pages: whether a page that is left stays in the back/forward
    cache, which Playwright switches off.
    """
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        # Containers offer neither the kernel's sandbox nor more than 64 MB of shared memory.
        arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", *flags]
        left_out = ["--disable-back-forward-cache"] if keeps_pages else []
        browser = playwright.chromium.launch(executable_path=found, args=arguments, ignore_default_args=left_out)
        try:
            yield browser
        finally:
            browser.close()
