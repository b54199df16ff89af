"""`motorpool replay FILE`: sends a recording through the broker, or into a serial port, as if live."""

import asyncio
import io
import json
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

import config.logging
from config import settings as configuration
from config.settings import Settings
from local.pseudo_terminal import PseudoTerminal
from local.publisher import Publisher, RefusedError
from local.replay.pace import Pace
from local.replay.recording import Message, RecordingError, check_uid
from local.replay.sending import publish, speak
from local.replay.sentences import read_epochs
from local.replay.source import Reader, Source
from local.replay.table import MPS, Table, parse_columns
from sql.pool import connect
from sql.queries import queries

NMEA_SUFFIXES = (".nmea", ".log")
POSITIVE = click.FloatRange(min=0, min_open=True)
COLUMNS = """FIELD=COLUMN,… of a CSV file. Fields: uid, time, lat, lon (needed); speed, course, altitude,
accuracy, satellites; attributes, also several times. Needed columns bear their field's name unless told."""


@dataclass(frozen=True)
class Options:
    """The command's options, see their help."""

    file: Path
    columns: str
    speed_unit: str
    timezone: str | None
    nmea: str | None
    rate: float | None
    times: float | None
    adopt: bool
    serial: bool
    give_up: float
    as_json: bool

    @property
    def uid(self) -> str | None:
        """The device that the file's sentences are of; None for a CSV file."""
        return self.nmea or (self.file.stem if self.file.suffix in NMEA_SUFFIXES else None)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--columns", default="", help=COLUMNS)
@click.option(
    "--speed-unit", type=click.Choice(list(MPS)), default="mps", help="Unit of a CSV's speeds [mps]."
)
@click.option("--timezone", help="Zone of times without an offset; they are refused without it.")
@click.option(
    "--nmea", metavar="UID", help="The file holds this device's NMEA sentences (as *.nmea, *.log do)."
)
@click.option("--rate", type=POSITIVE, help="Messages a second; else as many as are acknowledged.")
@click.option("--times", type=POSITIVE, help="How many times as fast as recorded, in order of time.")
@click.option("--adopt", is_flag=True, help="Register the devices first, each with a vehicle of its name.")
@click.option("--serial", is_flag=True, help="Speak NMEA into a pseudo-terminal, DATA_DIR/serial/UID.")
@click.option("--give-up", default=60.0, type=POSITIVE, help="Seconds without answer to end after [60].")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def replay(**options: Any) -> None:
    """Send a CSV or NMEA file through the broker and return when all of it is acknowledged.

    What cannot be read is named, counted and left out. Exits with 1 if anything stayed unacknowledged.
    """
    settings = configuration.load()
    config.logging.set_up(settings, "replay")
    try:
        sys.exit(_replay(Options(**options), settings))
    except RecordingError as error:
        raise click.UsageError(str(error)) from error


def _replay(options: Options, settings: Settings) -> int:
    """Replay and print the summary; gives the exit code."""
    if options.rate and options.times:
        raise click.UsageError("--rate and --times exclude each other.")
    source = Source(options.file, _choose_reader(options))
    if options.adopt:
        with connect(settings.need("database_url"), "replay") as conn:
            queries.add_devices_with_vehicles(conn, uids=source.uids())
    begun = time.monotonic()
    messages = source.messages(by_time=options.times is not None and options.uid is None)
    if options.serial:
        acknowledged = _speak(messages, options, settings)
    else:
        acknowledged = _publish(messages, options, settings)
    summary = {
        "sent": source.given,
        "acknowledged": acknowledged,
        "unreadable": source.unreadable,
        "seconds": round(time.monotonic() - begun, 3),
    }
    if options.as_json:
        click.echo(json.dumps(summary))
    else:
        click.echo(", ".join(f"{value:,} {name}" for name, value in summary.items()))
    return 0 if acknowledged == source.given else 1


def _choose_reader(options: Options) -> Reader:
    if uid := options.uid:
        try:
            check_uid(uid)
        except ValueError as error:
            raise RecordingError(str(error)) from error
        return lambda file: read_epochs(file, uid)
    if options.serial:
        raise click.UsageError("--serial wants a file of NMEA sentences.")
    try:
        zone = ZoneInfo(options.timezone) if options.timezone else None
    except (KeyError, ValueError, OSError) as error:
        raise click.UsageError(f"--timezone {options.timezone}: there is no such zone here.") from error
    table = Table(parse_columns(options.columns), options.speed_unit, zone)
    return lambda file: table.read(io.TextIOWrapper(file, "utf-8-sig", "replace", newline=""))


def _publish(messages: Iterable[Message], options: Options, settings: Settings) -> int:
    """Send through the broker; gives how many messages it has acknowledged."""
    publisher = Publisher(settings.need("mqtt_url"))
    topic = "fleet/{uid}/nmea" if options.uid else "fleet/{uid}/position"
    pace = Pace(options.rate, options.times)
    try:
        asyncio.run(publish(messages, topic, publisher, pace, options.give_up))
    except (TimeoutError, RefusedError) as error:
        click.echo(f"motorpool: {error}", err=True)
    except KeyboardInterrupt:
        click.echo("motorpool: interrupted", err=True)
    return publisher.acknowledged


def _speak(messages: Iterable[Message], options: Options, settings: Settings) -> int:
    """Speak into a pseudo-terminal; gives how many payloads have been read there."""
    with PseudoTerminal(settings.data_dir / "serial" / str(options.uid)) as terminal:
        click.echo(f"waiting for somebody to open {terminal.path}", err=True)
        return asyncio.run(speak(messages, terminal, Pace(options.rate, options.times or 1.0)))
