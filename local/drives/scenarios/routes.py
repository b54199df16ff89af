"""Routes to keep to: kept, left for long, left for a moment."""

import cmath
import math

from local.drives.fence import Zone
from local.drives.journey import Journey
from local.drives.scenario import Plan, arrive, mount_tracker, scenario, set_out

CORNER_M = 40.0


@scenario(shows="trip", tempts="off_route fence_enter fence_leave")
def on_the_route(journey: Journey) -> Plan:
    """It keeps well within the corridor, though not in its middle."""
    aside = journey.rng.uniform(-20, 20)
    return _follow(journey, [(aside, journey.rng.uniform(1000, 2000))])


@scenario(shows="trip off_route")
def detour(journey: Journey) -> Plan:
    return _follow(journey, [(journey.rng.uniform(220, 500), journey.rng.uniform(900, 2000))])


@scenario(shows="off_route")
def two_detours(journey: Journey) -> Plan:
    rng = journey.rng
    detours = [(rng.choice((-1, 1)) * rng.uniform(220, 400), rng.uniform(900, 1500)) for _ in range(2)]
    return _follow(journey, detours)


@scenario(shows="off_route")
def lost(journey: Journey) -> Plan:
    """It never comes back to the route."""
    return _follow(journey, [(journey.rng.uniform(300, 600), journey.rng.uniform(1500, 3000))], returns=False)


@scenario(tempts="off_route")
def round_an_obstacle(journey: Journey) -> Plan:
    """Outside of the corridor for less than three quarters of a minute."""
    return _follow(journey, [(journey.rng.uniform(115, 125), journey.rng.uniform(150, 260))])


def _follow(journey: Journey, detours: list[tuple[float, float]], returns: bool = True) -> Plan:
    """A straight route and, for each detour, how far aside (left is positive) and for how many metres."""
    rng = journey.rng
    set_out(journey)
    start, way = journey.point, cmath.rect(1, journey.heading)
    journey.reach(rng.uniform(10, 13))
    for aside, metres in detours:
        journey.cover(rng.uniform(1000, 1800))
        _swerve(journey, aside)
        journey.cover(metres)
        if returns:
            _swerve(journey, -aside)
    journey.cover(rng.uniform(1000, 1800))
    arrive(journey)
    ahead = ((journey.point - start) / way).real
    line = [start + way * along for along in (-300, ahead / 3, 2 * ahead / 3, ahead + 300)]
    route = Zone("route 7", line, 80.0, is_corridor=True)
    return Plan(journey, mount_tracker(rng, 1, 2, 5, 10), (route,))


def _swerve(journey: Journey, aside: float) -> None:
    """Change to a parallel road so far aside: turn off at up to 75 degrees, and back."""
    wide = abs(aside)
    angle = min(math.radians(75), math.acos(max(0.0, 1 - wide / (2 * CORNER_M))))
    straight = (wide - 2 * CORNER_M * (1 - math.cos(angle))) / math.sin(angle)
    side = math.copysign(1, aside)
    speed = journey.speed_mps
    journey.reach(8)
    journey.turn(side * math.degrees(angle), CORNER_M)
    journey.cover(max(0.0, straight))
    journey.turn(-side * math.degrees(angle), CORNER_M)
    journey.reach(speed)
