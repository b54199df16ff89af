"""All scenarios by their names."""

from local.drives.scenario import SCENARIOS
from local.drives.scenarios import (
    alarms,
    breaks,
    days,
    fences,
    harsh,
    routes,
    silence,
    speeding,
    supplies,
    units,
)

__all__ = [
    "SCENARIOS",
    "alarms",
    "breaks",
    "days",
    "fences",
    "harsh",
    "routes",
    "silence",
    "speeding",
    "supplies",
    "units",
]
