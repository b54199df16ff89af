"""How far a person's rights reach on the live map: two people side by side, and what each is told."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
import socketio
import websocket
from flask.testing import FlaskClient

NORTH, SOUTH = 1, 2
VIEWER, DISPATCHER = "viewer@example.org", "dispatcher@example.org"


class Watcher:
    """A page's live connection: what it was sent, in order."""

    def __init__(self, tools: Any, url: str, cookie: str) -> None:
        self.snapshots: list[dict[str, Any]] = []
        self.moves: list[int] = []
        self.is_lost = False
        self.client = socketio.Client(reconnection=False)
        self.client.on("snapshot", self.snapshots.append, namespace="/live")
        self.client.on("delta", self._hear, namespace="/live")
        self.client.on("disconnect", self._lose, namespace="/live")
        self.client.connect(url, **tools.LIVE, headers={"Cookie": cookie})

    def _hear(self, data: dict[str, Any]) -> None:
        self.moves += [vehicle[0] for vehicle in data["vehicles"]]

    def _lose(self, *_: object) -> None:
        self.is_lost = True

    def view(self, bounds: list[float] | None = None) -> None:
        self.client.call("view", {"bounds": bounds, "zoom": 12, "filters": {}}, "/live", timeout=10)

    def sees(self, *labels: str) -> bool:
        """Whether the newest snapshot has exactly these, and says so."""
        if not self.snapshots:
            return False
        newest = self.snapshots[-1]
        return {vehicle[7] for vehicle in newest["vehicles"]} == set(labels) and newest["total"] == len(
            labels
        )


@pytest.fixture
def watch(server: Any, tools: Any) -> Iterator[Callable[[str], Watcher]]:
    watchers: list[Watcher] = []

    def open_one(email: str) -> Watcher:
        watchers.append(Watcher(tools, server.url, server.sign_in(email)))
        watchers[-1].view()
        return watchers[-1]

    yield open_one
    for watcher in watchers:
        watcher.client.disconnect()


def bound_to(connection: psycopg.Connection, email: str, *depot_ids: int, scope: str = "depot") -> None:
    """Let a person's rights reach these depots only."""
    connection.execute("UPDATE users SET scope = %s WHERE email = %s", (scope, email))
    connection.execute(
        "DELETE FROM user_scopes USING users WHERE users.id = user_id AND email = %s", (email,)
    )
    for depot_id in depot_ids:
        connection.execute(
            "INSERT INTO user_scopes (user_id, depot_id) SELECT id, %s FROM users WHERE email = %s",
            (depot_id, email),
        )


def move_to(connection: psycopg.Connection, label: str, depot_id: int | None) -> None:
    connection.execute("UPDATE vehicles SET depot_id = %s WHERE fleet_number = %s", (depot_id, label))


@pytest.fixture
def buses(people: None, fleet: Any, connection: psycopg.Connection) -> dict[str, int]:
    """Two buses in the north, one in the south, one of no depot, a device in no vehicle; ids by label."""
    connection.execute("INSERT INTO depots (name) VALUES ('North'), ('South')")
    ids = {label: fleet.add(label.lower(), label) for label in ("N1", "N2", "S1", "Free")}
    for label in ("N1", "N2"):
        move_to(connection, label, NORTH)
    move_to(connection, "S1", SOUTH)
    row = connection.execute("INSERT INTO devices (uid) VALUES ('loose') RETURNING id").fetchone()
    assert row
    for label in ids:
        fleet.report(label.lower(), 48.1, 11.5)
    return {**ids, "loose": row[0]}


def test_two_people_see_each_their_own_part_of_the_fleet(
    buses: dict[str, int], connection: psycopg.Connection, watch: Any, fleet: Any, tools: Any
) -> None:
    bound_to(connection, VIEWER, NORTH)
    north, everything = watch(VIEWER), watch(DISPATCHER)
    tools.until(lambda: north.sees("N1", "N2"), "the north")
    tools.until(lambda: everything.sees("N1", "N2", "S1", "Free", "loose"), "the fleet")
    for label in ("s1", "free", "n1"):
        fleet.report(label, 48.2, 11.6)
    tools.until(lambda: buses["N1"] in north.moves, "the move in the north")
    tools.until(lambda: {buses[b] for b in ("S1", "Free", "N1")} <= set(everything.moves), "all moves")
    assert set(north.moves) == {buses["N1"]}
    assert all("depot_id" not in snapshot["fields"] for snapshot in north.snapshots)
    assert all(len(vehicle) == 8 for vehicle in north.snapshots[-1]["vehicles"])


def test_bounds_and_reach_go_together(
    buses: dict[str, int], connection: psycopg.Connection, watch: Any, fleet: Any, tools: Any
) -> None:
    bound_to(connection, VIEWER, NORTH, SOUTH)
    fleet.report("n2", 50.0, 11.5)
    watcher = watch(VIEWER)
    tools.until(lambda: watcher.sees("N1", "N2", "S1"), "both depots")

    def sees_two() -> bool:
        """Ask anew each time: a snapshot of before the site heard where N2 is now stays as it is."""
        watcher.view([11.0, 48.0, 12.0, 49.0])
        return len(watcher.snapshots[-1]["vehicles"]) == 2

    tools.until(sees_two, "what lies in the bounds")
    assert watcher.snapshots[-1]["total"] == 3


@pytest.mark.parametrize(("scope", "depots"), [("depot", ()), ("route", (NORTH,)), ("child", (NORTH,))])
def test_whose_reach_holds_no_depot_sees_no_vehicle(
    scope: str,
    depots: tuple[int, ...],
    buses: dict[str, int],
    connection: psycopg.Connection,
    watch: Any,
    tools: Any,
) -> None:
    bound_to(connection, VIEWER, *depots, scope=scope)
    nobody, everything = watch(VIEWER), watch(DISPATCHER)
    tools.until(lambda: everything.sees("N1", "N2", "S1", "Free", "loose"), "the fleet")
    tools.until(nobody.sees, "an empty map")


def test_a_bus_that_moves_to_another_depot_comes_and_goes_within_seconds(
    buses: dict[str, int], connection: psycopg.Connection, watch: Any, tools: Any
) -> None:
    bound_to(connection, VIEWER, NORTH)
    bound_to(connection, DISPATCHER, SOUTH)
    north, south = watch(VIEWER), watch(DISPATCHER)
    tools.until(lambda: north.sees("N1", "N2") and south.sees("S1"), "each depot")
    move_to(connection, "N2", SOUTH)
    tools.until(lambda: north.sees("N1") and south.sees("N2", "S1"), "the move", limit=5)
    move_to(connection, "N1", None)
    tools.until(north.sees, "nothing left in the north", limit=5)


def test_another_reach_reaches_an_open_page_within_seconds(
    buses: dict[str, int], connection: psycopg.Connection, watch: Any, tools: Any
) -> None:
    watcher = watch(VIEWER)
    tools.until(lambda: watcher.sees("N1", "N2", "S1", "Free", "loose"), "the fleet")
    bound_to(connection, VIEWER, SOUTH)
    tools.until(lambda: watcher.sees("S1"), "the south alone", limit=10)
    bound_to(connection, VIEWER, NORTH, SOUTH)
    tools.until(lambda: watcher.sees("N1", "N2", "S1"), "both depots", limit=10)
    bound_to(connection, VIEWER, scope="fleet")
    tools.until(lambda: len(watcher.snapshots[-1]["vehicles"]) == 5, "the fleet again", limit=10)
    assert not watcher.is_lost


def test_a_role_that_may_not_see_the_map_any_more_is_cut_off(
    buses: dict[str, int], connection: psycopg.Connection, watch: Any, tools: Any
) -> None:
    watcher = watch(VIEWER)
    connection.execute("UPDATE users SET role = 'accountant' WHERE email = %s", (VIEWER,))
    tools.until(lambda: watcher.is_lost, "the connection to be closed", limit=10)


def test_the_socket_of_a_session_that_ended_is_closed_not_only_left(
    server: Any, connection: psycopg.Connection
) -> None:
    """A client that ignores what it is told would otherwise hold its thread for ever."""
    address = server.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    with ExitStack() as stack:
        line = websocket.create_connection(address, cookie=server.sign_in(VIEWER), timeout=15)
        stack.callback(line.shutdown)  # its close() leaves the socket open once the other side has closed
        assert line.recv().startswith("0")
        line.send("40/live,")
        assert line.recv().startswith("40/live,")
        connection.execute("UPDATE sessions SET ended_at = now(), end_reason = 'revoked'")
        heard = []
        while said := line.recv():  # an empty text is the other side's end of it
            heard.append(said)
            if said == "2":
                line.send("3")
    assert any(said.startswith("41/live") for said in heard)


def test_a_road_driven_is_for_those_who_see_the_whole_fleet(
    buses: dict[str, int], connection: psycopg.Connection, client: FlaskClient, sign_in: Callable[..., Any]
) -> None:
    connection.execute(
        "INSERT INTO driven_roads (latitude_a, longitude_a, latitude_b, longitude_b, passes, last_driven)"
        " VALUES (48.1, 11.5, 48.1, 11.501, 1, now())"
    )
    bound_to(connection, VIEWER, NORTH)
    for email, count in ((DISPATCHER, 1), (VIEWER, 0)):
        sign_in(email)
        assert len(client.get("/map/roads.geojson").json["features"]) == count
