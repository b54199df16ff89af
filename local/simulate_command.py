"""`motorpool simulate`: the demo fleet drives through the demo town."""

import asyncio
import signal
import sys

import click

import config.logging
from config import settings as configuration
from local.demo import register_fleet
from local.publisher import Publisher, RefusedError
from local.simulator.simulation import Plan, Simulation
from sql.pool import connect

HELD_MESSAGES = 50_000


@click.command()
@click.option(
    "--vehicles", default=54, show_default=True, type=click.IntRange(1, 100_000), help="How many buses."
)
@click.option("--seed", default=7, show_default=True, help="Which town, routes and mishaps.")
@click.option(
    "--interval",
    default=2.0,
    show_default=True,
    type=click.FloatRange(0.1),
    help="Seconds between a bus's reports.",
)
@click.option("--duration", type=click.FloatRange(0.1), help="Stop after this many seconds.")
@click.option(
    "--serial",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    help="How many buses speak NMEA on serial ports.",
)
@click.option(
    "--register/--no-register", default=True, help="Make the fleet's records and draw the town first."
)
def simulate(
    vehicles: int, seed: int, interval: float, duration: float | None, serial: int, register: bool
) -> None:
    """Let demo buses drive through the demo town and report to the broker.

    Needs MQTT_URL, and DATABASE_URL unless --no-register is given. The last buses of the fleet speak NMEA
    over pseudo-terminals, if any do: DATA_DIR/serial/<uid>.
    """
    settings = configuration.load()
    config.logging.set_up(settings, "simulate")
    mqtt_url = settings.need("mqtt_url")
    if register:
        with connect(settings.need("database_url"), "simulate") as conn:
            register_fleet(conn, vehicles, seed)
    simulation = Simulation(
        Plan(vehicles, seed, interval, serial), Publisher(mqtt_url, capacity=HELD_MESSAGES), settings.data_dir
    )
    try:
        asyncio.run(_run(simulation, duration))
    except RefusedError as error:
        click.echo(f"motorpool: {error}", err=True)
        sys.exit(1)


async def _run(simulation: Simulation, duration: float | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if duration:
        loop.call_later(duration, stop.set)
    await simulation.run(stop)
