"""One vehicle with a fix each second, exported by `motorpool export` in a process for each format."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import psycopg

from bench.figures import tell
from bench.process import peak_rss_mb
from bench.stage import Stage, open_stage
from config.program import PROGRAM
from web.exports.formats import FORMATS
from web.exports.wanted import VALUES

FILL = """
UPDATE device_installations SET during = tstzrange('2020-01-01', NULL);
INSERT INTO positions
SELECT 1, at, at + interval '1 s', 48.1 + 0.1 * sin(n / 10000.0), 11.5 + 0.1 * cos(n / 10000.0),
       10 + 5 * sin(n / 50.0), mod(n, 360), 500, 4, 9, '{"ignition": true, "odometer_m": 123456.7}'
FROM (SELECT n, '2026-01-01 00:00Z'::timestamptz + n * interval '1 s' AS at
      FROM generate_series(1, %s) AS n) AS fixes;
ANALYZE;
"""


def run(positions: int) -> list[dict[str, Any]]:
    """A row for each format and kind of values: how long it took, how large it is, how much memory."""
    with open_stage(("bus-7",)) as stage, stage.connect() as connection:
        tell(f"making {positions} positions")
        fill(connection, positions)
        return [export(stage, format, values, positions) for format in FORMATS for values in reversed(VALUES)]


def fill(connection: psycopg.Connection, positions: int) -> None:
    """That many fixes of one device, a second apart."""
    for statement in FILL.strip().split(";\n"):
        text = statement.rstrip(";")
        connection.execute(text.replace("%s", str(int(positions))).encode())


def export(stage: Stage, format: str, values: str, positions: int) -> dict[str, Any]:
    """One file, and what it cost the process that wrote it. Raises RuntimeError where rows are missing."""
    path = Path(stage.folder, f"positions.{format}")
    command = [*PROGRAM, "export", "positions", "--filter", "vehicle=bus-7", "--filter", "period=all"]
    command += ["--format", format, "--values", values, "--output", str(path), "--json"]
    begun, peak = time.perf_counter(), 0.0
    with subprocess.Popen(
        command, env={**os.environ, "DATABASE_URL": stage.database_url}, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
            # Not what wait4 says: that counts what the parent held when it forked.
            peak = max(peak, peak_rss_mb(process.pid))
            time.sleep(0.02)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(ended[1])
        told, used = json.loads(process.stdout.read() or "{}"), ended[2]
    if told.get("rows") != positions:
        raise RuntimeError(f"{format}: {told} of {positions} positions")
    path.unlink()
    return {
        "format": f"{format}, {values}",
        "seconds": round(seconds, 1),
        "positions_per_s": round(positions / seconds),
        "cpu_s": round(used.ru_utime + used.ru_stime, 1),
        "mb": round(told["bytes"] / 1e6, 1),
        "peak_rss_mb": round(peak),
    }
