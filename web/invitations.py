"""Invitations: a mail to a new person with a link at which they choose their password."""

from typing import Any

from flask import current_app, flash
from flask_babel import force_locale
from flask_babel import gettext as _

from web.mail import do_soon
from web.password import make_link


def send(person: dict[str, Any], token: str) -> None:
    """Send a person their link, in their language, after the answer; say so where there is no mail server."""
    mailer = current_app.extensions["mailer"]
    if not mailer.is_ready:
        flash(
            _("No mail was sent: SMTP_HOST is not set. `motorpool user add` gives a person a password."),
            "problem",
        )
        return
    with force_locale(person["language"]):
        subject = _("Your account in Motorpool")
        text = _(
            "You have an account in Motorpool, under the address %(email)s.\n\n"
            "Choose your password here within three days; the link works once:\n\n%(link)s\n",
            email=person["email"],
            link=make_link(token),
        )
    do_soon(lambda: mailer.send(person["email"], subject, text))
