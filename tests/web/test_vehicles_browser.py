"""Vehicles in a real Chromium: adding, editing, two people at once, many at once, and a phone."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page, expect

from bench.records.fleet import fill

DISPATCHER = "dispatcher@example.org"


@pytest.fixture
def desk(open_page: Callable[..., Page]) -> Page:
    """A page whose scripts may be looked at from outside; the site's policy is tested elsewhere."""
    return open_page(DISPATCHER, viewport={"width": 1280, "height": 800}, bypass_csp=True)


@pytest.fixture
def check(tools: Any) -> Callable[[Page], None]:
    """No serious fault of accessibility, and nothing that is wider than the screen."""

    def look(page: Page) -> None:
        assert tools.find_faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    return look


def test_a_vehicle_is_added_edited_in_conflict_and_archived(
    desk: Page,
    server: Any,
    open_page: Callable[..., Page],
    complaints: list[str],
    check: Callable[[Page], None],
) -> None:
    desk.goto(f"{server.url}/vehicles")
    desk.get_by_role("link", name="New vehicle").first.click()
    check(desk)
    desk.keyboard.type("101")  # the first field has the focus
    desk.get_by_label("VIN").fill("1M8GDM9A0KP042788")
    desk.get_by_label("Make").fill("Setra")
    desk.get_by_label("Kind").select_option("bus")
    desk.get_by_label("Fuel").select_option("diesel")
    desk.get_by_label("Status").select_option("in service")
    desk.get_by_role("button", name="Add").click()
    expect(desk.locator("#vin-error")).to_contain_text("which checks the others")
    expect(desk.get_by_label("VIN")).to_be_focused()
    expect(desk.get_by_label("Make")).to_have_value("Setra")
    desk.get_by_label("VIN").fill("1M8GDM9AXKP042788")
    desk.get_by_role("button", name="Add").click()
    expect(desk.get_by_role("status").first).to_contain_text("101 has been added")
    check(desk)

    desk.get_by_role("link", name="Edit", exact=True).click()
    colleague = open_page("admin@example.org")
    colleague.goto(f"{server.url}/vehicles/1/edit")
    colleague.get_by_label("Make").fill("MAN")
    colleague.get_by_role("button", name="Save").click()
    expect(colleague.get_by_role("status").first).to_contain_text("saved")
    colleague.close()
    desk.get_by_label("Make").fill("Volvo")
    desk.get_by_label("Seats").fill("53")
    complaints.clear()
    desk.get_by_role("button", name="Save").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Changed in the meantime")
    desk.get_by_label("MAN saved now").check()
    desk.get_by_role("button", name="Save").click()
    expect(desk.get_by_role("status").first).to_contain_text("101 has been saved")
    expect(desk.locator("main")).to_contain_text("MAN")
    expect(desk.locator("main")).to_contain_text("53")

    desk.get_by_role("button", name="Archive").first.click()
    expect(desk.get_by_role("dialog")).to_contain_text("leaves the lists and the live map")
    desk.keyboard.press("Escape")
    expect(desk.get_by_role("dialog")).to_be_hidden()
    desk.get_by_role("button", name="Archive").first.click()
    desk.get_by_role("dialog").get_by_role("button", name="Archive").click()
    expect(desk.get_by_role("heading", level=1)).to_contain_text("archived")
    assert [said for said in complaints if "409" not in said and "422" not in said] == []


def test_one_of_50_000_is_found_while_one_types_and_many_are_changed_by_keyboard(
    desk: Page,
    server: Any,
    connection: psycopg.Connection,
    complaints: list[str],
    check: Callable[[Page], None],
) -> None:
    fill(connection, 50_000)
    desk.goto(f"{server.url}/vehicles")
    expect(desk.locator("#tally")).to_have_text("100 of 49,000")
    check(desk)
    desk.keyboard.press("/")
    desk.keyboard.type("v12345")
    expect(desk.locator("#tally")).to_have_text("1 of 1")
    expect(desk.locator(".row-link")).to_have_text(["V12345"])
    desk.keyboard.press("Control+a")
    desk.keyboard.type("model 33")
    expect(desk.locator("#tally")).to_have_text(re.compile("100 of [1-9]"))
    desk.get_by_label("Any depot").select_option("Depot 9")
    expect(desk.locator("#tally")).to_have_text("100 of 112")
    total = 112

    boxes = desk.locator('[name="picked"]')
    expect(desk.locator(".bulk-bar")).to_be_hidden()
    boxes.nth(0).focus()
    desk.keyboard.press("Space")
    expect(desk.locator("[data-picked]")).to_have_text("1 selected")
    desk.keyboard.press("Enter")
    expect(desk.get_by_label("Change", exact=True)).to_be_focused()
    desk.get_by_label("Change", exact=True).select_option("status=out of service")
    desk.get_by_label("all 112 that match").check()
    desk.get_by_role("button", name="Apply").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text(f"Change {total} records?")
    check(desk)
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("status").first).to_contain_text(f"{total} records have been changed")
    assert "model+33" in desk.url or "model%2033" in desk.url
    count = connection.execute("SELECT count(*) FROM vehicles WHERE status = 'out of service'").fetchone()
    assert count == (total,)
    assert complaints == []


def test_a_phone_shows_cards_and_takes_a_reading(
    open_page: Callable[..., Page],
    server: Any,
    connection: psycopg.Connection,
    complaints: list[str],
    check: Callable[[Page], None],
) -> None:
    fill(connection, 1000)
    screen = {"width": 390, "height": 844}
    page = open_page(DISPATCHER, viewport=screen, is_mobile=True, has_touch=True, bypass_csp=True)
    page.goto(f"{server.url}/vehicles")
    expect(page.locator("#tally")).to_have_text("100 of 980")
    check(page)
    page.get_by_role("link", name="V1", exact=True).tap()
    page.get_by_role("link", name="New reading").tap()
    page.get_by_label("Odometer").fill("5000")
    page.get_by_role("button", name="Add").tap()
    expect(page.get_by_role("status").first).to_contain_text("has been added")
    page.get_by_role("link", name="New reading").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("New odometer reading")
    check(page)
    page.get_by_label("Odometer").fill("1")
    page.get_by_role("button", name="Add").tap()
    expect(page.locator("#odometer_m-error")).to_contain_text("say that it is a correction")
    page.get_by_label("This is a correction").check()
    page.get_by_role("button", name="Add").tap()
    expect(page.get_by_role("status").first).to_contain_text("has been added")
    check(page)
    assert [said for said in complaints if "422" not in said] == []


def test_a_file_that_is_too_large_is_said_so_before_it_is_sent(
    desk: Page, server: Any, connection: psycopg.Connection, tmp_path: Path
) -> None:
    connection.execute("INSERT INTO vehicles (fleet_number) VALUES ('101')")
    large = tmp_path / "large.pdf"
    large.write_bytes(b"%PDF-" + b"x" * 11_000_000)
    desk.goto(f"{server.url}/vehicles/1/documents/new")
    desk.get_by_label("Kind").select_option("insurance")
    desk.get_by_label("Number").fill("A-1")
    desk.get_by_label("Scan").set_input_files(large)
    desk.get_by_role("button", name="Add").click()
    expect(desk.locator("#scan-error")).to_contain_text("larger than 10 MB")
    expect(desk.get_by_label("Number")).to_have_value("A-1")
    desk.get_by_label("Scan").set_input_files([])
    desk.get_by_role("button", name="Add").click()
    expect(desk.locator("main")).to_contain_text("Insurance A-1")
