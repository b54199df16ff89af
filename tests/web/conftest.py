"""The site as people meet it: an app in this process for pages, a real server for what outlives a request."""

import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import BytecodeCache, FileSystemBytecodeCache
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from config.settings import Settings, load
from devices.position import Position
from local.demo import register_fleet
from local.simulator.drive import Drive
from local.town.projection import locate
from local.town.town import draw_town
from sql import users
from sql.alerts import Cause, raise_alerts
from sql.batches import Batch, Message, Received
from sql.fleet import add_device
from sql.pool import connect
from sql.positions import PositionStore
from sql.users import ROLES, SCOPE_OF_ROLE, add_user
from web.app import create_app
from web.live import HEARTBEAT_S

PASSWORD = "a long enough password"
# How a client of python-socketio reaches the live map; by itself it gives a busy site 1 s to let it in.
LIVE = {"transports": ["websocket"], "namespaces": ["/live"], "wait_timeout": 30}
AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"


def until(condition: Callable[[], object], what: str, limit: float = 30) -> None:
    """Wait for something that must come true."""
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, f"waited {limit} s for {what}"
        time.sleep(0.05)


def find_faults(page: Page) -> list[str]:
    """What axe calls serious or critical on this page, with every place of each."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    return [f"{one['id']}: {' '.join(node['html'] for node in one['nodes'])}" for one in serious]


@pytest.fixture
def tools() -> Any:
    """What the tests share beside fixtures."""
    return sys.modules[__name__]


@pytest.fixture
def environment(database_url: str) -> dict[str, str]:
    """The settings of a site on the loopback address."""
    return {"DATABASE_URL": database_url, "JWT_SECRET": "s" * 32, "COOKIE_SECURE": "false"}


@pytest.fixture
def settings(environment: dict[str, str]) -> Settings:
    return load(environment)


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    with connect(database_url, "test", autocommit=True) as connection:
        yield connection


@pytest.fixture
def quick_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords cost next to nothing in this process; a site that is a process asks the full price."""
    monkeypatch.setattr(users, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def people(connection: psycopg.Connection, quick_hashing: None) -> None:
    """The cast: one person of each role, all with the same password, hashed once."""
    add_user(connection, "admin@example.org", "admin", PASSWORD)
    for role in set(ROLES) - {"admin"}:
        connection.execute(
            "INSERT INTO users (email, role, password_hash, scope)"
            " SELECT %s, %s, password_hash, %s FROM users LIMIT 1",
            (f"{role}@example.org", role, SCOPE_OF_ROLE.get(role, "fleet")),
        )


class Fleet:
    """Vehicles that report where they are, the way ingest stores it."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        self._store = PositionStore(connection)

    def add(self, uid: str, label: str | None = None) -> int:
        """A device, in a vehicle of this number; its id."""
        return add_device(self.connection, uid, label or uid)

    def report(
        self, uid: str, latitude: float, longitude: float, seconds_ago: float = 0, **fields: Any
    ) -> datetime:
        """One position; the time of its fix, in whole milliseconds as pages are told it."""
        now = datetime.now(UTC)
        fix_time = now.replace(microsecond=now.microsecond // 1000 * 1000) - timedelta(seconds=seconds_ago)
        position = Position(None, fix_time, latitude, longitude, **fields)
        message = Message("test", f"fleet/{uid}/position", b"", fix_time)
        assert self._store.store(Batch([Received(uid, position, message)]))["test"].stored == 1
        return fix_time


@pytest.fixture
def fleet(connection: psycopg.Connection) -> Fleet:
    return Fleet(connection)


class Incidents:
    """Events as detection finds them, which raise alerts at once."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection

    def happen(
        self, uid: str, kind: str, severity: str = "warning", minutes_ago: float = 0, **told: Any
    ) -> int:
        """Something happens to this device's vehicle, along a short way near Munich; the id of the alert."""
        row = self.connection.execute("SELECT id, vehicle_id FROM devices WHERE uid = %s", (uid,)).fetchone()
        assert row
        started_at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
        fixes = [
            [
                int(started_at.timestamp() * 1000) + 10_000 * step,
                48.137 + step * 0.001,
                11.575 + step * 0.0014,
                31,
                40,
            ]
            for step in range(8)
        ]
        values = {"value": None, "limit_value": None, "detail": "", "geofence_id": 0, "is_over": True, **told}
        self.connection.execute(
            "INSERT INTO events (device_id, started_at, kind, geofence_id, ended_at, latitude, longitude,"
            " value, limit_value, detail, fixes) VALUES (%s, %s, %s, %s, %s, 48.137, 11.575, %s, %s, %s, %s)",
            (
                row[0],
                started_at,
                kind,
                values["geofence_id"],
                started_at + timedelta(seconds=70) if values["is_over"] else None,
                values["value"],
                values["limit_value"],
                values["detail"],
                json.dumps(fixes),
            ),
        )
        cause = Cause(*row, kind, values["geofence_id"], started_at, values["is_over"], severity)
        with self.connection.transaction():
            raise_alerts(self.connection, [cause])
        found = self.connection.execute(
            "SELECT max(alert_id) FROM alert_events WHERE kind = %s", (kind,)
        ).fetchone()
        assert found
        return int(found[0])


@pytest.fixture
def incidents(connection: psycopg.Connection) -> Incidents:
    return Incidents(connection)


class Driven:
    """Trips through the demo town as detection would find them, with a fix each second."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        self._town = draw_town(7)

    def drive(self, device_id: int, started_at: datetime, since: int, until: int, **facts: Any) -> datetime:
        """A trip from one bus stop of the town to another, and half an hour's stop; when it ended."""
        network, stops = self._town.network, self._town.stops
        ride = Drive(network.find_way(stops[since].junction, stops[until].junction))
        moments = [ride.at(second) for second in range(int(ride.duration) + 2)]
        ended_at = started_at + timedelta(seconds=len(moments) - 1)
        places = [locate(moment.point) for moment in moments]
        with self.connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO positions (device_id, fix_time, received_at, longitude, latitude, speed_mps)"
                " VALUES (%s, %s, now(), %s, %s, %s)",
                [
                    (device_id, started_at + timedelta(seconds=n), *place, moment.speed_mps)
                    for n, (place, moment) in enumerate(zip(places, moments, strict=True))
                ],
            )
        trip = {"is_open": False, "idle_s": 40, "fuel_used_l": 3.2, "distance_m": ride.length} | facts
        trip |= {
            "device_id": device_id,
            "started_at": started_at,
            "ended_at": ended_at,
            "fixes": len(moments),
        }
        trip |= {"moving_s": ride.duration - 40, "top_speed_mps": max(moment.speed_mps for moment in moments)}
        trip |= {"mean_speed_mps": ride.length / ride.duration}
        trip |= {"start_longitude": places[0][0], "start_latitude": places[0][1]}
        trip |= {"end_longitude": places[-1][0], "end_latitude": places[-1][1]}
        self.insert("trips", trip)
        end = {"longitude": places[-1][0], "latitude": places[-1][1], "is_open": False, "idle_s": 0}
        half_an_hour = {"started_at": ended_at, "ended_at": ended_at + timedelta(minutes=30)}
        self.insert("stops", {"device_id": device_id, **half_an_hour, **end})
        return ended_at

    def happen(self, device_id: int, at: datetime, kind: str, lasts_s: float = 0, **facts: Any) -> None:
        """An event where the device was then."""
        query = "SELECT latitude, longitude FROM positions WHERE device_id = %s AND fix_time <= %s"
        found = self.connection.execute(query + " ORDER BY fix_time DESC LIMIT 1", (device_id, at)).fetchone()
        latitude, longitude = found or (41.36, -94.18)
        event = {"device_id": device_id, "started_at": at, "kind": kind, "fixes": "[]", **facts}
        event |= {"ended_at": at + timedelta(seconds=lasts_s), "latitude": latitude, "longitude": longitude}
        self.insert("events", event)

    def insert(self, table: str, row: dict[str, Any]) -> None:
        names, marks = ", ".join(row), ", ".join(["%s"] * len(row))
        self.connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))


@pytest.fixture
def driven(connection: psycopg.Connection) -> Driven:
    """The demo town on the map and two buses, 101 with device 1 and 102 with device 2; no trip yet."""
    register_fleet(connection, 2)
    connection.execute("DELETE FROM driver_assignments")
    return Driven(connection)


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> BytecodeCache:
    """Templates as each worker compiles them once; each app would do it anew."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(settings: Settings, people: None, compiled_templates: BytecodeCache) -> Iterator[Flask]:
    app = create_app(settings)
    app.jinja_env.bytecode_cache = compiled_templates
    yield app
    app.extensions["pool"].close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser's worth of cookies."""
    return app.test_client()


def read_token(page: str) -> str:
    """The hidden token of the sign-in form."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


@pytest.fixture
def sign_in(client: FlaskClient) -> Callable[..., Any]:
    """Sign in through the form, whoever was signed in before; the answer to it."""

    def post(email: str, password: str = PASSWORD, **fields: str) -> Any:
        for name in ("access_token_cookie", "refresh_token_cookie"):
            client.delete_cookie(name)
        token = read_token(client.get("/sign-in").text)
        return client.post(
            "/sign-in", data={"csrf_token": token, "email": email, "password": password, **fields}
        )

    return post


@pytest.fixture
def signed_in(client: FlaskClient, sign_in: Callable[..., Any]) -> FlaskClient:
    sign_in("dispatcher@example.org")
    return client


@pytest.fixture
def send(signed_in: FlaskClient) -> Callable[..., Any]:
    """Post a form as our own pages do."""

    def post(page: str, **fields: Any) -> Any:
        cookie = signed_in.get_cookie("csrf_access_token")
        assert cookie
        fields = {"csrf_token": cookie.value, **fields}
        files = {name: value for name, value in fields.items() if isinstance(value, tuple)}
        if not files:
            return signed_in.post(page, data=fields)
        sent = {name: FileStorage(content, filename) for name, (content, filename) in files.items()}
        boundary, body = encode_multipart({**fields, **sent})
        return signed_in.post(page, data=body, content_type=f"multipart/form-data; boundary={boundary}")

    return post


class Server:
    """`motorpool web` as a process of its own, on a free port."""

    def __init__(self, environment: dict[str, str], heartbeat_s: float, port: int, log: Path) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._environment = {**os.environ, **environment, "WEB_PORT": str(port)}
        self._program = f"import motorpool, web.live; web.live.HEARTBEAT_S = {heartbeat_s}; motorpool.main()"
        self._log = log
        self.process: subprocess.Popen[bytes]

    def start(self) -> None:
        """Start, and wait until it answers."""
        command = [sys.executable, "-c", self._program, "web"]
        with self._log.open("ab") as output:
            self.process = subprocess.Popen(command, env=self._environment, stderr=output)
        until(self.is_alive, "the site to answer: " + self._log.read_text())

    def is_alive(self) -> bool:
        assert self.process.poll() is None, self._log.read_text()
        return self.answers("/healthz")

    def is_ready(self) -> bool:
        return self.answers("/readyz")

    def answers(self, path: str) -> bool:
        try:
            with urllib.request.urlopen(self.url + path, timeout=10):
                return True
        except OSError:
            return False

    def log_text(self) -> str:
        return self._log.read_text()

    def stop(self) -> int:
        """Ask it to end; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def sign_in(self, email: str) -> str:
        """The Cookie header of this person."""
        return "; ".join(f"{name}={value}" for name, value in self._fetch_cookies(email).items())

    def sign_in_browser(self, context: BrowserContext, email: str) -> None:
        """Let a browser have the cookies of this person."""
        cookies = self._fetch_cookies(email).items()
        context.add_cookies([{"name": name, "value": value, "url": self.url} for name, value in cookies])

    def _fetch_cookies(self, email: str) -> dict[str, str]:
        jar = http.cookiejar.CookieJar()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        with opener.open(f"{self.url}/sign-in", timeout=10) as form:
            token = read_token(form.read().decode())
        fields = {"csrf_token": token, "email": email, "password": PASSWORD}
        request = urllib.request.Request(
            f"{self.url}/sign-in", urllib.parse.urlencode(fields).encode(), {"Accept": "text/html"}
        )
        try:
            with opener.open(request, timeout=10):
                pass
        except urllib.error.HTTPError as error:  # the map's page refuses some roles; the cookie is there
            error.close()
        return {cookie.name: str(cookie.value) for cookie in jar}


@pytest.fixture
def heartbeat_s() -> float:
    """How long sites leave between two heartbeats; a test that waits for one after the other says less."""
    return HEARTBEAT_S


@pytest.fixture
def make_server(
    environment: dict[str, str], heartbeat_s: float, tmp_path: Path
) -> Iterator[Callable[..., Server]]:
    """Start sites with further settings; all are stopped in the end."""
    servers: list[Server] = []

    def make(**settings: str) -> Server:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = Server({**environment, **settings}, heartbeat_s, port, tmp_path / f"web-{len(servers)}.log")
        servers.append(server)
        server.start()
        return server

    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def server(make_server: Callable[..., Server], people: None) -> Server:
    """A site that has read its fleet."""
    server = make_server()
    until(server.is_ready, "the site to be ready")
    return server


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained of: errors on its console, faults of scripts, refusals of the policy."""
    return []


@pytest.fixture
def open_browser(
    chromium: Browser, make_server: Callable[..., Server]
) -> Iterator[Callable[..., BrowserContext]]:
    """A browser's worth of cookies; closed before the sites are, which would wait 3 s for connections."""
    contexts: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        contexts.append(chromium.new_context(**options))
        return contexts[-1]

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def open_page(
    server: Server, open_browser: Callable[..., BrowserContext], complaints: list[str]
) -> Callable[..., Page]:
    """A page of a browser of its own, signed in as this person; what it complains of is kept."""

    def make(email: str | None, **options: Any) -> Page:
        context = open_browser(base_url=server.url, **options)
        if email:
            server.sign_in_browser(context, email)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda fault: complaints.append(str(fault)))
        return page

    return make


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """A browser's page that is signed in as dispatcher and shows the live map."""
    page = open_page("dispatcher@example.org", viewport={"width": 900, "height": 600})
    page.goto("/map")
    page.wait_for_selector("#count:not(:text('…'))")
    return page
