"""The app factory: what the site consists of, in the order in which a request meets it."""

import hashlib
import hmac
from pathlib import Path

from apiflask import APIFlask
from werkzeug.middleware.proxy_fix import ProxyFix

from config.settings import Settings
from sql.pool import open_pool
from sql.seal import Seal
from sql.slow_queries import SLOW_QUERIES
from web import (
    account,
    api_auth,
    api_docs,
    assignments,
    database,
    formats,
    gate,
    geofence_map,
    guard,
    headers,
    health,
    journal,
    languages,
    live_map,
    password,
    people,
    problems,
    second_factor,
    shell,
    sign_in,
    sockets,
    static_files,
    tokens,
    uploads,
)
from web.alerts import escalations
from web.alerts import pages as alerts
from web.alerts.api import make_alerts_api
from web.assignments_api import make_assignments_api
from web.exports import desk
from web.exports.api import api as exports_api
from web.exports.pages import pages as exports_pages
from web.imports import pages as imports
from web.imports.api import make_imports_api
from web.live import Live
from web.mail import Mailer
from web.people_api import make_people_api
from web.records import (
    documents,
    driver_accounts,
    odometer,
    outline,
    parts_api,
    photo,
    references,
    visits,
)
from web.records.api import make_api
from web.records.assignments import ASSIGNMENTS
from web.records.depots import DEPOTS
from web.records.devices import DEVICES
from web.records.drivers import DRIVERS
from web.records.geofences import GEOFENCES
from web.records.pages import make_pages
from web.records.rules import RULES
from web.records.schedules import SCHEDULES
from web.records.users import USERS
from web.records.vehicles import VEHICLES
from web.system.pages import system
from web.trips.api import api as trips_api
from web.trips.pages import pages as trips_pages

KINDS = (VEHICLES, DRIVERS, DEVICES, DEPOTS, GEOFENCES, SCHEDULES, RULES, USERS)


def create_app(settings: Settings) -> APIFlask:
    """The site over the database of these settings. Raises SettingsError.

    Nothing runs yet that needs the database: it may be away, now or later. `app.extensions["live"].start()`
    starts the thread that follows the fleet.
    """
    app = APIFlask(
        "web",
        json_errors=False,
        docs_path=None,
        spec_path=api_docs.SPEC,
        static_folder=None,  # type: ignore[arg-type]
    )
    app.config.from_mapping(configure(settings))
    api_docs.describe(app)
    pool = open_pool(
        settings.need("database_url"), "web", settings.web_pool_size, settings.web_statement_timeout
    )
    SLOW_QUERIES.threshold_s = settings.slow_query_ms / 1000
    live = Live(settings)
    app.extensions["mailer"] = Mailer(settings)
    app.extensions["seal"] = Seal(settings.need("jwt_secret"))

    journal.set_up(app)
    headers.set_up(app, settings)
    problems.set_up(app)
    database.set_up(app, pool)
    static_files.set_up(app)
    languages.set_up(app)
    formats.set_up(app)
    shell.set_up(app)
    references.set_up(app)
    outline.set_up(app)
    uploads.set_up(app)
    desk.set_up(app, settings, (*KINDS, ASSIGNMENTS))
    guard.set_up(app)
    api_auth.set_up(app, settings)
    sockets.set_up(app, live, settings)
    gate.set_up(app, live, settings)
    if hops := settings.web_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]

    rooms = (
        health,
        sign_in,
        password,
        account,
        second_factor,
        people,
        live_map,
        geofence_map,
        assignments,
        alerts,
        escalations,
        imports,
        api_auth,
        api_docs,
    )
    for room in rooms:
        app.register_blueprint(room.pages)
    app.register_blueprint(system)
    app.register_blueprint(trips_pages)
    app.register_blueprint(trips_api)
    app.register_blueprint(exports_pages)
    app.register_blueprint(exports_api)
    for kind in KINDS:
        app.register_blueprint(make_pages(kind))
        app.register_blueprint(make_api(kind))
    app.register_blueprint(make_assignments_api())
    app.register_blueprint(make_people_api())
    app.register_blueprint(driver_accounts.pages)
    app.register_blueprint(make_alerts_api())
    app.register_blueprint(make_imports_api())
    for part in (photo, odometer):
        app.register_blueprint(part.make_pages(VEHICLES))
    app.register_blueprint(parts_api.make_odometer_api(VEHICLES))
    app.register_blueprint(visits.make_pages(GEOFENCES))
    app.register_blueprint(visits.make_api(GEOFENCES))
    for owner in (VEHICLES, DRIVERS):
        app.register_blueprint(documents.make_pages(owner))
        app.register_blueprint(parts_api.make_documents_api(owner))
    return app


def configure(settings: Settings) -> dict[str, object]:
    """The settings under the names that Flask and its extensions give them."""
    secret = settings.need("jwt_secret")
    return {
        "SECRET_KEY": hmac.new(secret.encode(), b"forms", hashlib.sha256).hexdigest(),
        "SESSION_COOKIE_NAME": "forms",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.cookie_secure,
        "REQUIRE_SECOND_FACTOR": settings.require_second_factor,
        "WTF_CSRF_TIME_LIMIT": 24 * 3600,
        "JWT_SECRET_KEY": secret,
        "JWT_TOKEN_LOCATION": ["headers", "cookies"],
        "JWT_COOKIE_SECURE": settings.cookie_secure,
        "JWT_COOKIE_SAMESITE": "Lax",
        "JWT_COOKIE_CSRF_PROTECT": True,
        "JWT_CSRF_CHECK_FORM": True,
        "JWT_SESSION_COOKIE": False,
        "JWT_ACCESS_TOKEN_EXPIRES": tokens.ACCESS_LIFETIME,
        "RATELIMIT_STORAGE_URI": "memory://",
        "MAX_CONTENT_LENGTH": 64 * 1024,
        "IMPORT_MAX_BYTES": settings.import_max_mb << 20,
        "DATABASE_URL": settings.need("database_url"),
        "PROVIDE_AUTOMATIC_OPTIONS": False,  # none of our pages asks
        "STATIC_FOLDER": Path(__file__).parent / "static",
        "SLOW_QUERY_MS": settings.slow_query_ms,
        "STATEMENT_TIMEOUTS": {
            "web": settings.web_statement_timeout,
            "jobs": settings.jobs_statement_timeout,
            "ingest": settings.ingest_statement_timeout,
        },
        "GPS_HISTORY_RETENTION_DAYS": settings.gps_history_retention_days,
        "MAP_STYLE_URL": settings.map_style_url or "",
        "WEB_URL": settings.web_url or f"http://{settings.web_host}:{settings.web_port}",
    }
