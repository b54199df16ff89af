"""A recording on disk: gives its messages, complains of what cannot be read, and shows how far it is."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import click
from rich.console import Console
from rich.progress import Progress

from local.replay.recording import Message, Unreadable

Reader = Callable[[BinaryIO], Iterator[Message | Unreadable]]
COMPLAINTS_SHOWN = 20


class Source:
    """Reads `path` with `read`; counts what was given and what was unreadable."""

    def __init__(self, path: Path, read: Reader) -> None:
        self._path, self._read = path, read
        self.given = self.unreadable = 0

    def uids(self) -> list[str]:
        """The devices that the recording is of."""
        with self._path.open("rb") as file:
            return sorted({item.uid for item in self._read(file) if isinstance(item, Message)})

    def messages(self, by_time: bool) -> Iterator[Message]:
        """The messages as they stand in the file; or `by_time`, for which all are held in memory."""
        console = Console(stderr=True)
        with (
            self._path.open("rb") as file,
            Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
        ):
            messages: Iterable[Message] = self._readable(self._read(file))
            total = self._path.stat().st_size
            if by_time:
                messages = sorted(messages, key=lambda message: message.seconds)
                total = len(messages)
            bar = progress.add_task(self._path.name, total=total)
            for message in messages:
                self.given += 1
                yield message
                if self.given % 50 == 0:
                    progress.update(bar, completed=self.given if by_time else file.tell())

    def _readable(self, items: Iterable[Message | Unreadable]) -> Iterator[Message]:
        for item in items:
            if isinstance(item, Message):
                yield item
                continue
            self.unreadable += 1
            if self.unreadable <= COMPLAINTS_SHOWN:
                click.echo(f"{self._path}:{item.line}: {item.reason}", err=True)
            if self.unreadable == COMPLAINTS_SHOWN:
                click.echo(f"{self._path}: whatever else cannot be read is only counted", err=True)
