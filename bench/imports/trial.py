"""`motorpool import` as a process, on services of its own: check, commit, the same file again, and undo."""

import json
import os
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from bench.figures import tell
from bench.imports.files import BUSES, WRITE
from bench.process import cpu_s, peak_rss_mb
from bench.stage import Stage, open_stage
from config.program import PROGRAM

LOOK_EVERY_S = 0.05


def run_file(kind: str, rows: int) -> list[dict[str, Any]]:
    """One row for each step: seconds, rows a second, CPU seconds and the most memory of our process."""
    uids = [f"bus-{bus}" for bus in range(BUSES)] if kind == "positions" else []
    with open_stage(uids) as stage:
        file = stage.folder / f"{kind}.csv"
        tell(f"writing {rows} {kind}")
        WRITE[kind](file, rows)
        found = [measure(stage, "check", rows, [kind, str(file), "--dry-run"])]
        found.append(measure(stage, "check and commit", rows, [kind, str(file)]))
        id = found[-1].pop("id")
        found.append(measure(stage, "check and commit again", rows, [kind, str(file)]))
        found.append(measure(stage, "undo", rows, [kind, "--undo", str(id)]))
        for row in found:
            row.pop("id", None)
        return found


def measure(stage: Stage, step: str, rows: int, arguments: list[str]) -> dict[str, Any]:
    """Run one import to its end."""
    tell(step)
    secret = {"JWT_SECRET": "for no one but this trial, 32 bytes"}
    began = time.perf_counter()
    process = subprocess.Popen(
        [*PROGRAM, "import", *arguments, "--json"],
        env={**os.environ, **secret, "DATABASE_URL": stage.database_url},
        stdout=subprocess.PIPE,
    )
    seen: dict[str, float] = {}
    watcher = threading.Thread(target=_watch, args=(process, seen))
    watcher.start()
    answer, _nothing = process.communicate()
    seconds = time.perf_counter() - began
    watcher.join()
    if process.returncode:
        raise RuntimeError(f"{step}: exit code {process.returncode}")
    told = json.loads(answer)
    return {
        "step": step,
        "seconds": seconds,
        "rows_s": rows / seconds,
        **seen,
        "id": told["id"],
        **told["rows"],
    }


def _watch(process: subprocess.Popen[bytes], seen: dict[str, float]) -> None:
    """The most memory of a process and its children at one time, and its CPU seconds, while it lives."""
    while process.poll() is None:
        try:
            family = [process.pid, *_list_children(process.pid)]
            seen["peak_mb"] = max(seen.get("peak_mb", 0.0), sum(map(peak_rss_mb, family)))
            seen["cpu_s"] = cpu_s(process.pid)
        except OSError:
            continue
        time.sleep(LOOK_EVERY_S)


def _list_children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]
