"""The app factory: what the site consists of, in the order in which a request meets it."""

import hashlib
import hmac
from datetime import timedelta

from flask import Flask

from config.settings import Settings
from sql.pool import open_pool
from web import database, gate, guard, headers, health, journal, live_map, problems, session, sockets
from web.live import Live


def create_app(settings: Settings) -> Flask:
    """The site over the database of these settings. Raises SettingsError.

    Nothing runs yet that needs the database: it may be away, now or later. `app.extensions["live"].start()`
    starts the thread that follows the fleet.
    """
    app = Flask("web")
    app.config.from_mapping(configure(settings))
    pool = open_pool(settings.need("database_url"), "web", size=8)
    live = Live(settings)

    journal.set_up(app)
    headers.set_up(app, settings)
    problems.set_up(app)
    database.set_up(app, pool)
    guard.set_up(app)
    session.set_up(app)
    sockets.set_up(app, live, settings)
    gate.set_up(app, live, most_sockets=settings.web_threads - gate.THREADS_KEPT_FREE)

    app.register_blueprint(health.pages)
    app.register_blueprint(session.pages)
    app.register_blueprint(live_map.pages)
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
        "WTF_CSRF_TIME_LIMIT": 24 * 3600,
        "JWT_SECRET_KEY": secret,
        "JWT_TOKEN_LOCATION": ["cookies"],
        "JWT_COOKIE_SECURE": settings.cookie_secure,
        "JWT_COOKIE_SAMESITE": "Lax",
        "JWT_COOKIE_CSRF_PROTECT": True,
        "JWT_CSRF_CHECK_FORM": True,
        "JWT_SESSION_COOKIE": False,
        "JWT_ACCESS_TOKEN_EXPIRES": timedelta(hours=12),
        "RATELIMIT_STORAGE_URI": "memory://",
        "MAX_CONTENT_LENGTH": 64 * 1024,
        "MAP_STYLE_URL": settings.map_style_url or "",
    }
