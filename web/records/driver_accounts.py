"""The accounts with which drivers sign in, for whoever links one to its driver."""

from flask import Blueprint, Response, make_response, render_template, request

from web.records import references

pages = Blueprint("driver_accounts", __name__, url_prefix="/drivers/accounts")


@pages.get("/names")
def suggest() -> Response:
    """Options for the account of a driver, by what has been typed so far."""
    typed = request.args.get("user_id", "")
    names = references.list_names("driver_account", typed, references.MOST_SUGGESTED)
    return make_response(render_template("records/names.html", names=names))
