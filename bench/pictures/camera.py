"""A browser that takes small pictures of pages."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

from bench.pictures.people import PASSWORD

DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
COLOURS = 96


class Camera:
    """One browser, in which each picture has a window of its own."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser, self._url = browser, url
        self._cookies: dict[str, Any] = {}

    @contextmanager
    def open(self, email: str, screen: dict[str, Any] = DESK, scheme: str = "light") -> Iterator[Page]:
        """A page of a person who is signed in."""
        options = {"base_url": self._url, "color_scheme": scheme, "reduced_motion": "reduce", **screen}
        context = self._browser.new_context(**options)
        try:
            yield self._sign_in(context, email)
        finally:
            context.close()

    def _sign_in(self, context: BrowserContext, email: str) -> Page:
        """Sign in once for each person, as limits on sign-in and an honest list of sessions want it."""
        page = context.new_page()
        if email in self._cookies:
            context.add_cookies(self._cookies[email])
            return page
        page.goto("/sign-in?next=/account")
        page.fill("#email", email)
        page.fill("#password", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_url("**/account")
        self._cookies[email] = context.cookies()
        return page


def keep(page: Page, file: Path) -> None:
    """What the page shows now, with few colours: a page has not many, and docs/ stays small."""
    page.wait_for_load_state("networkidle")
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    few = picture.quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(file, optimize=True)
