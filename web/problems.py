"""One shape for every error: RFC 9457 for programs, a page for people, the same request id on both."""

import structlog
from flask import Flask, Response, g, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException, InternalServerError

log = structlog.get_logger()


def set_up(app: Flask) -> None:
    """Answer every error, expected or not, in that shape."""
    app.register_error_handler(HTTPException, answer)
    app.register_error_handler(Exception, answer_unexpected)


def answer(error: HTTPException) -> Response:
    """The answer to an error that has a status of its own."""
    if error.response is not None:
        return make_response(error.response)
    status = error.code or 500
    problem = {
        "type": "about:blank",
        "title": error.name,
        "status": status,
        "detail": error.description,
        "request_id": g.get("request_id"),
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


def answer_unexpected(error: Exception) -> Response:
    """The answer to a fault of ours: the log has the cause, the reader the id to ask with."""
    log.error("request failed", path=request.path, exc_info=error)
    return answer(InternalServerError("Something went wrong here. It has been logged under the id below."))


def wants_page() -> bool:
    """Whether a browser asks for a page, rather than a program for data."""
    kinds = ("application/problem+json", "application/json", "text/html")
    return not request.path.startswith("/api/") and request.accept_mimetypes.best_match(kinds) == "text/html"
