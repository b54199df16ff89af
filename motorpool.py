"""The command line, the front door: each command is loaded from its room when it is called."""

import importlib
import sys
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

import click
import structlog

from config.settings import DECODERS, SettingsError

if TYPE_CHECKING:
    from devices.position import Result

COMMANDS = {
    "bench": ("bench.command:bench", "Try how fast this is, and what it keeps when all breaks."),
    "db": ("sql.commands:db", "Migrate, back up and restore the database."),
    "decode": ("motorpool:decode", "Print what a device's messages say."),
    "detect": ("jobs.command:detect", "Find trips, stops and events in what is stored."),
    "device": ("sql.commands:device", "Add, list, adopt and disable devices."),
    "exchange": ("web.exchange:exchange", "Work through the imports and exports that wait."),
    "export": ("web.exports.command:export", "Write a list of records or positions as a file."),
    "flag": ("sql.commands:flag", "List and switch feature flags."),
    "import": ("web.imports.command:import_file", "Bring a file's rows into the fleet's records."),
    "ingest": ("ingest.command:ingest", "Run the daemon that stores positions."),
    "jobs": ("jobs.command:jobs", "Run the scheduler."),
    "replay": ("local.replay_command:replay", "Send a recording through the broker or a serial port."),
    "services": ("local.services_command:services", "Start and stop the embedded database and broker."),
    "simulate": ("local.simulate_command:simulate", "Drive a made-up fleet."),
    "up": ("local.up_command:up", "Run everything on this machine."),
    "user": ("sql.commands:user", "Add, list and disable people."),
    "web": ("web.command:web", "Run the pages and the API."),
}


class Rooms(click.Group):
    """Finds a command by name and imports its room only then, so that `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing their rooms."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in sorted(COMMANDS.items())])


@click.group(cls=Rooms)
def cli() -> None:
    """Motorpool keeps a fleet in sight."""


@click.command()
@click.argument("protocol", type=click.Choice(DECODERS))
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--hex", "is_hex", is_flag=True, help="Each line is a frame written in hexadecimal.")
def decode(protocol: str, file: BinaryIO, is_hex: bool) -> None:
    """Print what a device's messages say, a JSON object for each position.

    Frames of PROTOCOL come from FILE or standard input, one a line; nmea comes as it is on the wire. What
    cannot be read is printed as {"error", "input"} and never stops the reading.
    """
    import orjson

    from devices.position import DecodeError, Ignored

    counts: Counter[str] = Counter()
    for result, text in _decode_all(protocol, file, is_hex):
        if isinstance(result, Ignored):
            counts[result.reason] += 1
            continue
        if isinstance(result, DecodeError):
            counts["errors"] += 1
            document: dict[str, Any] = {"error": result.reason, "input": text}
        else:
            counts["positions"] += 1
            moment = result.fix_time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            document = {**result._asdict(), "fix_time": moment, "attributes": result.attributes or {}}
        click.echo(orjson.dumps(document))
    totals = [f"{counts.pop(kind, 0)} {kind}" for kind in ("positions", "errors")]
    click.echo(", ".join([*totals, *(f"{count} {reason}" for reason, count in counts.items())]), err=True)


def _decode_all(protocol: str, file: BinaryIO, is_hex: bool) -> Iterator[tuple["Result", str]]:
    """Every result, with the text of the frame or of the part of it that the result is about."""
    from devices.nmea import NmeaDecoder
    from devices.position import DecodeError
    from devices.protocols import PROTOCOLS

    def quote(raw: bytes) -> str:
        return raw.hex() if is_hex else raw.decode("utf-8", "backslashreplace")

    stream = NmeaDecoder() if protocol == "nmea" else None
    read = stream.feed if stream else PROTOCOLS[protocol]
    for line in iter(file.readline, b""):
        frame = line if stream else line.strip()
        text = line.strip().decode("utf-8", "backslashreplace")
        try:
            results = read(bytes.fromhex(text) if is_hex else frame)
        except DecodeError as error:
            results = [error]
        except ValueError as error:
            results = [DecodeError(f"not hexadecimal: {error}")]
        for result in results:
            yield result, quote(result.raw) if isinstance(result, DecodeError) and result.raw else text
    for result in stream.close() if stream else ():
        yield result, quote(result.raw) if isinstance(result, DecodeError) and result.raw else ""


def main() -> None:
    """Run the command line; a wrong setting ends it with one sentence each and exit code 2."""
    # Until a process sets up its own log, what a library of ours warns of must not get into an answer.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        cli()
    except SettingsError as error:
        for sentence in error.sentences:
            click.echo(f"motorpool: {sentence}", err=True)
        sys.exit(2)
