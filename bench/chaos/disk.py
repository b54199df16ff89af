"""A small disk in memory for the database, so that it can be filled. Only root can mount one."""

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

BASE_MB = 500  # the empty cluster and its log of changes
BYTES_A_FIX = 600
PIECE_BYTES = 16_000_000


class Disk:
    """A tmpfs at `folder`; `mounted` is False where it was refused, and `fill` must not be called then."""

    def __init__(self, folder: Path, fixes: int) -> None:
        self._folder = folder
        self._ballast = folder / "ballast"
        folder.mkdir()
        folder.chmod(0o755)
        size_mb = BASE_MB + fixes * BYTES_A_FIX // 1_000_000
        mount = shutil.which("mount")
        command = [str(mount), "-t", "tmpfs", "-o", f"size={size_mb}m,mode=755", "tmpfs", str(folder)]
        self.mounted = mount is not None and os.geteuid() == 0 and _succeeds(command)

    def fill(self) -> None:
        """Take all that is free, while the database takes its own."""
        with self._ballast.open("wb") as file:
            while (state := os.statvfs(self._folder)).f_bavail:
                size = min(state.f_bavail * state.f_frsize, PIECE_BYTES)
                with suppress(OSError):  # the database was quicker: there is less now
                    os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), size)

    def free(self) -> None:
        """Give it back."""
        self._ballast.unlink(missing_ok=True)

    def close(self) -> None:
        """Take the disk away with all that is on it."""
        if self.mounted:
            subprocess.run(["umount", "-l", str(self._folder)], check=True)


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
