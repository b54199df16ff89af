"""The wizard in a real Chromium: a messy file of 54 vehicles to a clean fleet, and back."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Locator, Page, expect

DISPATCHER = "dispatcher@example.org"
FLEET_SIZE = 54
WRONG_VIN, BAD_SEATS = (107, 123), 131


def write_fleet() -> bytes:
    """54 vehicles as an office writes them down: titles, blank rows, spaces, duplicates and 1/2/2024."""
    lines = [
        "Our buses;as of 1/2/2024",
        ";;",
        "Bus no.;Plate;Chassis number;Sort;Made by;Year;Seats;Drive;Since",
    ]
    for number in range(101, 101 + FLEET_SIZE):
        vin = f"WDB9634031L000{number}" if number % 3 else ""
        if number in WRONG_VIN:
            vin = f"WDB9634O31L000{number}"
        seats = "many" if number == BAD_SEATS else str(40 + number % 20)
        sort = ("Bus", "midibus ", "Minibus")[number % 3]
        maker = ("Škoda", "Citroën", "  Mercedes-Benz")[number % 3]
        fuel, since = ("Diésel" if number % 2 else "Gasoil"), f"{number % 12 + 1}/{number % 9 + 1}/2024"
        lines.append(f" {number} ;MP-KA {number};{vin};{sort};{maker};2019;{seats};{fuel};{since}")
        if number % 10 == 0:
            lines.append(";;;;;;;;")
        if number in (105, 142):
            lines.append(lines[-1])
    return "\r\n".join(lines).encode("cp1252")


@pytest.fixture
def check_page(tools: Any) -> Callable[[Page], None]:
    """No serious fault of accessibility, and nothing that is wider than the screen."""

    def look(page: Page) -> None:
        assert tools.find_faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    return look


def choose(page: Page, select: Locator, option: str) -> None:
    """Pick, and wait until the page has understood it."""
    select.focus()
    with page.expect_response(lambda answer: answer.url.endswith("/mapping") and answer.ok):
        select.select_option(option)


def read_fleet(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    return connection.execute("SELECT to_jsonb(vehicles) - 'version' FROM vehicles ORDER BY id").fetchall()


def import_file(page: Page, file: Path) -> None:
    """From the list of vehicles to the columns of a file."""
    page.goto("/vehicles")
    page.locator(".page-head").get_by_role("link", name="Import").click()
    page.get_by_label("Drop the file here").set_input_files(file)
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/mapping")


def commit(page: Page) -> None:
    page.get_by_role("button", name="Import", exact=False).click()
    expect(page.locator(".standing")).to_contain_text("imported")


def test_a_messy_file_of_54_vehicles_becomes_a_clean_fleet_and_is_taken_back(
    open_page: Callable[..., Page],
    server: Any,
    connection: psycopg.Connection,
    tmp_path: Path,
    complaints: list[str],
    check_page: Callable[[Page], None],
) -> None:
    connection.execute("INSERT INTO vehicles (fleet_number, make) VALUES ('101', 'MAN'), ('102', 'Citroën')")
    before = read_fleet(connection)
    page = open_page(DISPATCHER, viewport={"width": 1280, "height": 900}, bypass_csp=True)
    file = tmp_path / "Unsere Busse.csv"
    file.write_bytes(write_fleet())
    import_file(page, file)
    check_page(page)
    expect(page.locator(".reading summary")).to_contain_text("Windows-1252, semicolon, headers in line 3")
    expect(page.get_by_label("Field of Bus no.")).to_have_value("fleet_number")
    expect(page.get_by_label("Field of Since")).to_have_value("")
    for header, field in (("Sort", "kind"), ("Made by", "make"), ("Drive", "fuel")):
        choose(page, page.get_by_label(f"Field of {header}", exact=True), field)
    expect(page.get_by_label("Field of Drive")).to_be_focused()
    choose(page, page.get_by_label("midibus", exact=True), "minibus")
    choose(page, page.get_by_label("Gasoil", exact=True), "diesel")
    expect(page.locator("#preview")).to_contain_text("Škoda")
    check_page(page)
    page.get_by_role("button", name="Check all rows").click()

    expect(page.locator(".count-rejected")).to_have_text("5 Rejected")
    expect(page.locator(".count-changed")).to_have_text("2 Changed")
    expect(page.locator(".count-new")).to_have_text("49 New")
    expect(page.locator("#rows > li")).to_have_count(5)
    expect(page.locator("#rows")).to_contain_text("A VIN has only the letters A to Z without I, O and Q")
    expect(page.locator("#rows")).to_contain_text("is about the same: 105.")
    check_page(page)
    page.get_by_role("link", name="2 Changed").click()
    expect(page.locator("#rows")).to_contain_text("MAN → Mercedes-Benz")
    assert read_fleet(connection) == before
    commit(page)
    check_page(page)
    page.get_by_role("link", name="To the list").click()
    expect(page.locator("#tally")).to_have_text("51 of 51")

    page.go_back()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    mended = mend(download.value.path().read_text("utf-8-sig"))
    again = tmp_path / "mended.csv"
    again.write_text(mended, "utf-8")
    import_file(page, again)
    expect(page.get_by_label("Field of Made by")).to_have_value("make")
    expect(page.get_by_label("Field of Reason")).to_have_count(0)
    page.get_by_role("button", name="Check all rows").click()
    expect(page.locator(".count-new")).to_have_text("3 New")
    expect(page.locator(".count-rejected")).to_have_text("0 Rejected")
    commit(page)
    page.get_by_role("link", name="To the list").click()
    expect(page.locator("#tally")).to_have_text("54 of 54")

    for name in ("mended.csv", "Unsere Busse.csv"):
        page.goto("/imports")
        page.get_by_role("link", name=name).click()
        page.get_by_role("button", name="Take it back").click()
        expect(page.get_by_role("dialog")).to_contain_text("What it added is removed")
        page.get_by_role("dialog").get_by_role("button", name="Take it back").click()
        expect(page.locator(".standing")).to_contain_text("taken back")
    page.goto("/vehicles")
    expect(page.locator("#tally")).to_have_text("2 of 2")
    assert read_fleet(connection) == before
    assert complaints == []


def mend(text: str) -> str:
    """The rejected rows as somebody mends them: the duplicates are thrown away, the others put right."""
    rows = list(csv.reader(io.StringIO(text)))
    kept = [rows[0]]
    for row in rows[1:]:
        if "about the same" in row[1]:
            continue
        row[4] = row[4].replace("O", "0")
        row[8] = "52" if row[8] == "many" else row[8]
        kept.append(row)
    mended = io.StringIO()
    csv.writer(mended, delimiter="\t").writerows(kept)
    return mended.getvalue()


def test_days_that_can_be_read_in_two_ways_are_asked_with_an_example(
    open_page: Callable[..., Page],
    server: Any,
    connection: psycopg.Connection,
    tmp_path: Path,
    complaints: list[str],
    check_page: Callable[[Page], None],
) -> None:
    page = open_page(DISPATCHER, viewport={"width": 390, "height": 844}, is_mobile=True, bypass_csp=True)
    file = tmp_path / "drivers.csv"
    file.write_text("Name,Licence expires\nAna,1/2/2031\nيوسف,3/4/2031\n")
    page.goto("/imports?kind=drivers")
    page.get_by_label("Drop the file here").set_input_files(file)
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/mapping")
    check_page(page)
    expect(page.locator("#dates")).to_contain_text("1/2/2031 is Feb 1, 2031")
    page.get_by_role("button", name="Check all rows").click()
    expect(page.get_by_role("alert")).to_contain_text("Dates such as 1/2/2024 can be read in two ways")
    check_page(page)
    page.get_by_text("1/2/2031 is Jan 2, 2031").click()
    expect(page.locator("#open")).not_to_contain_text("Still to be said")
    page.get_by_role("button", name="Check all rows").click()
    expect(page.locator("#rows")).to_contain_text("Jan 2, 2031")
    check_page(page)
    commit(page)
    found = connection.execute("SELECT licence_expires_on::text FROM drivers ORDER BY name").fetchall()
    assert found == [("2031-01-02",), ("2031-03-04",)]
    assert [said for said in complaints if "422" not in said] == []


def test_a_file_is_dropped_refused_and_another_one_sent(
    open_page: Callable[..., Page], server: Any, tmp_path: Path, complaints: list[str]
) -> None:
    page = open_page(DISPATCHER, viewport={"width": 1280, "height": 900})
    page.goto("/imports?kind=vehicles")
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(b"%PDF-1.7 \x00\x01")
    page.get_by_label("Drop the file here").set_input_files(paper)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_contain_text("This is no file of rows")
    expect(page.locator("input[value=vehicles]")).to_be_checked()
    dropped = page.evaluate_handle(
        "() => { const data = new DataTransfer();"
        " data.items.add(new File(['Fleet number\\n101\\n'], 'dropped.csv')); return data }"
    )
    page.dispatch_event("[data-drop]", "drop", {"dataTransfer": dropped})
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/mapping")
    expect(page.get_by_role("heading", level=1)).to_contain_text("dropped.csv")
    assert [said for said in complaints if "422" not in said] == []


def test_a_large_file_shows_how_far_it_is_and_the_report_comes_by_itself(
    open_page: Callable[..., Page],
    server: Any,
    connection: psycopg.Connection,
    importer: Any,
    tmp_path: Path,
    complaints: list[str],
    check_page: Callable[[Page], None],
) -> None:
    page = open_page(DISPATCHER, viewport={"width": 1280, "height": 900}, bypass_csp=True)
    file = tmp_path / "large.csv"
    file.write_text("Fleet number,Notes\n" + "".join(f"{number},{'x' * 1000}\n" for number in range(300)))
    page.goto("/imports?kind=vehicles")
    page.get_by_label("Drop the file here").set_input_files(file)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Check all rows").click()
    expect(page.locator("#progress")).to_contain_text("It begins in a moment.")
    check_page(page)
    importer.let_work(1)
    expect(page.locator(".count-new")).to_have_text("300 New")
    expect(page.locator("#tally")).to_have_text("50 of 300")
    page.get_by_role("link", name="Show more").click()
    expect(page.locator("#tally")).to_have_text("100 of 300")
    expect(page.locator("#rows > li")).to_have_count(100)
    assert complaints == []


def test_the_wizard_works_without_scripts(
    open_page: Callable[..., Page], server: Any, connection: psycopg.Connection, tmp_path: Path
) -> None:
    page = open_page(DISPATCHER, java_script_enabled=False)
    file = tmp_path / "fleet.csv"
    file.write_text("Fleet number,Sort\n101,Bus\n")
    page.goto("/imports?kind=vehicles")
    page.get_by_label("Drop the file here").set_input_files(file)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Field of Sort").select_option("kind")
    page.get_by_role("button", name="Refresh the preview").click()
    expect(page.locator("#preview")).to_contain_text("Bus")
    page.get_by_role("button", name="Check all rows").click()
    page.get_by_role("button", name="Import 1 row").click()
    expect(page.locator(".standing")).to_contain_text("imported")
    assert connection.execute("SELECT kind FROM vehicles").fetchone() == ("bus",)
