"""The live map in a real Chromium: what a dispatcher sees and does."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from sql.queries import queries

CENTRE = (48.137, 11.575)
MARKERS = """() => {
    const map = document.getElementById("map").map;
    if (!map?.getLayer("vehicles")) return [];
    return map.queryRenderedFeatures({layers: ["vehicles"]}).map((feature) => feature.properties.label);
}"""
PIXEL = """([longitude, latitude]) => {
    const {x, y} = document.getElementById("map").map.project([longitude, latitude]);
    return [x, y];
}"""
MARKER_AT = """([longitude, latitude]) => {
    const map = document.getElementById("map").map;
    const {x, y} = map.project([longitude, latitude]);
    return map.queryRenderedFeatures([[x - 2, y - 2], [x + 2, y + 2]], {layers: ["vehicles"]}).length;
}"""


def row(page: Page, uid: str) -> Any:
    return page.locator(f'#vehicles li[data-uid="{uid}"]')


@pytest.fixture
def buses(fleet: Any) -> Any:
    """54 buses: 50 online, two late, one offline, one that never had a fix."""
    for number in range(1, 55):
        fleet.add(f"bus-{number:03}", f"Bus {number}")
    ages = {3: 120, 4: 300, 5: 90_000}
    for number in range(1, 54):
        north, east = divmod(number, 8)
        fleet.report(
            f"bus-{number:03}",
            CENTRE[0] + north * 0.004,
            CENTRE[1] + east * 0.006,
            ages.get(number, 0),
            speed_mps=10.0,
            course=number * 6.0,
        )
    return fleet


def test_a_dispatcher_signs_in_and_sees_54_of_54(buses: Any, page: Page, complaints: list[str]) -> None:
    expect(page.locator("#count")).to_have_text("54 of 54")
    expect(page.locator("#vehicles li")).to_have_count(54)
    expect(row(page, "bus-001")).to_have_attribute("data-state", "online")
    expect(row(page, "bus-001")).to_contain_text("36 km/h")
    expect(row(page, "bus-004")).to_contain_text(re.compile(r"late · 5 min ago"))
    expect(row(page, "bus-005")).to_contain_text(re.compile(r"offline · \d+ \w+"))
    expect(row(page, "bus-054")).to_contain_text("no fix yet")
    for state, count in {"online": 50, "late": 2, "offline": 1, "none": 1}.items():
        expect(page.locator(f'.state[data-state="{state}"] b')).to_have_text(str(count))
    assert complaints == []


def test_a_marker_moves_when_a_position_is_stored(
    buses: Any, page: Page, complaints: list[str], tools: Any
) -> None:
    there = [CENTRE[1] + 0.021, CENTRE[0] + 0.014]
    tools.until(lambda: len(page.evaluate(MARKERS)) == 53, "53 markers")
    assert page.evaluate(MARKER_AT, there) == 0
    buses.report("bus-001", there[1], there[0], speed_mps=5.0)
    tools.until(lambda: page.evaluate(MARKER_AT, there) == 1, "the marker in its new place")
    expect(row(page, "bus-001")).to_have_attribute("data-lat", str(there[1]))
    expect(row(page, "bus-001")).to_contain_text("18 km/h")
    assert complaints == []


def test_an_older_fix_leaves_the_marker_where_it_is(buses: Any, page: Page) -> None:
    place = row(page, "bus-002").get_attribute("data-lat")
    buses.report("bus-002", 40.0, 10.0, seconds_ago=500)
    buses.report("bus-001", 48.2, 11.6)
    expect(row(page, "bus-001")).to_have_attribute("data-lat", "48.2")
    expect(row(page, "bus-002")).to_have_attribute("data-lat", str(place))


def test_searching_and_picking_states_narrow_list_and_map(buses: Any, page: Page, tools: Any) -> None:
    page.fill("#search", "bus 1")
    expect(page.locator("#count")).to_have_text("11 of 54")
    tools.until(lambda: len(page.evaluate(MARKERS)) == 11, "11 markers")
    page.fill("#search", "")
    page.click('.state[data-state="late"]')
    expect(page.locator("#count")).to_have_text("2 of 54")
    page.fill("#search", "no such bus")
    expect(page.locator("#nothing")).to_contain_text("No vehicle matches")


def test_a_click_on_a_marker_selects_its_row_and_escape_lets_go(buses: Any, page: Page, tools: Any) -> None:
    tools.until(lambda: len(page.evaluate(MARKERS)) == 53, "53 markers")
    bus = row(page, "bus-030")
    at = [float(bus.get_attribute("data-lon")), float(bus.get_attribute("data-lat"))]
    x, y = page.evaluate(PIXEL, at)
    page.locator("#map canvas").click(position={"x": x, "y": y})
    expect(bus).to_have_class(re.compile("is-selected"))
    expect(bus).to_contain_text("tracker bus-030")
    page.keyboard.press("Escape")
    expect(bus).not_to_have_class(re.compile("is-selected"))


def test_the_list_is_walked_by_keyboard(buses: Any, page: Page, tools: Any) -> None:
    page.focus("#search")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(row(page, "bus-003")).to_have_class(re.compile("is-selected"))
    expect(row(page, "bus-003").locator("button")).to_be_focused()


def test_names_are_shown_as_they_are_and_never_run(
    fleet: Any, page: Page, complaints: list[str], tools: Any
) -> None:
    names = [
        "<script>document.title='caught'</script>",
        'O\'Hare "A" & B',
        "حافلة ١٢",
        "W" * 200,
        "<img src=x>",
    ]
    for number, name in enumerate(names):
        fleet.add(f"odd-{number}", name)
        fleet.report(f"odd-{number}", CENTRE[0] + number * 0.01, CENTRE[1])
    for number, name in enumerate(names):
        expect(row(page, f"odd-{number}").locator(".label")).to_have_text(name)
        expect(row(page, f"odd-{number}").locator("button")).to_have_attribute("title", name)
    widths = page.evaluate("[document.body.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1]
    tools.until(lambda: len(page.evaluate(MARKERS)) == 5, "five markers")
    assert page.title() == "Live map · Motorpool"
    assert page.locator("#vehicles img, #vehicles script").count() == 0
    assert complaints == []


def test_the_page_says_that_it_lost_the_server_and_catches_up_by_itself(
    buses: Any, page: Page, server: Any
) -> None:
    server.stop()
    expect(page.locator("#banner")).to_contain_text(re.compile(r"Connection lost, last update \d+ s ago"))
    expect(page.locator("#count")).to_have_text("54 of 54")
    buses.report("bus-001", 48.3, 11.7)
    server.start()
    expect(page.locator("#banner")).to_be_hidden(timeout=30_000)
    expect(row(page, "bus-001")).to_have_attribute("data-lat", "48.3")


def test_a_fleet_without_vehicles_says_what_to_do(page: Page) -> None:
    expect(page.locator("#count")).to_have_text("0 of 0")
    expect(page.locator("#nothing")).to_contain_text("Add a device")


def test_dark_is_remembered(page: Page) -> None:
    page.click("[data-toggle-theme]")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_on_a_phone_the_list_is_a_sheet_that_folds_away(
    buses: Any, page: Page, complaints: list[str]
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    before = page.locator("#map").bounding_box()
    assert before
    assert before["width"] == 390
    expect(row(page, "bus-001")).to_be_in_viewport()
    page.click("#sheet-handle")
    expect(row(page, "bus-001")).not_to_be_in_viewport()
    expect(page.locator("#count")).to_be_in_viewport()
    widths = page.evaluate("[document.body.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1]
    assert complaints == []


def test_a_map_style_of_ones_own_takes_the_place_of_the_offline_map(
    open_browser: Callable[..., BrowserContext],
    make_server: Callable[..., Any],
    buses: Any,
    people: None,
    tools: Any,
    complaints: list[str],
) -> None:
    style_url = "https://tiles.example.org/style.json"
    server = make_server(MAP_STYLE_URL=style_url)
    sea = {"id": "sea", "type": "background", "paint": {"background-color": "#204060"}}
    style = {"version": 8, "sources": {}, "layers": [sea]}
    context = open_browser()
    server.sign_in_browser(context, "viewer@example.org")
    page = context.new_page()
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.route(
        style_url, lambda route: route.fulfill(json=style, headers={"Access-Control-Allow-Origin": "*"})
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{server.url}/map")
    tools.until(lambda: len(page.evaluate(MARKERS)) == 53, "53 markers on the other map")
    assert style_url in asked
    ground = ("land", "borders", "places", "roads")
    assert not any(f"{name}.geojson" in url for url in asked for name in ground)
    assert complaints == []


@pytest.mark.parametrize("heartbeat_s", [0.5])
def test_a_banner_says_that_the_daemon_is_behind_or_gone_and_goes_when_it_is_not(
    buses: Any, page: Page, complaints: list[str]
) -> None:
    banner = page.locator("#banner")
    expect(banner).to_be_hidden()

    def report(behind_s: float) -> None:
        queries.report_ingest(
            buses.connection, worker="a", behind_s=behind_s, waiting_records=0, paused=False
        )

    report(42)
    expect(banner).to_have_text("Positions are arriving 42 s late; the system is catching up", timeout=30_000)
    expect(page.locator("#live")).not_to_have_class(re.compile("is-lost"))
    report(600)
    expect(banner).to_contain_text("10 min late", timeout=30_000)
    report(9)
    expect(banner).to_be_hidden(timeout=30_000)
    buses.connection.execute("UPDATE ingest_status SET updated_at = now() - interval '1 minute'")
    expect(banner).to_have_text("No daemon is storing positions", timeout=30_000)
    report(0)
    expect(banner).to_be_hidden(timeout=30_000)
    assert complaints == []


def test_a_link_from_a_vehicles_page_shows_that_vehicle(buses: Any, page: Page, server: Any) -> None:
    page.goto("about:blank")
    page.goto(f"{server.url}/map#vehicle=bus-014")
    expect(page.locator("li.is-selected")).to_have_attribute("data-uid", "bus-014")
    assert page.url == f"{server.url}/map"
