"""One run: what is sustainable, then three times that while a page watches the map, then the rest."""

import secrets
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, NamedTuple

import psycopg

from bench.books import PATIENCE_S, empty, read_books
from bench.drain.cost import drain, queue_up
from bench.figures import tell
from bench.moments import Moments
from bench.overload.peaks import Peaks
from bench.overload.publishers import Publishers, publishing
from bench.overload.watcher import Watcher, find_longest_pause, wait_until_ready
from bench.stage import Stage, open_stage
from local.services.ports import choose_port
from sql.users import add_user

TIMES = 3
SUSTAINED = 200_000  # positions to measure what is sustainable by
LOOK_S = 0.5
NEARLY = 0.95
EMAIL = "bench@example.org"


class Flood(NamedTuple):
    """How many positions came in, and when (monotonic)."""

    begin: float
    published_until: float
    stored_until: float
    acknowledged: int
    stored_meanwhile: int


def run(seconds: float, moments: Moments) -> dict[str, Any]:
    """Measure everything on services of the trial's own; the keys are those that `--json` prints."""
    with open_stage(moments.uids) as stage, stage.connect() as connection:
        tell("measuring what is sustainable")
        messages = SUSTAINED // moments.positions
        queue_up(stage, map(moments.write, range(messages)))
        sustainable = drain(stage, connection, messages * moments.positions).positions_per_s
        empty(connection)
        with _running(stage, connection) as (peaks, watcher):
            tell(f"publishing {TIMES} times {sustainable:,.0f} positions a second for {seconds:,.0f} s")
            rate = TIMES * sustainable / moments.positions
            with publishing(stage.mqtt_url, moments, rate, seconds) as publishers:
                flood = _look_on(connection, publishers, moments.positions, peaks)
            return {
                **_describe_rates(flood, sustainable),
                **peaks.describe(),
                "greatest_behind_on_page_s": watcher.greatest_behind_s,
                **_describe_frames(flood, watcher.frames),
                **_count(connection, flood.acknowledged),
                "devices": moments.devices,
                "positions_a_message": moments.positions,
            }


@contextmanager
def _running(stage: Stage, connection: psycopg.Connection) -> Iterator[tuple[Peaks, Watcher]]:
    """A daemon, a site, and a page that watches."""
    password = secrets.token_urlsafe(24)
    add_user(connection, EMAIL, "viewer", password)
    metrics_port, web_port = choose_port(), choose_port()
    site = {"WEB_PORT": str(web_port), "JWT_SECRET": secrets.token_hex(32), "COOKIE_SECURE": "false"}
    with stage.play("ingest", METRICS_PORT=str(metrics_port)) as daemon, stage.play("web", **site):
        stage.wait_until_ready(daemon)
        url = f"http://127.0.0.1:{web_port}"
        wait_until_ready(url)
        with closing(Watcher(url, EMAIL, password)) as watcher:
            yield Peaks(daemon, metrics_port), watcher


def _look_on(connection: psycopg.Connection, publishers: Publishers, positions: int, peaks: Peaks) -> Flood:
    """Until all have published and all is stored, or nothing more is stored for too long."""
    begin = published_until = time.monotonic()
    seen, stored_meanwhile, deadline = -1, 0, begin + PATIENCE_S
    while True:
        are_done = publishers.are_done  # asked before the count, which is final then
        acknowledged = publishers.acknowledged * positions
        stored = read_books(connection).positions
        peaks.look(acknowledged, stored)
        now = time.monotonic()
        if stored > seen:
            seen, deadline = stored, now + PATIENCE_S
        if not are_done:
            published_until, stored_meanwhile = now, stored
        elif stored >= acknowledged or now > deadline:
            return Flood(begin, published_until, now, acknowledged, stored_meanwhile)
        time.sleep(LOOK_S)


def _describe_rates(flood: Flood, sustainable: float) -> dict[str, Any]:
    seconds = flood.published_until - flood.begin
    published = flood.acknowledged / seconds
    is_enough = published >= NEARLY * TIMES * sustainable
    return {
        "sustainable_per_s": round(sustainable),
        "asked_per_s": round(TIMES * sustainable),
        "published_per_s": round(published),
        "published_to_sustainable": round(published / sustainable, 2),
        "limited_by": "the rate asked for" if is_enough else "publishers and broker",
        "stored_per_s_meanwhile": round(flood.stored_meanwhile / seconds),
        "published_for_s": round(seconds, 1),
        "stored_after_s": round(flood.stored_until - flood.published_until, 1),
    }


def _describe_frames(flood: Flood, frames: list[float]) -> dict[str, Any]:
    count = sum(flood.begin < frame < flood.stored_until for frame in frames)
    return {
        "frames": count,
        "frames_per_s": round(count / (flood.stored_until - flood.begin), 2),
        "longest_pause_s": round(find_longest_pause(flood.begin, frames, flood.stored_until), 2),
    }


def _count(connection: psycopg.Connection, acknowledged: int) -> dict[str, Any]:
    query = "SELECT (SELECT count(*) FROM positions), (SELECT count(*) FROM quarantine)"
    row = connection.execute(query).fetchone()
    assert row
    stored, quarantined = row
    duplicate = read_books(connection).duplicate
    return {
        "acknowledged": acknowledged,
        "stored": stored,
        "duplicate": duplicate,
        "quarantined": quarantined,
        "lost": acknowledged - stored - duplicate - quarantined,
    }
