"""The API describes itself: every route, in OpenAPI that holds together, and on a page."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient


@pytest.fixture
def spec(client: FlaskClient) -> Any:
    return client.get("/api/v1/openapi.json").json


def find_references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            yield from find_references(value)
    elif isinstance(node, list):
        for value in node:
            yield from find_references(value)


def test_every_route_of_the_api_is_described(app: Flask, spec: Any) -> None:
    described = {(path, method) for path, operations in spec["paths"].items() for method in operations}
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("api_") and rule.endpoint != "api_docs.show":
            path = rule.rule.replace("<int:", "{").replace("<", "{").replace(">", "}")
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                assert (path, method.lower()) in described, rule.endpoint


def test_every_reference_leads_somewhere(spec: Any) -> None:
    references = set(find_references(spec))
    assert references
    for reference in references:
        node = spec
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]


def test_the_page_names_every_route_and_shape(client: FlaskClient, spec: Any) -> None:
    page = client.get("/api/v1/docs").text
    for path in spec["paths"]:
        assert path in page
    for name in spec["components"]["schemas"]:
        assert f'id="{name}"' in page
