"""What admins do with a person beside editing: invite again, sign out, reset the second factor, unlock."""

import psycopg
from flask import Blueprint, Response, current_app, flash, g, make_response, redirect, url_for
from flask_babel import gettext as _

from sql.audit import Author, Row
from sql.people import People
from sql.records import RecordMissing
from web import database, invitations

pages = Blueprint("people", __name__, url_prefix="/users/<int:id>")


def back(id: int, message: str) -> Response:
    """To the person's page, with the news."""
    flash(message)
    return make_response(redirect(url_for("users.show", id=id), 303))


def open_people(connection: psycopg.Connection) -> People:
    """The people, to be acted on in the name of whoever asks."""
    return People(connection, Author(g.user.id, g.request_id))


def invite_again(id: int) -> Row:
    """Send a person another link to choose a password; older ones stop working. Raises RecordMissing."""
    with database.connection() as connection:
        people = open_people(connection)
        person = people.get(id)
        if person["archived_at"]:
            raise RecordMissing(_("A disabled person is not invited."))
        token = people.invite(id)
    invitations.send(person, token)
    return person


@pages.post("/invite")
def invite(id: int) -> Response:
    """Another link to choose a password; older ones stop working."""
    person = invite_again(id)
    if current_app.extensions["mailer"].is_ready:
        return back(id, _("An invitation is on its way to %(email)s.", email=person["email"]))
    return make_response(redirect(url_for("users.show", id=id), 303))


@pages.post("/sign-out")
def sign_out(id: int) -> Response:
    """End every session of a person."""
    with database.connection() as connection:
        count = open_people(connection).sign_out(id)
    return back(id, _("Signed out everywhere (%(count)s).", count=count))


@pages.post("/second-factor/reset")
def reset_second_factor(id: int) -> Response:
    """Let the password be enough for whoever lost phone and recovery codes."""
    with database.connection() as connection:
        open_people(connection).reset_second_factor(id)
    return back(id, _("The second factor is off."))


@pages.post("/unlock")
def unlock(id: int) -> Response:
    """Let a person try again at once who failed too often."""
    with database.connection() as connection:
        open_people(connection).unlock(id)
    return back(id, _("The failed sign-ins are forgotten."))
