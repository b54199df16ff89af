"""A server that outlives the command which starts it, known by its pid file, one folder and one port."""

import os
import signal
import time
from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from local.services.account import Account, find_account, make_open
from local.services.errors import ServiceError
from local.services.ports import becomes_free, choose_port
from local.services.roots import Root, locked

START_TIMEOUT_S = 600  # a database that was killed may have gigabytes of its log to replay
STOP_TIMEOUT_S = 120
# Before another attempt: children of a killed server may linger, another program may have taken the port.
PAUSES_S = (0.2, 0.4, 0.8, 1.6, 3.2)
LOG_BYTES = 10_000_000
# Leaves the server to init, with its output in our log and as many open files as the system allows.
DETACH = 'ulimit -S -n "$(ulimit -H -n)"; "$@" >&2 & echo $!'


class Daemon(ABC):
    """One embedded service. `home` holds its folder, its port, its settings and its log."""

    name: ClassVar[str]
    pid_file: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    def __init__(self, home: Path, root: Root) -> None:
        self.home = home
        self.root = root
        self.folder = home / self.name
        self.config = home / f"{self.name}.conf"
        self.log = home / f"{self.name}.log"
        self._port_file = home / f"{self.name}.port"

    @cached_property
    def account(self) -> Account:
        """Who owns the folder and runs the server."""
        return find_account(self.home)

    @property
    def port(self) -> int:
        """The port on 127.0.0.1: the same at each start unless another program has taken it."""
        try:
            return int(self._port_file.read_text())
        except (OSError, ValueError):
            raise ServiceError(f"{self.name} is not set up here; run: motorpool services start") from None

    @property
    def pid(self) -> int | None:
        """The running server's process id; None where it does not run, whatever a stale pid file says."""
        if not self.folder.exists():
            return None
        find_account(self.home)  # or it says whose the folder is, where we may not look inside
        try:
            pid = int((self.folder / self.pid_file).read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None
        return pid if self._is_ours(pid) else None

    def alive(self) -> bool:
        """Whether the server's process runs."""
        return self.pid is not None

    def start(self, progress: bool = False) -> None:
        """Fetch and set up what is missing, start the server, wait until it answers. No-op while it runs."""
        if self.alive() and self.answers():
            return
        self.root.fetch(progress)
        make_open(self.home)
        with locked(self.home / f"{self.name}.lock"):
            if not self.folder.exists():
                self.create()
            for pause_s in PAUSES_S:
                if self._wait_for_answer(self.pid or self.launch()):
                    return self.complete()
                time.sleep(pause_s)
        raise ServiceError(f"{self.name} does not start; {self.log} ends with:\n{self._end_of_log()}")

    def stop(self) -> None:
        """End the server in order and wait until it is gone. No-op while it does not run."""
        if self.home.exists():
            with locked(self.home / f"{self.name}.lock"):
                self._end(self.stop_signal)

    def kill(self) -> None:
        """End the server with SIGKILL, which leaves it no time to save anything."""
        self._end(signal.SIGKILL)

    def status(self) -> dict[str, Any]:
        """running, pid, port, version and url (without password); None for what there is not yet."""
        pid = self.pid
        known = self._port_file.exists()
        return {
            "running": pid is not None,
            "pid": pid,
            "port": self.port if known else None,
            "version": self.root.version,
            "url": self.public_url if known else None,
        }

    @property
    @abstractmethod
    def url(self) -> str:
        """How clients reach the server, a password included."""

    @property
    @abstractmethod
    def public_url(self) -> str:
        """The same without a password."""

    @abstractmethod
    def create(self) -> None:
        """Make the folder, whole or not at all."""

    @abstractmethod
    def command(self) -> list[str]:
        """Write the settings; give the command line that runs the server, with `config` as one argument."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether the server serves its clients now."""

    @abstractmethod
    def complete(self) -> None:
        """Do what can only be done once the server answers."""

    def write_config(self, text: str) -> None:
        """Write the server's settings, readable for its account."""
        self.config.write_text(text)
        self.config.chmod(0o644)

    def launch(self) -> int:
        """Start the process at a free port and give its id; whether it lives on is for others to see."""
        (self.folder / self.pid_file).unlink(missing_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_name(f"{self.log.name}.1"))
        if not self._port_file.exists() or not becomes_free(self.port):
            self._port_file.write_text(f"{choose_port()}\n")
        command = ["sh", "-c", DETACH, "sh", *self.command()]
        with self.log.open("a") as log:
            done = self.account.run(command, self.folder, stderr=log)
        return int(done.stdout)

    def _wait_for_answer(self, pid: int) -> bool:
        """True as soon as the server answers, False when its process has ended instead."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while self._is_ours(pid):
            if self.answers():
                return True
            if time.monotonic() > deadline:
                raise ServiceError(f"{self.name} runs but does not answer; see {self.log}")
            time.sleep(0.05)
        return False

    def _end(self, number: signal.Signals) -> None:
        pid = self.pid
        if pid is None:
            return
        os.kill(pid, number)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while self._is_ours(pid):
            if time.monotonic() > deadline:
                raise ServiceError(f"{self.name} (process {pid}) does not end; see {self.log}")
            time.sleep(0.02)

    def _is_ours(self, pid: int) -> bool:
        """Whether the process runs on our settings; a number used again by another program does not."""
        try:
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return any(argument.endswith(os.fsencode(self.config)) for argument in arguments)

    def _end_of_log(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-5:]) if self.log.exists() else ""
