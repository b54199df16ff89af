"""What watches over the site asks here: is it alive, is it ready, what does it count."""

from flask import Blueprint, Response, current_app, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from werkzeug.exceptions import NotFound, ServiceUnavailable

from sql.queries import queries
from web import database

pages = Blueprint("health", __name__)
LOOPBACK = ("127.0.0.1", "::1")


@pages.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return jsonify(status="alive")


@pages.get("/readyz")
def ready() -> Response:
    """The database answers, has the tables, and the picture of the fleet has been read."""
    with database.connection() as connection:
        if not queries.is_migrated(connection):
            raise ServiceUnavailable("The database is not migrated. Run: motorpool db migrate")
    if not current_app.extensions["live"].is_loaded:
        raise ServiceUnavailable("The fleet has not been read from the database yet.")
    return jsonify(status="ready")


@pages.get("/metrics")
def metrics() -> Response:
    """Prometheus metrics, for this machine only: a proxy in front hands nobody in."""
    if request.remote_addr not in LOOPBACK or "X-Forwarded-For" in request.headers:
        raise NotFound
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)
