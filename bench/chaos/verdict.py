"""Whether the promise was kept: what was acknowledged against what the table and the ledger hold."""

from array import array
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from bench.chaos.fixes import Fixes
from sql.pool import connect

FETCH_ROWS = 20_000
SHOWN = 20
JUST_BEFORE_S = 1.0
ROWS = """SELECT (attributes->>'number')::bigint, uid, fix_time, latitude
FROM positions LEFT JOIN devices ON devices.id = positions.device_id"""
LEDGER = """SELECT coalesce(sum(received), 0)::bigint, coalesce(sum(stored), 0)::bigint,
    coalesce(sum(duplicate), 0)::bigint, coalesce(sum(quarantined), 0)::bigint FROM ingest_ledger"""
QUARANTINE = "SELECT count(*) FROM quarantine"


class Verdict(NamedTuple):
    """Numbers acknowledged, rows found, and everything that may be wrong with either."""

    acknowledged: int
    rows: int
    missing: int  # acknowledged, not in the table
    missing_at_broker_kill: int  # of these: acknowledged within a second before the broker was killed
    first_missing: list[int]
    twice: int  # more than once in the table
    altered: int  # a row whose device, time or place is not that of its number
    duplicates: int  # came again and were told apart, by the ledger
    quarantined: int
    ledger_adds_up: bool

    @property
    def kept(self) -> bool:
        """Whether every acknowledged number is in the table once, as it was sent, and the books agree."""
        return self.ledger_adds_up and not (self.missing or self.twice or self.altered or self.quarantined)


def read_acknowledged(files: Iterable[Path]) -> dict[int, float]:
    """The numbers that the publishers noted, with the moment (epoch seconds) of each."""
    notes = array("d")
    for file in files:
        notes.frombytes(file.read_bytes())
    return dict(zip(map(int, notes[::2]), notes[1::2], strict=True))


def count_stored(database_url: str) -> int:
    """How many fixes the ledger says are stored."""
    with connect(database_url, "bench") as connection:
        row = connection.execute(LEDGER).fetchone()
    assert row is not None
    return int(row[1])


def judge(
    database_url: str, fixes: Fixes, acknowledged: Mapping[int, float], broker_kills: Iterable[float] = ()
) -> Verdict:
    """Compare the database with what was acknowledged; the moments tell what a killed broker lost."""
    kills = list(broker_kills)
    times_found = bytearray(fixes.total)
    rows = altered = 0
    with connect(database_url, "bench") as connection:
        with connection.cursor("rows") as cursor:
            cursor.itersize = FETCH_ROWS
            for number, *found in cursor.execute(ROWS):
                rows += 1
                if number is None or not 0 <= number < fixes.total or tuple(found) != fixes.find(number):
                    altered += 1
                else:
                    times_found[number] = min(255, times_found[number] + 1)
        ledger = connection.execute(LEDGER).fetchone()
        aside = connection.execute(QUARANTINE).fetchone()
    assert ledger is not None
    assert aside is not None
    received, stored, duplicate, quarantined = ledger
    missing = sorted(number for number in acknowledged if not times_found[number])
    return Verdict(
        acknowledged=len(acknowledged),
        rows=rows,
        missing=len(missing),
        missing_at_broker_kill=sum(
            any(0 <= kill - acknowledged[number] < JUST_BEFORE_S for kill in kills) for number in missing
        ),
        first_missing=missing[:SHOWN],
        twice=sum(times > 1 for times in times_found),
        altered=altered,
        duplicates=duplicate,
        quarantined=quarantined,
        ledger_adds_up=(received, stored, quarantined) == (stored + duplicate + quarantined, rows, aside[0]),
    )
