"""Make labelled drives: a scenario is written, reported by its unit, and judged on its exact path."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from random import Random
from typing import Any, NamedTuple

from local.drives.definitions import HARSH_INTERVAL_S, Happening
from local.drives.fence import Fence
from local.drives.ground import Ground
from local.drives.journey import Journey
from local.drives.receiver import Fix, observe
from local.drives.scenario import Plan, Scenario
from local.drives.scenarios import SCENARIOS
from local.drives.truth.conditions import (
    find_fuel_drops,
    find_low_battery,
    find_offline,
    find_power_cuts,
    find_words,
)
from local.drives.truth.places import find_departures, find_visits
from local.drives.truth.speeds import find_harshness, find_overspeed
from local.drives.truth.trips import (
    find_changes,
    find_idling,
    find_ignition,
    find_stops,
    find_tows,
    find_trips,
    find_unauthorised,
)

START = datetime(2026, 3, 2, 6, tzinfo=UTC)
DAYS = 28
PLACES = (
    (41.9, -93.6),
    (64.1, -21.9),
    (60.2, 24.9),
    (52.1, 5.1),
    (40.4, -3.7),
    (30.1, 31.3),
    (5.6, -0.2),
    (-1.3, 36.8),
    (-26.2, 28.0),
    (28.6, 77.2),
    (35.7, 139.5),
    (-33.8, 150.9),
    (-43.5, 172.5),
    (-54.8, -68.4),
    (-12.0, -76.9),
    (19.4, -99.1),
    (49.3, -122.8),
    (62.0, 129.7),
)


class Drive(NamedTuple):
    """What a unit sends over a few hours, and what truly happened.

    `fixes` are in order of time; those with a `delivery` arrive then. `settings` are thresholds of this
    drive alone: `speed_limit_mps`, and `hours` such as "05:00-20:00" (UTC) in which trips may begin.
    `interval_s` is how often the unit reports under way.
    """

    uid: str
    scenario: str
    fixes: list[Fix]
    truth: list[Happening]
    fences: list[Fence]
    settings: dict[str, Any]
    interval_s: float


def make_drives(seed: int, count: int) -> Iterator[Drive]:
    """So many drives, all scenarios in turn; the same seed gives the same drives."""
    for number, scenario in enumerate(islice(cycle(SCENARIOS.values()), count)):
        yield make_drive(scenario, f"drive-{seed}-{number}", Random(f"drive {seed} {number}"))  # noqa: S311


def make_drive(scenario: Scenario, uid: str, rng: Random) -> Drive:
    latitude, longitude = scenario.place or rng.choice(PLACES)
    ground = Ground(latitude + rng.uniform(-0.05, 0.05), longitude)
    plan = scenario.write(Journey(rng, _choose_time(scenario, rng)))
    fixes = observe(plan.journey, plan.tracker, ground, rng)
    return Drive(
        uid,
        scenario.name,
        fixes,
        find_truth(plan, fixes),
        [zone.place_on(ground) for zone in plan.zones],
        plan.settings,
        plan.tracker.interval_s,
    )


def find_truth(plan: Plan, fixes: list[Fix]) -> list[Happening]:
    """What happened, in order of time; of the fixes only their times and the device's words count."""
    journey, tracker = plan.journey, plan.tracker
    path = list(journey.moments())
    ignition = find_ignition(journey) if tracker.tells_ignition else None
    trips = find_trips(journey, ignition)
    tows = [] if ignition is None else find_tows(journey, ignition)
    happenings = [*trips, *tows, *find_stops(trips, tows), *find_unauthorised(trips, plan.settings)]
    if ignition is not None:
        happenings += find_changes(journey, ignition)
        happenings += find_idling(journey, ignition)
    happenings += find_overspeed(path, list(plan.zones), plan.settings)
    if tracker.interval_s <= HARSH_INTERVAL_S and tracker.tells_speed:
        happenings += find_harshness(path)
    for zone in plan.zones:
        happenings += find_departures(path, zone, trips) if zone.is_corridor else find_visits(path, zone)
    happenings += find_offline(sorted({fix.time for fix in fixes}), ignition)
    happenings += find_low_battery(journey.battery) + find_power_cuts(journey.power)
    happenings += find_fuel_drops(journey.fuel)
    happenings += find_words(sorted({(fix.time, fix.event) for fix in fixes if fix.event is not None}))
    return sorted(happenings, key=lambda happening: happening.starts_at)


def _choose_time(scenario: Scenario, rng: Random) -> float:
    """When the drive begins (epoch seconds)."""
    begins = START + timedelta(days=rng.randrange(DAYS))
    if scenario.hour is None:
        begins += timedelta(seconds=rng.uniform(0, 86_400))
    else:
        midnight = begins.replace(hour=0) + timedelta(days=1)
        begins = midnight + timedelta(hours=scenario.hour, seconds=rng.uniform(0, 900))
    return begins.timestamp()
