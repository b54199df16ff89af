"""The command line, the front door: each command is loaded from its room when it is called."""

import importlib
import sys

import click

from config.settings import SettingsError

COMMANDS = {
    "db": "sql.commands:db",
    "decode": "motorpool:decode",
    "device": "sql.commands:device",
    "ingest": "ingest.command:ingest",
    "jobs": "jobs.command:jobs",
    "replay": "local.replay_command:replay",
    "services": "local.services_command:services",
    "simulate": "local.simulate_command:simulate",
    "up": "local.up_command:up",
    "user": "sql.commands:user",
    "web": "web.command:web",
}


class Rooms(click.Group):
    """Finds a command by name and imports its room only then, so that `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=Rooms)
def cli() -> None:
    """Motorpool keeps a fleet in sight."""


def main() -> None:
    """Run the command line; a wrong setting ends it with one sentence each and exit code 2."""
    try:
        cli()
    except SettingsError as error:
        for sentence in error.sentences:
            click.echo(f"motorpool: {sentence}", err=True)
        sys.exit(2)
