"""What a process has used, as the kernel counts it."""

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """CPU seconds of a process, the children that it has outlived included."""
    fields = _stat(pid)
    return sum(int(field) for field in fields[11:15]) / TICKS


def family_cpu_s(pid: int) -> float:
    """CPU seconds of a process and of its living children: a database with its backends."""
    total = cpu_s(pid)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if int(_stat(int(process.name))[1]) == pid:
                total += cpu_s(int(process.name))
        except OSError:
            continue
    return total


def peak_rss_mb(pid: int) -> float:
    """The most memory that a process has held."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _stat(pid: int) -> list[str]:
    """The fields after the name, which may hold blanks: state is 0, the parent 1, the CPU times 11 to 14."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
