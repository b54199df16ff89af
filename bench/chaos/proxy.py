"""A relay in front of a server, which can cut its connections in the middle of what they carry."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

CHUNK_BYTES = 65_536


class _Link:
    """One client's connection and its continuation to the server."""

    def __init__(self) -> None:
        self.writers: list[asyncio.StreamWriter] = []
        self.bytes_left: int | None = None

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on until either end closes, or until no byte more is allowed."""
        try:
            while data := await reader.read(CHUNK_BYTES):
                if self.bytes_left is not None:
                    data = data[: self.bytes_left]
                    self.bytes_left -= len(data)
                writer.write(data)
                await writer.drain()
                if self.bytes_left == 0:
                    break
        except OSError:
            pass  # reset by either end: the other is told below
        for each in self.writers:
            each.close()


class Proxy:
    """Listens on a port of its own for as long as the context lasts; `find_port` names the server's."""

    def __init__(self, find_port: Callable[[], int], host: str = "127.0.0.1") -> None:
        self._find_port = find_port
        self._host = host
        self._links: set[_Link] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy")
        self.port = 0

    def cut(self, after_bytes: int) -> int:
        """Cut each connection that is open after so many more bytes; says how many those are."""

        async def limit() -> int:
            for link in self._links:
                link.bytes_left = after_bytes
            return len(self._links)

        return asyncio.run_coroutine_threadsafe(limit(), self._loop).result()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link()
        link.writers.append(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._find_port())
        except OSError:
            writer.close()
            return
        link.writers.append(far_writer)
        self._links.add(link)
        with suppress(asyncio.CancelledError):  # the trial is over
            await asyncio.gather(link.pump(reader, far_writer), link.pump(far_reader, writer))
        self._links.discard(link)

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._relay, self._host, 0)

    async def _close(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        for link in self._links:
            for writer in link.writers:
                writer.transport.abort()  # a client that nobody reaches any more would never let go
        await asyncio.gather(*others, return_exceptions=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
