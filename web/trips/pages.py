"""The pages of trips: those of a day or a week, one with its track, and what each day came to."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, current_app, make_response, render_template, request
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import NotFound

from sql import trips
from sql.audit import Row
from sql.drawn_tracks import MOST_POINTS, Track, read_track
from web import clock, database
from web.board import read_window
from web.event_kinds import EVENT_KINDS, find_kind
from web.languages import choose_time_zone, list_words_of_scripts
from web.live_map import answer_geojson
from web.records import kind as kinds
from web.records.drivers import DRIVERS as DRIVER_RECORDS
from web.records.kind import Kind as RecordKind
from web.records.references import list_names
from web.records.vehicles import VEHICLES
from web.shell import render_part
from web.trips import events
from web.trips.asked import (
    PAGE,
    match,
    read_asked,
    read_days,
    read_key,
    read_start,
    write_key,
    write_start,
)
from web.trips.words import describe_event, name_event

pages = Blueprint("trips", __name__)
pages.register_blueprint(events.pages)
DAYS = 28
MOST_EVENTS = 300
LATER = timedelta(days=365)


@pages.record_once
def set_up(state: BlueprintSetupState) -> None:
    """Tell the templates how an event is put into words."""
    for show in (describe_event, event_id, find_kind, local_day, name_event):
        state.app.add_template_filter(show)


@pages.context_processor
def describe() -> dict[str, Any]:
    """What the templates of these pages may use."""
    return {
        "style_url": current_app.config["MAP_STYLE_URL"],
        "words_of_scripts": list_words_of_scripts,
        "event_kinds": EVENT_KINDS,
        "write_start": write_start,
    }


@pages.get("/trips")
def list_all() -> Response:
    """The trips of a day or a week with what they come to, or only the rows for htmx."""
    window = read_window(request.args.get("on", ""), request.args.get("view", ""))
    names = ("vehicle", "driver", "depot", "on", "view")
    entries = {name: request.args.get(name, "") for name in names}
    asked = read_asked(entries, window.since, window.until)
    after = read_key(request.args.get("after", ""))
    rows: list[Row] = []
    total: Row = {"trips": 0}
    if not asked.problems:
        with database.connection() as connection:
            rows = trips.list_trips(connection, asked.matching, after, PAGE + 1)
            total = trips.sum_trips(connection, asked.matching)
    has_more, rows = len(rows) > PAGE, rows[:PAGE]
    shown = request.args.get("shown", 0, int) + len(rows)
    more = asked.find("trips.list_all", after=write_key(rows[-1]), shown=shown) if has_more else None
    return render_part(
        "trips/list.html",
        "trips/results.html",
        asked=asked,
        window=window,
        depots=list_names("depot"),
        rows=rows,
        total=total,
        shown=shown,
        more=more,
    )


@pages.get("/trips/<int:device_id>/<started_at>")
def show(device_id: int, started_at: str) -> Response:
    """One trip: its track, its speed over time, and what happened on the way and after it."""
    trip = find_trip(device_id, started_at)
    until = trip["next_at"] or trip["installed_until"] or trip["ended_at"] + LATER
    matching = match(trip["started_at"], until, device_id=device_id)
    with database.connection() as connection:
        happened = trips.list_events(connection, matching, None, MOST_EVENTS + 1)
    has_more, happened = len(happened) > MOST_EVENTS, happened[:MOST_EVENTS][::-1]
    page = render_template(
        "trips/show.html",
        trip=trip,
        events=[event for event in happened if event["started_at"] <= trip["ended_at"]],
        later_events=[event for event in happened if event["started_at"] > trip["ended_at"]],
        has_more=has_more,
    )
    return make_response(page)


@pages.get("/trips/<int:device_id>/<started_at>/track.geojson")
def show_track(device_id: int, started_at: str) -> Response:
    """The line of a trip, with the time (epoch milliseconds) and the speed (m/s) of each of its points."""
    trip = find_trip(device_id, started_at)
    until = min(filter(None, (trip["ended_at"], trip["installed_until"])))
    most = min(max(request.args.get("points", MOST_POINTS, int), 2), MOST_POINTS)
    with database.connection() as connection:
        track = read_track(connection, device_id, trip["started_at"], until, most)
    return answer_geojson([draw_track(track)])


@pages.get("/vehicles/<int:id>/days")
def list_vehicle_days(id: int) -> Response:
    """What a vehicle did on each of the days that are asked for."""
    return show_days(VEHICLES, id)


@pages.get("/drivers/<int:id>/days")
def list_driver_days(id: int) -> Response:
    """What a driver did on each of the days that are asked for, within their assignments."""
    return show_days(DRIVER_RECORDS, id)


def show_days(kind: RecordKind, id: int) -> Response:
    """The page of the days of a vehicle or a driver."""
    row = kinds.get(kind, id)
    first, last = read_days(request.args, DAYS)
    since, until = clock.begin(first), clock.begin(last + timedelta(days=1))
    matching = match(since, until, **{f"{kind.noun}_id": id})
    with database.connection() as connection:
        days = trips.list_days(connection, matching, choose_time_zone())
    page = render_template(
        "trips/days.html", kind=kind, row=row, days=days, totals=add_up(days), first=first, last=last
    )
    return make_response(page)


def add_up(days: Sequence[Row]) -> Row:
    """What some days come to together."""
    names = ("trips", "distance_m", "moving_s", "idle_s", "stops")
    events = {kind: sum(day["events"].get(kind, 0) for day in days) for kind in EVENT_KINDS}
    return {**{name: sum(day[name] for day in days) for name in names}, "events": events}


def find_trip(device_id: int, started_at: str) -> Row:
    """The trip of this address, where the person may see it. Raises NotFound."""
    at = read_start(started_at)
    trip = None
    if at is not None and device_id < 2**31:
        matching = match(at, at)
        with database.connection() as connection:
            trip = trips.find_trip(connection, matching, device_id, at)
    if trip is None:
        raise NotFound
    return trip


def draw_track(track: Track) -> dict[str, Any]:
    """A track as GeoJSON has it; a speed that is not known is null."""
    points = [
        [round(longitude, 6), round(latitude, 6)]
        for longitude, latitude in zip(track.longitudes.tolist(), track.latitudes.tolist(), strict=True)
    ]
    speeds = [None if speed != speed else round(speed, 2) for speed in track.speeds_mps.tolist()]
    times = [round(1000 * at) for at in track.times.tolist()]
    line = {"type": "LineString", "coordinates": points if len(points) > 1 else 2 * points}
    return {
        "type": "Feature",
        "geometry": line if points else None,
        "properties": {"times": times, "speeds": speeds, "fixes": track.fixes},
    }


def event_id(event: Row) -> str:
    """What an event is called within the page of its trip."""
    return f"{event['kind']}-{round(1000 * event['started_at'].timestamp())}-{event['geofence_id']}"


def local_day(at: datetime) -> date:
    """The day of the reader on which something was."""
    return at.astimezone(clock.zone()).date()
