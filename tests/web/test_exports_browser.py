"""Exports in Chromium: from a list to a file, columns put in order by keyboard, with scripts and without."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page, expect

PHONE = {"width": 390, "height": 800}
DISPATCHER = "dispatcher@example.org"


@pytest.fixture
def vehicles(connection: psycopg.Connection) -> None:
    connection.execute(
        "INSERT INTO vehicles (fleet_number, plate, kind, fuel, status)"
        " SELECT n::text, 'M-AB ' || n, CASE WHEN n < 4 THEN 'van' ELSE 'bus' END, 'diesel', 'in service'"
        " FROM generate_series(1, 9) n"
    )


def save(page: Page, folder: Path, button: str = "Export") -> list[list[str]]:
    """What a click brings as a file."""
    with page.expect_download() as waiting:
        page.locator(".form-actions").get_by_role("button", name=button).click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return list(csv.reader(path.read_text("utf-8-sig").splitlines()))


def keep_only(page: Page, *names: str) -> None:
    """Tick these columns and no others."""
    for box in page.locator('[name="column"]').all():
        box.set_checked(box.get_attribute("value") in names)


@pytest.mark.usefixtures("vehicles")
def test_a_list_becomes_a_file_with_its_filter_and_the_columns_in_order(
    open_page: Callable[..., Page], complaints: list[str], tmp_path: Path
) -> None:
    page = open_page(DISPATCHER)
    page.goto("/vehicles")
    page.get_by_label("Any kind").select_option("van")
    expect(page.locator("#tally")).to_contain_text("3 of 3")
    page.get_by_role("link", name="Export", exact=True).click()
    expect(page.get_by_role("heading", name="Export: Vehicles")).to_be_visible()
    keep_only(page, "fleet_number", "plate")
    later = page.get_by_role("button", name="Later: Fleet number")
    later.focus()
    page.keyboard.press("Enter")
    expect(later).to_be_focused()
    first = page.locator("#columns li").first
    expect(first).to_contain_text("Plate")
    assert save(page, tmp_path) == [
        ["Plate", "Fleet number"],
        *([f"M-AB {number}", str(number)] for number in (1, 2, 3)),
    ]
    assert complaints == []


@pytest.mark.usefixtures("vehicles")
def test_it_works_without_scripts_on_a_phone(open_page: Callable[..., Page], tmp_path: Path) -> None:
    page = open_page(DISPATCHER, viewport=PHONE, java_script_enabled=False)
    page.goto("/exports/vehicles/new?kind=van")
    keep_only(page, "fleet_number", "plate")
    page.get_by_role("button", name="Earlier: Plate").click()
    expect(page.locator("#columns li").first).to_contain_text("Plate")
    assert save(page, tmp_path)[:2] == [["Plate", "Fleet number"], ["M-AB 1", "1"]]
    page.get_by_text("Save as a template").click()
    page.get_by_label("Name", exact=True).fill("Vans")
    page.get_by_role("button", name="Save the template").click()
    expect(page.get_by_role("status")).to_contain_text("The template has been saved.")
    page.locator(".timing summary").click()
    page.get_by_label("How often").select_option("week")
    page.get_by_label("Each week on").select_option("5")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".saved")).to_contain_text("Friday at 06:00")


@pytest.mark.usefixtures("vehicles")
def test_the_forms_can_be_read_by_all(
    open_page: Callable[..., Page], complaints: list[str], tools: Any
) -> None:
    for options in ({"viewport": PHONE}, {"viewport": PHONE, "color_scheme": "dark"}):
        page = open_page("admin@example.org", **options)
        for subject in ("vehicles", "positions", "assignments", "audit_log", "alerts"):
            page.goto(f"/exports/{subject}/new")
            assert tools.find_faults(page) == [], subject
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{subject} is {wide} px wider than the screen"
    assert complaints == []


@pytest.mark.usefixtures("vehicles")
def test_what_is_being_made_shows_itself_when_it_is_done(
    open_page: Callable[..., Page], connection: psycopg.Connection
) -> None:
    connection.execute(
        "INSERT INTO export_runs (user_id, kind, wanted, way, state, rows) SELECT id, 'vehicles',"
        """ '{"format": "xlsx", "columns": ["plate"], "asked": []}', 'background', 'making', 2000"""
        " FROM users WHERE email = 'dispatcher@example.org'"
    )
    page = open_page(DISPATCHER)
    page.goto("/exports")
    expect(page.locator("#results")).to_contain_text("is being made")
    connection.execute(
        "UPDATE export_runs SET state = 'done', kept_until = now() + interval '1 day', file_name = 'v.xlsx'"
    )
    expect(page.get_by_role("link", name="Download v.xlsx")).to_be_visible()
