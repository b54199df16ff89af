"""Hours of the day, long parking, and vehicles that are moved without their engine."""

from local.drives.journey import Journey
from local.drives.scenario import Plan, arrive, mount_tracker, ride, scenario, set_out


@scenario(shows="trip unauthorised", hour=22.0)
def night_trip(journey: Journey) -> Plan:
    set_out(journey)
    ride(journey)
    arrive(journey)
    return Plan(journey, mount_tracker(journey.rng), settings={"hours": "05:00-20:00"})


@scenario(shows="trip unauthorised", hour=11.0)
def night_bus_by_day(journey: Journey) -> Plan:
    """Permitted hours that pass midnight."""
    set_out(journey)
    ride(journey)
    arrive(journey)
    return Plan(journey, mount_tracker(journey.rng), settings={"hours": "20:00-05:00"})


@scenario(shows="trip", tempts="unauthorised", hour=19.3)
def late_return(journey: Journey) -> Plan:
    """The trip begins in time and ends too late, which is permitted."""
    set_out(journey)
    journey.wander(journey.rng.uniform(28_000, 34_000), (11, 18))
    arrive(journey)
    return Plan(journey, mount_tracker(journey.rng, 5, 10, 30), settings={"hours": "05:00-20:00"})


@scenario(shows="trip", tempts="unauthorised", hour=1.0)
def night_bus_by_night(journey: Journey) -> Plan:
    set_out(journey)
    ride(journey)
    arrive(journey)
    return Plan(journey, mount_tracker(journey.rng), settings={"hours": "20:00-05:00"})


@scenario(tempts="trip unauthorised", hour=2.0)
def night_shunting(journey: Journey) -> Plan:
    """Too short to be a trip, so nobody is out without permission."""
    set_out(journey)
    journey.reach(2.0, 0.6)
    journey.cover(journey.rng.uniform(40, 75))
    arrive(journey)
    return Plan(journey, mount_tracker(journey.rng), settings={"hours": "05:00-20:00"})


@scenario(shows="trip", tempts="stop", hour=23.6)
def past_midnight(journey: Journey) -> Plan:
    set_out(journey)
    ride(journey, (15_000, 20_000))
    arrive(journey)
    return Plan(journey, mount_tracker(journey.rng))


@scenario(tempts="trip stop tow ignition_on ignition_off fence_enter fence_leave offline")
def parked_in_a_street_canyon(journey: Journey) -> Plan:
    """Hours of bad reception, with fixes that jump some hundred metres."""
    rng = journey.rng
    journey.stand(rng.uniform(3, 6) * 3600)
    tracker = mount_tracker(rng)._replace(
        parked_interval_s=rng.choice((10.0, 20.0, 30.0)),
        parked_error_m=8.0,
        outlier_chance=0.01,
        tells_ignition=rng.random() < 0.5,
    )
    return Plan(journey, tracker)


@scenario(shows="tow ignition_on ignition_off", tempts="offline")
def flatbed(journey: Journey) -> Plan:
    _carry(journey, (14, 20), (3000, 9000))
    return Plan(journey, mount_tracker(journey.rng))


@scenario(shows="tow", tempts="overspeed")
def ferry(journey: Journey) -> Plan:
    """By its definition a crossing on a ferry is a tow."""
    _carry(journey, (5, 9), (3000, 9000))
    return Plan(journey, mount_tracker(journey.rng))


@scenario(shows="trip", tempts="tow")
def pushed_aside(journey: Journey) -> Plan:
    """Somebody rolls it to the other end of the yard with the engine off."""
    rng = journey.rng
    set_out(journey)
    ride(journey)
    arrive(journey)
    journey.carried = True
    journey.reach(1.2, 0.5)
    journey.cover(rng.uniform(30, 75))
    journey.halt(0.5)
    journey.carried = False
    journey.stand(rng.uniform(600, 1200))
    return Plan(journey, mount_tracker(rng))


def _carry(journey: Journey, speeds: tuple[float, float], metres: tuple[float, float]) -> None:
    """A trip, then the vehicle is carried away with its engine off, then another trip."""
    rng = journey.rng
    set_out(journey)
    ride(journey)
    arrive(journey)
    journey.carried = True
    journey.reach(rng.uniform(*speeds), 0.8)
    journey.cover(rng.uniform(*metres))
    journey.halt(0.8)
    journey.carried = False
    journey.stand(rng.uniform(400, 900))
    journey.switch(True)
    journey.stand(rng.uniform(5, 40))
    ride(journey)
    arrive(journey)
