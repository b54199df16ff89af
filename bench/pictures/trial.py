"""A demo fleet that drives, and a picture of each page that docs/ shows."""

import socket
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import orjson
from paho.mqtt import publish
from playwright.sync_api import Page, sync_playwright

from bench.chromium import FLAGS
from bench.figures import tell
from bench.pictures.camera import DESK, PHONE, Camera, keep
from bench.pictures.people import ADMIN, DISPATCHER, add_people
from bench.stage import READY_S, Stage, open_stage
from local.demo import register_fleet

SECRET = "a secret that is good for these pictures"
CALL_S = 5.0  # until all have been heard
WARM_UP_S = 20.0  # until the processes have told of themselves, and there is something to tell
PLACES = {
    "vehicles": "/vehicles",
    "drivers": "/drivers",
    "users": "/users",
    "system": "/system",
    "account": "/account",
    "alerts": "/alerts",
    "geofences": "/geofences",
    "rules": "/rules",
    "export": "/exports/vehicles/new?kind=bus&depot_id=North+yard",
}
TALL = {"viewport": {"width": 1440, "height": 1500}}
MESSY = """Bus no.;Licence plate;Chassis number;Type;Make;Model year;Capacity;Tank;Remarks
 112 ;SB 60 112;;Bus;Setra;2021;49;1,234;
201;SB 60 201;WDB9634031L000201;Bus;Mercedes-Benz;2019;52;300;
202;SB 60 202;WDB9634O31L000202;Bus;Mercedes-Benz;2019;52;300;the VIN has a letter O
203;SB 60 203;;Midibus;Neoplan;2016;many;220;wheelchair lift
204;SB 60 204;;Bus;Citroën;2015;44;280;
204;SB 60 204;;Bus;Citroën;2015;44;280;twice
"""
CALLS = (("104", {"event": "sos"}), ("117", {"external_power_v": 0.2}), ("131", {"battery_percent": 11}))


def take(program: str, folder: Path, names: Sequence[str] = ()) -> Iterator[Path]:
    """Take these pictures, or all of them; each file as soon as it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stage = stack.enter_context(open_stage(()))
        with stage.connect() as connection:
            register_fleet(connection)
            add_people(connection)
        url = play_all(stage, stack)
        _call_for_help(stage)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        stack.callback(browser.close)
        camera = Camera(browser, url)
        for name, show in SCENES.items():
            if not names or name in names:
                file = folder / f"{name}.png"
                show(camera, file)
                yield file


def play_all(stage: Stage, stack: ExitStack) -> str:
    """Every process of an installation, on this stage; the site's address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    site = {"WEB_PORT": str(port), "JWT_SECRET": SECRET, "COOKIE_SECURE": "false"}
    ingest = stack.enter_context(stage.play("ingest", LOG_LEVEL="info"))
    stage.wait_until_ready(ingest)
    for command in ("jobs", "web", "simulate"):
        stack.enter_context(stage.play(command, DATA_DIR=str(stage.folder), **site))
    url = f"http://127.0.0.1:{port}"
    _wait_for(f"{url}/readyz")
    tell("the fleet drives")
    time.sleep(WARM_UP_S)
    return url


def _call_for_help(stage: Stage) -> None:
    """Something that raises alerts."""
    broker = urlsplit(stage.mqtt_url)
    for number, told in CALLS:
        fix = {"time": time.time(), "lat": 41.362, "lon": -94.181, "speed": 0.0, **told}
        publish.single(
            f"fleet/bus-{number}/position",
            orjson.dumps(fix),
            qos=1,
            hostname=broker.hostname or "",
            port=broker.port or 1883,
        )
    time.sleep(CALL_S)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + READY_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=READY_S):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def of_place(path: str, email: str = ADMIN, **looks: object) -> Callable[[Camera, Path], None]:
    """A page as it opens."""

    def show(camera: Camera, file: Path) -> None:
        with camera.open(email, **looks) as page:  # type: ignore[arg-type]
            page.goto(path)
            keep(page, file)

    return show


def show_conflict(camera: Camera, file: Path) -> None:
    """Two people change the same bus, and the slower one is asked."""
    with camera.open(DISPATCHER) as slower, camera.open(ADMIN) as faster:
        for page in (slower, faster):
            page.goto("/vehicles/12/edit")
        _save(faster, Seats="74", Status="in the workshop")
        _save(slower, Seats="76", Plate="SB 60 112")
        keep(slower, file)


def show_columns(camera: Camera, file: Path) -> None:
    """A messy file, and what is asked of it."""
    with camera.open(DISPATCHER, screen=TALL) as page:
        _send(page, MESSY)
        keep(page, file)


def show_report(camera: Camera, file: Path) -> None:
    """What would come of the same file."""
    with camera.open(DISPATCHER) as page:
        _send(page, MESSY)
        page.get_by_label("Midibus", exact=True).select_option("minibus")
        page.get_by_label("1,234 is 1234").check()
        page.get_by_role("button", name="Check all rows").click()
        page.wait_for_selector("#results")
        keep(page, file)


def _send(page: Page, content: str) -> None:
    page.goto("/imports?kind=vehicles")
    page.set_input_files(
        "#file", {"name": "Our buses.csv", "mimeType": "text/csv", "buffer": content.encode("cp1252")}
    )
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/mapping")


def _save(page: Page, **values: str) -> None:
    for label, value in values.items():
        field = page.get_by_label(label, exact=True)
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    page.get_by_role("button", name="Save").click()
    page.wait_for_load_state()


SCENES: dict[str, Callable[[Camera, Path], None]] = {
    **{name: of_place(path) for name, path in PLACES.items()},
    "vehicles-phone": of_place("/vehicles", DISPATCHER, screen=PHONE),
    "vehicle": of_place("/vehicles/12"),
    "vehicle-dark": of_place("/vehicles/12", scheme="dark"),
    "assignments": of_place("/assignments", DISPATCHER),
    "assignments-dark": of_place("/assignments", DISPATCHER, screen=DESK, scheme="dark"),
    "assignments-phone": of_place("/assignments", DISPATCHER, screen=PHONE),
    "conflict": show_conflict,
    "import-columns": show_columns,
    "import-report": show_report,
    "geofence": of_place("/geofences/1/edit"),
    "alert": of_place("/alerts/1", DISPATCHER),
    "alerts-phone": of_place("/alerts", DISPATCHER, screen=PHONE, scheme="dark"),
}
