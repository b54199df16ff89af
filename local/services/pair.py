"""The two embedded services of one data directory, together."""

from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import click

from local.services.account import make_open, reach
from local.services.daemon import Daemon
from local.services.errors import ServiceError
from local.services.mosquitto import Mosquitto
from local.services.postgres import Postgres
from local.services.roots import Root

NAMES = ("postgres", "mosquitto")
POSTGRES = ("postgresql-17", "postgresql-client-17", "postgresql-17-timescaledb")
MOSQUITTO = ("mosquitto", "libmosquitto1")


class Services:
    """TimescaleDB and mosquitto with their data in `data_dir`.

    They are daemons: they run on when this process ends, until `stop`. `binaries` is the folder of the
    unpacked programs, which several data directories may share; it is filled when needed. `test` trades
    safety in a power cut for speed and lets databases be cloned from a template.
    """

    def __init__(self, data_dir: Path, binaries: Path | None = None, test: bool = False) -> None:
        self.data_dir = data_dir.absolute()
        self.home = reach(data_dir)
        programs = reach(binaries.parent) / binaries.name if binaries else self.home / "services"
        self.postgres = Postgres(
            self.home, Root(programs / "postgres", "trixie", POSTGRES, "usr/lib/postgresql/*/bin/*"), test
        )
        self.mosquitto = Mosquitto(
            self.home, Root(programs / "mosquitto", "forky", MOSQUITTO, "usr/*bin/mosquitto*")
        )
        self._all: dict[str, Daemon] = {s.name: s for s in (self.postgres, self.mosquitto)}

    @property
    def database_url(self) -> str:
        """For DATABASE_URL; ServiceError before the first start."""
        return self.postgres.url

    @property
    def mqtt_url(self) -> str:
        """For MQTT_URL; ServiceError before the first start."""
        return self.mosquitto.url

    def find_url(self, name: str) -> str | None:
        """The URL of one service, its password included; None before its first start."""
        try:
            return self._all[name].url
        except ServiceError:
            return None

    def fetch(self, progress: bool = False) -> None:
        """Download and unpack the programs that are missing."""
        self._make_home()
        for service in self._all.values():
            service.root.fetch(progress)

    def start(self, progress: bool = False, names: Collection[str] = NAMES) -> None:
        """Fetch and set up what is missing, start the named ones, wait for their answer; idempotent."""
        self._make_home()
        for name in names:
            self._all[name].start(progress)

    def stop(self) -> None:
        """End both in order: first the broker, so that nothing more comes in."""
        for service in reversed(self._all.values()):
            service.stop()

    def alive(self, names: Collection[str] = NAMES) -> bool:
        """Whether the named processes run."""
        return all(self._all[name].alive() for name in names)

    def status(self) -> dict[str, dict[str, Any]]:
        """For each service: running, pid, port, version and url (without password); None where unknown."""
        return {name: service.status() for name, service in self._all.items()}

    def _make_home(self) -> None:
        """Make the folder of all files; say once where it is when it is not the data directory itself."""
        if self.home != self.data_dir and not self.home.exists():
            reason = f"The account that runs the services cannot pass to {self.data_dir}"
            click.echo(f"{reason}: their files go to {self.home}.", err=True)
        make_open(self.home)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
