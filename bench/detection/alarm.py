"""How long an emergency call takes from the vehicle to the dispatcher's screen, while a fleet drives."""

import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import orjson
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import Page, sync_playwright

from bench.chromium import FLAGS
from bench.figures import tell
from bench.pictures.camera import Camera
from bench.pictures.people import DISPATCHER, add_people
from bench.pictures.trial import play_all
from bench.stage import Stage, open_stage
from local.demo import register_fleet

APART_S = 9.0  # more within a minute are shown as one
PATIENCE_MS = 30_000
WHERE = {"lat": 41.36, "lon": -94.18, "speed": 0.0}


def run(program: str, calls: int) -> dict[str, Any]:
    """Seconds from before the tracker publishes to the row on the page of alerts: median, and the longest."""
    with ExitStack() as stack:
        stage = stack.enter_context(open_stage(()))
        with stage.connect() as connection:
            register_fleet(connection)
            add_people(connection)
        url = play_all(stage, stack)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        stack.callback(browser.close)
        page = stack.enter_context(Camera(browser, url).open(DISPATCHER))
        page.goto("/alerts")
        page.wait_for_selector("h1")
        tell(f"{calls} vehicles call")
        tracker = stack.enter_context(_connect(stage))
        taken = [_call(tracker, page, str(101 + number)) for number in range(calls)]
    return {
        "calls": calls,
        "median_s": round(statistics.median(taken), 2),
        "longest_s": round(max(taken), 2),
    }


@contextmanager
def _connect(stage: Stage) -> Iterator[Client]:
    """A tracker at the stage's broker."""
    broker = urlsplit(stage.mqtt_url)
    tracker = Client(CallbackAPIVersion.VERSION2)
    tracker.connect(broker.hostname or "", broker.port or 1883)
    tracker.loop_start()
    try:
        yield tracker
    finally:
        tracker.disconnect()
        tracker.loop_stop()


def _call(tracker: Client, page: Page, number: str) -> float:
    """Publish one call and wait until it is to be read."""
    page.wait_for_timeout(APART_S * 1000)
    began = time.perf_counter()
    told = {"time": datetime.now(UTC).isoformat(), **WHERE, "event": "sos"}
    tracker.publish(f"fleet/bus-{number}/position", orjson.dumps(told), qos=1)
    page.wait_for_selector(f'tr[data-alert] td:text-is("{number}")', timeout=PATIENCE_MS)
    return time.perf_counter() - began
