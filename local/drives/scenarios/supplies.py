"""What a vehicle lives on: battery, power and fuel."""

from local.drives.journey import Journey
from local.drives.scenario import Plan, arrive, mount_tracker, ride, scenario, set_out


@scenario(shows="low_battery")
def battery_runs_down(journey: Journey) -> Plan:
    rng = journey.rng
    _drive_and_park(journey)
    shares = [(0.0, rng.uniform(35, 60)), (0.5, rng.uniform(5, 17)), (1.0, rng.uniform(40, 90))]
    journey.battery = _spread(journey, shares)
    return Plan(journey, mount_tracker(rng))


@scenario(shows="low_battery")
def battery_wobbles(journey: Journey) -> Plan:
    """Up to 27 % and down again: it is low once, and stays so."""
    _drive_and_park(journey)
    shares = [(0.0, 45.0), (0.3, 14.0), (0.45, 27.0), (0.6, 12.0), (0.7, 26.0), (1.0, 9.0)]
    journey.battery = _spread(journey, shares)
    return Plan(journey, mount_tracker(journey.rng))


@scenario(tempts="low_battery")
def battery_nearly_low(journey: Journey) -> Plan:
    _drive_and_park(journey)
    shares = [(0.0, 45.0), (0.3, 22.5), (0.45, 28.0), (0.6, 22.0), (1.0, 60.0)]
    journey.battery = _spread(journey, shares)
    return Plan(journey, mount_tracker(journey.rng))


@scenario(tempts="low_battery")
def battery_in_daily_use(journey: Journey) -> Plan:
    _drive_and_park(journey)
    journey.battery = _spread(journey, [(0.0, 100.0), (0.5, 41.0), (0.7, 80.0), (1.0, 64.0)])
    return Plan(journey, mount_tracker(journey.rng))


@scenario(shows="power_cut", tempts="low_battery")
def power_cut(journey: Journey) -> Plan:
    rng = journey.rng
    _drive_and_park(journey)
    volts = rng.choice((12.7, 25.1))
    cut = journey.time - rng.uniform(1000, 1200)
    back = cut + rng.uniform(600, 800)
    journey.power = [(cut, volts), (cut + 1, 0.2), (back, 0.2), (back + 1, volts)]
    journey.battery = _spread(journey, [(0.0, 95.0), (1.0, 80.0)])
    return Plan(journey, mount_tracker(rng)._replace(parked_interval_s=60.0))


@scenario(shows="power_cut")
def power_cut_with_brownout(journey: Journey) -> Plan:
    """It comes back to 7 V in between, which is not enough, and then not at all."""
    _drive_and_park(journey)
    cut = journey.time - 1100
    steps = [(0, 12.7), (1, 0.1), (200, 0.1), (201, 7.0), (350, 7.0), (351, 0.1)]
    journey.power = [(cut + passed, volts) for passed, volts in steps]
    return Plan(journey, mount_tracker(journey.rng)._replace(parked_interval_s=60.0))


@scenario(tempts="power_cut")
def cranking(journey: Journey) -> Plan:
    """The starter pulls the voltage down for a few seconds."""
    rng = journey.rng
    journey.stand(rng.uniform(200, 500))
    journey.switch(True)
    starts = journey.time
    journey.stand(20)
    ride(journey)
    arrive(journey)
    journey.power = [(starts, 12.4), (starts + 0.1, 6.8), (starts + 4, 7.2), (starts + 5, 14.2)]
    return Plan(journey, mount_tracker(rng, 1, 2, 5))


@scenario(tempts="power_cut")
def weak_supply(journey: Journey) -> Plan:
    _drive_and_park(journey)
    journey.power = _spread(journey, [(0.0, 24.6), (0.4, 11.2), (0.6, 6.2), (0.8, 6.0), (1.0, 12.5)])
    return Plan(journey, mount_tracker(journey.rng))


@scenario(shows="stop fuel_drop")
def fuel_theft(journey: Journey) -> Plan:
    """The tank is emptied while the vehicle is parked."""
    rng = journey.rng
    set_out(journey)
    ride(journey)
    arrive(journey)
    begins, lasts, points = journey.time + 300, rng.uniform(60, 400), rng.uniform(18, 45)
    journey.stand(1500)
    set_out(journey)
    ride(journey)
    arrive(journey)
    full = rng.uniform(60, 95)
    journey.fuel = [
        (journey.begins, full),
        (begins, full - 1),
        (begins + lasts, full - 1 - points),
        (journey.time, full - 2 - points),
    ]
    return Plan(journey, mount_tracker(rng))


@scenario(shows="fuel_drop idling")
def fuel_theft_with_engine_running(journey: Journey) -> Plan:
    rng = journey.rng
    set_out(journey)
    ride(journey)
    journey.halt()
    begins, lasts = journey.time + 200, rng.uniform(100, 350)
    journey.stand(900)
    ride(journey)
    arrive(journey)
    corners = [(journey.begins, 80.0), (begins, 79.0), (begins + lasts, 54.0), (journey.time, 53.0)]
    journey.fuel = corners
    return Plan(journey, mount_tracker(rng))


@scenario(shows="trip", tempts="fuel_drop")
def thirsty_engine(journey: Journey) -> Plan:
    """A small tank on a long drive, and fuel that sloshes."""
    rng = journey.rng
    set_out(journey)
    journey.wander(rng.uniform(20_000, 30_000), (11, 18))
    arrive(journey)
    used = min(40.0, (journey.time - journey.begins) / 600 * 4)
    journey.fuel = [(journey.begins, 75.0), (journey.time, 75.0 - used)]
    return Plan(journey, mount_tracker(rng, 2, 5, 10, 30))


@scenario(shows="trip stop", tempts="fuel_drop")
def refuelling(journey: Journey) -> Plan:
    rng = journey.rng
    set_out(journey)
    ride(journey)
    arrive(journey)
    arrived = journey.time - 300
    set_out(journey)
    ride(journey)
    arrive(journey)
    low, full = rng.uniform(10, 30), rng.uniform(85, 97)
    journey.fuel = [
        (journey.begins, low + 1),
        (arrived, low),
        (arrived + 150, full),
        (journey.time, full - 1),
    ]
    return Plan(journey, mount_tracker(rng))


@scenario(tempts="fuel_drop")
def little_less_fuel(journey: Journey) -> Plan:
    """Five points are gone over night, within what a float in a tank may say."""
    _drive_and_park(journey)
    begins = journey.time - 900
    journey.fuel = [(journey.begins, 60.0), (begins, 59.5), (begins + 120, 54.5), (journey.time, 54.5)]
    return Plan(journey, mount_tracker(journey.rng))


def _drive_and_park(journey: Journey) -> None:
    set_out(journey)
    ride(journey)
    arrive(journey)
    journey.stand(1200)


def _spread(journey: Journey, shares: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Corners over the whole journey, given by the share of its time."""
    lasts = journey.time - journey.begins
    return [(journey.begins + share * lasts, value) for share, value in shares]
