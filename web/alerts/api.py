"""The API of alerts: the same list, rights and actions as the pages, described in OpenAPI."""

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from flask import request
from marshmallow import fields, validate

from sql.alert_life import KINDS, STATES, Alerts
from sql.audit import Row
from sql.escalations import SEVERITIES
from sql.records import Conflict, RecordError
from web.alerts import words
from web.alerts.pages import open_alerts, say_why_not
from web.alerts.wish import read_wish, write_after
from web.forms import make_schema
from web.problems import Changed, InvalidFields
from web.records.api import make_many
from web.records.listing import LONGEST_PAGE, PAGE
from web.values import moment, text

VERSION = {"version": fields.Integer(required=True, metadata={"description": "of the alert that you act on"})}
NOTE = 2000


def told(description: str) -> dict[str, str]:
    """What OpenAPI says of a field."""
    return {"description": description}


OUT: dict[str, fields.Field[Any]] = {
    "id": fields.Integer(),
    "kind": fields.String(),
    "severity": fields.String(),
    "state": fields.String(attribute="standing", metadata=told("open, acknowledged, snoozed or resolved")),
    "sentence": fields.Function(
        words.sentence, metadata=told("what happened, in the language of your account")
    ),
    "device_id": fields.Integer(),
    "uid": fields.String(),
    "vehicle_id": fields.Integer(allow_none=True),
    "vehicle": fields.String(attribute="label"),
    "depot_id": fields.Integer(allow_none=True),
    "geofence_id": fields.Integer(metadata=told("0 where it has nothing to do with one")),
    "geofence": fields.String(allow_none=True),
    "first_event_at": fields.DateTime(),
    "latest_event_at": fields.DateTime(),
    "events": fields.Integer(metadata=told("how often it has happened")),
    "is_over": fields.Boolean(metadata=told("what raised it has ended by itself")),
    "value": fields.Float(allow_none=True, metadata=told("m/s, m/s2, metres, percent or volts, by the kind")),
    "limit": fields.Float(attribute="limit_value", allow_none=True),
    "latitude": fields.Float(allow_none=True),
    "longitude": fields.Float(allow_none=True),
    "raised_at": fields.DateTime(),
    "snoozed_until": fields.DateTime(allow_none=True),
    "assigned_to": fields.Integer(allow_none=True),
    "assignee": fields.String(allow_none=True),
    "level": fields.Integer(metadata=told("how many levels of escalation have been told")),
    "escalates_at": fields.DateTime(allow_none=True),
    "storm_id": fields.Integer(allow_none=True, metadata=told("many of one kind at once share it")),
    "version": fields.Integer(metadata=told("send it back with an action")),
    "resolved_at": fields.DateTime(allow_none=True),
}
STEP: dict[str, fields.Field[Any]] = {
    "at": fields.DateTime(),
    "action": fields.String(),
    "detail": fields.String(),
    "who": fields.String(allow_none=True, metadata=told("null: Motorpool itself")),
}
ASKED: dict[str, fields.Field[Any]] = {
    "state": fields.String(
        validate=validate.OneOf([*STATES, "all"]),
        metadata=told("all unless given; to_do is open or acknowledged"),
    ),
    "kind": fields.String(validate=validate.OneOf(KINDS)),
    "severity": fields.String(validate=validate.OneOf(SEVERITIES)),
    "depot_id": fields.Integer(),
    "vehicle_id": fields.Integer(),
    "assigned_to": fields.Integer(),
    "storm_id": fields.Integer(),
    "search": fields.String(),
    "after": fields.String(metadata=told("the `next` of the part before")),
    "limit": fields.Integer(validate=validate.Range(1, LONGEST_PAGE), metadata=told(f"{PAGE} unless given")),
}
ACTIONS: dict[str, tuple[str, dict[str, fields.Field[Any]], Callable[[Alerts, int, dict[str, Any]], Row]]] = {
    "acknowledge": (
        "Take an alert in hand; nobody else is told of it",
        {},
        lambda alerts, id, given: alerts.acknowledge(id, given["version"]),
    ),
    "assign": (
        "Give an alert to a user, or with null to nobody",
        {"to": fields.Integer(required=True, allow_none=True, validate=validate.Range(1, 2**31 - 1))},
        lambda alerts, id, given: alerts.assign(id, given["version"], given["to"]),
    ),
    "snooze": (
        "Let an alert rest until a moment",
        {"until": moment(needed=True)},
        lambda alerts, id, given: alerts.snooze(id, given["version"], given["until"]),
    ),
    "note": (
        "Write something down about an alert",
        {"note": text(NOTE, needed=True)},
        lambda alerts, id, given: alerts.note(id, given["version"], given["note"]),
    ),
    "resolve": (
        "Be done with an alert",
        {"note": text(NOTE)},
        lambda alerts, id, given: alerts.resolve(id, given["version"], given.get("note") or ""),
    ),
    "reopen": (
        "Take up a resolved alert again",
        {},
        lambda alerts, id, given: alerts.reopen(id, given["version"]),
    ),
}


def make_alerts_api() -> APIBlueprint:
    """The blueprint; its endpoints are named in web.rights."""
    one = make_schema((), "Alert", **OUT)
    whole = make_schema(
        (),
        "AlertWithSteps",
        **OUT,
        driver_id=fields.Integer(allow_none=True, metadata=told("who drove when its newest event began")),
        steps=fields.List(
            fields.Nested(make_schema((), "AlertStep", **STEP)), metadata=told("the latest first")
        ),
    )
    api = APIBlueprint("api_alerts", __name__, url_prefix="/api/v1/alerts", tag="Alerts")

    @api.get("")
    @api.input(make_schema((), "AlertQuery", **ASKED), location="query", arg_name="asked")
    @api.output(make_many("AlertList", one))
    @api.doc(
        summary="List alerts: open first, the worst of these first, then the newest",
        security="bearer",
        responses=[401, 403, 422],
    )
    def list_all(asked: dict[str, Any]) -> Any:
        wish = read_wish(request.args, state="all")
        with open_alerts() as alerts:
            rows = alerts.list_page(wish.matching, wish.after, wish.limit + 1)
            total = alerts.count(wish.matching)
        items = rows[: wish.limit]
        return {
            "items": items,
            "total": total,
            "next": write_after(items[-1]) if rows[wish.limit :] else None,
        }

    @api.get("/<int:id>")
    @api.output(whole)
    @api.doc(summary="Get one alert with its life", security="bearer", responses=[401, 403, 404])
    def show(id: int) -> Any:
        with open_alerts() as alerts:
            return read_whole(alerts, id)

    for action in ACTIONS:
        add_action(api, action, whole)
    return api


def add_action(api: APIBlueprint, action: str, whole: Any) -> None:
    """The route of one action."""
    summary, given, do = ACTIONS[action]
    schema = make_schema((), f"{action.capitalize()}Alert", **VERSION, **given)

    def act(id: int, values: dict[str, Any]) -> Any:
        try:
            with open_alerts() as alerts:
                do(alerts, id, values)
                return read_whole(alerts, id)
        except RecordError as error:
            raise InvalidFields({error.field: say_why_not(error)}) from error
        except Conflict as conflict:
            raise Changed(make_schema((), "Alert", **OUT)().dump(conflict.current)) from conflict

    act.__name__ = action
    described = api.doc(summary=summary, security="bearer", responses=[401, 403, 404, 409, 422])(act)
    api.post(f"/<int:id>/{action}")(api.input(schema, arg_name="values")(api.output(whole)(described)))


def read_whole(alerts: Alerts, id: int) -> Row:
    """An alert with its life."""
    return {**alerts.get(id), "steps": alerts.list_steps(id)}
