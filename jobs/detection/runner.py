"""Keeps detection going: turns follow the positions within a moment, for as long as the process runs.

Every `motorpool jobs` process does this, the one that stands by, too: devices are claimed one by one, so
several only share the work.
"""

import threading
import time

import psycopg
import structlog

from jobs import metrics
from jobs.detection.ruleset import Ruleset
from jobs.detection.turn import take_turn
from jobs.lock import TCP_TIMEOUTS
from sql.pool import connect
from sql.queries import queries

REST_S = 0.25  # what comes within is looked at together
WAIT_S = 1.0
LONGEST_RETRY_S = 10.0
COUNT_EVERY_S = 10.0

log = structlog.get_logger()


class Detection:
    """A thread that takes turns whenever positions have been stored."""

    def __init__(self, url: str, statement_timeout_s: float) -> None:
        self._address = psycopg.conninfo.make_conninfo(url, **TCP_TIMEOUTS)
        self._timeout_s = statement_timeout_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="detection", daemon=True)

    def start(self) -> None:
        """Begin; waits for the database as long as it takes."""
        self._thread.start()

    def stop(self, grace_s: float) -> bool:
        """End after the turn that is going on; whether it did in time. Else it is undone as a whole."""
        self._stopping.set()
        self._thread.join(grace_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        wait_s = WAIT_S
        while not self._stopping.is_set():
            try:
                with connect(self._address, "jobs-detection", True, self._timeout_s) as connection:
                    connection.execute("LISTEN positions_stored")
                    wait_s = WAIT_S
                    self._follow(connection)
            except psycopg.Error as error:
                log.warning("detection interrupted", reason=str(error).strip(), retry_s=wait_s)
            except Exception:  # a fault of ours must not end detection for good
                metrics.DETECTION_FAILURES.inc()
                log.exception("detection failed", retry_s=wait_s)
            self._stopping.wait(wait_s)
            wait_s = min(2 * wait_s, LONGEST_RETRY_S)

    def _follow(self, connection: psycopg.Connection) -> None:
        ruleset = Ruleset()
        counted_at = 0.0
        while not self._stopping.is_set():
            began = time.monotonic()
            looked = take_turn(connection, ruleset)
            if looked:
                metrics.DETECTION_SECONDS.observe(time.monotonic() - began)
                metrics.DETECTION_DEVICES.inc(looked)
            if began - counted_at >= COUNT_EVERY_S:
                metrics.DETECTION_DUE.set(queries.count_due(connection))
                counted_at = began
            if not looked:
                for _ in connection.notifies(timeout=WAIT_S, stop_after=1):
                    pass
            self._stopping.wait(REST_S)
