"""The same walks on a phone: signing in with a code, a record from beginning to end, and being refused."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from sql.users import ROLES

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
FORBIDDEN = {
    "dispatcher": "/users",
    "mechanic": "/vehicles/new",
    "accountant": "/assignments",
    "driver": "/vehicles",
    "guardian": "/map",
    "viewer": "/depots/new",
}


@pytest.fixture
def phone(chromium: Browser, server: Any, complaints: list[str]) -> Iterator[Page]:
    """A page of a phone that nobody has signed in on."""
    context = chromium.new_context(**PHONE, base_url=server.url, bypass_csp=True)
    page = context.new_page()
    page.on("pageerror", lambda fault: complaints.append(str(fault)))
    yield page
    context.close()


@pytest.fixture
def check(tools: Any) -> Callable[[Page], None]:
    """No serious fault of accessibility, and nothing that is wider than the screen."""

    def look(page: Page) -> None:
        assert tools.find_faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    return look


def sign_in(page: Page, email: str, password: str, then: str) -> None:
    page.goto(f"/sign-in?next={then}")
    page.fill("#email", email)
    page.fill("#password", password)
    page.get_by_role("button", name="Sign in").tap()


def open_menu(page: Page, place: str) -> None:
    page.get_by_role("button", name="Menu").tap()
    page.locator("#places").get_by_role("link", name=place).tap()


def test_a_vehicle_is_added_edited_archived_and_brought_back(
    phone: Page, tools: Any, check: Callable[[Page], None], complaints: list[str]
) -> None:
    sign_in(phone, "dispatcher@example.org", tools.PASSWORD, "/account")
    open_menu(phone, "Vehicles")
    phone.get_by_role("link", name="New vehicle").first.tap()
    phone.get_by_label("Fleet number").fill("101")
    phone.get_by_label("Plate").fill("SB 101")
    phone.get_by_label("Kind").select_option("bus")
    phone.get_by_label("Fuel").select_option("diesel")
    phone.get_by_label("Status").select_option("in service")
    phone.get_by_role("button", name="Add").tap()
    expect(phone.get_by_role("status").first).to_contain_text("101 has been added")
    check(phone)
    phone.get_by_role("link", name="Edit", exact=True).tap()
    phone.get_by_label("Plate").fill("SB 102")
    phone.get_by_role("button", name="Save").tap()
    expect(phone.locator(".history")).to_contain_text("SB 102")
    phone.get_by_role("button", name="Archive").first.tap()
    phone.get_by_role("dialog").get_by_role("button", name="Archive").tap()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("archived")

    open_menu(phone, "Vehicles")
    expect(phone.locator("#content")).to_contain_text("There are none yet")
    phone.get_by_label("Archived").check()
    expect(phone.locator("#tally")).to_have_text("1 of 1")
    check(phone)
    phone.get_by_role("link", name="101").tap()
    phone.get_by_role("button", name="Restore").tap()
    expect(phone.get_by_role("heading", level=1)).to_have_text("101")
    open_menu(phone, "Vehicles")
    expect(phone.locator("#tally")).to_have_text("1 of 1")
    assert complaints == []


def test_an_admin_signs_in_with_a_code(
    phone: Page, tools: Any, check: Callable[[Page], None], connection: psycopg.Connection
) -> None:
    sign_in(phone, "admin@example.org", tools.PASSWORD, "/account")
    phone.get_by_role("button", name="Set it up").tap()
    expect(phone.locator(".qr")).to_be_visible()
    check(phone)
    codes = pyotp.TOTP(phone.locator("p code").inner_text())
    phone.fill("#code", codes.at(time.time() - 30))
    phone.get_by_role("button", name="Switch it on").tap()
    expect(phone.locator("#codes code")).to_have_count(10)
    check(phone)
    phone.context.clear_cookies()
    sign_in(phone, "admin@example.org", tools.PASSWORD, "/users")
    expect(phone.get_by_role("heading", name="One more step")).to_be_visible()
    check(phone)
    phone.fill("#code", codes.now())
    phone.get_by_role("button", name="Sign in").tap()
    expect(phone.locator("#tally")).to_have_text(f"{len(ROLES)} of {len(ROLES)}")
    used = connection.execute("SELECT totp_last_step FROM users WHERE role = 'admin'").fetchone()
    assert used
    assert used[0] > 0


@pytest.mark.parametrize(("role", "path"), FORBIDDEN.items())
def test_a_refusal_can_be_read_by_all_and_leads_back(
    role: str, path: str, phone: Page, tools: Any, check: Callable[[Page], None]
) -> None:
    sign_in(phone, f"{role}@example.org", tools.PASSWORD, path)
    expect(phone.locator("#content")).to_contain_text(f"As {role}, you may not")
    check(phone)
    phone.locator("#content .card .btn").tap()  # to the start page, or out where there is none for this role
    phone.wait_for_url(lambda url: not url.endswith(path))
    expect(phone.get_by_text("you may not")).to_have_count(0)


def test_every_role_but_the_admins_is_refused_somewhere() -> None:
    assert set(FORBIDDEN) == set(ROLES) - {"admin"}
