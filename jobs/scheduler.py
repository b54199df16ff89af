"""The scheduler process: while it holds the lock the jobs run, else it stands by.

Two processes that notify or delete at the same time would do it twice, so the lock decides and not the
operator. Everything here follows from asking for it once a second: whoever gets it starts the schedule, and
whoever loses it, or the database, stops at once.
"""

import socket
import threading

import structlog
from systemd_watchdog.systemd_watchdog import WatchDog

from jobs import metrics
from jobs.lock import RunnerLock
from jobs.work import Work

GRACE_S = 20.0

log = structlog.get_logger()


def run_scheduler(lock: RunnerLock, work: Work, stop: threading.Event, grace_s: float = GRACE_S) -> None:
    """Run the jobs whenever the lock is held, until `stop` is set; a job may finish in `grace_s`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify_socket:
        watchdog = WatchDog(notify_socket)
        watchdog.ready()
        watchdog.status("stands by")
        log.info("stands by")
        while not stop.is_set():
            if lock.hold():
                _begin(work, watchdog)
            else:
                _stand_by(work, watchdog)
            watchdog.ping()
            stop.wait(lock.pause_s)
    log.info("stopping")
    if not work.stop(grace_s):
        log.error("a job did not end in time")
    lock.release()
    log.info("stopped")


def _begin(work: Work, watchdog: WatchDog) -> None:
    """Start the schedule once the jobs of an earlier turn, if any, have ended."""
    if not work.started and work.wait_until_idle(0):
        work.start()
        metrics.LOCK_HELD.set(1)
        watchdog.status("runs the jobs")
        log.info("runs the jobs")


def _stand_by(work: Work, watchdog: WatchDog) -> None:
    if work.started:
        log.warning("lost the lock; stands by")
        metrics.LOCK_HELD.set(0)
        watchdog.status("stands by")
    work.stop()
