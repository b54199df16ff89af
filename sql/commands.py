"""The commands over the database: its schema, its people, its devices, its feature flags."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta

import click
import psycopg

from config.settings import load
from sql import flags, fleet, losses, migration, retention, users
from sql.audit import Author
from sql.people import People
from sql.pool import connect


@contextmanager
def open_database() -> Iterator[psycopg.Connection]:
    """A connection for one command; what the database or the records refuse becomes one sentence."""
    try:
        with connect(load().need("database_url"), "command", autocommit=True) as connection:
            yield connection
    except (flags.FlagError, fleet.FleetError, users.UserError) as error:
        raise click.ClickException(str(error)) from error
    except psycopg.OperationalError as error:
        raise click.ClickException(f"the database does not answer: {error}") from error


def wait_for_database(url: str, seconds: float) -> None:
    """Return once the database answers. Raises ClickException where it still does not after that time."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            connect(url, "command").close()
            return
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise click.ClickException(f"the database does not answer: {error}") from error
        time.sleep(1)


def show(value: object, as_json: bool, text: str) -> None:
    """Print a command's answer for a program or for a person."""
    click.echo(json.dumps(value, default=str) if as_json else text)


json_option = click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")


@click.group()
def db() -> None:
    """Migrate the database's schema and keep its policies."""


@db.command("migrate")
@click.option("--wait", "wait_s", type=float, default=0, help="Seconds to wait for a database that is away.")
@json_option
def db_migrate(as_json: bool, wait_s: float) -> None:
    """Apply the pending migrations."""
    url = load().need("database_url")
    wait_for_database(url, wait_s)
    names = migration.migrate(url)
    show({"applied": names}, as_json, "\n".join(f"applied {name}" for name in names) or "nothing to apply")


@db.command("rollback")
@json_option
def db_rollback(as_json: bool) -> None:
    """Take back the newest migration, with the data it holds."""
    name = migration.roll_back(load().need("database_url"))
    show({"rolled_back": name}, as_json, f"rolled back {name}" if name else "nothing to roll back")


@db.command("status")
@json_option
def db_status(as_json: bool) -> None:
    """Say which migrations are applied and which are pending; exit code 1 while any is pending."""
    history = migration.read_history(load().need("database_url"))
    lines = [
        *(f"applied {name}" for name in history.applied),
        *(f"pending {name}" for name in history.pending),
    ]
    show(asdict(history), as_json, "\n".join(lines))
    sys.exit(1 if history.pending else 0)


@db.command("policies")
@click.option("--preview", "only_preview", is_flag=True, help="Only say what would be dropped now.")
@json_option
def db_policies(as_json: bool, only_preview: bool) -> None:
    """Make the database keep positions as long as GPS_HISTORY_RETENTION_DAYS says, and no longer."""
    days = load().gps_history_retention_days
    with open_database() as connection:
        if only_preview:
            would_go = retention.preview(connection, days)
            show(would_go, as_json, retention.describe_preview(would_go))
        else:
            policies = retention.apply_policies(connection, days)
            show(policies, as_json, retention.describe_policies(policies))


@click.group()
def user() -> None:
    """Add, list and disable the people who may sign in."""


@user.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice(users.ROLES), required=True)
@click.option(
    "--scope", type=click.Choice(users.SCOPES), help="How far the rights reach; the role says unless given."
)
@click.option(
    "--depot", "depots", multiple=True, help="A depot that the rights reach, by name; may come again."
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def user_add(email: str, role: str, scope: str | None, depots: tuple[str, ...], password_stdin: bool) -> None:
    """Add a person; the password is asked for twice unless it comes on standard input."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    with open_database() as connection, connection.transaction():
        added = users.add_user(connection, email, role, password, scope, depots)
        People(connection, Author()).record("add", None, added.id)
    click.echo(f"added {email} as {role}")


@user.command("list")
@json_option
def user_list(as_json: bool) -> None:
    """List the people who may sign in."""
    with open_database() as connection:
        rows = users.list_users(connection)
    lines = (f"{row.email}  {row.role}{'  (disabled)' if row.disabled else ''}" for row in rows)
    show([asdict(row) for row in rows], as_json, "\n".join(lines))


@user.command("disable")
@click.argument("email")
def user_disable(email: str) -> None:
    """Sign a person out and let them in no more."""
    with open_database() as connection, connection.transaction():
        person, people = users.find_user_by_email(connection, email), People(connection, Author())
        before = people.get(person.id) if person and not person.disabled else None
        users.disable_user(connection, email)
        if before:
            people.record("archive", before, before["id"])
    click.echo(f"disabled {email}")


@user.command("reset-second-factor")
@click.argument("email")
def user_reset_second_factor(email: str) -> None:
    """Let the password be enough again for whoever lost phone and recovery codes."""
    with open_database() as connection, connection.transaction():
        person = users.find_user_by_email(connection, email)
        if person is None:
            raise users.UserError(f"email: nobody has the address {email!r}")
        People(connection, Author()).reset_second_factor(person.id)
    click.echo(f"the second factor of {email} is off")


@click.group()
def device() -> None:
    """Add, list, adopt and disable devices."""


@device.command("add")
@click.argument("uid")
@click.option("--vehicle", help="Fleet number of its vehicle, made where it is new.")
def device_add(uid: str, vehicle: str | None) -> None:
    """Register a device, so that what it sends is stored."""
    with open_database() as connection:
        fleet.add_device(connection, uid, vehicle)
    click.echo(f"added {uid}")


@device.command("list")
@json_option
def device_list(as_json: bool) -> None:
    """List the devices with their vehicles and newest fixes."""
    with open_database() as connection:
        rows = fleet.list_devices(connection)
    lines = (
        f"{row['uid']}  {row['fleet_number'] or '-'}  {row['fix_time'] or 'no fix yet'}"
        f"{'  (disabled)' if row['disabled_at'] else ''}"
        for row in rows
    )
    show(rows, as_json, "\n".join(lines))


@device.command("disable")
@click.argument("uid")
def device_disable(uid: str) -> None:
    """Refuse what a device sends from now on; it goes to quarantine."""
    with open_database() as connection:
        fleet.disable_device(connection, uid)
    click.echo(f"disabled {uid}")


@device.command("losses")
@click.argument("uid", required=False)
@click.option("--day", "moment", type=click.DateTime(["%Y-%m-%d"]), help="UTC day, YYYY-MM-DD.")
@click.option("--compute", is_flag=True, help="Without UID: compute the whole fleet's day again, now.")
@json_option
def device_losses(uid: str | None, moment: datetime | None, compute: bool, as_json: bool) -> None:
    """Say what became of a device's fixes yesterday and today, or of the whole fleet's yesterday."""
    today = datetime.now(UTC).date()
    if uid is None:
        _show_fleet_losses(moment.date() if moment else today - timedelta(days=1), compute, as_json)
        return
    if compute:
        raise click.UsageError("--compute is for the whole fleet; one device is measured each time.")
    days = [moment.date()] if moment else [today - timedelta(days=1), today]
    with open_database() as connection:
        rows = [(day, losses.measure_device_day(connection, uid, day)) for day in days]
    as_data = [{"day": str(day), **row._asdict()} for day, row in rows]
    show(as_data, as_json, losses.describe_device_days(rows))


def _show_fleet_losses(day: date, compute: bool, as_json: bool) -> None:
    with open_database() as connection:
        if compute:
            losses.record_day(connection, day, again=True)
        rows = losses.list_fleet_day(connection, day)
        total = losses.sum_fleet_day(connection, day)
    if not rows:
        raise click.ClickException(f"{day} has not been computed yet; --compute does it now")
    as_data = {"day": str(day), **total._asdict(), "items": [row._asdict() for row in rows]}
    show(as_data, as_json, losses.describe_fleet_day(day, total, rows))


@click.group()
def flag() -> None:
    """List and switch feature flags."""


@flag.command("list")
@json_option
def flag_list(as_json: bool) -> None:
    """List the feature flags, and for whom each is on."""
    with open_database() as connection:
        rows = flags.list_flags(connection)
    show(rows, as_json, flags.describe_flags(rows))


@flag.command("set")
@click.argument("name")
@click.argument("state", type=click.Choice(["on", "off"]))
@click.option("--role", "roles", type=click.Choice(users.ROLES), multiple=True, help="Only for this role.")
@click.option("--everybody", is_flag=True, help="For all roles again.")
@json_option
def flag_set(name: str, state: str, roles: tuple[str, ...], everybody: bool, as_json: bool) -> None:
    """Switch a feature flag; every process follows within seconds. Without --role its roles stay."""
    if roles and everybody:
        raise click.UsageError("--role and --everybody exclude each other.")
    wanted = roles if roles or everybody else None
    with open_database() as connection:
        row = flags.change_flag(connection, Author(), name, state == "on", wanted)
    show(row, as_json, flags.describe_flags([row]))
