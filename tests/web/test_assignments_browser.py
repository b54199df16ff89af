"""Assignments in a real Chromium: a dispatcher assigns and substitutes, by keyboard alone and on a phone."""

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page, expect

DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 800}
LONG = "Maximiliane " * 16


@pytest.fixture
def cast(connection: psycopg.Connection) -> None:
    """Two buses, one of a very long name; a driver of each kind of name; one whose licence has expired."""
    connection.execute("INSERT INTO vehicles (fleet_number) VALUES ('12'), ('13'), (%s)", (LONG.strip(),))
    connection.execute(
        "INSERT INTO drivers (name, licence_expires_on) VALUES"
        " ('Ana O''Hara', NULL), ('<b>Ben</b>', current_date - 1), ('حسن', current_date + 9), (%s, NULL)",
        (LONG.strip(),),
    )


@pytest.fixture
def open_board(open_page: Callable[..., Page], cast: None) -> Callable[..., Page]:
    """The board on a screen of this size, for a dispatcher."""

    def make(viewport: dict[str, int] = DESK, scheme: str = "light") -> Page:
        page = open_page("dispatcher@example.org", viewport=viewport, color_scheme=scheme)
        page.goto("/assignments")
        return page

    return make


def bar(page: Page, vehicle: str, driver: str) -> Any:
    return page.locator(f'tr:has(th a:text-is("{vehicle}")) svg.lane a.bar', has_text=driver)


def test_a_dispatcher_assigns_and_substitutes_by_keyboard_and_takes_it_back(
    open_board: Callable[..., Page], complaints: list[str]
) -> None:
    page = open_board()
    page.get_by_role("link", name=re.compile("Assign a driver to 12, free")).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#driver_id")).to_be_focused()
    expect(page.locator("#vehicle_id")).to_have_value("12")
    page.keyboard.type("Ana O'Hara")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Ana O'Hara on 12 has been assigned.")

    bar(page, "12", "Ana O'Hara").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Substitute").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#vehicle_id")).to_be_focused()
    expect(page.locator("form.card")).to_contain_text("Free at that time: 13")
    page.keyboard.type("13")
    page.keyboard.press("Enter")
    expect(page.locator(".bar.is-substitute")).to_have_count(1)
    expect(bar(page, "13", "Ana O'Hara")).to_have_count(1)

    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Taken back.")
    expect(page.locator(".bar.is-substitute")).to_have_count(0)
    expect(bar(page, "13", "Ana O'Hara")).to_have_count(0)
    assert complaints == []


def test_the_board_follows_what_is_typed_and_picked(open_board: Callable[..., Page]) -> None:
    page = open_board()
    expect(page.locator("#tally")).to_have_text("3 of 3")
    page.keyboard.press("/")
    page.keyboard.type("13")
    expect(page.locator("#tally")).to_have_text("1 of 1")
    page.get_by_role("radio", name="Day").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".hours text")).to_have_count(7)
    expect(page).to_have_url(re.compile("search=13.*view=week"))


def test_on_a_phone_the_board_is_a_list(open_board: Callable[..., Page]) -> None:
    page = open_board(PHONE)
    expect(page.locator("svg.lane").first).to_be_hidden()
    page.locator('tr:has(th a:text-is("12"))').get_by_role("link", name="Nobody: assign").click()
    page.fill("#driver_id", "حسن")
    page.get_by_role("button", name="Assign").click()
    expect(page.locator(".lane-list").first).to_contain_text("حسن")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_the_filled_pages_can_be_read_by_all(
    viewport: dict[str, int],
    scheme: str,
    open_board: Callable[..., Page],
    complaints: list[str],
    connection: psycopg.Connection,
    tools: Any,
) -> None:
    connection.execute(
        "INSERT INTO driver_assignments (vehicle_id, driver_id, during, kind, instead_of_vehicle_id)"
        " SELECT 3, 4, tstzrange(now() - interval '2 hours', NULL), 'substitute', 1 UNION ALL"
        " SELECT 2, 2, tstzrange(now() - interval '1 hour', now() + interval '1 hour'), 'regular', NULL"
    )
    page = open_board(viewport, scheme)
    for address in (
        "/assignments",
        "/assignments?view=week",
        "/assignments/1",
        "/assignments/2",
        "/assignments/2/edit",
        "/assignments/2/substitute",
        "/drivers",
        "/drivers/2",
        "/drivers/2/edit",
        "/vehicles/3",
    ):
        page.goto(address)
        assert tools.find_faults(page) == [], address
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{address} is {wide} px wider than the screen"
        assert page.locator("main b:text-is('Ben')").count() == 0
    assert complaints == []
