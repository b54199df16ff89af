"""Imports that wait are worked on by a process of their own: large files have memory and a core of their own,
and what a file does to its reader, it does to nobody else.
"""

import subprocess

import psycopg

from config.program import PROGRAM
from sql.queries import queries

FORGET_FILES_AFTER_DAYS = 30
LOOK_EVERY_S = 0.5


def work_off(connection: psycopg.Connection) -> None:
    """Let `motorpool exchange` work where anything waits, and wait for it. Raises CalledProcessError.

    It is waited for in the database: whoever stops the jobs cancels their queries, and so this one too.
    """
    if not queries.is_exchange_waiting(connection):
        return
    command = [*PROGRAM, "exchange"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        try:
            while process.poll() is None:
                connection.commit()
                queries.wait_a_little(connection, seconds=LOOK_EVERY_S)
        finally:
            process.terminate()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


def forget_files(connection: psycopg.Connection) -> None:
    """Files that were sent long ago are kept no longer; the history of what they did stays."""
    queries.forget_import_files(connection, days=FORGET_FILES_AFTER_DAYS)
