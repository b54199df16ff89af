"""Geofences in a real Chromium: drawn with the mouse, changed by corners, written by keyboard, on a phone."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from sql.pool import connect

DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


@pytest.fixture
def open_as(chromium: Browser, server: Any, complaints: list[str]) -> Iterator[Callable[..., Page]]:
    """A page of the site as somebody sees it; its scripts may be looked at from outside."""
    contexts: list[BrowserContext] = []

    def make(email: str, viewport: dict[str, int] = DESK) -> Page:
        context = chromium.new_context(viewport=viewport, base_url=server.url, has_touch=viewport == PHONE)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda fault: complaints.append(str(fault)))
        pairs = (pair.partition("=") for pair in server.sign_in(email).split("; "))
        context.add_cookies([{"name": name, "value": value, "url": server.url} for name, _, value in pairs])
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def desk(open_as: Callable[..., Page], fleet: Any) -> Page:
    """A dispatcher's desk, with one vehicle to show where the fleet is."""
    fleet.add("tracker-7", "7")
    fleet.report("tracker-7", 48.1, 11.5)
    return open_as("dispatcher@example.org")


def open_map(page: Page, address: str) -> None:
    """Open a page with a map, and wait until the map shows what it is to show."""
    page.goto(address)
    page.wait_for_selector("#fence-map .maplibregl-canvas")
    page.wait_for_load_state("networkidle")


def click_map(page: Page, x: float, y: float) -> None:
    """Click the map so many pixels from its middle."""
    page.mouse.click(*find_middle(page, x, y))


def find_middle(page: Page, x: float = 0, y: float = 0) -> tuple[float, float]:
    box = page.locator("#fence-map").bounding_box()
    assert box
    return box["x"] + box["width"] / 2 + x, box["y"] + box["height"] / 2 + y


def drag(page: Page, label: str, x: float, y: float) -> None:
    """Drag a handle of the drawing."""
    box = page.get_by_role("button", name=label, exact=True).bounding_box()
    assert box
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + x / 2, middle[1] + y / 2)
    page.mouse.move(middle[0] + x, middle[1] + y)
    page.mouse.up()


def read_places(page: Page) -> list[list[float]]:
    text = page.get_by_label("Places").input_value()
    return [[float(part) for part in line.split(",")] for line in text.splitlines()]


def test_a_circle_is_drawn_with_the_mouse_and_drawn_on_every_map(
    desk: Page, tools: Any, complaints: list[str]
) -> None:
    open_map(desk, "/geofences/new")
    expect(desk.get_by_role("status").last).to_have_text("Click the centre.")
    click_map(desk, 0, 0)
    ((latitude, longitude),) = read_places(desk)
    assert abs(latitude - 48.1) < 0.001
    assert abs(longitude - 11.5) < 0.001
    first = float(desk.get_by_label("Radius").input_value())
    assert first > 0
    drag(desk, "Edge", 60, 0)
    assert float(desk.get_by_label("Radius").input_value()) == pytest.approx(2 * first, rel=0.1)
    drag(desk, "Centre", -40, 30)
    ((moved_latitude, moved_longitude),) = read_places(desk)
    assert moved_latitude < latitude
    assert moved_longitude < longitude
    desk.get_by_role("button", name="Undo").click()
    assert read_places(desk) == [[latitude, longitude]]
    desk.get_by_label("Name").fill("Yard")
    assert tools.find_faults(desk) == []
    desk.get_by_role("button", name="Add", exact=True).click()
    expect(desk.get_by_role("status").first).to_contain_text("Yard has been added")

    open_map(desk, "/geofences")
    tools.until(lambda: is_drawn(desk, "#fence-map", "Yard"), "the geofence beside the list")
    click_map(desk, 0, 0)
    expect(desk.get_by_role("heading", level=1)).to_have_text("Yard")
    desk.goto("/map")
    tools.until(lambda: is_drawn(desk, "#map", "Yard"), "the geofence on the live map")
    desk.get_by_role("button", name="Show geofences").click()
    tools.until(lambda: not is_drawn(desk, "#map", "Yard"), "the geofence to go")
    desk.reload()
    expect(desk.get_by_role("button", name="Show geofences")).to_have_attribute("aria-pressed", "false")
    assert complaints == []


def is_drawn(page: Page, selector: str, name: str) -> bool:
    """Whether a map shows a geofence of this name."""
    script = """([selector, name]) => {
        const { map } = document.querySelector(selector);
        const layers = ["fences-line"].filter((id) => map.getLayer(id));
        const drawn = layers.length > 0 ? map.queryRenderedFeatures({ layers }) : [];
        return drawn.some((one) => one.properties.name === name);
    }"""
    return bool(page.evaluate(script, [selector, name]))


def test_an_area_is_drawn_corner_by_corner_and_changed(
    desk: Page, server: Any, open_as: Callable[..., Page], complaints: list[str]
) -> None:
    open_map(desk, "/geofences/new")
    desk.get_by_label("Name").fill("District")
    desk.get_by_label("Shape").select_option("polygon")
    expect(desk.get_by_label("Radius")).to_be_hidden()
    for x, y in ((-100, -100), (100, -100), (100, 100), (-50, 150), (-100, 100)):
        click_map(desk, x, y)
    assert len(read_places(desk)) == 5
    desk.get_by_role("button", name="Undo").click()
    desk.get_by_role("button", name="Undo").click()
    click_map(desk, -100, 100)
    assert len(read_places(desk)) == 4
    desk.keyboard.press("Escape")
    click_map(desk, 0, 0)
    assert len(read_places(desk)) == 4
    corners = read_places(desk)
    drag(desk, "Point 1", -30, -30)
    assert read_places(desk)[1:] == corners[1:]
    assert read_places(desk)[0][0] > corners[0][0]
    drag(desk, "Add a point after point 1", 0, -60)
    assert len(read_places(desk)) == 5
    desk.get_by_role("button", name="Point 3", exact=True).click()
    desk.get_by_role("button", name="Remove point").click()
    assert len(read_places(desk)) == 4
    kept = read_places(desk)
    desk.get_by_role("button", name="Add", exact=True).click()
    expect(desk.get_by_role("status").first).to_contain_text("District has been added")

    open_map(desk, "/geofences/1/edit")
    assert sorted(read_places(desk)) == sorted(kept)
    colleague = open_as("admin@example.org")
    open_map(colleague, "/geofences/1/edit")
    colleague.get_by_label("Name").fill("School district")
    drag(colleague, "Point 1", 20, 20)
    colleague.get_by_role("button", name="Save").click()
    expect(colleague.get_by_role("status").first).to_contain_text("saved")
    drag(desk, "Point 2", 20, 20)
    mine = read_places(desk)
    desk.get_by_role("button", name="Save").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Changed in the meantime")
    desk.get_by_role("radio", name=re.compile("corners yours")).check()
    desk.get_by_role("button", name="Save").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("School district")
    open_map(desk, "/geofences/1/edit")
    assert sorted(read_places(desk)) == sorted(mine)
    desk.goto("/geofences/1")
    desk.get_by_role("button", name="Archive").click()
    expect(desk.get_by_role("heading", level=1)).to_contain_text("archived")
    assert [said for said in complaints if "409" not in said] == []


def test_a_route_is_written_and_changed_by_keyboard_alone(
    desk: Page, connection: psycopg.Connection, complaints: list[str]
) -> None:
    open_map(desk, "/geofences/new")
    desk.keyboard.type("Route 7")  # the first field has the focus
    desk.keyboard.press("Tab")
    desk.keyboard.type("Cor")
    desk.keyboard.press("Tab")
    desk.keyboard.type("75")
    desk.keyboard.press("Tab")
    desk.keyboard.type("48.1, 11.5\n48.11, 11.52\n48.12, 11.51")
    point = desk.get_by_role("button", name="Point 2", exact=True)
    point.focus()
    desk.keyboard.press("ArrowRight")
    desk.keyboard.press("Shift+ArrowUp")
    places = read_places(desk)
    assert places[0] == [48.1, 11.5]
    assert places[1][0] > 48.11
    assert places[1][1] > 11.52
    expect(point).to_be_focused()
    desk.get_by_role("button", name="Point 3", exact=True).focus()
    desk.keyboard.press("Delete")
    assert len(read_places(desk)) == 2
    desk.keyboard.press("Control+z")
    assert read_places(desk) == places
    desk.get_by_label("Vehicles").focus()
    desk.keyboard.type("7")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("status").first).to_contain_text("Route 7 has been added")
    kept = connection.execute("SELECT shape, radius_m, geometry -> 'coordinates' FROM geofences").fetchone()
    assert kept == ("corridor", 75, [[longitude, latitude] for latitude, longitude in places])
    assert connection.execute("SELECT vehicle_id FROM geofence_vehicles").fetchone() == (1,)
    assert complaints == []


def test_what_cannot_be_drawn_stays_as_it_is_written(desk: Page, complaints: list[str]) -> None:
    open_map(desk, "/geofences/new")
    desk.get_by_label("Name").fill("Ring")
    desk.get_by_label("Shape").select_option("polygon")
    ring = "POLYGON ((11 48, 12 48, 12 49, 11 49, 11 48), (11.2 48.2, 11.4 48.2, 11.4 48.4, 11.2 48.2))"
    desk.get_by_label("Places").fill(ring)
    expect(desk.locator("#drawing-hint")).to_contain_text("cannot be drawn here")
    click_map(desk, 0, 0)
    assert desk.get_by_label("Places").input_value() == ring
    desk.get_by_role("button", name="Add", exact=True).click()
    expect(desk.locator("main")).to_contain_text("7 corners, 1 holes")
    assert complaints == []


def test_on_a_phone_the_map_is_above_and_a_finger_draws(
    open_as: Callable[..., Page], fleet: Any, tools: Any, complaints: list[str]
) -> None:
    fleet.add("tracker-7", "7")
    fleet.report("tracker-7", 48.1, 11.5)
    phone = open_as("admin@example.org", PHONE)
    open_map(phone, "/geofences/new")
    phone.touchscreen.tap(*find_middle(phone))
    assert len(read_places(phone)) == 1
    assert tools.find_faults(phone) == []
    for address in ("/geofences/new", "/geofences", "/rules", "/rules/new?kind=overspeed", "/schedules/new"):
        phone.goto(address)
        assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        assert tools.find_faults(phone) == [], address
    assert complaints == []


def test_the_map_speaks_the_readers_language_and_units(
    open_as: Callable[..., Page], database_url: str, complaints: list[str]
) -> None:
    with connect(database_url, "test", autocommit=True) as connection:
        connection.execute("UPDATE users SET language = 'de', units = 'imperial'")
    page = open_as("dispatcher@example.org")
    open_map(page, "/geofences/new")
    expect(page.locator("#drawing-hint")).to_have_text("Die Mitte anklicken.")
    page.get_by_label("Orte").fill("48.1, 11.5")
    page.get_by_label("Radius").fill("1000")
    expect(page.locator("#drawing-hint")).to_have_text("Mitte oder Rand ziehen.")
    page.get_by_label("Name").fill("Hof")
    page.get_by_role("button", name="Anlegen").click()
    expect(page.locator("main")).to_contain_text("1.000 ft")
    assert complaints == []
