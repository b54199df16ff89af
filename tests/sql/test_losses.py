"""The loss ledger in the real database: what became of each device's fixes, and where some are missing."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result

from devices.position import Position
from motorpool import cli
from sql.batches import Batch, Message, Received, Refused
from sql.fleet import FleetError, adopt_devices
from sql.losses import list_fleet_day, measure_device_day, record_day, sum_fleet_day
from sql.pool import connect
from sql.positions import PositionStore
from sql.queries import queries

DAY = date(2026, 3, 2)
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
NOON = MIDNIGHT + timedelta(hours=12)


class Bus:
    """One device; `send` stores its fixes, given in seconds after noon."""

    def __init__(self, connection: psycopg.Connection, uid: str) -> None:
        self._connection = connection
        self._store = PositionStore(connection)
        self.uid = uid

    def send(self, seconds: Iterable[float], **fields: Any) -> None:
        batch = Batch()
        for second in seconds:
            position = Position(None, NOON + timedelta(seconds=second), 48.1, 11.5, **fields)
            message = Message("mqtt", f"fleet/{self.uid}/position", b"as it came", NOON)
            batch.received.append(Received(self.uid, position, message))
        self._store.store(batch)

    def send_nonsense(self, received_at: datetime) -> None:
        message = Message("mqtt", f"fleet/{self.uid}/position", b"{", received_at)
        self._store.store(Batch(refused=[Refused(message, self.uid, "malformed", "no JSON", b"{")]))

    def ledger(self, day: date = DAY) -> Any:
        return measure_device_day(self._connection, self.uid, day)


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    with connect(database_url, "test", autocommit=True) as connection:
        adopt_devices(connection, ["bus-1", "bus-2", "bus-3"])
        yield connection


@pytest.fixture
def bus(connection: psycopg.Connection) -> Bus:
    return Bus(connection, "bus-1")


def test_a_device_that_never_sent_has_an_empty_ledger(bus: Bus) -> None:
    assert bus.ledger() == ("bus-1", 0, 0, 0, 0, None, 0, 0, 0, 0)


def test_two_holes_in_a_stream_of_ten_seconds_are_two_gaps(bus: Bus) -> None:
    bus.send(second for second in range(0, 1000, 10) if not (100 < second < 160 or 500 < second < 900))
    ledger = bus.ledger()
    assert (ledger.received, ledger.stored, ledger.interval_s) == (56, 56, 10)
    assert (ledger.gaps, ledger.longest_gap_s, ledger.missing_s) == (2, 400, 460)
    assert ledger.missing_fixes == 5 + 39


def test_a_late_fix_narrows_a_gap_and_the_last_one_closes_it(bus: Bus) -> None:
    bus.send([*range(0, 110, 10), *range(160, 300, 10)])
    assert (bus.ledger().gaps, bus.ledger().missing_fixes) == (1, 5)
    bus.send([110, 120])
    assert (bus.ledger().gaps, bus.ledger().missing_fixes) == (1, 3)
    bus.send([130, 140, 150])
    assert (bus.ledger().gaps, bus.ledger().missing_fixes, bus.ledger().stored) == (0, 0, 30)


def test_pauses_up_to_30_s_are_no_gaps_for_a_device_of_one_second(bus: Bus) -> None:
    bus.send([*range(0, 60), *range(89, 150), *range(180, 200)])
    assert (bus.ledger().interval_s, bus.ledger().gaps, bus.ledger().longest_gap_s) == (1, 1, 31)


def test_a_pause_after_ignition_off_is_no_gap(bus: Bus) -> None:
    bus.send(range(0, 200, 10), attributes={"ignition": True})
    bus.send([200, 3800, 7400], attributes={"ignition": False})
    bus.send(range(11_000, 11_200, 10), attributes={"ignition": True})
    assert (bus.ledger().gaps, bus.ledger().interval_s) == (0, 10)
    bus.send([20_000], attributes={"ignition": True})
    assert (bus.ledger().gaps, bus.ledger().longest_gap_s) == (1, 20_000 - 11_190)


def test_a_device_that_sends_less_while_it_stands_has_an_interval_for_that(bus: Bus) -> None:
    bus.send(range(0, 100, 10), speed_mps=12.0)
    bus.send(range(100, 30_100, 300), speed_mps=0.0)
    assert (bus.ledger().gaps, bus.ledger().interval_s) == (0, 10)
    bus.send([32_000], speed_mps=0.0)
    assert (bus.ledger().gaps, bus.ledger().missing_fixes) == (1, 6)


def test_a_gap_over_midnight_belongs_to_the_day_that_ends_it(bus: Bus) -> None:
    end = 12 * 3600
    bus.send([*range(end - 100, end - 50, 10), *range(end + 60, end + 100, 10)])
    first, second = bus.ledger(), bus.ledger(DAY + timedelta(days=1))
    assert (first.stored, first.gaps) == (5, 0)
    assert (second.stored, second.gaps, second.longest_gap_s) == (4, 1, 120)


def test_the_fix_of_midnight_is_the_first_of_its_day(bus: Bus) -> None:
    bus.send([-12 * 3600, 12 * 3600])
    assert bus.ledger().stored == 1
    assert bus.ledger(DAY + timedelta(days=1)).stored == 1


def test_what_was_put_aside_is_counted_on_the_day_it_was_received(bus: Bus) -> None:
    for received_at in (MIDNIGHT - timedelta(microseconds=1), MIDNIGHT, NOON):
        bus.send_nonsense(received_at)
    bus.send([0])
    ledger = bus.ledger()
    assert (ledger.received, ledger.stored, ledger.quarantined) == (3, 1, 2)
    assert bus.ledger(DAY - timedelta(days=1)).quarantined == 1


def test_counted_duplicates_add_up_by_device_and_day(bus: Bus, connection: psycopg.Connection) -> None:
    ids: dict[str, int] = dict(connection.execute("SELECT uid, id FROM devices").fetchall())
    next_day = DAY + timedelta(days=1)
    for counts in ([3, 5, 7], [10, 20, 30]):
        queries.add_duplicates(
            connection,
            device_ids=[ids["bus-2"], ids["bus-1"], ids["bus-1"]],
            days=[DAY, next_day, DAY],
            counts=counts,
        )
    bus.send([0, 10])
    assert (bus.ledger().received, bus.ledger().stored, bus.ledger().duplicate) == (39, 2, 37)
    assert bus.ledger(next_day).duplicate == 25
    assert measure_device_day(connection, "bus-2", DAY).duplicate == 13


def test_an_unknown_device_has_no_ledger(connection: psycopg.Connection) -> None:
    with pytest.raises(FleetError, match="no device has the uid 'bus-9'"):
        measure_device_day(connection, "bus-9", DAY)


def test_a_recorded_day_holds_every_device_and_says_what_each_one_alone_does(
    connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sql.losses.DEVICES_AT_ONCE", 2)
    Bus(connection, "bus-1").send([0, 10, 20])
    Bus(connection, "bus-2").send([0, 10, 20, 30, 130, 140])
    assert list_fleet_day(connection, DAY) == []
    assert record_day(connection, DAY) == 3
    rows = list_fleet_day(connection, DAY)
    assert [row.uid for row in rows] == ["bus-2", "bus-1", "bus-3"]
    assert rows == [measure_device_day(connection, row.uid, DAY) for row in rows]
    assert sum_fleet_day(connection, DAY) == (3, 9, 9, 0, 0, 1, 9, 1)


def test_a_recorded_day_is_kept_until_it_is_computed_again(connection: psycopg.Connection) -> None:
    bus = Bus(connection, "bus-1")
    bus.send([0, 10, 20, 30, 130, 140])
    record_day(connection, DAY)
    bus.send(range(40, 130, 10))
    assert record_day(connection, DAY) == 0
    assert sum_fleet_day(connection, DAY).gaps == 1
    assert record_day(connection, DAY, again=True) == 3
    assert sum_fleet_day(connection, DAY).gaps == 0


def test_a_day_recorded_before_it_was_over_is_recorded_once_more(connection: psycopg.Connection) -> None:
    record_day(connection, DAY)
    connection.execute("UPDATE device_days SET computed_at = %s WHERE device_id = 1", (NOON,))
    assert record_day(connection, DAY) == 1


def ask(database_url: str, *arguments: str) -> Result:
    command = ["device", "losses", *arguments]
    return CliRunner().invoke(cli, command, env={"DATABASE_URL": database_url})


def test_the_command_says_what_became_of_one_device(bus: Bus, database_url: str) -> None:
    bus.send([0, 10, 20, 30, 130, 140])
    answer = ask(database_url, "bus-1", "--day", "2026-03-02", "--json")
    assert answer.exit_code == 0
    (ledger,) = json.loads(answer.output)
    assert ledger["day"] == "2026-03-02"
    assert (ledger["uid"], ledger["received"], ledger["stored"]) == ("bus-1", 6, 6)
    assert (ledger["gaps"], ledger["longest_gap_s"], ledger["missing_fixes"]) == (1, 100, 9)
    days = [line[:10] for line in ask(database_url, "bus-1").output.splitlines()]
    today = datetime.now(UTC).date()
    assert days == ["day       ", str(today - timedelta(days=1)), str(today)]


def test_the_command_says_the_whole_fleets_day_once_it_is_computed(bus: Bus, database_url: str) -> None:
    bus.send([0, 10, 20, 30, 130, 140])
    before = ask(database_url, "--day", "2026-03-02")
    assert before.exit_code == 1
    assert "2026-03-02 has not been computed yet" in before.output
    answer = ask(database_url, "--day", "2026-03-02", "--compute")
    assert answer.exit_code == 0
    assert "6 received" in answer.output
    assert "2 of 3 devices silent" in answer.output
    assert answer.output.splitlines()[-1] == "3 of 3 devices"
    fleet = json.loads(ask(database_url, "--day", "2026-03-02", "--json").output)
    assert (fleet["devices"], fleet["gaps"], len(fleet["items"])) == (3, 1, 3)


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [(["bus-9"], 1), (["bus-1", "--day", "yesterday"], 2), (["bus-1", "--compute"], 2)],
)
def test_the_command_tells_failure_from_wrong_usage(
    connection: psycopg.Connection, database_url: str, arguments: list[str], exit_code: int
) -> None:
    assert ask(database_url, *arguments).exit_code == exit_code
