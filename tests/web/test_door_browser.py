"""The door in a real Chromium: signing in with a code from a phone, being refused, and one's own account."""

import time
from collections.abc import Callable
from typing import Any

import psycopg
import pyotp
import pytest
from playwright.sync_api import BrowserContext, Page, expect

PASSWORD = "a long enough password"


@pytest.fixture
def context(open_browser: Callable[..., BrowserContext], server: Any) -> BrowserContext:
    return open_browser(viewport={"width": 1280, "height": 800}, base_url=server.url)


@pytest.fixture
def door(context: BrowserContext, complaints: list[str]) -> Page:
    """A page of a browser that has not signed in."""
    page = context.new_page()
    page.on("pageerror", lambda fault: complaints.append(str(fault)))
    page.on(
        "console",
        lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None,
    )
    return page


def sign_in(page: Page, email: str, then: str = "/account") -> None:
    page.goto(f"/sign-in?next={then}")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")


def test_an_admin_sets_up_a_second_factor_and_signs_in_with_it(door: Page, complaints: list[str]) -> None:
    sign_in(door, "admin@example.org")
    expect(door.get_by_role("status").first).to_contain_text("protect your account")
    door.get_by_role("button", name="Set it up").click()
    expect(door.locator(".qr")).to_be_visible()
    phone = pyotp.TOTP(door.locator("p code").inner_text())
    door.fill("#code", phone.at(time.time() - 30))
    door.get_by_role("button", name="Switch it on").click()
    recovery = door.locator("#codes code").all_inner_texts()
    assert len(recovery) == 10
    door.get_by_role("link", name="I have kept them").click()
    expect(door.locator("#second-factor")).to_contain_text("Recovery codes left: 10.")
    for code in (phone.now(), recovery[0]):
        door.get_by_role("button", name="Sign out", exact=True).click()
        sign_in(door, "admin@example.org", "/users")
        expect(door.get_by_role("heading", name="One more step")).to_be_visible()
        door.fill("#code", "000000")
        door.get_by_role("button", name="Sign in").click()
        expect(door.locator("#problem")).to_have_text("This code is not right.")
        door.fill("#code", code)
        door.get_by_role("button", name="Sign in").click()
        expect(door.locator("#tally")).to_have_text("7 of 7")
    assert complaints == []


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("dispatcher", "/users"),
        ("mechanic", "/depots/new"),
        ("accountant", "/map"),
        ("driver", "/depots"),
        ("guardian", "/map"),
        ("viewer", "/users/1/edit"),
    ],
)
def test_a_role_that_may_not_is_told_so_and_finds_the_way_back(role: str, path: str, door: Page) -> None:
    sign_in(door, f"{role}@example.org", path)
    expect(door.locator("#content")).to_contain_text(f"As {role}, you may not")
    expect(door.locator("#content")).to_contain_text("Request")
    back = door.locator("#content a.btn, #content form button")
    expect(back.first).to_be_visible()


def test_a_person_sees_where_they_are_signed_in_and_ends_it_there(
    door: Page, open_browser: Callable[..., BrowserContext], server: Any, connection: psycopg.Connection
) -> None:
    other = open_browser(base_url=server.url)
    elsewhere = other.new_page()
    sign_in(elsewhere, "viewer@example.org")
    sign_in(door, "viewer@example.org")
    expect(door.locator("#sessions li")).to_have_count(2)
    expect(door.locator("#sessions li", has=door.locator(".here"))).to_contain_text("Chrome · Linux")
    door.get_by_role("button", name="Sign out there").click()
    expect(door.locator("#sessions li")).to_have_count(1)
    elsewhere.goto("/account")
    expect(elsewhere.get_by_role("heading", name="Sign in")).to_be_visible()
    other.close()


def test_a_person_reads_the_pages_in_another_language_at_once(door: Page) -> None:
    sign_in(door, "viewer@example.org")
    door.select_option("#language", "de")
    door.locator("form[action='/account'] button[type=submit]").click()
    expect(door.get_by_role("status")).to_contain_text("Gespeichert.")
