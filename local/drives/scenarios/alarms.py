"""What the device or its driver tells by itself."""

from local.drives.journey import Journey
from local.drives.scenario import Plan, arrive, mount_tracker, ride, scenario, set_out


@scenario(shows="sos", tempts="device_alarm")
def sos(journey: Journey) -> Plan:
    """The button is pressed on the road, and once more later."""
    _tell(journey, "sos", "panic")
    return Plan(journey, mount_tracker(journey.rng))


@scenario(shows="sos", tempts="device_alarm stop")
def panic(journey: Journey) -> Plan:
    _tell(journey, "panic")
    return Plan(journey, mount_tracker(journey.rng))


@scenario(shows="device_alarm", tempts="sos")
def tampering(journey: Journey) -> Plan:
    """Somebody opens the unit's case while the vehicle is parked."""
    set_out(journey)
    ride(journey)
    arrive(journey)
    journey.words.append((journey.time, "tamper"))
    journey.stand(600)
    return Plan(journey, mount_tracker(journey.rng))


@scenario(shows="device_alarm", tempts="sos")
def device_alarm(journey: Journey) -> Plan:
    _tell(journey, "alarm", journey.rng.choice(("jamming", "geofence", "vibration")))
    return Plan(journey, mount_tracker(journey.rng))


@scenario(shows="trip", tempts="device_alarm sos")
def nothing_to_tell(journey: Journey) -> Plan:
    """Some units send the key with each fix, and mostly nothing in it."""
    _tell(journey, "", "", "")
    return Plan(journey, mount_tracker(journey.rng))


def _tell(journey: Journey, *words: str) -> None:
    """Say each word somewhere on the road."""
    set_out(journey)
    for word in words:
        ride(journey, (1000, 2500))
        journey.words.append((journey.time, word))
        ride(journey, (1000, 2500))
    arrive(journey)
