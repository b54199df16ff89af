"""The API's own pages: what OpenAPI says of it, written out on the server, so that no script is needed."""

from typing import Any

from apiflask import APIFlask
from flask import Blueprint, Response, current_app, make_response, render_template

pages = Blueprint("api_docs", __name__)
SPEC = "/api/v1/openapi.json"
METHODS = ("get", "post", "patch", "put", "delete")
PROBLEMS = {
    "invalid-fields": "What was sent cannot be taken; `errors` has a sentence for each field.",
    "changed-meanwhile": "The record has another version by now; `current` is what it looks like.",
    "database-away": "The database does not answer; try again after the seconds of Retry-After.",
    "database-slow": "The database took longer than it may; ask for less.",
    "code-needed": "The password is right; send the code of the second factor too.",
    "second-factor-needed": "Admins must set up a second factor here before anything else.",
}


def describe(app: APIFlask) -> None:
    """What stands above the single routes."""
    app.title, app.version = "Motorpool", "1"
    app.config["SPEC_FORMAT"] = "json"
    app.config["VALIDATION_ERROR_SCHEMA"] = app.config["HTTP_ERROR_SCHEMA"] = PROBLEM
    app.security_schemes = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}


PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {"type": "object", "description": "a sentence for each field"},
    },
}


@pages.get("/api/v1/docs")
def show() -> Response:
    """Every route with what it takes and answers."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    spec = app.spec
    routes = [
        (method, path, operation)
        for path, operations in spec["paths"].items()
        for method, operation in operations.items()
        if method in METHODS
    ]
    page = render_template(
        "api_docs.html",
        routes=routes,
        schemas=spec["components"]["schemas"],
        problems=PROBLEMS,
        name=name_schema,
    )
    return make_response(page)


def name_schema(content: dict[str, Any] | None) -> str:
    """The name of the schema that a body or an answer has, where it has one."""
    for media in (content or {}).get("content", {}).values():
        reference = media.get("schema", {}).get("$ref", "")
        if reference:
            return str(reference.rpartition("/")[2])
    return ""
