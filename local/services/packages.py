"""Debian packages from the mirror that this machine's apt already uses, without root and without installing.

A private apt (its own lists, cache and an empty status file) resolves against one suite, whatever release
the machine itself runs; proxies, credentials and clock settings of the machine's apt configuration apply.
"""

import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from local.services.errors import ServiceError

KEYRINGS = (
    Path("/usr/share/keyrings/debian-archive-keyring.pgp"),
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
)
OWN_SERVERS = "set DATABASE_URL and MQTT_URL to a TimescaleDB and an MQTT broker of your own"
# A fetched program runs on shared libraries alone. These few are large and serve what is switched off here:
# compiled queries (LLVM), Perl, systemd's own tools.
LEFT_OUT = ("libllvm", "libz3-", "libperl", "libsystemd-shared", "libc-l10n")
CONFIGURATION = """\
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
    """One package as the archive offers it; `size` is that of its file, in bytes."""

    name: str
    version: str
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
        architecture = _run("dpkg", "--print-architecture").stdout.strip()
        keyring = next((f"signed-by={path} " for path in KEYRINGS if path.exists()), "")
        (folder / "sources.list").write_text(
            "".join(f"deb [{keyring}arch={architecture}] {url} {suite} main\n" for url in _list_mirrors())
        )
        self._config.write_text(CONFIGURATION.format(folder=folder, architecture=architecture))

    def update(self) -> None:
        """Fetch the suite's index. A mirror without it is no error yet: another one may have it."""
        self._complaint = _run("apt-get", "-c", str(self._config), "update").stderr.strip()

    def resolve(self, names: tuple[str, ...]) -> list[Package]:
        """What must be unpacked for `names` to run: they and the shared libraries that they need."""
        answer = _run("apt-get", "-c", str(self._config), "install", "--yes", "--print-uris", *names)
        if answer.returncode != 0:
            reason = (self._complaint or answer.stderr.strip()).partition("\n")[0]
            wanted = f"{names[0]} of Debian {self.suite}"
            raise ServiceError(
                f"This machine's apt gives no {wanted} ({reason}). Add a Debian mirror to its sources, or "
                f"{OWN_SERVERS}."
            )
        # 'https://…/libpq5_17.5-1_amd64.deb' libpq5_17.5-1_amd64.deb 235572 MD5Sum:…
        found = re.findall(r"^'[^']+' ([^_]+)_([^_]+)_\S+ (\d+)", answer.stdout, re.MULTILINE)
        packages = [Package(name, version, int(size)) for name, version, size in found]
        return [package for package in packages if package.name in names or _is_library(package.name)]

    def download(self, packages: list[Package], into: Path, advance: Callable[[int], None]) -> list[Path]:
        """Download the packages, verified by apt, calling `advance` with the bytes there so far."""
        command = ["apt-get", "-c", str(self._config), "-q", "download", *(p.name for p in packages)]
        with subprocess.Popen(
            command, cwd=into, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as apt:
            while apt.poll() is None:
                advance(_measure(into))
                time.sleep(0.1)
            complaint = apt.stderr.read().strip() if apt.stderr else ""
        if apt.returncode != 0:
            raise ServiceError(f"The download of packages of Debian {self.suite} failed: {complaint}")
        advance(_measure(into))
        return sorted(into.glob("*.deb"))


def _list_mirrors() -> list[str]:
    """The archives that apt is set to for a release's `main`, in its order.

    Foreign archives publish under the same names; they drop out by the signature or for want of the suite.
    """
    fields = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
    answer = _run("apt-get", "indextargets", "--no-release-info", "--format", fields)
    targets = (line.split() for line in answer.stdout.splitlines())
    mirrors = [t[0] for t in targets if len(t) == 3 and t[2] == "main" and "-" not in t[1]]
    if not mirrors:
        raise ServiceError(f"This machine's apt has no mirror in its sources; add one, or {OWN_SERVERS}.")
    return list(dict.fromkeys(mirrors))


def _is_library(name: str) -> bool:
    return name.startswith(("lib", "zlib")) and not name.startswith(LEFT_OUT) and not name.endswith("-perl")


def _measure(folder: Path) -> int:
    """Bytes of the files in `folder`; a file may be renamed meanwhile."""
    return sum(path.stat().st_size for path in folder.iterdir() if path.exists())


def _run(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, check=False)
