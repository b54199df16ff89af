"""Speeding and harsh driving."""

from collections.abc import Callable
from typing import Any

from local.drives.definitions import (
    HARSH_ACCELERATION,
    HARSH_BRAKING,
    HARSH_CORNERING,
    HARSH_S,
    OVERSPEED_DIP_S,
    OVERSPEED_S,
    SPEED_LIMIT_MPS,
    Happening,
)
from local.drives.fence import Zone
from local.drives.journey import Moment
from local.drives.truth.spans import find_runs, length, merge_spans


def find_overspeed(path: list[Moment], zones: list[Zone], settings: dict[str, Any]) -> list[Happening]:
    """Spans above the limit of the fence where the vehicle is, or else of the drive's settings."""
    general = settings.get("speed_limit_mps", SPEED_LIMIT_MPS)
    limited = [(zone, zone.speed_limit_mps) for zone in zones if zone.speed_limit_mps is not None]

    def limit(moment: Moment) -> float:
        here = [limit for zone, limit in limited if zone.depth(moment.point) > 0]
        return min(here, default=general)

    times = [moment.time for moment in path]
    runs = find_runs(times, (moment.speed_mps > limit(moment) for moment in path))
    return [
        Happening("overspeed", *run, value=max(m.speed_mps for m in path if run[0] <= m.time <= run[1]))
        for run in merge_spans(runs, OVERSPEED_DIP_S)
        if length(run) >= OVERSPEED_S
    ]


def find_harshness(path: list[Moment]) -> list[Happening]:
    """Braking, acceleration and cornering that are held for long enough."""
    return [
        *_find_held(path, "harsh_braking", HARSH_BRAKING, lambda moment: -moment.acceleration),
        *_find_held(path, "harsh_acceleration", HARSH_ACCELERATION, lambda moment: moment.acceleration),
        *_find_held(path, "harsh_cornering", HARSH_CORNERING, lambda moment: moment.lateral),
    ]


def _find_held(
    path: list[Moment], kind: str, threshold: float, measure: Callable[[Moment], float]
) -> list[Happening]:
    values = [measure(moment) for moment in path]
    times = [moment.time for moment in path]
    return [
        Happening(
            kind, *run, value=max(v for t, v in zip(times, values, strict=True) if run[0] <= t < run[1])
        )
        for run in find_runs(times, (value >= threshold for value in values))
        if length(run) >= HARSH_S
    ]
