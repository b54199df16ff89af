"""The job that follows alerts by the clock, as the scheduler runs it."""

import psycopg

from jobs.alerts import follow_alerts
from sql.alert_life import Alerts, Matching
from sql.audit import Author
from sql.fleet import adopt_devices
from sql.pool import connect

AN_HOUR_LATER = (
    "UPDATE alerts SET escalates_at = escalates_at - interval '1 h',"
    " snoozed_until = snoozed_until - interval '1 h'"
)


def list_actions(connection: psycopg.Connection) -> list[str]:
    return [action for (action,) in connection.execute("SELECT action FROM alert_steps ORDER BY id")]


def test_a_silent_bus_raises_an_alert_that_escalates_once_it_has_slept(database_url: str) -> None:
    with connect(database_url, "test", autocommit=True) as connection:
        adopt_devices(connection, ["bus-1"])
        connection.execute(
            "INSERT INTO latest_positions (device_id, fix_time, received_at, latitude, longitude)"
            " SELECT id, now() - interval '1 h', now() - interval '1 h', 48, 11 FROM devices"
        )
        follow_alerts(connection)
        alerts = Alerts(connection, Author(), None)
        (row,) = alerts.list_page(Matching("open"), None, 10)
        connection.execute("UPDATE alerts SET snoozed_until = now() + interval '50 min'")
        follow_alerts(connection)
        assert list_actions(connection) == ["raised", "escalated"]
        connection.execute(AN_HOUR_LATER)
        follow_alerts(connection)
        assert list_actions(connection) == ["raised", "escalated", "woken"]
        connection.execute(AN_HOUR_LATER)
        follow_alerts(connection)
        assert list_actions(connection) == ["raised", "escalated", "woken", "escalated"]
        assert alerts.get(row["id"])["level"] == 2
