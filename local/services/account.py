"""Who runs the services, and where an account without rights can reach their files.

PostgreSQL refuses to run as root, and a broker has no need to: started by root, both run under a system
account of their own. That account must be able to walk down to its files, which it cannot where the
checkout lies below a closed directory such as /root; the files then go below /var/lib/motorpool.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from local.services.errors import ServiceError

NAME = "motorpool"
OPEN_PLACE = Path("/var/lib/motorpool")
CLEAN_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}


class Account(NamedTuple):
    """The user and group that own the services' files and run their processes."""

    uid: int
    gid: int

    @property
    def name(self) -> str:
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return str(self.uid)

    def run(self, command: list[str], cwd: Path, **options: object) -> "subprocess.CompletedProcess[str]":
        """Run a command as this account in a session of its own, with nothing of our environment.

        The session keeps a Ctrl-C in our terminal from it. A foreign LD_LIBRARY_PATH or LD_PRELOAD would mix
        this machine's C library with the unpacked one.
        """
        rights = {} if os.geteuid() else {"user": self.uid, "group": self.gid, "extra_groups": []}
        return subprocess.run(  # type: ignore[call-overload, no-any-return]
            command, cwd=cwd, env=CLEAN_ENVIRONMENT, start_new_session=True, umask=0o077, text=True,
            stdin=subprocess.DEVNULL, **rights, **options,
        )  # fmt: skip


NOBODY = Account(65534, 65534)


def find_account(data: Path) -> Account:
    """The account for the files at `data`: their owner, else ourselves, else (for root) the system account."""
    owner = _find_owner(data)
    if os.geteuid() == 0:
        return owner or _make_system_account()
    if owner and owner.uid != os.geteuid():
        raise ServiceError(f"{data} belongs to {owner.name}; run this as {owner.name} or as root.")
    return Account(os.geteuid(), os.getegid())


def _find_owner(data: Path) -> Account | None:
    """Whose the files are; None where there are none, or where they are root's, who cannot run a database."""
    if not data.exists() or data.stat().st_uid == 0:
        return None
    return Account(data.stat().st_uid, data.stat().st_gid)


def _make_system_account() -> Account:
    """The account `motorpool`, created where it is missing; `nobody` where it cannot be created."""
    useradd = shutil.which("useradd", path=CLEAN_ENVIRONMENT["PATH"])
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        if useradd is None:
            entry = pwd.getpwnam("nobody")
        else:
            command = [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", NAME]
            made = subprocess.run(command, capture_output=True, text=True, check=False)
            try:
                entry = pwd.getpwnam(NAME)
            except KeyError:
                raise ServiceError(f"The account {NAME} cannot be created: {made.stderr.strip()}") from None
    return Account(entry.pw_uid, entry.pw_gid)


def reach(directory: Path, data: str) -> Path:
    """`directory`, or its stand-in below /var/lib/motorpool where root's account cannot walk down to it.

    That account is the owner of the file `data` in it; where there is none yet, one without any rights.
    """
    directory = directory.absolute()
    if os.geteuid() != 0:
        return directory
    account = _find_owner(directory / data) or NOBODY
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    if account.run(["test", "-x", str(existing)], Path("/")).returncode == 0:
        return directory
    return OPEN_PLACE / hashlib.sha256(str(directory).encode()).hexdigest()[:12]


def make_open(directory: Path) -> None:
    """Make a directory, and its parents, that every account may pass, whatever the umask."""
    if not directory.exists():
        make_open(directory.parent)
        directory.mkdir(exist_ok=True)
        directory.chmod(0o755)
