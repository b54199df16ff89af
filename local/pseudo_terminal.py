"""A pseudo-terminal under a stable name: a program speaks into it as a device, another opens its path.

Nothing may pile up while nobody listens, or the next reader would be told of an old journey first. Linux
says so only after the other end has been opened once: from then on, a hang-up is signalled until somebody
opens it again. So the other end is opened and closed here at once.
"""

import contextlib
import fcntl
import os
import select
import sys
import termios
import tty
from pathlib import Path
from types import TracebackType


class PseudoTerminal:
    """A context manager; within it `path` is a symbolic link to the end that a reader opens."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> "PseudoTerminal":
        self._speaker, other = os.openpty()
        tty.setraw(other)
        target = os.ttyname(other)
        os.close(other)
        os.set_blocking(self._speaker, False)
        self._unsent = b""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f"{self.path.name}.new")
        draft.unlink(missing_ok=True)
        draft.symlink_to(target)
        draft.replace(self.path)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.path.unlink(missing_ok=True)
        os.close(self._speaker)

    def has_reader(self) -> bool:
        """Whether somebody has the path open."""
        poll = select.poll()
        poll.register(self._speaker, 0)
        return not any(event & select.POLLHUP for _, event in poll.poll(0))

    def speak(self, sentences: bytes) -> bool:
        """Send without waiting; False where nobody listens or the reader is so slow that there is no room.

        What was begun is ended first, so that a slow reader misses whole calls and never half a line.
        """
        if not self.has_reader():
            self._unsent = b""
            return False
        self._unsent = self._write(self._unsent)
        if self._unsent:
            return False
        self._unsent = self._write(sentences)
        return self._unsent != sentences

    def _write(self, data: bytes) -> bytes:
        """Write what fits; gives the rest."""
        with contextlib.suppress(BlockingIOError):
            return data[os.write(self._speaker, data) :] if data else b""
        return data

    def is_drained(self) -> bool:
        """Whether the reader has taken all that was sent, as far as the kernel tells."""
        other = os.open(self.path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            waiting = fcntl.ioctl(other, termios.FIONREAD, bytes(4))
        finally:
            os.close(other)
        return not self._unsent and int.from_bytes(waiting, sys.byteorder) == 0
