"""What runs and how it is: database, broker, ingestion, jobs and pages, each judged from what it reports."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response
from flask_babel import gettext as _

from sql.migration import find_pending
from sql.processes import list_processes
from sql.queries import fetch_rows, queries
from web import database
from web.formats import number
from web.shell import render_part
from web.system.figures import duration, size

pages = Blueprint("overview", __name__)
LATE_S = 10.0
Row = dict[str, Any]


@dataclass(frozen=True)
class Service:
    """One service: `state` is good, warn, bad or unknown, `said` why, in a few words."""

    name: str
    state: str
    said: str
    facts: list[tuple[str, str]] = field(default_factory=list)


@pages.get("")
def show() -> Response:
    """Every service and every process; the page asks again each few seconds."""
    with database.connection() as connection:
        (facts,) = fetch_rows(connection, "get_database_facts")
        processes = list_processes(connection)
        pending = find_pending(connection)
        failed_jobs = queries.count_failed_jobs(connection)
    services = [
        judge_database(facts, pending),
        judge_broker(processes),
        judge_ingest(processes),
        judge_jobs(processes, failed_jobs),
        judge_web(processes),
    ]
    values = {"services": services, "processes": processes, "now": datetime.now(UTC)}
    return render_part("system/overview.html", "system/services.html", **values)


def judge_database(facts: Row, pending: Sequence[str]) -> Service:
    """It answers, or nobody would read this; are its tables today's, and are connections left?"""
    state, said = "good", _("answers")
    if facts["connections"] > 0.9 * facts["most_connections"]:
        state, said = "warn", _("is running out of connections")
    if pending:
        state, said = "bad", _("lacks migrations: %(names)s", names=", ".join(pending))
    edition = _("Apache edition") if facts["license"] == "apache" else _("Community edition")
    connections = _("%(count)s of %(most)s", count=facts["connections"], most=facts["most_connections"])
    return Service(
        _("Database"),
        state,
        said,
        [
            ("PostgreSQL", facts["postgres"].partition(" ")[0]),
            ("TimescaleDB", f"{facts['timescaledb']}, {edition}"),
            (_("Size"), size(facts["size_bytes"])),
            (_("Connections"), connections),
            (_("Migrations"), _("up to date") if not pending else _("%(count)s missing", count=len(pending))),
        ],
    )


def judge_broker(processes: Sequence[Row]) -> Service:
    """What the processes of ingestion say of the broker, for they alone talk to it."""
    told = [row for row in alive(processes, "ingest") if row["broker"]]
    connected = sum(bool(row["broker_connected"]) for row in told)
    facts = [(_("Address"), ", ".join(sorted({row["broker"] for row in told})))] if told else []
    if not told:
        return Service(_("Broker"), "unknown", _("no process of ingestion says"), facts)
    facts.append((_("Subscribed"), _("%(count)s of %(most)s processes", count=connected, most=len(told))))
    if connected == len(told):
        return Service(_("Broker"), "good", _("is reached"), facts)
    said = _("is not reached") if not connected else _("is not reached by all")
    return Service(_("Broker"), "warn" if connected else "bad", said, facts)


def judge_ingest(processes: Sequence[Row]) -> Service:
    """Does anybody store positions, and how late?"""
    running = alive(processes, "ingest")
    if not running:
        return Service(_("Ingestion"), *say_absent(processes, "ingest", _("no process stores positions")))
    behind_s = max(row["behind_s"] or 0.0 for row in running)
    waiting = sum(row["waiting_records"] or 0 for row in running)
    facts = [
        (_("Processes"), number(len(running))),
        (_("Behind"), duration(behind_s)),
        (_("Waiting records"), number(waiting)),
    ]
    if any(row["paused"] for row in running):
        return Service(_("Ingestion"), "warn", _("pauses reading: too much waits"), facts)
    if behind_s > LATE_S:
        return Service(_("Ingestion"), "warn", _("is %(time)s behind", time=duration(behind_s)), facts)
    return Service(_("Ingestion"), "good", _("stores positions"), facts)


def judge_jobs(processes: Sequence[Row], failed: int) -> Service:
    """One process must run the jobs; others may stand by."""
    there = alive(processes, "jobs")
    running = sum(row["doing"] == "runs the jobs" for row in there)
    facts = [
        (_("Standing by"), number(len(there) - running)),
        (_("Failed last time"), number(failed)),
    ]
    if not there:
        return Service(_("Jobs"), *say_absent(processes, "jobs", _("no process runs them")))
    if not running:
        return Service(_("Jobs"), "warn", _("none runs them yet"), facts)
    if failed:
        return Service(_("Jobs"), "warn", _("run, but some failed"), facts)
    return Service(_("Jobs"), "good", _("run"), facts)


def judge_web(processes: Sequence[Row]) -> Service:
    """This page was served, so one process at least is there."""
    count = len(alive(processes, "web"))
    return Service(_("Web"), "good", _("serves pages"), [(_("Processes"), number(count))] if count else [])


def alive(processes: Sequence[Row], process: str) -> list[Row]:
    """Those of one kind that have not fallen silent."""
    return [row for row in processes if row["process"] == process and not row["is_silent"]]


def say_absent(processes: Sequence[Row], process: str, said: str) -> tuple[str, str]:
    """Bad where there was one within the hour, unknown where there may never have been one."""
    was_there = any(row["process"] == process for row in processes)
    return ("bad", said) if was_there else ("unknown", said)
