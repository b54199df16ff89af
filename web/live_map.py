"""The live map's page, and the fleet's own places that its base map draws."""

import math
from collections import defaultdict

import orjson
from flask import Blueprint, Response, current_app, g, make_response, render_template, request

from sql.queries import queries
from sql.users import list_reach
from web import database
from web.event_kinds import EVENT_KINDS

pages = Blueprint("live_map", __name__)


@pages.get("/map")
def show() -> Response:
    """The page; what moves on it comes over the live connection."""
    style_url = current_app.config["MAP_STYLE_URL"]
    kinds = {name: str(kind.label) for name, kind in EVENT_KINDS.items()}
    page = render_template("map.html", style_url=style_url, kinds=kinds)
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.get("/map/places.geojson")
def list_places() -> Response:
    """Water, parks, schools, streets and stops as one GeoJSON collection; `layer` tells them apart."""
    with database.connection() as connection:
        rows = queries.list_map_features(connection)
        features: list[dict[str, object]] = [
            {
                "type": "Feature",
                "geometry": geometry,
                "properties": {**properties, "layer": layer, "name": name or ""},
            }
            for layer, name, geometry, properties in rows
        ]
    return answer_geojson(features)


@pages.get("/map/roads.geojson")
def list_roads() -> Response:
    """The roads driven, gathered by how often: `weight` is log2 of the passes; none while the flag is off."""
    if not current_app.extensions["flags"].is_enabled("driven_roads", g.user.role):
        return answer_geojson([])
    pieces = defaultdict(list)
    with database.connection() as connection:
        # A road driven once is somebody's track, and nobody can say of which depot: only the whole fleet's
        # people see them.
        reaches_all = list_reach(connection, g.user) is None
        roads = queries.list_driven_roads(connection) if reaches_all else ()
        for longitude_a, latitude_a, longitude_b, latitude_b, passes in roads:
            ends = [
                [round(longitude_a, 6), round(latitude_a, 6)],
                [round(longitude_b, 6), round(latitude_b, 6)],
            ]
            pieces[int(math.log2(max(passes, 1)))].append(ends)
    features: list[dict[str, object]] = [
        {
            "type": "Feature",
            "geometry": {"type": "MultiLineString", "coordinates": lines},
            "properties": {"weight": weight},
        }
        for weight, lines in sorted(pieces.items())
    ]
    return answer_geojson(features)


def answer_geojson(features: list[dict[str, object]]) -> Response:
    """A collection that the browser keeps and asks about again: an unchanged one costs 304."""
    body = orjson.dumps({"type": "FeatureCollection", "features": features})
    response = make_response(body)
    response.content_type = "application/geo+json"
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
