"""Every page in Chromium, light and dark, on a desk and on a phone: readable for all, light, and quiet."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from web.shell import PLACES

DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 800}
MOST_BYTES = 150_000
# The map is most of what these weigh.
WITH_MAP = ("/map", "/geofences", "/geofences/new", "/trips")
ADMIN = "admin@example.org"


def list_addresses(page: Page) -> list[str]:
    """Every place of the navigation, and the form of a new record where there is one."""
    page.goto("/account")
    places = page.locator("#places ul a").evaluate_all("links => links.map((link) => link.pathname)")
    news = []
    for place in places:
        page.goto(place)
        news += page.locator(".page-head a[href$='/new']").evaluate_all("ls => ls.map((l) => l.pathname)")
    return ["/account", *places, *news]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_every_page_can_be_read_by_all(
    viewport: dict[str, int], scheme: str, open_page: Callable[..., Page], complaints: list[str], tools: Any
) -> None:
    page = open_page(ADMIN, viewport=viewport, color_scheme=scheme)
    addresses = list_addresses(page)
    assert len(addresses) > len(PLACES)
    for address in addresses:
        page.goto(address)
        assert tools.find_faults(page) == [], address
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{address} is {wide} px wider than the screen"
    assert complaints == []


@pytest.mark.parametrize("address", ["/sign-in", "/password/forgotten", "/password/new/x", "/api/v1/docs"])
def test_the_pages_for_anybody_can_be_read_by_all(
    address: str, open_page: Callable[..., Page], complaints: list[str], tools: Any
) -> None:
    page = open_page(None, viewport=PHONE)
    page.goto(address)
    assert tools.find_faults(page) == []
    assert [said for said in complaints if "status of 4" not in said] == []


def test_the_first_view_is_light(open_page: Callable[..., Page]) -> None:
    page = open_page(ADMIN, viewport=DESK)
    for address in list_addresses(page):
        if address not in WITH_MAP:
            assert weigh(page, address) < MOST_BYTES, address


def weigh(page: Page, address: str) -> int:
    """The bytes over the wire of a page that the browser sees for the first time."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(address, wait_until="networkidle")
    session.detach()
    return int(sum(sizes))
