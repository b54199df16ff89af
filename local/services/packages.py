"""Debian packages from the mirror that this machine's apt already uses, without root and without installing.

A private apt (its own lists, cache and an empty status file) resolves against one suite, whatever release
the machine itself runs; proxies, credentials and clock settings of the machine's apt configuration apply.
"""

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from local.services.errors import ServiceError

KEYRINGS = (
    Path("/usr/share/keyrings/debian-archive-keyring.pgp"),
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
)
OWN_SERVERS = "set DATABASE_URL and MQTT_URL to a TimescaleDB and an MQTT broker of your own"
# A fetched program runs on shared libraries alone. These few are large and serve what is switched off here:
# compiled queries (LLVM), Perl, systemd's tools.
LEFT_OUT = ("libllvm", "libz3-", "libperl", "libsystemd-shared", "libc-l10n")
PRIVATE = """\
Dir::State "{folder}/state";
Dir::State::lists "lists/";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "{folder}/none";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "{folder}/none";
#clear APT::Update;
#clear APT::Architectures;
APT::Architectures {{ "{architecture}"; }};
APT::Sandbox::User "root";
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::Retries "3";
"""


class Package(NamedTuple):
    """One package as the archive offers it; `file` is the name apt gives it, `size` its bytes."""

    name: str
    version: str
    file: str
    size: int


class Archive:
    """One suite of Debian, read through a private apt that keeps its files in `folder`."""

    def __init__(self, suite: str, folder: Path) -> None:
        if not shutil.which("apt-get") or not shutil.which("dpkg"):
            raise ServiceError(
                f"The embedded services need Debian or Ubuntu (apt-get and dpkg); elsewhere {OWN_SERVERS}."
            )
        self.suite = suite
        self._config = folder / "apt.conf"
        self._complaint = ""
        for name in ("state/lists/partial", "cache/archives/partial", "none"):
            (folder / name).mkdir(parents=True)
        (folder / "status").touch()
        architecture = find_architecture()
        keyring = next((f"signed-by={path} " for path in KEYRINGS if path.exists()), "")
        (folder / "sources.list").write_text(
            "".join(f"deb [{keyring}arch={architecture}] {url} {suite} main\n" for url in _list_mirrors())
        )
        self._config.write_text(PRIVATE.format(folder=folder, architecture=architecture))

    def update(self) -> None:
        """Fetch the suite's index. A mirror without it is no error yet: another one may have it."""
        self._complaint = self._apt("update").stderr.strip()

    def resolve(self, names: Iterable[str]) -> list[Package]:
        """What must be unpacked for `names` to run: they and the shared libraries that they need."""
        names = list(names)
        answer = self._apt("install", "--yes", "--print-uris", *names)
        if answer.returncode != 0:
            reason = self._complaint or answer.stderr.strip()
            raise ServiceError(
                f"This machine's apt mirror does not give {', '.join(names)} of Debian {self.suite}. Add a Debian "
                f"mirror to apt's sources, or {OWN_SERVERS}. apt says: {reason}"
            )
        files = re.findall(r"^'[^']+' (\S+) (\d+)", answer.stdout, re.MULTILINE)
        packages = [Package(*file.split("_")[:2], file, int(size)) for file, size in files]
        return [package for package in packages if package.name in names or _is_library(package.name)]

    def download(self, packages: list[Package], into: Path, advance: Callable[[int], None]) -> list[Path]:
        """Download the packages, verified by apt, calling `advance` with the bytes there so far."""
        command = ["apt-get", "-c", str(self._config), "-q", "download", *(p.name for p in packages)]
        with subprocess.Popen(
            command, cwd=into, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as apt:
            while apt.poll() is None:
                advance(sum(path.stat().st_size for path in into.iterdir()))
                time.sleep(0.1)
            complaint = apt.stderr.read().strip() if apt.stderr else ""
        if apt.returncode != 0:
            raise ServiceError(f"The download of packages of Debian {self.suite} failed: {complaint}")
        advance(sum(path.stat().st_size for path in into.iterdir()))
        return sorted(into.glob("*.deb"))

    def _apt(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = ["apt-get", "-c", str(self._config), "-q", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)


def find_architecture() -> str:
    """This machine's architecture as Debian names it, such as amd64 or arm64."""
    answer = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True)
    return answer.stdout.strip()


def _list_mirrors() -> list[str]:
    """The archives that apt is set to for a release's `main`, in its order.

    Foreign archives publish under the same names; they drop out by the signature or for want of the suite.
    """
    command = [
        "apt-get",
        "indextargets",
        "--no-release-info",
        "--format",
        "$(REPO_URI) $(RELEASE) $(COMPONENT)",
    ]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    targets = (line.split() for line in answer.stdout.splitlines())
    mirrors = [t[0] for t in targets if len(t) == 3 and t[2] == "main" and "-" not in t[1]]
    if not mirrors:
        raise ServiceError(f"This machine's apt has no mirror in its sources; add one, or {OWN_SERVERS}.")
    return list(dict.fromkeys(mirrors))


def _is_library(name: str) -> bool:
    return name.startswith(("lib", "zlib")) and not name.startswith(LEFT_OUT) and not name.endswith("-perl")
