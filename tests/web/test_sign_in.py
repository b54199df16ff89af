"""Signing in and out, and who gets where."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin

import psycopg
import pytest
from flask.testing import FlaskClient

from config.settings import load
from sql.users import ROLES, disable_user
from web.app import create_app
from web.rights import RIGHTS

SignIn = Callable[..., Any]
BROWSER = {"Accept": "text/html"}


def test_the_right_password_leads_to_the_map(client: FlaskClient, sign_in: SignIn) -> None:
    answer = sign_in("Dispatcher@Example.org")
    assert (answer.status_code, answer.location) == (303, "/map")
    assert client.get("/map").status_code == 200


def test_the_cookies_are_for_this_site_and_no_script_reads_the_token(sign_in: SignIn) -> None:
    cookies = {
        line.split("=")[0]: line for line in sign_in("viewer@example.org").headers.getlist("Set-Cookie")
    }
    assert "HttpOnly" in cookies["access_token_cookie"]
    assert all("SameSite=Lax" in cookie for cookie in cookies.values())


def test_the_cookies_travel_over_tls_alone_unless_told_otherwise(environment: dict[str, str]) -> None:
    del environment["COOKIE_SECURE"]
    app = create_app(load(environment))
    app.extensions["pool"].close()
    answer = app.test_client().get("/sign-in", base_url="https://localhost")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert app.config["JWT_COOKIE_SECURE"]


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(sign_in: SignIn) -> None:
    wrong = sign_in("admin@example.org", "not the right password")
    unknown = sign_in("nobody@example.org", "not the right password")
    assert wrong.status_code == unknown.status_code == 401
    assert "do not belong together" in wrong.text
    assert wrong.text.replace("admin@", "nobody@").split("csrf")[0] == unknown.text.split("csrf")[0]


@pytest.mark.parametrize("email", ["", "no address", "x@y\x00z", "a" * 300 + "@example.org", "' OR 1=1 --"])
def test_what_is_no_address_is_refused_like_any_other(email: str, sign_in: SignIn) -> None:
    assert sign_in(email).status_code == 401


def test_the_eleventh_wrong_password_in_a_minute_is_told_to_wait(sign_in: SignIn) -> None:
    answers = [sign_in("admin@example.org", f"wrong password {n}") for n in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert "Wait a minute" in answers[-1].text


def test_right_passwords_are_never_told_to_wait(client: FlaskClient, sign_in: SignIn) -> None:
    for _ in range(11):
        client.delete_cookie("access_token_cookie")
        client.delete_cookie("refresh_token_cookie")
        assert sign_in("admin@example.org").status_code == 303


def test_a_form_from_elsewhere_signs_nobody_in(client: FlaskClient) -> None:
    fields = {"email": "admin@example.org", "password": "a long enough password"}
    assert client.post("/sign-in", data=fields).status_code == 400
    assert client.post("/sign-in", data={**fields, "csrf_token": "forged"}).status_code == 400
    assert client.get_cookie("access_token_cookie") is None


def test_signing_in_leads_back_to_the_page_asked_for(client: FlaskClient, sign_in: SignIn) -> None:
    refused = client.get("/map?vehicle=7", headers=BROWSER)
    assert (refused.status_code, refused.location) == (302, "/sign-in?next=/map?vehicle%3D7")
    assert sign_in("admin@example.org", next="/map?vehicle=7").location == "/map?vehicle=7"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://example.com/",
        "//example.com",
        "/\\example.com",
        "/\t/example.com",
        "javascript:alert(1)",
        "map",
        "",
        "///example.com",
        "/\\/example.com",
        "\\\\example.com",
        "/\n/example.com",
        "/\r\nSet-Cookie: a=b",
        "/a\x00b",
        " //example.com",
        "https:example.com",
        "http:///example.com",
        "%2f%2fexample.com",
        "?next=//example.com",
        "@example.com",
        "data:text/html,x",
    ],
)
def test_signing_in_leads_to_no_other_site(elsewhere: str, sign_in: SignIn) -> None:
    assert sign_in("admin@example.org", next=elsewhere).location == "/map"


@pytest.mark.parametrize(
    "odd", ["/%2f%2fexample.com", "/%5cexample.com", "/%09/example.com", "/.//example.com"]
)
def test_an_encoded_path_stays_a_path_of_this_site(odd: str, sign_in: SignIn) -> None:
    location = sign_in("admin@example.org", next=odd).location
    resolved = urljoin("https://fleet.example.org/sign-in", location)
    assert resolved.startswith("https://fleet.example.org/")
    assert not location.startswith(("//", "/\\"))


@pytest.mark.parametrize("path", ["//example.com/map", "/map//example.com", "/%2fexample.com"])
def test_an_address_that_looks_like_another_site_is_not_led_to(path: str, client: FlaskClient) -> None:
    answer = client.get(path, base_url="http://localhost", headers=BROWSER)
    location = answer.headers.get("Location", "/")
    assert urljoin("http://localhost/", location).startswith("http://localhost/")


def test_the_way_back_survives_the_code_of_the_second_factor_and_leads_nowhere_else(
    client: FlaskClient, sign_in: SignIn, connection: psycopg.Connection
) -> None:
    connection.execute("UPDATE users SET totp_secret = 'JBSWY3DPEHPK3PXP', totp_confirmed_at = now()")
    assert sign_in("admin@example.org", next="//example.com").location == "/sign-in/code?next=/map"
    page = client.get("/sign-in/code?next=//example.com").text
    assert "example.com" not in page


@pytest.mark.parametrize("role", ROLES)
def test_the_live_map_is_for_those_who_dispatch_and_mend(
    role: str, client: FlaskClient, sign_in: SignIn
) -> None:
    sign_in(f"{role}@example.org")
    allowed = role in ("admin", "dispatcher", "mechanic", "viewer")
    for path in ("/map", "/map/places.geojson", "/map/roads.geojson"):
        assert client.get(path, headers=BROWSER).status_code == (200 if allowed else 403), path


def test_no_right_is_given_to_a_role_that_does_not_exist() -> None:
    assert all(roles <= set(ROLES) for roles in RIGHTS.values())


def test_a_refused_role_can_sign_out_from_the_page_that_says_so(client: FlaskClient, sign_in: SignIn) -> None:
    sign_in("driver@example.org")
    page = client.get("/map", headers=BROWSER)
    assert "you may not see the live map" in page.text
    assert "Sign out" in page.text


def test_signing_out_needs_the_token_that_only_our_pages_have(client: FlaskClient, sign_in: SignIn) -> None:
    sign_in("admin@example.org")
    client.post("/sign-out")
    assert client.get("/session").json["email"] == "admin@example.org"
    cookie = client.get_cookie("csrf_access_token")
    assert cookie
    client.post("/sign-out", data={"csrf_token": cookie.value})
    assert client.get("/session").status_code == 401


def test_a_disabled_person_is_signed_out_at_once(
    client: FlaskClient, sign_in: SignIn, connection: psycopg.Connection
) -> None:
    sign_in("dispatcher@example.org")
    disable_user(connection, "dispatcher@example.org")
    assert client.get("/map", headers=BROWSER).location == "/sign-in?next=/map"
    assert sign_in("dispatcher@example.org").status_code == 401


@pytest.mark.parametrize("token", ["garbage", "a.b.c", ""])
def test_a_spoilt_token_leads_to_the_form_and_the_form_still_works(
    token: str, client: FlaskClient, sign_in: SignIn
) -> None:
    client.set_cookie("access_token_cookie", token)
    assert client.get("/map", headers=BROWSER).status_code == 302
    assert sign_in("admin@example.org").status_code == 303


@pytest.mark.parametrize("header", ["Bearer garbage", "Bearer a.b.c", "Bearer", "Basic YTpi", "x"])
def test_a_bad_authorization_header_is_refused_even_beside_a_good_cookie(
    header: str, client: FlaskClient, sign_in: SignIn
) -> None:
    sign_in("admin@example.org")
    answer = client.get("/session", headers={"Authorization": header})
    assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
    assert client.get("/session").status_code == 200
