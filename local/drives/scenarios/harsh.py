"""Harsh driving, told by the device or seen at one fix a second, and what only feels like it."""

import math

from local.drives.journey import Journey
from local.drives.scenario import Plan, arrive, mount_tracker, ride, scenario, set_out

HARSH = "harsh_braking harsh_acceleration harsh_cornering"


@scenario(shows="trip harsh_braking", tempts="harsh_acceleration harsh_cornering")
def hard_braking(journey: Journey) -> Plan:
    set_out(journey)
    for _ in range(journey.rng.randint(1, 3)):
        ride(journey)
        _brake(journey, journey.rng.uniform(4.1, 5.5))
    arrive(journey)
    return Plan(journey, mount_tracker(journey.rng, 1))


@scenario(shows="trip harsh_acceleration", tempts="harsh_braking harsh_cornering")
def racing_start(journey: Journey) -> Plan:
    rng = journey.rng
    set_out(journey)
    for _ in range(rng.randint(1, 3)):
        ride(journey)
        journey.halt()
        journey.stand(rng.uniform(5, 40))
        rate = rng.uniform(3.5, 4.8)
        journey.reach(rate * rng.uniform(3.2, 4), rate)
        journey.keep(10)
    arrive(journey)
    return Plan(journey, mount_tracker(rng, 1))


@scenario(shows="trip harsh_cornering", tempts="harsh_braking harsh_acceleration")
def fast_corner(journey: Journey) -> Plan:
    set_out(journey)
    for _ in range(journey.rng.randint(1, 3)):
        ride(journey)
        _corner(journey, journey.rng.uniform(4.8, 6.5))
    arrive(journey)
    return Plan(journey, mount_tracker(journey.rng, 1))


@scenario(shows=HARSH)
def device_tells_harshness(journey: Journey) -> Plan:
    """A slow unit has its own accelerometer."""
    rng = journey.rng
    set_out(journey)
    for kind in HARSH.split():
        ride(journey)
        if kind == "harsh_braking":
            _brake(journey, 4.5)
        elif kind == "harsh_cornering":
            _corner(journey, 5.5)
        else:
            journey.reach(5)
            journey.reach(18, 4)
        journey.words.append((journey.time, kind))
        journey.keep(10)
    arrive(journey)
    return Plan(journey, mount_tracker(rng, 5, 10, 30))


@scenario(tempts=HARSH)
def slow_unit_without_accelerometer(journey: Journey) -> Plan:
    """It did brake harshly, but fixes this far apart cannot say so."""
    set_out(journey)
    ride(journey)
    _brake(journey, 4.5)
    ride(journey)
    arrive(journey)
    return Plan(journey, mount_tracker(journey.rng, 10, 30))


@scenario(tempts=HARSH)
def brisk_driving(journey: Journey) -> Plan:
    rng = journey.rng
    set_out(journey)
    for _ in range(rng.randint(2, 4)):
        ride(journey, (500, 1500))
        _brake(journey, rng.uniform(2.5, 2.9))
        journey.reach(rng.uniform(14, 18), rng.uniform(2.2, 2.5))
        _corner(journey, rng.uniform(2.8, 3.2))
    arrive(journey)
    return Plan(journey, mount_tracker(rng, 1))


@scenario(tempts=HARSH)
def kerbs_and_potholes(journey: Journey) -> Plan:
    """Jolts that are strong and over at once."""
    rng = journey.rng
    set_out(journey)
    for _ in range(rng.randint(3, 6)):
        ride(journey, (400, 900))
        journey.reach(12)
        journey.reach(12 - 5 * rng.uniform(0.4, 0.55), 5)
        journey.keep(8)
        journey.reach(journey.speed_mps + 4.5 * rng.uniform(0.4, 0.5), 4.5)
        journey.keep(8)
        journey.turn(rng.choice((-1, 1)) * rng.uniform(10, 16), 24)
    arrive(journey)
    return Plan(journey, mount_tracker(rng, 1))


def _brake(journey: Journey, rate: float) -> None:
    """Brake that hard for three seconds and more."""
    change = rate * journey.rng.uniform(3.1, 3.6)
    journey.reach(change + journey.rng.uniform(2.5, 3.2))
    journey.keep(8)
    journey.reach(journey.speed_mps - change, rate)
    journey.keep(5)


def _corner(journey: Journey, lateral: float) -> None:
    """Three seconds and more of a bend that presses so hard."""
    speed = journey.rng.uniform(9, 12)
    journey.reach(speed)
    journey.keep(4)
    seconds = journey.rng.uniform(3.2, 4.2)
    side = journey.rng.choice((-1, 1))
    journey.turn(side * math.degrees(seconds * lateral / speed), speed * speed / lateral)
    journey.keep(5)
