"""The API of what admins do with a person beside editing: invite again, sign out, reset, unlock."""

from typing import Any

from apiflask import APIBlueprint
from flask import current_app
from marshmallow import fields

from web import database
from web.forms import make_schema
from web.people import invite_again, open_people

LINKED = {"is_mailed": fields.Boolean(metadata={"description": "false where no mail server is set"})}
ENDED = {"ended": fields.Integer(metadata={"description": "how many sessions that were"})}
ANSWERS = [401, 403, 404]


def make_people_api() -> APIBlueprint:
    """The blueprint; its endpoints are named in web.rights."""
    api = APIBlueprint("api_people", __name__, url_prefix="/api/v1/users/<int:id>", tag="Users")

    @api.post("/invite")
    @api.output(make_schema((), "Invitation", **LINKED))
    @api.doc(summary="Send another link to choose a password", security="bearer", responses=ANSWERS)
    def invite(id: int) -> Any:
        invite_again(id)
        return {"is_mailed": current_app.extensions["mailer"].is_ready}

    @api.post("/sign-out")
    @api.output(make_schema((), "EndedSessions", **ENDED))
    @api.doc(summary="End every session of a user", security="bearer", responses=ANSWERS)
    def sign_out(id: int) -> Any:
        with database.connection() as connection:
            return {"ended": open_people(connection).sign_out(id)}

    @api.post("/second-factor/reset")
    @api.output({}, status_code=204)
    @api.doc(summary="Let the password of a user be enough again", security="bearer", responses=ANSWERS)
    def reset_second_factor(id: int) -> Any:
        with database.connection() as connection:
            open_people(connection).reset_second_factor(id)
        return ""

    @api.post("/unlock")
    @api.output({}, status_code=204)
    @api.doc(summary="Forget the failed sign-ins of a user", security="bearer", responses=ANSWERS)
    def unlock(id: int) -> Any:
        with database.connection() as connection:
            open_people(connection).unlock(id)
        return ""

    return api
