"""Alerts: one a cause, storms, silences, what people do with them, and who is told when nobody does."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from sql.alert_life import Alerts, Matching
from sql.alerts import (
    STORM_ALERTS,
    Cause,
    EventKey,
    end_alerts,
    gather_late_storms,
    raise_alerts,
    raise_silences,
    withdraw_alerts,
)
from sql.audit import Author
from sql.escalations import (
    Escalation,
    EscalationsChanged,
    escalate,
    find_version,
    list_escalations,
    replace_escalations,
    wake,
)
from sql.pool import connect
from sql.records import Conflict, RecordError, RecordMissing

NOW = datetime.now(UTC).replace(microsecond=0)


def find(connection: psycopg.Connection, query: str, *values: Any) -> list[tuple[Any, ...]]:
    return connection.execute(query, values).fetchall()


@pytest.fixture
def add_bus(connection: psycopg.Connection) -> Callable[..., tuple[int, int]]:
    """A vehicle with its device, at a depot where one is named; both ids, the device's first."""

    def add(number: str, depot: str | None = None) -> tuple[int, int]:
        if depot:
            connection.execute("INSERT INTO depots (name) VALUES (%s) ON CONFLICT DO NOTHING", (depot,))
        ((vehicle_id,),) = find(
            connection,
            "INSERT INTO vehicles (fleet_number, depot_id)"
            " VALUES (%s, (SELECT id FROM depots WHERE name = %s)) RETURNING id",
            number,
            depot,
        )
        ((device_id,),) = find(
            connection,
            "INSERT INTO devices (uid, vehicle_id) VALUES (%s, %s) RETURNING id",
            number,
            vehicle_id,
        )
        return device_id, vehicle_id

    return add


@pytest.fixture
def add_person(connection: psycopg.Connection) -> Callable[..., int]:
    """Somebody of a role, for the whole fleet; their id."""

    def add(email: str, role: str = "dispatcher") -> int:
        ((id,),) = find(
            connection,
            "INSERT INTO users (email, role, password_hash, scope) VALUES (%s, %s, '', 'fleet') RETURNING id",
            email,
            role,
        )
        return int(id)

    return add


@pytest.fixture
def bus(add_bus: Callable[..., tuple[int, int]]) -> tuple[int, int]:
    return add_bus("bus 1")


@pytest.fixture
def alerts(connection: psycopg.Connection) -> Alerts:
    """All alerts, in nobody's hands."""
    return Alerts(connection, Author(), None)


def speeding(bus: tuple[int, int], minute: int = 0, **other: Any) -> Cause:
    """A bus drives too fast from so many minutes after NOW."""
    told = Cause(*bus, "overspeed", 0, NOW + timedelta(minutes=minute), is_over=False, severity="warning")
    return told._replace(**other)


def read(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    """What each alert is: kind, state, events, whether it is over."""
    return find(connection, "SELECT kind, state, events, is_over FROM alerts ORDER BY id")


def read_steps(connection: psycopg.Connection, id: int) -> list[str]:
    return [
        action
        for (action,) in find(
            connection, "SELECT action FROM alert_steps WHERE alert_id = %s ORDER BY id", id
        )
    ]


def the_alert(connection: psycopg.Connection) -> int:
    ((id,),) = find(connection, "SELECT id FROM alerts")
    return int(id)


def test_what_happens_again_counts_at_the_alert_that_is_there(
    connection: psycopg.Connection, bus: tuple[int, int]
) -> None:
    raise_alerts(connection, [speeding(bus)])
    raise_alerts(connection, [speeding(bus, 5), speeding(bus, 9)])
    assert read(connection) == [("overspeed", "open", 3, False)]
    assert find(connection, "SELECT first_event_at, latest_event_at FROM alerts") == [
        (NOW, NOW + timedelta(minutes=9))
    ]


def test_an_event_that_is_found_twice_counts_once(
    connection: psycopg.Connection, bus: tuple[int, int]
) -> None:
    for _ in range(2):
        raise_alerts(connection, [speeding(bus), speeding(bus, 5)])
    assert read(connection) == [("overspeed", "open", 2, False)]
    assert read_steps(connection, the_alert(connection)) == ["raised", "escalated"]


def test_an_event_that_somebody_has_dealt_with_raises_nothing_when_it_is_found_again(
    connection: psycopg.Connection, alerts: Alerts, bus: tuple[int, int]
) -> None:
    raise_alerts(connection, [speeding(bus)])
    alerts.resolve(the_alert(connection), 1)
    raise_alerts(connection, [speeding(bus)])
    assert read(connection) == [("overspeed", "resolved", 1, False)]
    raise_alerts(connection, [speeding(bus, 5)])
    assert [row[1] for row in read(connection)] == ["resolved", "open"]


def test_another_kind_another_geofence_and_another_bus_are_other_causes(
    connection: psycopg.Connection, bus: tuple[int, int], add_bus: Any
) -> None:
    other = add_bus("bus 2")
    raise_alerts(
        connection,
        [speeding(bus), speeding(bus, kind="sos"), speeding(bus, geofence_id=7), speeding(other)],
    )
    assert len(read(connection)) == 4


def test_thousands_are_raised_at_once(connection: psycopg.Connection, bus: tuple[int, int]) -> None:
    connection.execute("INSERT INTO devices (uid) SELECT 'many-' || n FROM generate_series(1, 3000) n")
    devices = [id for (id,) in find(connection, "SELECT id FROM devices WHERE vehicle_id IS NULL")]
    raise_alerts(connection, [speeding((id, 0), vehicle_id=None) for id in devices])
    assert find(connection, "SELECT count(*), sum(events) FROM alerts") == [(3000, 3000)]


def test_it_is_over_when_its_newest_event_has_ended_and_goes_on_with_the_next(
    connection: psycopg.Connection, bus: tuple[int, int]
) -> None:
    raise_alerts(connection, [speeding(bus), speeding(bus, 5)])
    end_alerts(connection, [speeding(bus)])
    assert not read(connection)[0][3]
    end_alerts(connection, [speeding(bus, 5)])
    end_alerts(connection, [speeding(bus, 5)])
    assert read(connection)[0][3]
    raise_alerts(connection, [speeding(bus, 9)])
    assert read(connection) == [("overspeed", "open", 3, False)]
    assert read_steps(connection, the_alert(connection)) == ["raised", "escalated", "over"]


def test_an_event_that_later_data_corrects_is_forgotten_and_an_alert_without_any_is_over(
    connection: psycopg.Connection, bus: tuple[int, int]
) -> None:
    raise_alerts(connection, [speeding(bus), speeding(bus, 5)])
    withdraw_alerts(connection, [EventKey(bus[0], NOW + timedelta(minutes=5), "overspeed", 0)])
    assert read(connection) == [("overspeed", "open", 1, False)]
    assert find(connection, "SELECT latest_event_at FROM alerts") == [(NOW,)]
    withdraw_alerts(connection, [EventKey(bus[0], NOW, "overspeed", 0)])
    withdraw_alerts(connection, [EventKey(bus[0], NOW, "overspeed", 0)])
    assert read(connection) == [("overspeed", "open", 0, True)]
    assert find(connection, "SELECT detail FROM alert_steps WHERE action = 'over'") == [
        ("withdrawn by later data",)
    ]
    assert escalate(connection, NOW + timedelta(days=1)) == 0
    raise_alerts(connection, [speeding(bus, 9)])
    assert read(connection) == [("overspeed", "open", 1, False)]
    assert escalate(connection, NOW + timedelta(days=1)) == 1


def test_two_runners_side_by_side_raise_one_alert_and_count_each_event_once(
    connection: psycopg.Connection, database_url: str, bus: tuple[int, int], add_bus: Any
) -> None:
    buses = [bus, *(add_bus(f"bus {number}") for number in range(2, 7))]
    with connect(database_url, "first") as first, connect(database_url, "second") as second:
        raise_alerts(first, [speeding(one) for one in buses])
        causes = [*(speeding(one) for one in reversed(buses)), *(speeding(one, 5) for one in buses)]
        other = threading.Thread(target=raise_alerts, args=(second, causes))
        other.start()
        other.join(0.3)
        assert other.is_alive(), "the second must wait for the first"
        first.commit()
        other.join(30)
        second.commit()
    assert read(connection) == [("overspeed", "open", 2, False)] * 6
    steps = find(connection, "SELECT action, count(*) FROM alert_steps GROUP BY action ORDER BY action")
    assert steps == [("escalated", 6), ("raised", 6)]


def test_many_of_one_kind_within_a_minute_are_one_storm_and_what_follows_joins_it(
    connection: psycopg.Connection, add_bus: Any
) -> None:
    buses = [add_bus(f"bus {number}", "North") for number in range(STORM_ALERTS + 1)]
    for one in buses[: STORM_ALERTS - 1]:
        raise_alerts(connection, [speeding(one)])
    assert find(connection, "SELECT id FROM alert_storms") == []
    raise_alerts(connection, [speeding(buses[-2]), speeding(buses[-2], kind="sos")])
    ((storm_id, kind, depot),) = find(
        connection,
        "SELECT s.id, kind, depots.name FROM alert_storms s JOIN depots ON depots.id = s.depot_id",
    )
    assert (kind, depot) == ("overspeed", "North")
    raise_alerts(connection, [speeding(buses[-1])])
    raise_alerts(connection, [speeding(add_bus("elsewhere", "South"))])
    assert find(connection, "SELECT kind, storm_id, count(*) FROM alerts GROUP BY 1, 2 ORDER BY 1") == [
        ("overspeed", storm_id, STORM_ALERTS + 2),
        ("sos", None, 1),
    ]
    assert find(connection, "SELECT depot_id FROM alert_storms") == [(None,)]


def test_what_comes_one_by_one_over_a_longer_time_is_no_storm(
    connection: psycopg.Connection, add_bus: Any
) -> None:
    for number in range(STORM_ALERTS + 2):
        raise_alerts(connection, [speeding(add_bus(f"bus {number}"))])
        connection.execute("UPDATE alerts SET raised_at = raised_at - interval '20 s'")
    assert find(connection, "SELECT id FROM alert_storms") == []


def test_what_two_runners_raise_side_by_side_is_a_storm_a_moment_later(
    connection: psycopg.Connection, database_url: str, add_bus: Any
) -> None:
    buses = [add_bus(f"bus {number}") for number in range(STORM_ALERTS)]
    with connect(database_url, "first") as first, connect(database_url, "second") as second:
        raise_alerts(first, [speeding(one) for one in buses[:4]])
        raise_alerts(second, [speeding(one) for one in buses[4:]])
        first.commit()
        second.commit()
    assert find(connection, "SELECT count(storm_id) FROM alerts") == [(0,)]
    gather_late_storms(connection)
    assert find(connection, "SELECT count(storm_id), count(DISTINCT storm_id) FROM alerts") == [
        (STORM_ALERTS, 1)
    ]


def test_whoever_acts_on_a_storm_acts_on_all_of_it(
    connection: psycopg.Connection, alerts: Alerts, add_bus: Any
) -> None:
    raise_alerts(connection, [speeding(add_bus(f"bus {number}")) for number in range(STORM_ALERTS)])
    raise_alerts(connection, [speeding(add_bus("other"), kind="sos")])
    ((storm_id,),) = find(connection, "SELECT id FROM alert_storms")
    (line, other) = alerts.list_page(Matching("to_do"), None, 10, is_folded=True)
    assert (line["alerts"], other["alerts"]) in ((1, STORM_ALERTS), (STORM_ALERTS, 1))
    assert alerts.act_on_many("acknowledge", [], storm_id) == STORM_ALERTS
    assert alerts.act_on_many("acknowledge", [], storm_id) == 0
    assert alerts.act_on_many("resolve", [], storm_id, note="radio mast is down") == STORM_ALERTS
    assert alerts.count(Matching("to_do")) == 1
    assert find(connection, "SELECT count(*) FROM alert_steps WHERE detail = 'radio mast is down'") == [
        (STORM_ALERTS,)
    ]


# Silences.


@pytest.fixture
def report(connection: psycopg.Connection) -> Callable[..., None]:
    """A fix of a device, taken and received so many minutes before NOW."""

    def store(device_id: int, minutes_ago: float, taken_ago: float | None = None, ignition: str = "") -> None:
        taken, received = (
            NOW - timedelta(minutes=ago)
            for ago in (minutes_ago if taken_ago is None else taken_ago, minutes_ago)
        )
        connection.execute(
            "INSERT INTO latest_positions (device_id, fix_time, received_at, latitude, longitude, attributes)"
            " VALUES (%s, %s, %s, 48, 11, %s) ON CONFLICT (device_id)"
            " DO UPDATE SET fix_time = excluded.fix_time, received_at = excluded.received_at",
            (device_id, taken, received, f'{{"ignition": {ignition}}}' if ignition else None),
        )

    return store


def test_a_silence_is_an_alert_once_and_is_over_when_the_device_speaks_again(
    connection: psycopg.Connection, bus: tuple[int, int], report: Any
) -> None:
    report(bus[0], minutes_ago=9)
    raise_silences(connection, NOW)
    assert read(connection) == []
    for minutes in (2, 3):
        raise_silences(connection, NOW + timedelta(minutes=minutes))
    assert read(connection) == [("offline", "open", 1, False)]
    assert find(connection, "SELECT latest_event_at, vehicle_id FROM alerts") == [
        (NOW - timedelta(minutes=9), bus[1])
    ]
    report(bus[0], minutes_ago=-4)
    raise_silences(connection, NOW + timedelta(minutes=5))
    assert read(connection) == [("offline", "open", 1, True)]
    raise_silences(connection, NOW + timedelta(minutes=16))
    assert read(connection) == [("offline", "open", 2, False)]


def test_what_comes_late_neither_raises_a_silence_nor_ends_one(
    connection: psycopg.Connection, bus: tuple[int, int], add_bus: Any, report: Any
) -> None:
    report(bus[0], minutes_ago=60)
    raise_silences(connection, NOW)
    for device_id, _ in (bus, add_bus("other")):
        report(device_id, minutes_ago=0, taken_ago=50)
    raise_silences(connection, NOW + timedelta(minutes=30))
    assert read(connection) == [("offline", "open", 1, False)]


def test_a_silence_that_somebody_has_resolved_is_not_raised_again(
    connection: psycopg.Connection, alerts: Alerts, bus: tuple[int, int], report: Any
) -> None:
    report(bus[0], minutes_ago=20)
    raise_silences(connection, NOW)
    alerts.resolve(the_alert(connection), 1)
    raise_silences(connection, NOW + timedelta(minutes=5))
    assert read(connection) == [("offline", "resolved", 1, False)]


def test_who_is_silent_by_right_raises_nothing(
    connection: psycopg.Connection, add_bus: Any, report: Any
) -> None:
    parked, disabled, archived, imported = (
        add_bus(name) for name in ("parked", "disabled", "archived", "imported")
    )
    report(parked[0], minutes_ago=20, ignition="false")
    report(disabled[0], minutes_ago=20)
    report(archived[0], minutes_ago=20)
    report(imported[0], minutes_ago=20, taken_ago=3 * 24 * 60)
    connection.execute("UPDATE devices SET disabled_at = now() WHERE id = %s", (disabled[0],))
    connection.execute("UPDATE vehicles SET archived_at = now() WHERE id = %s", (archived[1],))
    raise_silences(connection, NOW)
    assert read(connection) == []
    report(parked[0], minutes_ago=20)
    connection.execute("UPDATE latest_positions SET attributes = NULL")
    raise_silences(connection, NOW)
    assert len(read(connection)) == 1


def test_a_vehicle_can_have_another_rule_for_silences(
    connection: psycopg.Connection, add_bus: Any, report: Any
) -> None:
    patient, careless, usual = (add_bus(name) for name in ("patient", "careless", "usual"))
    for one in (patient, careless, usual):
        report(one[0], minutes_ago=20)
    rule = (
        "INSERT INTO rules (kind, vehicle_id, lasting_s, raises_alert, is_on)"
        " VALUES ('offline', %s, %s, true, %s)"
    )
    connection.execute(rule, (patient[1], 3600, True))
    connection.execute(rule, (careless[1], 600, False))
    raise_silences(connection, NOW)
    assert find(connection, "SELECT vehicle_id FROM alerts") == [(usual[1],)]


# What people do.


def test_an_alert_goes_its_way_and_each_step_says_who(
    connection: psycopg.Connection, bus: tuple[int, int], add_person: Any
) -> None:
    ana, ben = add_person("ana@example.org"), add_person("ben@example.org", "mechanic")
    alerts = Alerts(connection, Author(ana), None)
    raise_alerts(connection, [speeding(bus)])
    id = the_alert(connection)
    row = alerts.acknowledge(id, 1)
    row = alerts.assign(id, row["version"], ben)
    assert (row["state"], row["assignee"]) == ("acknowledged", "ben@example.org")
    row = alerts.note(id, row["version"], "called the driver")
    row = alerts.snooze(id, row["version"], NOW + timedelta(hours=1))
    assert row["standing"] == "snoozed"
    row = alerts.resolve(id, row["version"], "told the driver")
    assert (row["state"], row["snoozed_until"]) == ("resolved", None)
    row = alerts.reopen(id, row["version"])
    assert (row["state"], row["version"]) == ("open", 7)
    told = [(step["action"], step["who"], step["detail"]) for step in reversed(alerts.list_steps(id))]
    assert told[2:5] == [
        ("acknowledged", "ana@example.org", ""),
        ("assigned", "ana@example.org", "ben@example.org"),
        ("noted", "ana@example.org", "called the driver"),
    ]
    assert [action for action, _, _ in told[5:]] == ["snoozed", "resolved", "reopened"]


def test_of_two_people_who_act_on_the_same_the_second_is_shown_what_the_first_did(
    connection: psycopg.Connection, alerts: Alerts, bus: tuple[int, int]
) -> None:
    raise_alerts(connection, [speeding(bus)])
    id = the_alert(connection)
    alerts.acknowledge(id, 1)
    with pytest.raises(Conflict) as refused:
        alerts.resolve(id, 1)
    assert refused.value.current["state"] == "acknowledged"
    with pytest.raises(RecordError):
        alerts.acknowledge(id, 2)
    assert read_steps(connection, id) == ["raised", "escalated", "acknowledged"]


def test_further_events_do_not_stand_in_the_way_of_whoever_acts(
    connection: psycopg.Connection, alerts: Alerts, bus: tuple[int, int]
) -> None:
    raise_alerts(connection, [speeding(bus)])
    raise_alerts(connection, [speeding(bus, 5)])
    assert alerts.acknowledge(the_alert(connection), 1)["events"] == 2


def test_an_alert_that_happened_again_is_not_reopened_beside_the_new_one(
    connection: psycopg.Connection, alerts: Alerts, bus: tuple[int, int]
) -> None:
    raise_alerts(connection, [speeding(bus)])
    id = the_alert(connection)
    alerts.resolve(id, 1)
    raise_alerts(connection, [speeding(bus, 5)])
    with pytest.raises(RecordError, match="happened_again"):
        alerts.reopen(id, 2)


def test_what_is_beyond_reach_is_not_there(
    connection: psycopg.Connection, add_bus: Any, add_person: Any
) -> None:
    near, far = add_bus("near", "North"), add_bus("far", "South")
    raise_alerts(connection, [speeding(near), speeding(far), speeding(far, kind="sos")])
    ((north,),) = find(connection, "SELECT id FROM depots WHERE name = 'North'")
    mine, beyond = (
        id for (id,) in find(connection, "SELECT id FROM alerts WHERE kind = 'overspeed' ORDER BY device_id")
    )
    alerts = Alerts(connection, Author(), [north])
    assert [row["label"] for row in alerts.list_page(Matching(), None, 10)] == ["near"]
    assert alerts.count(Matching()) == 1
    for action in (lambda: alerts.get(beyond), lambda: alerts.acknowledge(beyond, 1)):
        with pytest.raises(RecordMissing):
            action()
    assert alerts.act_on_many("resolve", [mine, beyond]) == 1
    assert find(connection, "SELECT state FROM alerts WHERE id = %s", beyond) == [("open",)]


def test_an_alert_is_given_only_to_somebody_who_may_look_after_its_vehicle(
    connection: psycopg.Connection, alerts: Alerts, add_bus: Any, add_person: Any
) -> None:
    raise_alerts(connection, [speeding(add_bus("far", "South"))])
    id = the_alert(connection)
    viewer, bounded = add_person("viewer@example.org", "viewer"), add_person("bounded@example.org")
    connection.execute("UPDATE users SET scope = 'depot' WHERE id = %s", (bounded,))
    for person in (viewer, bounded):
        with pytest.raises(RecordError, match="assigned_to"):
            alerts.assign(id, 1, person)
    connection.execute("INSERT INTO user_scopes (user_id, depot_id) SELECT %s, id FROM depots", (bounded,))
    assert alerts.assign(id, 1, bounded)["assigned_to"] == bounded


def test_the_list_begins_with_what_waits_and_with_the_worst_of_it(
    connection: psycopg.Connection, alerts: Alerts, add_bus: Any
) -> None:
    def cause(name: str, severity: str) -> Cause:
        return speeding(add_bus(name), severity=severity)

    raise_alerts(connection, [cause("in hand", "critical"), cause("older", "warning")])
    raise_alerts(connection, [cause("small", "info"), cause("worst", "critical"), cause("newer", "warning")])
    ((in_hand,),) = find(connection, "SELECT id FROM alert_board WHERE label = 'in hand'")
    alerts.acknowledge(in_hand, 1)
    labels = ["worst", "newer", "older", "small", "in hand"]
    assert [row["label"] for row in alerts.list_page(Matching("to_do"), None, 10)] == labels
    found: list[str] = []
    after = None
    while rows := alerts.list_page(Matching("to_do"), after, 2, is_folded=True):
        found += [row["label"] for row in rows]
        after = (rows[-1]["rank"], rows[-1]["id"])
    assert found == labels


# By the clock.


def test_an_alert_escalates_until_somebody_acknowledges_it(
    connection: psycopg.Connection, alerts: Alerts, bus: tuple[int, int]
) -> None:
    raise_alerts(connection, [speeding(bus, severity="critical")])
    id = the_alert(connection)
    assert read_steps(connection, id) == ["raised", "escalated"]
    now = datetime.now(UTC)
    assert escalate(connection, now + timedelta(seconds=290)) == 0
    assert escalate(connection, now + timedelta(seconds=310)) == 1
    assert escalate(connection, now + timedelta(days=1)) == 0
    told = find(connection, "SELECT detail FROM alert_steps WHERE action = 'escalated' ORDER BY id")
    assert told == [("dispatcher",), ("admin",)]
    assert find(connection, "SELECT level, escalates_at FROM alerts") == [(2, None)]
    alerts.acknowledge(id, 1)


def test_nobody_else_is_told_of_what_somebody_has_acknowledged_or_resolved(
    connection: psycopg.Connection, alerts: Alerts, bus: tuple[int, int], add_bus: Any
) -> None:
    raise_alerts(connection, [speeding(bus), speeding(add_bus("bus 2"))])
    first, second = (id for (id,) in find(connection, "SELECT id FROM alerts ORDER BY id"))
    alerts.acknowledge(first, 1)
    alerts.resolve(second, 1)
    assert escalate(connection, NOW + timedelta(days=1)) == 0


def test_two_runners_escalate_an_alert_once(
    connection: psycopg.Connection, database_url: str, bus: tuple[int, int]
) -> None:
    raise_alerts(connection, [speeding(bus)])
    later = NOW + timedelta(hours=1)
    with connect(database_url, "first") as first, connect(database_url, "second") as second:
        assert escalate(first, later) == 1
        assert escalate(second, later) == 0
        first.commit()
        assert escalate(second, later) == 0
        second.commit()
    assert read_steps(connection, the_alert(connection)) == ["raised", "escalated", "escalated"]


def test_a_snoozed_alert_rests_and_wakes(
    connection: psycopg.Connection, alerts: Alerts, bus: tuple[int, int]
) -> None:
    raise_alerts(connection, [speeding(bus)])
    id = the_alert(connection)
    with pytest.raises(RecordError, match="past"):
        alerts.snooze(id, 1, NOW - timedelta(seconds=1))
    until = NOW + timedelta(hours=3)
    alerts.snooze(id, 1, until)
    assert (alerts.count(Matching("to_do")), alerts.count(Matching("snoozed"))) == (0, 1)
    assert escalate(connection, until - timedelta(seconds=1)) == 0
    assert wake(connection, until - timedelta(seconds=1)) == 0
    assert wake(connection, until) == 1
    assert alerts.count(Matching("open")) == 1
    assert read_steps(connection, id)[2:] == ["snoozed", "woken"]
    assert escalate(connection, until + timedelta(seconds=1790)) == 0
    assert escalate(connection, until + timedelta(seconds=1810)) == 1


def test_who_is_told_can_be_changed_and_the_change_is_audited(
    connection: psycopg.Connection, bus: tuple[int, int], add_person: Any
) -> None:
    wanted = [Escalation("warning", 600, "viewer"), Escalation("warning", 60, "mechanic")]
    author = Author(add_person("ana@example.org", "admin"))
    with connection.transaction():
        replace_escalations(connection, author, find_version(connection), wanted)
    with pytest.raises(EscalationsChanged), connection.transaction():
        replace_escalations(connection, author, 0, [])
    assert [one.role for one in list_escalations(connection)["warning"]] == ["mechanic", "viewer"]
    assert find(connection, "SELECT table_name, user_id FROM audit_log") == [("escalations", author.user_id)]
    raise_alerts(connection, [speeding(bus)])
    assert read_steps(connection, the_alert(connection)) == ["raised"]
    assert escalate(connection, datetime.now(UTC) + timedelta(seconds=61)) == 1
    assert find(connection, "SELECT detail FROM alert_steps WHERE action = 'escalated'") == [("mechanic",)]


def test_whoever_listens_hears_of_each_alert(
    connection: psycopg.Connection, alerts: Alerts, bus: tuple[int, int]
) -> None:
    connection.execute("LISTEN alert_changed")
    raise_alerts(connection, [speeding(bus)])
    id = the_alert(connection)
    alerts.acknowledge(id, 1)
    heard = {notify.payload for notify in connection.notifies(timeout=5, stop_after=2)}
    assert heard == {str(id)}
