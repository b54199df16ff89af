"""Child processes of `motorpool up`: started together, restarted when they die, stopped in order.

Each child leads a session of its own, so that a Ctrl-C reaches only us and we decide the order; and each is
told by the kernel to end if we are killed, so that nothing is left behind.
"""

import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config.program import PROGRAM, end_with_parent

STOP_TIMEOUT_S = 20.0
STEADY_S = 30.0
LONGEST_PAUSE_S = 30.0
LOG_LIMIT_BYTES = 50_000_000


@dataclass
class Child:
    """One process: `motorpool` with these arguments, its output in a log file."""

    arguments: list[str]
    log: Path
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause_s: float = 1.0
    retry_at: float = field(default=0.0)

    @property
    def name(self) -> str:
        return self.arguments[0]

    def start(self) -> None:
        """Start the process."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.rename(self.log.with_suffix(".log.old"))
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [*PROGRAM, *self.arguments],
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=end_with_parent,  # no thread runs here that it could disturb
            )
        self.started_at = time.monotonic()

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def restart_if_dead(self) -> int | None:
        """Start a dead process again, after a pause that grows; its exit code when it has just died."""
        now = time.monotonic()
        if self.is_running():
            if now - self.started_at > STEADY_S:
                self.pause_s = 1.0
            return None
        if self.process is not None:
            code = self.process.returncode
            self.process = None
            self.retry_at = now + self.pause_s
            self.pause_s = min(self.pause_s * 2, LONGEST_PAUSE_S)
            return code
        if now >= self.retry_at:
            self.start()
        return None

    def stop(self, timeout: float = STOP_TIMEOUT_S) -> None:
        """Ask the process to end, and end it if it does not."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
