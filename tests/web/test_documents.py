"""Documents and photos: what expires, what is uploaded, and what is never handed out as anything else."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from PIL import Image

Send = Callable[..., Any]
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF"


@pytest.fixture
def bus(connection: psycopg.Connection) -> str:
    connection.execute("INSERT INTO vehicles (fleet_number) VALUES ('101')")
    return "/vehicles/1"


def draw(kind: str, size: tuple[int, int] = (40, 20), **more: Any) -> bytes:
    drawn = BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(drawn, kind, **more)
    return drawn.getvalue()


def day(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def count(connection: psycopg.Connection, table: str) -> int:
    return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # type: ignore[index]


def test_documents_say_what_has_expired_and_what_will_soon(
    signed_in: FlaskClient, send: Send, bus: str, connection: psycopg.Connection
) -> None:
    for kind, days in (("insurance", 400), ("inspection", -1), ("permit", 10)):
        send(f"{bus}/documents", kind=kind, number=f"<{kind}>", expires_on=day(days))
    page = signed_in.get(bus).text
    assert re.search(r'Inspection</b> &lt;inspection&gt;.*?badge bg-red-lt">expired', page, re.S)
    assert re.search(r"Permit</b> &lt;permit&gt;.*?badge bg-yellow-lt", page, re.S)
    assert page.index("Inspection</b>") < page.index("Permit</b>") < page.index("Insurance</b>")
    assert "added <b>Documents: Inspection</b>" in page
    assert 'badge bg-red-lt">expired' in signed_in.get("/vehicles").text
    send(f"{bus}/documents/2/archive", version="1")
    assert connection.execute("SELECT next_expiry::text FROM vehicles").fetchone() == (day(10),)
    assert "archived <b>Documents: Inspection</b>" in signed_in.get(bus).text
    send(f"{bus}/documents/2/restore", version="2")
    assert connection.execute("SELECT next_expiry::text FROM vehicles").fetchone() == (day(-1),)


def test_a_scan_is_kept_handed_out_as_what_it_is_and_replaced(
    signed_in: FlaskClient, send: Send, bus: str, connection: psycopg.Connection
) -> None:
    scan = (BytesIO(PDF), "../../Police d'assurance \u0661.pdf")
    send(f"{bus}/documents", kind="insurance", scan=scan)
    answer = signed_in.get(f"{bus}/documents/1/scan/1")
    assert (answer.data, answer.mimetype) == (PDF, "application/pdf")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert connection.execute("SELECT name FROM files").fetchone() == ("Police d'assurance \u0661.pdf",)
    picture = (BytesIO(draw("PNG")), "anything.pdf")
    send(f"{bus}/documents/1", kind="insurance", version="1", scan=picture)
    assert signed_in.get(f"{bus}/documents/1/scan/1").status_code == 404
    assert signed_in.get(f"{bus}/documents/1/scan/2").mimetype == "image/png"
    assert count(connection, "files") == 1
    send(f"{bus}/documents/1", kind="insurance", version="2", drops_scan="1")
    assert count(connection, "files") == 0
    assert "<del>picture 2</del>" in signed_in.get(bus).text


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"<html><script>alert(1)</script>", "scan.pdf", "no PDF, JPEG, PNG or WebP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "scan.png", "no PDF, JPEG, PNG or WebP"),
        (b"\x89PNG\r\n\x1a\n", "scan.png", "no PDF, JPEG, PNG or WebP"),
        (b"", "empty.pdf", "no PDF, JPEG, PNG or WebP"),
        (draw("GIF"), "scan.jpg", "no PDF, JPEG, PNG or WebP"),
        (PDF + b"x" * (10 * 1024 * 1024), "scan.pdf", "larger than 10 MB"),
    ],
    ids=["html", "svg", "broken", "empty", "gif", "large"],
)
def test_a_file_of_the_wrong_kind_or_size_is_refused_at_its_field_and_the_rest_stays(
    content: bytes, name: str, sentence: str, send: Send, bus: str, connection: psycopg.Connection
) -> None:
    fields = {"kind": "insurance", "number": "AB-1", "expires_on": "2027-03-04", "notes": "keep me"}
    answer = send(f"{bus}/documents", **fields, scan=(BytesIO(content), name))
    assert answer.status_code == 422
    assert re.search(rf'id="scan-error">[^<]*{sentence}', answer.text)
    for kept in ("AB-1", "2027-03-04", "keep me"):
        assert kept in answer.text
    assert (count(connection, "documents"), count(connection, "files")) == (0, 0)


def test_only_uploads_may_be_large(send: Send, bus: str) -> None:
    assert send("/vehicles", notes="x" * 70_000).status_code == 413
    assert send(f"{bus}/odometer", notes="x" * 70_000).status_code == 413


def test_two_people_at_one_document_lose_nothing(
    send: Send, bus: str, connection: psycopg.Connection
) -> None:
    send(f"{bus}/documents", kind="insurance", number="old")
    send(f"{bus}/documents/1", kind="insurance", number="theirs", version="1")
    answer = send(f"{bus}/documents/1", kind="insurance", number="mine", version="1")
    assert answer.status_code == 422
    assert "Somebody has changed this document in the meantime" in answer.text
    assert 'value="mine"' in answer.text
    assert connection.execute("SELECT number FROM documents").fetchone() == ("theirs",)
    assert send(f"{bus}/documents/1", kind="insurance", number="mine", version="2").status_code == 303


def test_a_document_belongs_to_one_owner(
    signed_in: FlaskClient, send: Send, bus: str, connection: psycopg.Connection
) -> None:
    connection.execute("INSERT INTO vehicles (fleet_number) VALUES ('102')")
    send(f"{bus}/documents", kind="insurance", scan=(BytesIO(PDF), "x.pdf"))
    for address in ("/vehicles/2/documents/1/edit", "/vehicles/2/documents/1/scan/1"):
        assert signed_in.get(address).status_code == 404
    assert send("/vehicles/2/documents/1/archive", version="1").status_code == 404
    assert send(f"{bus}/documents", kind="licence").status_code == 422


def test_a_photo_is_shown_drawn_anew_and_removed(
    signed_in: FlaskClient, send: Send, bus: str, connection: psycopg.Connection
) -> None:
    taken = Image.Exif()
    taken[0x010F] = "Secret Camera"
    taken[0x0112] = 6  # lies on its side
    content = draw("JPEG", (3000, 1500), exif=taken.tobytes()) + b"<script>alert(1)</script>"
    assert send(f"{bus}/photo", photo=(BytesIO(content), "bus.html")).status_code == 303
    page = signed_in.get(bus).text
    address = re.search(r'<img src="([^"]*/photo/\d+)"', page)
    assert address
    photo = signed_in.get(address[1])
    assert photo.mimetype == "image/jpeg"
    assert photo.headers["X-Content-Type-Options"] == "nosniff"
    assert b"Secret" not in photo.data
    assert b"script" not in photo.data
    assert Image.open(BytesIO(photo.data)).size == (640, 1280)
    small = re.search(r'class="thumb" src="([^"]*)"', signed_in.get("/vehicles").text)
    assert small
    assert max(Image.open(BytesIO(signed_in.get(small[1]).data)).size) == 96
    assert "<ins>picture 1</ins>" in page
    send(f"{bus}/photo", photo=(BytesIO(draw("WEBP")), "new.webp"))
    assert signed_in.get(address[1]).status_code == 404
    send(f"{bus}/photo/remove")
    assert "Add photo" in signed_in.get(bus).text
    assert count(connection, "files") == 0
    assert connection.execute("SELECT version FROM vehicles").fetchone() == (1,)


@pytest.mark.parametrize("content", [PDF, b"<svg/>", draw("GIF"), b"\xff\xd8\xff\xe0 not really"])
def test_what_is_no_picture_becomes_no_photo(content: bytes, send: Send, bus: str) -> None:
    answer = send(f"{bus}/photo", photo=(BytesIO(content), "photo.jpg"))
    assert answer.status_code == 422
    assert re.search(r'id="photo-error">[^<]*no JPEG, PNG or WebP picture', answer.text)
    assert "Choose a picture first" in send(f"{bus}/photo").text


def test_a_picture_of_too_many_pixels_is_not_unpacked(send: Send, bus: str) -> None:
    bomb = BytesIO()
    Image.new("1", (12_000, 12_000)).save(bomb, "PNG")
    assert bomb.tell() < 100_000
    assert send(f"{bus}/photo", photo=(bomb, "bomb.png")).status_code == 422


def test_the_api_gives_and_takes_documents(signed_in: FlaskClient, bus: str) -> None:
    cookie = signed_in.get_cookie("csrf_access_token")
    assert cookie
    token = {"X-CSRF-TOKEN": cookie.value}
    new = {"kind": "insurance", "number": "A1", "expires_on": "2027-01-31"}
    made = signed_in.post("/api/v1/vehicles/1/documents", json=new, headers=token)
    assert (made.status_code, made.json["expires_on"]) == (201, "2027-01-31")
    wrong = signed_in.post("/api/v1/vehicles/1/documents", json={**new, "kind": "x"}, headers=token)
    assert (wrong.status_code, list(wrong.json["errors"])) == (422, ["kind"])
    change = {"version": 1, "archived": True}
    changed = signed_in.patch("/api/v1/vehicles/1/documents/1", json=change, headers=token)
    assert changed.json["archived_at"]
    assert signed_in.get("/api/v1/vehicles/1/documents").json["total"] == 1
    assert signed_in.patch("/api/v1/vehicles/9/documents/1", json=change, headers=token).status_code == 404
