"""Alerts in a real Chromium: they appear by themselves, two dispatchers work on them, all can read them."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from sql.alerts import STORM_ALERTS
from sql.users import add_user

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
ALARMED = """() => document.getElementById("map").map.queryRenderedFeatures({layers: ["alarms"]}).length"""
DRAWN = """() => {
    const map = document.getElementById("event-map").map;
    return map?.getLayer("place") ? map.queryRenderedFeatures({layers: ["fix", "place"]}).length : 0;
}"""


@pytest.fixture
def buses(fleet: Any) -> Any:
    """Three buses that report where they are."""
    for number in range(1, 4):
        fleet.add(f"bus-{number}", f"Bus {number}")
        fleet.report(f"bus-{number}", 48.137 + number * 0.004, 11.575, speed_mps=8.0, course=90.0)
    return fleet


@pytest.fixture
def open_page(
    chromium: Browser, server: Any, complaints: list[str], tools: Any
) -> Iterator[Callable[..., Page]]:
    """A page of the site on a screen of this size, for a dispatcher unless told otherwise."""
    contexts = []

    def make(
        address: str,
        email: str = "dispatcher@example.org",
        viewport: dict[str, int] = DESK,
        scheme: str = "light",
    ) -> Page:
        context = chromium.new_context(viewport=viewport, color_scheme=scheme, base_url=server.url)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda fault: complaints.append(str(fault)))
        pairs = (pair.partition("=") for pair in server.sign_in(email).split("; "))
        context.add_cookies([{"name": name, "value": value, "url": server.url} for name, _, value in pairs])
        page.goto(address)
        return page

    yield make
    for context in contexts:
        context.close()


def test_an_alert_appears_by_itself_and_a_colleague_sees_who_takes_it(
    buses: Any,
    incidents: Any,
    connection: psycopg.Connection,
    open_page: Callable[..., Page],
    complaints: list[str],
    tools: Any,
) -> None:
    add_user(connection, "colleague@example.org", "dispatcher", tools.PASSWORD)
    desk, other = open_page("/alerts"), open_page("/alerts", "colleague@example.org")
    elsewhere = open_page("/depots")
    world = open_page("/map")
    expect(world.locator("#count")).to_have_text("3 of 3")
    for page in (desk, other):
        expect(page.get_by_text("Nothing to do")).to_be_visible()
    expect(world.locator("#alarms")).to_be_hidden()
    expect(elsewhere.locator("#bell-side")).to_have_attribute("data-newest", "0")

    incidents.happen("bus-2", "overspeed", "critical", value=31.1, limit_value=25)
    for page in (desk, other):
        expect(page.locator("#rows .row-link")).to_have_text(
            "Faster than allowed: 112 km/h where 90 km/h are"
        )
        expect(page.locator("#bell-side")).to_contain_text("1")
    expect(desk.locator(".toast-card")).to_contain_text("Bus 2")
    expect(world.locator("#alarms summary")).to_contain_text("Open alerts: 1")
    expect(world.locator(".toast-card")).to_contain_text("Bus 2 Speeding")
    expect(world.locator('#vehicles li[data-uid="bus-2"]')).to_have_class(re.compile("is-alarmed"))
    tools.until(lambda: world.evaluate(ALARMED) == 1, "the ring on the map")
    expect(elsewhere.locator(".toast-card")).to_contain_text("Bus 2", timeout=20_000)

    desk.locator("#rows .row-link").press("Enter")
    tools.until(lambda: desk.evaluate(DRAWN) > 2, "the way on the map")
    desk.get_by_role("button", name="Acknowledge").press("Enter")
    expect(desk.get_by_role("status").first).to_contain_text("Acknowledged.")
    expect(other.locator("#rows tr")).to_contain_text("acknowledged")
    expect(world.locator("#alarms")).to_be_hidden()
    tools.until(lambda: world.evaluate(ALARMED) == 0, "the ring to go")
    assert complaints == []


def test_what_one_types_stays_while_a_colleague_acts(
    buses: Any, incidents: Any, connection: psycopg.Connection, open_page: Callable[..., Page], tools: Any
) -> None:
    add_user(connection, "colleague@example.org", "dispatcher", tools.PASSWORD)
    id = incidents.happen("bus-1", "sos", "critical")
    desk, other = open_page(f"/alerts/{id}"), open_page(f"/alerts/{id}", "colleague@example.org")
    desk.get_by_placeholder("What has been done?").fill("called the driver")
    other.get_by_role("button", name="1 h", exact=True).click()
    expect(desk.locator("#steps")).to_contain_text("colleague@example.org snoozed")
    expect(desk.get_by_placeholder("What has been done?")).to_have_value("called the driver")
    desk.get_by_role("button", name="Resolve").click()
    expect(desk.get_by_role("status").first).to_contain_text("Resolved.")
    expect(desk.locator("#steps")).to_contain_text("called the driver")
    expect(other.get_by_role("button", name="Reopen")).to_be_visible()


def test_a_storm_unfolds_and_is_acknowledged_by_keyboard(
    fleet: Any, incidents: Any, open_page: Callable[..., Page], complaints: list[str]
) -> None:
    for number in range(STORM_ALERTS):
        fleet.add(f"bus-{number}", f"Bus {number}")
        incidents.happen(f"bus-{number}", "offline")
    page = open_page("/alerts")
    expect(page.locator("#rows > tr")).to_have_count(1)
    unfold = page.get_by_role("button", name="Unfold")
    unfold.press("Enter")
    expect(page.locator("#rows > tr")).to_have_count(STORM_ALERTS + 1)
    unfold.press("Enter")
    expect(page.locator("#rows > tr")).to_have_count(1)
    page.get_by_label("Select all of this storm").press("Space")
    fleet.add("another", "Another")
    incidents.happen("another", "sos", "critical")
    expect(page.locator("#rows > tr")).to_have_count(2)
    expect(page.get_by_label("Select all of this storm")).to_be_checked()
    page.get_by_role("button", name="Acknowledge").press("Enter")
    expect(page.get_by_role("status").first).to_contain_text(f"{STORM_ALERTS} alerts have been changed.")
    assert complaints == []


def test_a_sound_is_off_until_a_person_wants_it(buses: Any, open_page: Callable[..., Page]) -> None:
    page = open_page("/map")
    button = page.get_by_role("button", name="Sound for new alerts")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(button).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_the_filled_pages_can_be_read_by_all(
    viewport: dict[str, int],
    scheme: str,
    buses: Any,
    incidents: Any,
    open_page: Callable[..., Page],
    complaints: list[str],
    connection: psycopg.Connection,
    tools: Any,
) -> None:
    for number in range(4, 4 + STORM_ALERTS):
        buses.add(f"bus-{number}", f"Bus {number}")
        incidents.happen(f"bus-{number}", "power_cut", "critical", value=3.2, limit_value=5)
    incidents.happen("bus-1", "overspeed", minutes_ago=9, value=29, limit_value=25)
    id = incidents.happen("bus-1", "overspeed", value=31, limit_value=25)
    incidents.happen("bus-2", "idling", "info", is_over=False)
    connection.execute("UPDATE alerts SET state = 'acknowledged' WHERE kind = 'idling'")
    page = open_page("/alerts", "admin@example.org", viewport, scheme)
    page.get_by_role("button", name="Unfold").click()
    expect(page.locator("#rows > tr")).to_have_count(STORM_ALERTS + 3)
    page.get_by_label("Select all of this storm").check()
    check(page, tools)
    for address in (f"/alerts/{id}", "/alerts/escalations", "/map"):
        page.goto(address)
        if address == "/map":
            page.locator("#alarms summary").click()
            expect(page.locator(".alarm")).to_have_count(2)
        check(page, tools)
    assert complaints == []


def check(page: Page, tools: Any) -> None:
    """No serious fault of accessibility, and nothing that is wider than the screen."""
    assert tools.find_faults(page) == [], page.url
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} px wider than the screen"
