"""The feature flags, and their switches."""

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from sql import audit, flags
from sql.audit import Author
from sql.flags import FlagChanged, FlagError
from sql.users import ROLES
from web import database
from web.problems import InvalidFields

pages = Blueprint("features", __name__, url_prefix="/features")


@pages.get("")
def list_all() -> Response:
    """Every flag with its switch and who touched it last."""
    with database.connection() as connection:
        rows = flags.list_flags(connection)
        for row in rows:
            changes = audit.list_changes(connection, "feature_flags", row["id"], most=1)
            row["last"] = changes[0] if changes else None
    return make_response(render_template("system/features.html", rows=rows, roles=ROLES))


@pages.post("/<name>")
def switch(name: str) -> Response:
    """Switch a flag as its form says, unless somebody else has in the meantime."""
    roles = request.form.getlist("role")
    if not set(roles) <= set(ROLES):
        raise InvalidFields({"role": _("There is no such role.")})
    version = request.form.get("version", -1, int)
    enabled = request.form.get("enabled") == "1"
    try:
        with database.connection() as connection:
            author = Author(g.user.id, g.request_id)
            flags.change_flag(connection, author, name.replace("\x00", ""), enabled, roles, version)
    except FlagError:
        raise NotFound from None
    except FlagChanged:
        flash(_("Somebody has changed this in the meantime. Look at it, then try again."))
    else:
        flash(_("%(name)s has been saved; every process follows within seconds.", name=name))
    return make_response(redirect(url_for(".list_all"), 303))
