"""Imports and exports that wait are worked on by a process of their own.

Large files have memory and a core of their own there, and what a file does to its reader it does to nobody
else. The work is the web's, which this process never imports; so it starts the program.
"""

import subprocess

import psycopg

from config.program import PROGRAM
from sql.queries import queries

FORGET_FILES_AFTER_DAYS = 30
LOOK_EVERY_S = 0.5
GRACE_S = 5.0


class ExchangeFailed(Exception):
    """`motorpool exchange` ended with an error, which its own log tells."""


def work_off_exchange(connection: psycopg.Connection) -> None:
    """Let `motorpool exchange` work where anything waits, and wait for it. Raises ExchangeFailed.

    It is waited for in the database: whoever stops the jobs cancels their queries, and so this one too.
    """
    if not queries.has_exchange_work(connection):
        return
    child = subprocess.Popen([*PROGRAM, "exchange"], stdin=subprocess.DEVNULL)
    try:
        while child.poll() is None:
            connection.commit()
            queries.wait_a_little(connection, seconds=LOOK_EVERY_S)
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


def forget_files(connection: psycopg.Connection) -> None:
    """Files that were sent long ago are kept no longer; the history of what they did stays."""
    queries.forget_import_files(connection, days=FORGET_FILES_AFTER_DAYS)
