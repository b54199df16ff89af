"""The jobs: when each ran, how that ended, when it runs next, and a button to run it now."""

import re

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from sql import job_runs
from sql.queries import queries
from web import database
from web.shell import render_part
from web.system.place import PAGE

pages = Blueprint("jobs", __name__, url_prefix="/jobs")


@pages.get("")
def list_all() -> Response:
    """Every job with its newest run; the page asks again each few seconds."""
    with database.connection() as connection:
        rows = job_runs.list_jobs(connection)
    for row in rows:
        row["schedule"] = say_schedule(row["schedule"])
    return render_part("system/jobs.html", "system/job_rows.html", rows=rows)


@pages.get("/<name>")
def show(name: str) -> Response:
    """The newest runs of a job."""
    with database.connection() as connection:
        rows = job_runs.list_runs(connection, name.replace("\x00", ""), PAGE)
        total = queries.count_runs(connection, job=name.replace("\x00", ""))
        known = {row["name"] for row in job_runs.list_jobs(connection)}
    if not rows and name not in known:
        raise NotFound
    return make_response(render_template("system/job.html", name=name, rows=rows, total=total))


@pages.post("/<name>/run")
def run(name: str) -> Response:
    """Ask the process that runs the jobs for a run now; it looks each two seconds."""
    with database.connection() as connection:
        found = job_runs.request_run(connection, name.replace("\x00", ""), g.user.id)
    if not found:
        raise NotFound
    flash(_("%(name)s has been asked to run.", name=name))
    return make_response(redirect(url_for(".list_all"), 303))


def say_schedule(text: str) -> str:
    """When a job runs, in words, as far as it is a simple schedule; all times are UTC."""
    parts = dict(re.findall(r"(\w+)='([^']*)'", text))
    match (sorted(parts), parts):
        case (["hour", "minute"], {"hour": hour, "minute": minute}) if hour.isdigit() and minute.isdigit():
            return str(_("daily at %(time)s UTC", time=f"{int(hour):02}:{int(minute):02}"))
        case (["hour", "minute"], {"hour": hour, "minute": minute}) if minute.isdigit():
            return str(_("hourly at minute %(minute)s, hours %(hours)s UTC", minute=minute, hours=hour))
        case (["minute"], {"minute": minute}) if minute.isdigit():
            return str(_("hourly at minute %(minute)s", minute=minute))
        case (["second"], {"second": second}) if second.isdigit():
            return str(_("each minute at second %(second)s", second=second))
    return text
