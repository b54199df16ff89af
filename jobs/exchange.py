"""The job that has files made in the background: it looks whether anything waits, and starts who makes them.

Making them is the web's, which this process never imports; so it starts the program, and waits for its end.
The transaction sleeps meanwhile, again and again, so that whoever stops this job cancels that, and ends the
child with it.
"""

import subprocess

import psycopg

from config.program import PROGRAM, end_with_parent
from sql.queries import queries

GRACE_S = 5.0


class ExchangeFailed(Exception):
    """`motorpool exchange` ended with an error, which its own log tells."""


def work_off_exchange(connection: psycopg.Connection) -> None:
    """Make what waits, if anything does. Raises ExchangeFailed."""
    if not queries.has_exchange_work(connection):
        return
    child = subprocess.Popen([*PROGRAM, "exchange"], preexec_fn=end_with_parent)
    try:
        while child.poll() is None:
            connection.execute("SELECT pg_sleep(0.5)")
    finally:
        stop(child)
    if child.returncode:
        raise ExchangeFailed(f"`motorpool exchange` ended with code {child.returncode}")


def stop(child: subprocess.Popen[bytes]) -> None:
    """End the child where it has not ended by itself."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
