"""Trips in a real Chromium: a day is picked, a trip opened, its line is on the map, an event pointed at."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 800}
LONG = "Maximiliane " * 16
BEGAN = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)  # 07:00 in Chicago
DAY = "on=2026-03-02"
TRIP = "/trips/1/2026-03-02T13:00:00Z"


@pytest.fixture
def week(connection: psycopg.Connection, driven: Any) -> None:
    """Two buses on the road; names of every kind; an event in a trip, one after it."""
    connection.execute("UPDATE users SET time_zone = 'America/Chicago'")
    connection.execute("UPDATE vehicles SET fleet_number = %s WHERE fleet_number = '102'", (LONG.strip(),))
    connection.execute("INSERT INTO drivers (name) VALUES ('Ana O''Hara <b>x</b>'), ('حسن')")
    connection.execute(
        "INSERT INTO driver_assignments (vehicle_id, driver_id, during)"
        " SELECT v.id, d.id, tstzrange('2026-03-01', NULL) FROM vehicles v, drivers d"
        " WHERE (v.fleet_number, d.name) IN (('101', 'Ana O''Hara <b>x</b>'), (%s, 'حسن'))",
        (LONG.strip(),),
    )
    ended = driven.drive(1, BEGAN, 0, 100)
    driven.drive(1, BEGAN + timedelta(hours=2), 100, 20)
    driven.drive(2, BEGAN + timedelta(minutes=20), 3, 60, is_open=True, fuel_used_l=None)
    driven.happen(1, BEGAN + timedelta(minutes=2), "overspeed", 14, value=18.2, limit_value=13.9)
    driven.happen(1, BEGAN + timedelta(minutes=4), "harsh_braking", value=4.1, limit_value=3.5)
    driven.happen(1, ended + timedelta(minutes=5), "fuel_drop", 600, value=12, limit_value=10)


@pytest.fixture
def open_page(
    chromium: Browser, server: Any, week: None, complaints: list[str], tools: Any
) -> Callable[..., Page]:
    """The trips on a screen of this size."""

    def make(
        viewport: dict[str, int] = DESK, scheme: str = "light", email: str = "dispatcher@example.org"
    ) -> Page:
        context = chromium.new_context(viewport=viewport, color_scheme=scheme, base_url=server.url)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda fault: complaints.append(str(fault)))
        page.goto(f"/sign-in?next=/trips?{DAY}")
        page.fill("#email", email)
        page.fill("#password", tools.PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_url("**/trips?*")
        return page

    return make


def count_drawn(page: Page, layer: str) -> int:
    """How many pieces of a layer the map shows; none while it has no such layer."""
    map = "document.getElementById('map').map"
    pieces = f"{map}.queryRenderedFeatures({{layers: ['{layer}']}})"
    return int(page.evaluate(f"{map}?.getLayer('{layer}') ? {pieces}.length : 0"))


def test_a_day_is_picked_and_its_trips_are_on_the_map(
    open_page: Callable[..., Page], complaints: list[str], tools: Any
) -> None:
    page = open_page()
    expect(page.locator(".trip")).to_have_count(3)
    expect(page.locator(".trip").last).to_contain_text("Ana O'Hara <b>x</b>")
    tools.until(lambda: count_drawn(page, "ways"), "the ways of the trips")
    page.locator('[name="on"]').fill("2026-03-01")
    expect(page.get_by_text("No trips then")).to_be_visible()
    tools.until(lambda: not count_drawn(page, "ways"), "the ways to be gone")
    page.get_by_role("link", name="Later").click()
    expect(page.locator(".trip")).to_have_count(3)
    tools.until(lambda: count_drawn(page, "ways"), "the ways of the next day")
    page.locator('[name="vehicle"]').press_sequentially("101")
    expect(page.locator("#vehicle-names option")).to_have_count(1)
    page.keyboard.press("Tab")
    expect(page.locator("#tally")).to_have_text("2 of 2")
    expect(page).to_have_url(re.compile("vehicle=101.*on=2026-03-02"))
    page.locator(".trip a").last.focus()
    tools.until(lambda: count_drawn(page, "way"), "the way of the trip pointed at")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{TRIP}")
    assert complaints == []


def test_a_trip_shows_its_line_its_speed_and_what_happened(
    open_page: Callable[..., Page], complaints: list[str], tools: Any
) -> None:
    page = open_page()
    page.goto(TRIP)
    tools.until(lambda: count_drawn(page, "track") > 100, "the line on the map")
    expect(page.locator("#profile canvas")).to_be_visible()
    expect(page.locator("#scale")).to_contain_text("80 km/h")
    expect(page.locator(".map-mark")).to_have_count(5)
    row = page.locator("#timeline button", has_text="Speeding")
    expect(row).to_contain_text("66 km/h, limit 50 km/h")
    row.focus()
    expect(page.locator(".map-mark.is-lit.is-bad")).to_have_count(1)
    expect(page.locator("#profile-said")).to_have_text(re.compile("^7:02:00 am · 5[0-9] km/h$"))
    expect(page.locator(".here-dot")).to_be_visible()
    page.locator(".map-mark.is-warn").hover()
    expect(page.locator(".happening.is-lit")).to_contain_text("Harsh braking")
    page.locator("[data-toggle-theme]").click()
    tools.until(lambda: count_drawn(page, "track") > 100, "the line on the dark map")
    page.get_by_role("link", name="Next").click()
    page.wait_for_url("**/trips/1/2026-03-02T15:00:00Z")
    expect(page.get_by_role("link", name="Previous")).to_be_visible()
    assert complaints == []


def test_the_arrow_keys_walk_along_the_trip(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto(TRIP)
    slider = page.get_by_role("slider", name="Along the trip")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#profile-said")).to_have_text(re.compile("^7:00:[0-9]{2} am"))
    page.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^7:07:[0-9]{2} am · 0 km/h$"))
    expect(page.locator(".here-dot")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator(".here-dot")).to_have_count(0)


def test_an_event_leads_to_its_place_on_its_trip(
    open_page: Callable[..., Page], complaints: list[str], tools: Any
) -> None:
    page = open_page()
    page.goto("/events?from=2026-03-01&to=2026-03-03")
    expect(page.locator(".map-mark")).to_have_count(3)
    page.select_option('[name="kind"]', "harsh_braking")
    expect(page.locator("#tally")).to_have_text("1 of 1")
    expect(page.locator(".map-mark")).to_have_count(1)
    page.get_by_role("link", name=re.compile("Harsh braking")).last.click()
    page.wait_for_url(re.compile(re.escape(TRIP) + "#harsh_braking-"))
    expect(page.locator("#timeline button:focus")).to_contain_text("Harsh braking")
    tools.until(lambda: page.evaluate("document.getElementById('map').map.getZoom()") > 14.9, "the place")
    assert complaints == []


def test_a_track_that_cannot_be_loaded_says_so_and_is_tried_again(
    open_page: Callable[..., Page], tools: Any
) -> None:
    page = open_page()
    page.route("**/track.geojson", lambda route: route.abort())
    page.goto(TRIP)
    expect(page.locator("#map-news")).to_contain_text("The track could not be loaded.")
    page.unroute("**/track.geojson")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#map-news")).to_be_hidden()
    tools.until(lambda: count_drawn(page, "track") > 100, "the line on the map")


def test_a_trip_whose_positions_are_gone_still_has_its_ends(
    open_page: Callable[..., Page], connection: psycopg.Connection
) -> None:
    connection.execute("DELETE FROM positions")
    page = open_page()
    page.goto(TRIP)
    expect(page.locator("#map-news")).to_have_text("The positions of this trip are no longer stored.")
    expect(page.locator(".map-mark.is-start")).to_be_visible()
    expect(page.locator("#profile")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_the_pages_can_be_read_by_all(
    viewport: dict[str, int], scheme: str, open_page: Callable[..., Page], complaints: list[str], tools: Any
) -> None:
    page = open_page(viewport, scheme)
    for address in (
        f"/trips?{DAY}",
        f"/trips?{DAY}&view=week",
        "/trips?on=2020-01-01",
        "/trips?vehicle=unknown",
        TRIP,
        "/events?from=2026-03-01&to=2026-03-03",
        "/vehicles/1/days?from=2026-03-01&to=2026-03-03",
        "/vehicles/1",
        "/drivers/1",
    ):
        page.goto(address, wait_until="networkidle")
        assert tools.find_faults(page) == [], address
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{address} is {wide} px wider than the screen"
    page.goto(TRIP)
    boxes = [page.locator(part).bounding_box() for part in ("#map", "#timeline")]
    assert boxes[0]
    assert boxes[1]
    if viewport == PHONE:
        assert boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"]
    else:
        assert boxes[1]["x"] + boxes[1]["width"] <= boxes[0]["x"]
    assert complaints == []


def test_a_mechanic_is_told_of_no_driver(open_page: Callable[..., Page]) -> None:
    page = open_page(email="mechanic@example.org")
    expect(page.locator(".trip")).to_have_count(3)
    assert "Ana" not in page.content()
    assert page.locator('[name="driver"]').count() == 0
    page.goto(TRIP)
    assert "Ana" not in page.content()
