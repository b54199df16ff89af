"""What a process says to the database every 2 s, in a thread and on a connection of its own.

Of its own, for those that work are the ones that may be stuck.
"""

import threading
from collections.abc import Callable
from contextlib import suppress

import psycopg

from sql.pool import connect

BEAT_S = 2.0

Beat = Callable[[psycopg.Connection], None]


class Pulse:
    """Calls each of `beats` with the connection from `start` until `stop`, whenever the database answers.

    Then it calls `farewell` once, where it has a connection.
    """

    def __init__(
        self, database_url: str, process: str, *beats: Beat, farewell: Beat = lambda connection: None
    ) -> None:
        self._url = database_url
        self._process = f"{process}-pulse"
        self._farewell = farewell
        self._beats = beats
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def start(self) -> None:
        """Beat from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Beat no more; a database that hangs does not hold this up for long."""
        self._stopping.set()
        self._thread.join(BEAT_S)

    def _run(self) -> None:
        connection: psycopg.Connection | None = None
        while True:
            try:
                connection = connection or connect(self._url, self._process, autocommit=True)
                for beat in self._beats:
                    beat(connection)
            except psycopg.Error:  # those that work say in the log that the database is away
                if connection is not None:
                    connection.close()
                connection = None
            if self._stopping.wait(BEAT_S):
                break
        if connection is not None:
            with suppress(psycopg.Error):
                self._farewell(connection)
            connection.close()
