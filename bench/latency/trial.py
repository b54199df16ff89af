"""One run at a steady rate. Every row is measured: its fix has the moment of publication as its time, and the
database says when it committed the row (`track_commit_timestamp`), both by the same clock.

The database takes that moment before it writes the commit to the disk, so the rows are visible one such write
later; how long these writes take in the mean is part of the answer.
"""

from typing import Any

import psycopg

from bench.books import read_books, wait_for
from bench.figures import tell
from bench.moments import Moments
from bench.pace import keep_pace
from bench.stage import open_stage

SETTINGS = {"track_commit_timestamp": "on", "track_wal_io_timing": "on"}
LATENCIES = """
WITH ages AS (
    SELECT extract(epoch FROM pg_xact_commit_timestamp(xmin) - fix_time) * 1000 AS committed_ms,
           extract(epoch FROM received_at - fix_time) * 1000 AS received_ms
    FROM positions
)
SELECT count(*), percentile_cont(ARRAY[0.5, 0.95, 0.99, 1]) WITHIN GROUP (ORDER BY committed_ms),
       percentile_cont(0.95) WITHIN GROUP (ORDER BY received_ms),
       count(*) FILTER (WHERE committed_ms < 300)::float / count(*)
FROM ages
"""
FLUSHES = "SELECT CASE WHEN wal_sync > 0 THEN wal_sync_time / wal_sync ELSE 0 END FROM pg_stat_wal"


def run(rate: float, seconds: float, devices: int) -> dict[str, Any]:
    """Publish for so long, wait for the rest, and ask the database how old each row was."""
    moments = Moments(devices)
    with open_stage(moments.uids, SETTINGS) as stage, stage.connect() as connection:
        with stage.play("ingest") as daemon:
            stage.wait_until_ready(daemon)
            connection.execute("SELECT pg_stat_reset_shared('wal')")
            tell(f"publishing {rate:,.0f} messages a second for {seconds:,.0f} s")
            url = stage.mqtt_url
            published = keep_pace(url, "bench-latency", rate, seconds, moments.write, lambda _: None)
            wait_for(connection, published)
            answer = {
                "asked_per_s": rate,
                "published_per_s": round(published / seconds),
                "published": published,
                **_read_latencies(connection),
            }
        return answer | {"devices": devices, "seconds": seconds}


def _read_latencies(connection: psycopg.Connection) -> dict[str, Any]:
    row = connection.execute(LATENCIES).fetchone()
    assert row
    stored, percentiles, received_ms, in_time = row
    names = ("p50_ms", "p95_ms", "p99_ms", "max_ms")
    flush = connection.execute(FLUSHES).fetchone()
    assert flush
    return {
        "stored": stored,
        "duplicate": read_books(connection).duplicate,
        **{name: round(value, 1) for name, value in zip(names, percentiles, strict=True)},
        "share_under_300_ms": round(in_time, 4),
        "p95_until_received_ms": round(received_ms, 1),
        "mean_commit_write_ms": round(flush[0], 2),
    }
