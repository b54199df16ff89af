"""Silence that means something, and silence that does not."""

from local.drives.journey import Journey
from local.drives.scenario import Plan, arrive, mount_tracker, ride, scenario, set_out


@scenario(shows="trip offline", tempts="stop")
def out_of_reach(journey: Journey) -> Plan:
    """A long silence on the road."""
    rng = journey.rng
    set_out(journey)
    ride(journey)
    journey.reach(15)
    _go_silent(journey, rng.uniform(720, 900))
    ride(journey)
    arrive(journey)
    return Plan(journey, mount_tracker(rng))


@scenario(shows="offline", tempts="ignition_on ignition_off tow")
def silent_at_rest(journey: Journey) -> Plan:
    """Without an ignition wire nobody knows whether it sleeps."""
    rng = journey.rng
    set_out(journey)
    ride(journey)
    arrive(journey)
    silence = rng.uniform(900, 5000)
    journey.silences.append((journey.time, journey.time + silence))
    journey.stand(silence + 600)
    return Plan(journey, mount_tracker(rng)._replace(tells_ignition=False))


@scenario(shows="trip stop", tempts="offline")
def sleep(journey: Journey) -> Plan:
    """With the ignition off a unit says nothing for hours."""
    rng = journey.rng
    set_out(journey)
    ride(journey)
    arrive(journey)
    silence = rng.uniform(2, 9) * 3600
    journey.silences.append((journey.time, journey.time + silence))
    journey.stand(silence)
    set_out(journey)
    ride(journey)
    arrive(journey)
    return Plan(journey, mount_tracker(rng))


@scenario(shows="trip", tempts="offline stop")
def tunnel(journey: Journey) -> Plan:
    rng = journey.rng
    set_out(journey)
    ride(journey)
    journey.reach(15)
    _go_silent(journey, rng.uniform(80, 100))
    ride(journey)
    arrive(journey)
    return Plan(journey, mount_tracker(rng))


@scenario(shows="trip", tempts="offline")
def backlog(journey: Journey) -> Plan:
    """Without radio for a while; what was held back arrives late and together."""
    rng = journey.rng
    set_out(journey)
    ride(journey)
    starts = journey.time
    ride(journey, (4000, 9000))
    journey.holdups.append((starts, journey.time))
    ride(journey)
    arrive(journey)
    return Plan(journey, mount_tracker(rng))


def _go_silent(journey: Journey, seconds: float) -> None:
    journey.silences.append((journey.time, journey.time + seconds))
    journey.keep(seconds)
