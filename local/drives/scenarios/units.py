"""Units that tell less, repeat themselves or come out of order, and drives at odd places."""

import math

from local.drives.journey import Journey
from local.drives.scenario import Plan, arrive, mount_tracker, ride, scenario, set_out


@scenario(shows="trip stop", tempts="ignition_on ignition_off idling tow offline")
def without_ignition(journey: Journey) -> Plan:
    _make_two_trips(journey)
    return Plan(journey, mount_tracker(journey.rng)._replace(tells_ignition=False))


@scenario(tempts="trip stop tow offline")
def shunting_without_ignition(journey: Journey) -> Plan:
    """Across the yard and, later, back."""
    rng = journey.rng
    metres = rng.uniform(40, 75)
    journey.stand(rng.uniform(400, 900))
    for _ in range(2):
        journey.reach(rng.uniform(1.5, 3), 0.6)
        journey.cover(metres)
        journey.halt(0.6)
        journey.stand(rng.uniform(400, 900))
        journey.heading += math.pi
    return Plan(journey, mount_tracker(rng)._replace(tells_ignition=False))


@scenario(shows="trip stop ignition_on ignition_off", tempts="overspeed tow")
def without_speed(journey: Journey) -> Plan:
    _make_two_trips(journey)
    return Plan(journey, mount_tracker(journey.rng, 5, 10, 30)._replace(tells_speed=False))


@scenario(shows="trip stop", tempts="overspeed tow offline")
def with_a_place_only(journey: Journey) -> Plan:
    """Neither speed nor ignition nor odometer."""
    _make_two_trips(journey)
    tracker = mount_tracker(journey.rng, 5, 10, 30)
    return Plan(journey, tracker._replace(tells_speed=False, tells_ignition=False, tells_odometer=False))


@scenario(shows="overspeed")
def speeding_without_speed(journey: Journey) -> Plan:
    """Only the distance between fixes tells."""
    set_out(journey)
    ride(journey)
    journey.reach(journey.rng.uniform(29, 36))
    journey.keep(journey.rng.uniform(120, 200))
    arrive(journey)
    return Plan(journey, mount_tracker(journey.rng, 5, 10)._replace(tells_speed=False))


@scenario(shows="trip stop ignition_on ignition_off")
def repeated_fixes(journey: Journey) -> Plan:
    _make_two_trips(journey)
    return Plan(journey, mount_tracker(journey.rng)._replace(duplicate_chance=0.15))


@scenario(shows="trip stop ignition_on ignition_off", tempts="offline")
def out_of_order(journey: Journey) -> Plan:
    _make_two_trips(journey)
    return Plan(journey, mount_tracker(journey.rng)._replace(late_chance=0.2))


@scenario(shows="trip stop", place=(-16.8, 179.995))
def across_the_date_line(journey: Journey) -> Plan:
    """On Taveuni, eastwards from 180 degrees east to 180 degrees west."""
    journey.heading = journey.rng.uniform(-0.4, 0.4)
    set_out(journey)
    journey.reach(14)
    journey.cover(3000)
    journey.halt()
    journey.stand(400)
    journey.reach(14)
    journey.cover(3000)
    arrive(journey)
    return Plan(journey, mount_tracker(journey.rng, 1, 2, 5, 10))


def _make_two_trips(journey: Journey) -> None:
    set_out(journey)
    ride(journey)
    arrive(journey)
    set_out(journey)
    ride(journey)
    arrive(journey)
