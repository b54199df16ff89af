"""The workers of `ingest --workers N`: processes started together, again when they die, and stopped together.

Each worker tells us by sd_notify what it would tell systemd: that it is ready, and then that it is alive.
"""

import asyncio
import os
import signal
import socket
import time

import structlog
from systemd_watchdog.systemd_watchdog import WatchDog

from config.program import PROGRAM, end_with_parent

STOP_TIMEOUT_S = 25.0  # a worker gives up draining after 15 s, systemd on us after 30
HUNG_S = 60.0
STEADY_S = 30.0
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
WRONG_USAGE = 2

log = structlog.get_logger()


class Worker:
    """One place in the crew, whichever process fills it."""

    def __init__(self, number: int, count: int) -> None:
        self._number = number
        self._count = count
        self._process: asyncio.subprocess.Process | None = None
        self._ears = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ears.bind("")  # a free name of the kernel's choice
        self._ears.setblocking(False)
        self._heard_at = 0.0
        self.is_ready = False

    async def keep_running(self) -> None:
        """Start the process, and again when it has died, until cancelled; returns where it can never run."""
        pause = FIRST_PAUSE_S
        asyncio.get_running_loop().add_reader(self._ears, self._hear)
        while True:
            started_at = time.monotonic()
            self._process = await self._start()
            code = await self._process.wait()
            self.is_ready = False
            if code == WRONG_USAGE:
                return
            if time.monotonic() - started_at > STEADY_S:
                pause = FIRST_PAUSE_S
            log.error("a worker ended and is started again", worker=self._number, code=code, pause_s=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    def kill_if_hung(self) -> None:
        """End a process that was ready and has not said for long that it is alive."""
        if self._process and self.is_ready and time.monotonic() - self._heard_at > HUNG_S:
            log.error("a worker hangs and is killed", worker=self._number)
            self.is_ready = False
            self._process.kill()

    async def stop(self, timeout: float = STOP_TIMEOUT_S) -> bool:
        """Ask the process to store what it has and end; False where it had to be killed or failed."""
        process = self._process
        if process is None:
            return True
        if process.returncode is None:
            process.terminate()
        try:
            return await asyncio.wait_for(process.wait(), timeout) == 0
        except TimeoutError:
            log.error("a worker did not end and is killed", worker=self._number)
            process.kill()
            await process.wait()
            return False

    async def _start(self) -> asyncio.subprocess.Process:
        address = self._ears.getsockname().decode().replace("\0", "@")
        environment = os.environ | {
            "NOTIFY_SOCKET": address,
            "WATCHDOG_USEC": str(int(HUNG_S * 1_000_000)),
        }
        environment.pop("WATCHDOG_PID", None)
        return await asyncio.create_subprocess_exec(
            *PROGRAM,
            "ingest",
            f"--workers={self._count}",
            f"--worker={self._number}",
            env=environment,
            process_group=0,  # a Ctrl-C reaches only us, and we tell them
            preexec_fn=end_with_parent,  # no thread runs here that it could disturb
        )

    def _hear(self) -> None:
        message = self._ears.recv(4096)
        self._heard_at = time.monotonic()
        if b"READY=1" in message:
            self.is_ready = True


class Crew:
    """All workers; `run` returns an exit code after SIGTERM or SIGINT, when each has stored what it had."""

    def __init__(self, count: int) -> None:
        self._workers = [Worker(number, count) for number in range(1, count + 1)]

    async def run(self) -> int:
        """Keep the workers running until told to stop, or until one says that its settings are wrong."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        keeping = [
            asyncio.create_task(worker.keep_running(), name=f"worker {number}")
            for number, worker in enumerate(self._workers, 1)
        ]
        watching = asyncio.create_task(self._report_health(), name="health")
        stopping = asyncio.create_task(stop.wait(), name="stop")
        await asyncio.wait([*keeping, watching, stopping], return_when=asyncio.FIRST_COMPLETED)
        for task in (*keeping, watching, stopping):
            task.cancel()
        outcomes = await asyncio.gather(*keeping, watching, return_exceptions=True)
        log.info("the workers store what they have", workers=len(self._workers))
        clean = await asyncio.gather(*(worker.stop() for worker in self._workers))
        log.info("all workers have stopped")
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome
        if not stop.is_set():
            return WRONG_USAGE
        return 0 if all(clean) else 1

    async def _report_health(self) -> None:
        watchdog = WatchDog()
        while not all(worker.is_ready for worker in self._workers):
            await asyncio.sleep(0.1)
        watchdog.ready()
        log.info("all workers are ready", workers=len(self._workers))
        while True:
            watchdog.ping()
            for worker in self._workers:
                worker.kill_if_hung()
            await asyncio.sleep(1)
