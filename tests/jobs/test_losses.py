"""The job that records yesterday's losses, and what Prometheus is told of them."""

from datetime import UTC, datetime, time, timedelta

from prometheus_client import REGISTRY

from jobs.losses import record_losses
from sql.fleet import adopt_devices
from sql.losses import list_fleet_day
from sql.pool import connect


def test_yesterday_is_recorded_once_and_told_to_prometheus(database_url: str) -> None:
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    noon = datetime.combine(yesterday, time(12), UTC)
    with connect(database_url, "test") as connection:
        adopt_devices(connection, ["bus-1", "bus-2"])
        for second in (0, 10, 20, 30, 130, 140):
            connection.execute(
                "INSERT INTO positions SELECT id, %s, now(), 48.1, 11.5 FROM devices WHERE uid = 'bus-1'",
                (noon + timedelta(seconds=second),),
            )
        connection.commit()
        record_losses(connection)
    with connect(database_url, "test") as connection:
        assert [(row.uid, row.gaps) for row in list_fleet_day(connection, yesterday)] == [
            ("bus-1", 1),
            ("bus-2", 0),
        ]
        computed = "SELECT max(computed_at) FROM device_days"
        before = connection.execute(computed).fetchone()
        connection.commit()
        record_losses(connection)
        assert connection.execute(computed).fetchone() == before
    assert REGISTRY.get_sample_value("motorpool_yesterday_records", {"outcome": "stored"}) == 6
    assert REGISTRY.get_sample_value("motorpool_yesterday_gaps") == 1
    assert REGISTRY.get_sample_value("motorpool_yesterday_missing_fixes") == 9
    assert REGISTRY.get_sample_value("motorpool_yesterday_silent_devices") == 1
