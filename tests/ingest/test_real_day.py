"""A real day of a city's buses through the broker: its distinct rows, however often and in any order."""

import asyncio
import csv
import random
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import psycopg

from sql.fleet import adopt_devices


def test_the_real_day_twice_and_shuffled_gives_exactly_its_distinct_rows(
    database_url: str, broker_url: str, recordings: Path, start_daemon: Any, tools: Any
) -> None:
    with (recordings / "traces/capmetro/2015-03-07.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    root = f"t-{uuid.uuid4().hex}"
    messages = [
        (
            f"{root}/{row['vehicle_id']}/position",
            orjson.dumps(
                {"time": row["timestamp"], "lat": float(row["latitude"]), "lon": float(row["longitude"])}
            ),
        )
        for row in rows
    ]
    twice = messages * 2
    random.Random(7).shuffle(twice)
    with psycopg.connect(database_url, autocommit=True) as connection:
        adopt_devices(connection, {row["vehicle_id"] for row in rows})
    start_daemon(
        DATABASE_URL=database_url,
        MQTT_URL=broker_url,
        MQTT_CLIENT_ID=root,
        MQTT_TOPICS=f"{root}/+/position=native",
    )
    asyncio.run(tools.publish(broker_url, twice, in_flight=1000))
    ledger = "SELECT coalesce(sum(received), 0) FROM ingest_ledger"
    tools.until(
        lambda: tools.scalar(database_url, ledger) >= len(twice), "every message in the ledger", limit=120
    )
    with psycopg.connect(database_url) as connection:
        sums = "SELECT sum(received), sum(stored), sum(duplicate), sum(quarantined) FROM ingest_ledger"
        assert connection.execute(sums).fetchall() == [(len(twice), 44_425, len(twice) - 44_425, 0)]
        assert connection.execute("SELECT count(*), count(DISTINCT device_id) FROM positions").fetchall() == [
            (44_425, 158)
        ]
        latest = dict(
            connection.execute(
                "SELECT uid, fix_time FROM latest_positions JOIN devices ON id = device_id"
            ).fetchall()
        )
    newest: dict[str, datetime] = {}
    for row in rows:
        time_of_fix = datetime.fromisoformat(row["timestamp"])
        newest[row["vehicle_id"]] = max(time_of_fix, newest.get(row["vehicle_id"], time_of_fix))
    assert latest == newest
