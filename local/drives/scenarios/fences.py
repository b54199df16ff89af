"""Fences: driven through, stayed in, clipped, passed, and parked beside with bad reception."""

import cmath
from random import Random

from local.drives.fence import Zone
from local.drives.journey import Journey
from local.drives.scenario import Plan, arrive, mount_tracker, ride, scenario, set_out
from local.drives.tracker import Tracker

QUICK = (1.0, 2.0, 5.0, 10.0)
CROSSINGS = "fence_enter fence_leave fence_dwell"


@scenario(shows="trip fence_enter fence_leave", tempts="fence_dwell stop")
def through_a_fence(journey: Journey) -> Plan:
    """Slowly enough to have been there."""
    speed = journey.rng.uniform(8, 13)
    zone = _drive_through(journey, speed, speed * journey.rng.uniform(60, 140))
    return Plan(journey, mount_tracker(journey.rng, *QUICK), (zone,))


@scenario(tempts=CROSSINGS)
def hasty_transit(journey: Journey) -> Plan:
    """A fence of 250 m radius at 23 m/s is left again before it counts."""
    zone = _drive_through(journey, journey.rng.uniform(22.0, 23.2), 500.0)
    return Plan(journey, mount_tracker(journey.rng, 1, 2, 5), (zone,))


@scenario(tempts=CROSSINGS)
def clipped_corner(journey: Journey) -> Plan:
    """The road leads through the rim of a large fence for 9 to 20 s."""
    speed = journey.rng.uniform(11, 16)
    zone = _drive_through(journey, speed, speed * journey.rng.uniform(9, 20), aside_m=250.0)
    return Plan(journey, mount_tracker(journey.rng, *QUICK), (zone,))


@scenario(tempts=CROSSINGS)
def along_a_fence(journey: Journey) -> Plan:
    """40 m outside, all along."""
    rng = journey.rng
    set_out(journey)
    journey.reach(rng.uniform(9, 15))
    journey.cover(rng.uniform(600, 1200))
    way, long = cmath.rect(1, journey.heading), rng.uniform(500, 900)
    corner = journey.point + way * 40j
    ring = [corner, corner + way * long, corner + way * (long + 300j), corner + way * 300j, corner]
    journey.cover(long + rng.uniform(600, 1200))
    arrive(journey)
    return Plan(journey, mount_tracker(rng), (Zone("quarry", ring),))


@scenario(shows="stop fence_enter fence_leave fence_dwell")
def delivery(journey: Journey) -> Plan:
    zone = _deliver(journey, stays_s=(700, 1800))
    return Plan(journey, mount_tracker(journey.rng, *QUICK), (zone,))


@scenario(shows="stop fence_enter fence_leave", tempts="fence_dwell")
def short_visit(journey: Journey) -> Plan:
    zone = _deliver(journey, stays_s=(240, 440))
    return Plan(journey, mount_tracker(journey.rng, *QUICK), (zone,))


@scenario(shows="fence_enter fence_leave fence_dwell")
def yard_of_odd_shape(journey: Journey) -> Plan:
    """The yard is an L, and the vehicle stands in its longer arm."""
    centre = _deliver(journey, stays_s=(700, 1800)).points[0]
    way = cmath.rect(1, journey.rng.uniform(-3.1, 3.1))
    corners = [-150 - 150j, 150 - 150j, 150 + 600j, -150 + 600j, -150 + 150j, -700 + 150j, -700 - 150j]
    ring = [centre + way * corner for corner in [*corners, corners[0]]]
    return Plan(journey, mount_tracker(journey.rng, *QUICK), (Zone("depot", ring),))


@scenario(shows="fence_leave fence_dwell", tempts="fence_enter")
def leaves_home(journey: Journey) -> Plan:
    """It has stood within the fence ever since."""
    journey.stand(journey.rng.uniform(800, 2400))
    home = Zone("home", [journey.point], journey.rng.uniform(80, 200))
    journey.switch(True)
    journey.stand(10)
    journey.reach(11)
    journey.cover(1500)
    arrive(journey)
    return Plan(journey, mount_tracker(journey.rng, *QUICK), (home,))


@scenario(tempts=CROSSINGS + " tow")
def parked_before_a_border(journey: Journey) -> Plan:
    """5 m outside, for hours."""
    way = _park(journey)
    zone = Zone("site", [journey.point + way * (300 + 5)], 300.0)
    return Plan(journey, _mount_bad_receiver(journey.rng), (zone,))


@scenario(shows="fence_enter fence_dwell", tempts="fence_leave tow")
def parked_behind_a_border(journey: Journey) -> Plan:
    """It crosses the whole fence and stands 5 m before its far end, for hours."""
    way = _park(journey)
    zone = Zone("site", [journey.point - way * (300 - 5)], 300.0)
    return Plan(journey, _mount_bad_receiver(journey.rng), (zone,))


@scenario(shows="fence_enter fence_dwell fence_leave")
def leaves_from_the_border(journey: Journey) -> Plan:
    """It stood 5 m inside for hours, and drives on."""
    way = _park(journey)
    zone = Zone("site", [journey.point - way * (300 - 5)], 300.0)
    journey.switch(True)
    journey.stand(20)
    journey.reach(10)
    journey.cover(1000)
    arrive(journey)
    return Plan(journey, _mount_bad_receiver(journey.rng), (zone,))


@scenario(shows="trip", tempts="fence_enter fence_leave fence_dwell")
def wild_fixes(journey: Journey) -> Plan:
    """Single fixes jump into the fence beside the road while the vehicle passes."""
    zone = _drive_through(journey, journey.rng.uniform(9, 15), 300.0, aside_m=-1.0)
    zone = zone._replace(points=[zone.points[0] + cmath.rect(1, journey.heading) * 1j * (zone.radius_m + 60)])
    tracker = mount_tracker(journey.rng, *QUICK)._replace(outlier_chance=0.01)
    return Plan(journey, tracker, (zone,))


def _drive_through(journey: Journey, speed: float, chord: float, aside_m: float = 0.0) -> Zone:
    """A straight road across a round fence, its middle so far beside the road."""
    rng = journey.rng
    set_out(journey)
    journey.reach(speed)
    journey.cover(speed * rng.uniform(60, 120))
    way = cmath.rect(1, journey.heading)
    centre = journey.point + way * (chord / 2 + 1j * aside_m)
    journey.cover(chord + speed * rng.uniform(60, 120))
    arrive(journey)
    return Zone("yard", [centre], abs(complex(chord / 2, aside_m)))


def _deliver(journey: Journey, stays_s: tuple[float, float]) -> Zone:
    """Straight to a customer, and straight on after some time there."""
    rng = journey.rng
    set_out(journey)
    journey.reach(rng.uniform(9, 15))
    journey.cover(rng.uniform(1200, 2500))
    journey.halt()
    customer = Zone("customer", [journey.point], rng.uniform(70, 180))
    journey.stand(rng.uniform(5, 40))
    journey.switch(False)
    journey.stand(rng.uniform(*stays_s))
    journey.switch(True)
    journey.stand(rng.uniform(5, 40))
    journey.reach(rng.uniform(9, 15))
    journey.cover(rng.uniform(1200, 2500))
    arrive(journey)
    return customer


def _park(journey: Journey) -> complex:
    """Drive straight on, park for hours, and say which way."""
    set_out(journey)
    ride(journey, (1000, 2000))
    journey.reach(10)
    journey.cover(1500)
    arrive(journey)
    journey.stand(journey.rng.uniform(3, 6) * 3600)
    return cmath.rect(1, journey.heading)


def _mount_bad_receiver(rng: Random) -> Tracker:
    return mount_tracker(rng, *QUICK)._replace(
        parked_interval_s=rng.choice((10.0, 20.0, 30.0)),
        parked_error_m=8.0,
        outlier_chance=0.01,
        tells_ignition=rng.random() < 0.7,
    )
