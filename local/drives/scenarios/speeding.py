"""Too fast, and nearly too fast."""

import cmath

from local.drives.definitions import SPEED_LIMIT_MPS
from local.drives.fence import Zone
from local.drives.journey import Journey
from local.drives.scenario import Plan, arrive, mount_tracker, ride, scenario, set_out


@scenario(shows="trip overspeed", tempts="harsh_acceleration")
def speeding(journey: Journey) -> Plan:
    rng = journey.rng
    tracker = mount_tracker(rng)
    set_out(journey)
    for _ in range(rng.randint(1, 2)):
        ride(journey)
        _run_fast(journey, rng.uniform(27, 36), max(20.0, 3 * tracker.interval_s) + rng.uniform(0, 90))
    arrive(journey)
    return Plan(journey, tracker)


@scenario(shows="overspeed", tempts="harsh_braking")
def speeding_with_dips(journey: Journey) -> Plan:
    """Below the limit for a moment now and then: it is one speeding, not several."""
    rng = journey.rng
    set_out(journey)
    ride(journey)
    journey.reach(28, 1.5)
    for _ in range(rng.randint(2, 4)):
        journey.keep(rng.uniform(8, 25))
        journey.reach(23, 2.5)
        journey.keep(rng.uniform(0.4, 1.0))
        journey.reach(28, 2.5)
    journey.keep(rng.uniform(8, 25))
    arrive(journey)
    return Plan(journey, mount_tracker(rng, 1))


@scenario(tempts="overspeed")
def short_burst(journey: Journey) -> Plan:
    """Over the limit for six seconds or so, as when overtaking."""
    rng = journey.rng
    set_out(journey)
    for _ in range(rng.randint(1, 3)):
        ride(journey)
        journey.reach(23, 1.5)
        journey.keep(20)
        journey.reach(27.5, 1.8)
        journey.keep(rng.uniform(2.0, 3.5))
        journey.reach(23, 1.8)
        journey.keep(20)
    arrive(journey)
    return Plan(journey, mount_tracker(rng, 1, 2, 5))


@scenario(tempts="overspeed")
def just_below_the_limit(journey: Journey) -> Plan:
    set_out(journey)
    ride(journey)
    _run_fast(journey, SPEED_LIMIT_MPS - 0.5, journey.rng.uniform(300, 600))
    arrive(journey)
    return Plan(journey, mount_tracker(journey.rng))


@scenario(tempts="overspeed harsh_cornering")
def motorway(journey: Journey) -> Plan:
    """A limit of its own; at this speed an error of the course looks like a bend."""
    set_out(journey)
    ride(journey)
    _run_fast(journey, journey.rng.uniform(28, 30.5), journey.rng.uniform(300, 900))
    arrive(journey)
    return Plan(journey, mount_tracker(journey.rng), settings={"speed_limit_mps": 33.0})


@scenario(shows="overspeed")
def speeding_on_a_motorway(journey: Journey) -> Plan:
    set_out(journey)
    ride(journey)
    _run_fast(journey, journey.rng.uniform(36, 42), journey.rng.uniform(100, 300))
    arrive(journey)
    return Plan(journey, mount_tracker(journey.rng), settings={"speed_limit_mps": 33.0})


@scenario(shows="overspeed fence_enter fence_leave")
def speeding_past_a_school(journey: Journey) -> Plan:
    """Allowed outside of the fence and too fast within."""
    zone = _pass_zone(journey, aside_m=0.0)
    return Plan(journey, mount_tracker(journey.rng, 1, 2, 5, 10), (zone,))


@scenario(tempts="overspeed fence_enter fence_leave")
def beside_a_school(journey: Journey) -> Plan:
    """The fence with the low limit lies beside the road."""
    zone = _pass_zone(journey, aside_m=140.0)
    return Plan(journey, mount_tracker(journey.rng, 1, 2, 5, 10), (zone,))


def _run_fast(journey: Journey, speed_mps: float, seconds: float) -> None:
    """A stretch at that speed, between stretches at an ordinary one."""
    journey.reach(15)
    journey.reach(speed_mps, journey.rng.uniform(0.9, 1.8))
    journey.keep(seconds)
    journey.reach(15)


def _pass_zone(journey: Journey, aside_m: float) -> Zone:
    """Pass a fence of 1.2 to 2 km by 200 m that lies so far beside the road."""
    rng = journey.rng
    set_out(journey)
    journey.reach(rng.uniform(17, 21))
    journey.cover(rng.uniform(800, 1500))
    way, long = cmath.rect(1, journey.heading), rng.uniform(1200, 2000)
    corner = journey.point + way * 1j * (aside_m - 100)
    ring = [corner, corner + way * long, corner + way * (long + 200j), corner + way * 200j, corner]
    journey.cover(long + rng.uniform(800, 1500))
    arrive(journey)
    return Zone("school", ring, speed_limit_mps=13.9)
