"""One shape for every error: RFC 9457 for programs, a page for people, the same request id on both."""

from typing import Any

import structlog
from apiflask.exceptions import HTTPError
from flask import Flask, Response, g, jsonify, make_response, render_template, request
from flask_babel import gettext as _
from werkzeug.exceptions import (
    Conflict,
    HTTPException,
    InternalServerError,
    NotFound,
    UnprocessableEntity,
    default_exceptions,
)

from sql.imports import ImportMissing, NotReady
from sql.records import RecordMissing
from web.forms import flatten

log = structlog.get_logger()
KINDS = "/api/v1/docs#"


class InvalidFields(UnprocessableEntity):
    """What was sent cannot be taken: `errors` has a sentence for each field."""

    kind = "invalid-fields"

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(" ".join(f"{name}: {said}" for name, said in errors.items()))
        self.more = {"errors": errors}


class Changed(Conflict):
    """Somebody else changed the record in between: `current` is what they made of it."""

    kind = "changed-meanwhile"

    def __init__(self, current: dict[str, Any]) -> None:
        super().__init__(_("This record has been changed in the meantime."))
        self.more = {"current": current}


class NotReadyProblem(Conflict):
    """An import cannot be checked, committed, stopped or undone as it stands: `state` is where it stands."""

    kind = "not-ready"

    def __init__(self, state: str) -> None:
        super().__init__(_("As it stands, this import cannot do that. Look at where it is now."))
        self.more = {"state": state}


def set_up(app: Flask) -> None:
    """Answer every error, expected or not, in that shape."""
    app.register_error_handler(HTTPException, answer)
    app.register_error_handler(HTTPError, answer_apiflask)
    app.register_error_handler(RecordMissing, lambda error: answer(NotFound(str(error))))
    app.register_error_handler(ImportMissing, lambda error: answer(NotFound(str(error))))
    app.register_error_handler(NotReady, lambda error: answer(NotReadyProblem(error.state)))
    app.register_error_handler(Exception, answer_unexpected)


def answer(error: HTTPException) -> Response:
    """The answer to an error that has a status of its own."""
    if error.response is not None:
        return make_response(error.response)
    status = error.code or 500
    kind = getattr(error, "kind", None)
    problem = {
        "type": f"{KINDS}{kind}" if kind else "about:blank",
        "title": error.name,
        "status": status,
        "detail": error.description,
        "request_id": g.get("request_id"),
        **getattr(error, "more", {}),
    }
    if wants_page():
        response = make_response(render_template("problem.html", **problem), status)
    else:
        response = make_response(jsonify(problem), status)
        response.content_type = "application/problem+json"
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def answer_apiflask(error: HTTPError) -> Response:
    """What APIFlask found wrong with a request, in the same shape."""
    if isinstance(error.detail, dict) and error.detail:
        places = [place for place in error.detail.values() if isinstance(place, dict)]
        return answer(
            InvalidFields(flatten({name: said for place in places for name, said in place.items()}))
        )
    return answer(default_exceptions.get(error.status_code, InternalServerError)(error.message))


def answer_unexpected(error: Exception) -> Response:
    """The answer to a fault of ours: the log has the cause, the reader the id to ask with."""
    log.error("request failed", endpoint=request.endpoint, exc_info=error)
    return answer(InternalServerError(_("Something went wrong here. It has been logged under the id below.")))


def wants_page() -> bool:
    """Whether a browser asks for a page, rather than a program for data."""
    kinds = ("application/problem+json", "application/json", "text/html")
    return not request.path.startswith("/api/") and request.accept_mimetypes.best_match(kinds) == "text/html"
