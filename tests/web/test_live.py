"""The live connection as a page has it: who is let in, what comes first, and what comes after."""

import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
import socketio

from local.services import Services
from sql.fleet import disable_device
from sql.pool import connect
from sql.queries import queries
from sql.users import add_user, disable_user
from web.picture import FIELDS

Watch = Callable[..., "Watcher"]


class Watcher:
    """An independent Socket.IO client; `told` is what it was sent, in order."""

    def __init__(self, tools: Any, url: str, cookie: str, origin: str | None = None) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.is_lost = False
        options = {"origin": origin} if origin else {}
        self.client = socketio.Client(reconnection=False, websocket_extra_options=options)
        for event in ("snapshot", "delta"):
            self.client.on(event, self._hear(event), namespace="/live")
        self.client.on("disconnect", self._lose, namespace="/live")
        self.client.connect(url, **tools.LIVE, headers={"Cookie": cookie})

    def _hear(self, event: str) -> Callable[[dict[str, Any]], None]:
        return lambda data: self.told.append((event, data))

    def _lose(self, *_: object) -> None:
        self.is_lost = True

    def view(self, bounds: list[float] | None = None) -> Any:
        """Say what to look at; the answer."""
        return self.client.call("view", {"bounds": bounds, "zoom": 12, "filters": {}}, "/live", timeout=10)

    def snapshots(self) -> list[dict[str, Any]]:
        return [data for event, data in self.told if event == "snapshot"]

    def moves(self) -> list[list[Any]]:
        """Every vehicle of every delta so far."""
        return [vehicle for event, data in self.told if event == "delta" for vehicle in data["vehicles"]]


@pytest.fixture
def watch(server: Any, tools: Any) -> Iterator[Watch]:
    """Open live connections; all are closed in the end."""
    watchers: list[Watcher] = []

    def open_one(email: str = "viewer@example.org", **options: Any) -> Watcher:
        watchers.append(Watcher(tools, server.url, server.sign_in(email) if email else "", **options))
        return watchers[-1]

    yield open_one
    for watcher in watchers:
        watcher.client.disconnect()


def test_who_may_not_see_the_map_gets_no_connection(watch: Watch) -> None:
    for email in ("", "driver@example.org", "guardian@example.org", "accountant@example.org"):
        with pytest.raises(socketio.exceptions.ConnectionError):
            watch(email)


def test_another_site_gets_no_connection(watch: Watch, server: Any) -> None:
    watch(origin=server.url)
    with pytest.raises(socketio.exceptions.ConnectionError):
        watch(origin="https://example.com")


def test_an_origin_may_be_allowed_beside_our_own(
    make_server: Callable[..., Any], people: None, tools: Any
) -> None:
    server = make_server(WEBSOCKET_ALLOWED_ORIGINS="https://board.example.org")
    cookie = server.sign_in("viewer@example.org")
    for origin in ("https://board.example.org", server.url):
        Watcher(tools, server.url, cookie, origin).client.disconnect()
    with pytest.raises(socketio.exceptions.ConnectionError):
        Watcher(tools, server.url, cookie, "https://example.com")


def test_a_snapshot_tells_every_vehicle_with_and_without_a_fix(fleet: Any, watch: Watch, tools: Any) -> None:
    moving = fleet.add("bus-1", "Bus 1")
    waiting = fleet.add("bus-2", "Bus 2")
    disabled = fleet.add("bus-3", "Bus 3")
    disable_device(fleet.connection, "bus-3")
    fix_time = fleet.report("bus-1", 48.1, 11.5, speed_mps=10.0, course=90.0)
    watcher = watch()
    assert watcher.view() == {}
    tools.until(lambda: watcher.snapshots() and len(watcher.snapshots()[-1]["vehicles"]) == 3, "all vehicles")
    snapshot = watcher.snapshots()[-1]
    assert snapshot["fields"] == list(FIELDS)
    assert snapshot["total"] == 3
    assert snapshot["thresholds"] == {"late_after_ms": 30_000, "offline_after_ms": 600_000}
    assert abs(snapshot["server_time"] - time.time() * 1000) < 60_000
    vehicles = {vehicle[-1]: vehicle for vehicle in snapshot["vehicles"]}
    fix_time_ms = int(fix_time.timestamp() * 1000)
    assert vehicles["Bus 1"] == [moving, 48.1, 11.5, 10.0, 90, fix_time_ms, "bus-1", "Bus 1"]
    assert vehicles["Bus 2"] == [waiting, None, None, None, None, None, "bus-2", "Bus 2"]
    assert vehicles["Bus 3"][1:7] == [None] * 6
    assert vehicles["Bus 3"][0] < 0 < disabled


def test_a_stored_position_arrives_as_a_delta(fleet: Any, watch: Watch, tools: Any) -> None:
    bus, _ = fleet.add("bus-1"), fleet.add("bus-2")
    watcher = watch()
    watcher.view()
    tools.until(lambda: watcher.snapshots() and watcher.snapshots()[-1]["total"] == 2, "the fleet")
    fix_time = fleet.report("bus-1", 48.2, 11.6, speed_mps=3.25)
    tools.until(watcher.moves, "the delta")
    assert watcher.moves() == [[bus, 48.2, 11.6, 3.2, None, int(fix_time.timestamp() * 1000)]]


def test_an_older_fix_never_moves_the_vehicle_back(fleet: Any, watch: Watch, tools: Any) -> None:
    bus, other = fleet.add("bus-1"), fleet.add("bus-2")
    fleet.report("bus-1", 48.2, 11.6)
    watcher = watch()
    watcher.view()
    tools.until(lambda: watcher.snapshots() and watcher.snapshots()[-1]["total"] == 2, "the fleet")
    fleet.report("bus-1", 40.0, 10.0, seconds_ago=60)
    fleet.report("bus-2", 48.3, 11.7)
    tools.until(lambda: other in [move[0] for move in watcher.moves()], "the move of another bus")
    assert bus not in [move[0] for move in watcher.moves() if move[1] == 40.0]
    assert watch_again(watch, tools)[bus][1:3] == [48.2, 11.6]


def watch_again(watch: Watch, tools: Any) -> dict[int, list[Any]]:
    watcher = watch()
    watcher.view()
    tools.until(watcher.snapshots, "a snapshot")
    return {vehicle[0]: vehicle for vehicle in watcher.snapshots()[-1]["vehicles"]}


def test_a_view_hears_of_what_is_in_it_and_of_what_leaves_it(fleet: Any, watch: Watch, tools: Any) -> None:
    inside, outside = fleet.add("inside"), fleet.add("outside")
    fleet.report("inside", 48.5, 11.5)
    fleet.report("outside", 50.5, 11.5)
    everything = watch()
    everything.view()
    tools.until(lambda: everything.snapshots() and everything.snapshots()[-1]["total"] == 2, "the fleet")
    tools.until(lambda: watch_again(watch, tools)[outside][1] == 50.5, "both fixes")
    watcher = watch()
    watcher.view([11.0, 48.0, 12.0, 49.0])
    tools.until(watcher.snapshots, "a snapshot")
    assert [vehicle[0] for vehicle in watcher.snapshots()[-1]["vehicles"]] == [inside]
    assert watcher.snapshots()[-1]["total"] == 2
    fleet.report("outside", 50.6, 11.5)
    fleet.report("inside", 51.0, 11.5)
    tools.until(lambda: inside in [move[0] for move in watcher.moves()], "the vehicle to leave the view")
    assert outside not in [move[0] for move in watcher.moves()]


def test_a_view_that_makes_no_sense_is_told_so(watch: Watch) -> None:
    answer = watch().client.call("view", {"bounds": "all"}, "/live", timeout=10)
    assert answer["error"].startswith("bounds: must be")


def test_a_new_device_brings_a_new_snapshot(fleet: Any, watch: Watch, tools: Any) -> None:
    watcher = watch()
    watcher.view()
    tools.until(watcher.snapshots, "a snapshot")
    assert watcher.snapshots()[0]["vehicles"] == []
    fleet.add("bus-1", "Bus 1")
    tools.until(lambda: watcher.snapshots()[-1]["total"] == 1, "the new vehicle")


def test_a_quiet_fleet_still_says_that_it_is_being_followed(watch: Watch, tools: Any) -> None:
    watcher = watch()
    watcher.view()
    tools.until(lambda: ("delta", []) in [(e, d.get("vehicles")) for e, d in watcher.told], "a heartbeat")


def test_a_disabled_person_is_cut_off(watch: Watch, connection: psycopg.Connection, tools: Any) -> None:
    watcher, other = watch("dispatcher@example.org"), watch("viewer@example.org")
    watcher.view()
    disable_user(connection, "dispatcher@example.org")
    tools.until(lambda: watcher.is_lost, "the connection to be closed")
    assert not other.is_lost


def test_pages_keep_some_threads_however_many_maps_are_open(
    make_server: Callable[..., Any], people: None, tools: Any
) -> None:
    server = make_server(WEB_THREADS="10")
    cookie = server.sign_in("viewer@example.org")
    watchers = [Watcher(tools, server.url, cookie) for _ in range(2)]
    with pytest.raises(socketio.exceptions.ConnectionError):
        Watcher(tools, server.url, cookie)
    assert server.is_ready()
    watchers.pop().client.disconnect()
    tools.until(lambda: "motorpool_web_viewers 1.0" in read_metrics(server), "the place to be free")
    watchers.append(Watcher(tools, server.url, cookie))
    for watcher in watchers:
        watcher.client.disconnect()


def read_metrics(server: Any) -> str:
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=10) as answer:
        text: str = answer.read().decode()
    return text


def test_the_map_catches_up_after_the_database_was_away(
    own_services: Services, make_server: Callable[..., Any], tools: Any
) -> None:
    url = own_services.database_url
    with connect(url, "test", autocommit=True) as connection:
        add_user(connection, "viewer@example.org", "viewer", tools.PASSWORD)
        tools.Fleet(connection).add("bus-1")
    server = make_server(DATABASE_URL=url)
    tools.until(server.is_ready, "the site to be ready")
    watcher = Watcher(tools, server.url, server.sign_in("viewer@example.org"))
    watcher.view()
    tools.until(watcher.snapshots, "a snapshot")
    own_services.stop()
    tools.until(lambda: not server.is_ready(), "the site to notice")
    assert server.is_alive()
    own_services.start()
    with connect(own_services.database_url, "test", autocommit=True) as connection:
        tools.Fleet(connection).report("bus-1", 48.9, 11.9)
    tools.until(lambda: [m[1] for m in watcher.moves()] == [48.9], "the move that nobody was told of")
    assert not watcher.is_lost
    watcher.client.disconnect()


def test_snapshot_and_heartbeat_tell_how_the_daemons_do(
    fleet: Any, watch: Watch, tools: Any, connection: psycopg.Connection
) -> None:
    watcher = watch()
    watcher.view()
    tools.until(watcher.snapshots, "the snapshot")
    assert watcher.snapshots()[0]["ingest"] == {"is_reporting": None, "behind_s": 0.0}
    report = {"worker": "a", "waiting_records": 9, "paused": True}
    queries.report_ingest(connection, behind_s=42.26, **report)

    def heard() -> list[Any]:
        return [data["ingest"] for event, data in watcher.told if event == "delta" and "ingest" in data]

    tools.until(lambda: {"is_reporting": True, "behind_s": 42.3} in heard(), "the heartbeat")
