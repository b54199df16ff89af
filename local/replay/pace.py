"""When each message of a recording is due."""

import asyncio


class Pace:
    """As fast as possible; or so many messages a second; or so many times as fast as it was recorded."""

    def __init__(self, rate: float | None = None, times: float | None = None) -> None:
        self._rate, self._times = rate, times
        self._count = 0
        self._begun: float | None = None
        self._first = 0.0

    async def wait(self, seconds: float) -> None:
        """Wait for the turn of the next message, which was recorded at `seconds`."""
        now = asyncio.get_running_loop().time()
        if self._begun is None:
            self._begun, self._first = now, seconds
        due = now
        if self._rate:
            due = self._begun + self._count / self._rate
        elif self._times:
            due = self._begun + (seconds - self._first) / self._times
        self._count += 1
        if due > now:
            await asyncio.sleep(due - now)
