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
from typing import IO, NamedTuple

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
        """The user's name, or the number where it has none."""
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return str(self.uid)

    def run(
        self, command: list[str], cwd: Path, stderr: IO[str] | int = subprocess.PIPE
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command as this account in a session of its own, with nothing of our environment.

        The session keeps a Ctrl-C in our terminal from it. A foreign LD_LIBRARY_PATH or LD_PRELOAD would mix
        this machine's C library with the unpacked one.
        """
        root = os.geteuid() == 0
        return subprocess.run(
            command,
            cwd=cwd,
            env=CLEAN_ENVIRONMENT,
            start_new_session=True,
            umask=0o077,
            user=self.uid if root else None,
            group=self.gid if root else None,
            extra_groups=[] if root else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            check=False,
        )


NOBODY = Account(65534, 65534)


def find_account(home: Path) -> Account:
    """Who runs the services of `home`: the owner of their data, else ourselves, for root a system account."""
    owner = _find_owner(home)
    if os.geteuid() == 0:
        return owner or _make_system_account()
    if owner and owner.uid != os.geteuid():
        raise ServiceError(f"{home} has data of {owner.name}; run this as {owner.name} or as root.")
    return Account(os.geteuid(), os.getegid())


def reach(directory: Path) -> Path:
    """`directory`, or its stand-in below /var/lib/motorpool where the account that runs services cannot pass.

    Only root's services have another account than ours: the owner of the data, before there is any, nobody.
    """
    directory = directory.absolute()
    if os.geteuid() != 0:
        return directory
    owner = _find_owner(directory)
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    if not existing.is_dir():
        raise ServiceError(f"{existing} is no directory.")
    if (owner or NOBODY).run(["test", "-x", str(existing)], Path("/")).returncode == 0:
        return directory
    if owner:
        raise ServiceError(f"{owner.name} owns the data in {directory} but cannot pass there any more.")
    return OPEN_PLACE / hashlib.sha256(str(directory).encode()).hexdigest()[:12]


def make_open(directory: Path) -> None:
    """Make a directory, and its parents, that every account may pass, whatever the umask."""
    if not directory.exists():
        make_open(directory.parent)
        directory.mkdir(exist_ok=True)
        directory.chmod(0o755)


def _find_owner(home: Path) -> Account | None:
    """Whose the services' data is; None where there is none yet."""
    for folder in (home / "postgres", home / "mosquitto"):
        if folder.exists():
            return Account(folder.stat().st_uid, folder.stat().st_gid)
    return None


def _make_system_account() -> Account:
    """The account `motorpool`, created where it is missing; `nobody` where it cannot be created."""
    useradd = shutil.which("useradd", path=CLEAN_ENVIRONMENT["PATH"])
    if useradd and not _find_account(NAME):
        command = [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", NAME]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if not _find_account(NAME):
            raise ServiceError(f"The account {NAME} cannot be created: {made.stderr.strip()}")
    return _find_account(NAME) or NOBODY


def _find_account(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_uid, entry.pw_gid)
