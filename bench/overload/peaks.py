"""The greatest of what is looked at again and again while a daemon is under pressure."""

import subprocess
import urllib.request
from typing import Any

from bench import process

BEHIND = b"motorpool_ingest_behind_seconds "


class Peaks:
    """`look` is called twice a second or so."""

    def __init__(self, daemon: "subprocess.Popen[bytes]", metrics_port: int) -> None:
        self._daemon = daemon
        self._metrics = f"http://127.0.0.1:{metrics_port}/metrics"
        self._rss_before_mb = self._rss_mb = process.peak_rss_mb(daemon.pid)
        self._behind_s = 0.0
        self._waiting = 0

    def look(self, acknowledged: int, stored: int) -> None:
        """Look at the daemon, given how many positions were acknowledged and how many are stored by now."""
        if self._daemon.poll() is not None:
            raise RuntimeError("the daemon ended by itself")
        self._rss_mb = max(self._rss_mb, process.peak_rss_mb(self._daemon.pid))
        self._behind_s = max(self._behind_s, self._read_behind())
        self._waiting = max(self._waiting, acknowledged - stored)

    def describe(self) -> dict[str, Any]:
        """What the answer tells of them; memory is the most that was ever held."""
        return {
            "rss_before_mb": round(self._rss_before_mb, 1),
            "peak_rss_mb": round(self._rss_mb, 1),
            "most_waiting": self._waiting,
            "greatest_behind_s": round(self._behind_s, 1),
        }

    def _read_behind(self) -> float:
        with urllib.request.urlopen(self._metrics, timeout=10) as answer:
            for line in answer:
                if line.startswith(BEHIND):
                    return float(line.removeprefix(BEHIND))
        raise RuntimeError("the daemon does not tell how far it is behind")
