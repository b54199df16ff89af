"""Trips, and all that interrupts them: real stops, short halts, idling, and an ignition that lies."""

from local.drives.journey import Journey
from local.drives.scenario import Plan, arrive, mount_tracker, ride, scenario, set_out


@scenario(shows="trip stop ignition_on ignition_off", tempts="idling tow")
def errand(journey: Journey) -> Plan:
    rng = journey.rng
    set_out(journey)
    ride(journey)
    journey.halt()
    journey.stand(rng.uniform(5, 40))
    journey.switch(False)
    journey.stand(rng.uniform(600, 2400))
    journey.switch(True)
    journey.stand(rng.uniform(5, 40))
    ride(journey)
    arrive(journey)
    return Plan(journey, mount_tracker(rng))


@scenario(shows="trip stop ignition_on ignition_off", tempts="idling")
def quick_delivery(journey: Journey) -> Plan:
    """The engine is off for a minute or two."""
    rng = journey.rng
    set_out(journey)
    for _ in range(rng.randint(1, 3)):
        ride(journey, (800, 2500))
        journey.halt()
        journey.stand(rng.uniform(3, 12))
        journey.switch(False)
        journey.stand(rng.uniform(55, 130))
        journey.switch(True)
        journey.stand(rng.uniform(3, 12))
    ride(journey)
    arrive(journey)
    return Plan(journey, mount_tracker(rng, 1, 2, 5, 10))


@scenario(shows="trip", tempts="stop idling")
def school_run(journey: Journey) -> Plan:
    rng = journey.rng
    set_out(journey)
    for _ in range(rng.randint(10, 18)):
        journey.wander(rng.uniform(250, 700), (7, 14))
        journey.halt()
        journey.stand(rng.uniform(10, 35))
    ride(journey)
    arrive(journey)
    return Plan(journey, mount_tracker(rng)._replace(tells_ignition=rng.random() < 0.6))


@scenario(shows="trip", tempts="stop idling")
def traffic_jam(journey: Journey) -> Plan:
    """A quarter of an hour at a walking pace or less."""
    rng = journey.rng
    set_out(journey)
    ride(journey)
    ends = journey.time + 900
    while journey.time < ends:
        journey.reach(rng.uniform(0.9, 1.3), 0.5)
        journey.keep(rng.uniform(60, 200))
        journey.halt(0.5)
        journey.stand(rng.uniform(5, 60))
    ride(journey)
    arrive(journey)
    return Plan(journey, mount_tracker(rng)._replace(tells_ignition=rng.random() < 0.6))


@scenario(shows="ignition_on ignition_off", tempts="trip stop tow")
def yard_shunting(journey: Journey) -> Plan:
    rng = journey.rng
    for _ in range(rng.randint(1, 3)):
        set_out(journey)
        journey.reach(rng.uniform(1.5, 3), 0.6)
        journey.cover(rng.uniform(40, 75))
        arrive(journey)
    return Plan(journey, mount_tracker(rng))


@scenario(shows="trip stop idling")
def pause_with_engine(journey: Journey) -> Plan:
    rng = journey.rng
    set_out(journey)
    ride(journey)
    journey.halt()
    journey.stand(rng.uniform(350, 1200))
    ride(journey)
    arrive(journey)
    return Plan(journey, mount_tracker(rng))


@scenario(shows="trip idling", tempts="stop")
def warm_up(journey: Journey) -> Plan:
    """On a cold morning the engine runs long before the vehicle leaves."""
    journey.stand(journey.rng.uniform(200, 500))
    journey.switch(True)
    journey.stand(journey.rng.uniform(350, 900))
    ride(journey, (4000, 8000))
    arrive(journey)
    return Plan(journey, mount_tracker(journey.rng))


@scenario(shows="trip stop", tempts="idling")
def short_pause(journey: Journey) -> Plan:
    """Long enough to end a trip, too short for idling."""
    rng = journey.rng
    set_out(journey)
    ride(journey)
    journey.halt()
    journey.stand(rng.uniform(215, 270))
    ride(journey)
    arrive(journey)
    return Plan(journey, mount_tracker(rng, 1, 2, 5, 10))


@scenario(shows="trip", tempts="stop idling")
def level_crossing(journey: Journey) -> Plan:
    rng = journey.rng
    set_out(journey)
    for _ in range(2):
        ride(journey, (800, 2500))
        journey.halt()
        journey.stand(rng.uniform(90, 150))
    ride(journey)
    arrive(journey)
    return Plan(journey, mount_tracker(rng)._replace(tells_ignition=rng.random() < 0.6))


@scenario(shows="trip ignition_on ignition_off", tempts="stop")
def stalled_engine(journey: Journey) -> Plan:
    """The engine is off for some seconds, long enough to be told and too short for a stop."""
    rng = journey.rng
    set_out(journey)
    ride(journey)
    journey.halt()
    journey.stand(rng.uniform(15, 40))
    journey.switch(False)
    journey.stand(rng.uniform(13, 22))
    journey.switch(True)
    journey.stand(rng.uniform(13, 30))
    ride(journey)
    arrive(journey)
    return Plan(journey, mount_tracker(rng, 1, 2, 5))


@scenario(shows="trip", tempts="ignition_on ignition_off stop")
def flickering_ignition(journey: Journey) -> Plan:
    """A wire that comes loose for seconds, while driving and while standing."""
    rng = journey.rng
    journey.switches = [(journey.begins, True)]
    journey.stand(rng.uniform(200, 280))
    for _ in range(rng.randint(2, 4)):
        ride(journey, (500, 1500))
        journey.switch(False)
        journey.keep(rng.uniform(2, 6))
        journey.switch(True)
        ride(journey, (500, 1500))
        journey.halt()
        journey.stand(rng.uniform(12, 20))
        journey.switch(False)
        journey.stand(rng.uniform(2, 6))
        journey.switch(True)
        journey.stand(rng.uniform(12, 20))
    ride(journey)
    journey.halt()
    journey.stand(rng.uniform(215, 280))
    return Plan(journey, mount_tracker(rng))


@scenario(shows="trip stop", tempts="ignition_on ignition_off tow")
def wired_to_permanent_power(journey: Journey) -> Plan:
    """To this unit the ignition is always on."""
    rng = journey.rng
    journey.switches = [(journey.begins, True)]
    journey.stand(rng.uniform(215, 280))
    ride(journey)
    journey.halt()
    journey.stand(rng.uniform(215, 280))
    ride(journey)
    journey.halt()
    journey.stand(rng.uniform(215, 280))
    return Plan(journey, mount_tracker(rng, 1, 2, 5, 10))
