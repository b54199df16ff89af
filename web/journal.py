"""A line in the log and a count in the metrics for each request, and the id that ties a complaint to them."""

import re
import time
import uuid

import structlog
from flask import Flask, Response, g, request
from prometheus_client import Counter, Histogram

log = structlog.get_logger()
REQUESTS = Counter("motorpool_web_requests", "Requests answered", ["endpoint", "method", "status"])
SECONDS = Histogram("motorpool_web_request_seconds", "Time from request to answer", ["endpoint"])
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
FOREIGN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def set_up(app: Flask) -> None:
    """Name, time, count and log every request."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if FOREIGN_ID.fullmatch(given) else uuid.uuid4().hex
    g.began = time.perf_counter()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def name_path() -> str:
    """The path for the log; a link that lets its reader in is written as its rule."""
    is_secret = "token" in (request.view_args or {})
    return request.url_rule.rule if is_secret and request.url_rule else request.path


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.request_id
    seconds = time.perf_counter() - g.began
    endpoint = request.endpoint or "none"
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(endpoint, method, response.status_code).inc()
    SECONDS.labels(endpoint).observe(seconds)
    write = log.debug if endpoint in ("static", "health.alive", "health.metrics") else log.info
    write(
        "request answered",
        method=request.method,
        path=name_path(),
        status=response.status_code,
        ms=round(seconds * 1000, 1),
        client=request.remote_addr,
    )
    structlog.contextvars.unbind_contextvars("request_id")
    return response
