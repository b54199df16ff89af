"""What the maps of geofences draw: the geofences within reach, and where vehicles were last."""

from flask import Blueprint, Response, g

from sql.queries import queries
from sql.users import list_reach
from web import database
from web.live_map import answer_geojson

pages = Blueprint("geofence_map", __name__, url_prefix="/geofences")


@pages.get("/shapes.geojson")
def list_shapes() -> Response:
    """Every geofence as it is kept: the page draws a circle or a corridor from `radius_m`."""
    with database.connection() as connection:
        rows = queries.list_geofence_shapes(connection, depot_ids=list_reach(connection, g.user))
        features: list[dict[str, object]] = [
            {
                "type": "Feature",
                "id": id,
                "geometry": geometry,
                "properties": {
                    "id": id,
                    "name": name,
                    "shape": shape,
                    "radius_m": radius_m,
                    "colour": colour,
                },
            }
            for id, name, shape, geometry, radius_m, colour in rows
        ]
    return answer_geojson(features)


@pages.get("/vehicles.geojson")
def list_vehicles() -> Response:
    """Where the vehicles within reach were last, to draw by."""
    with database.connection() as connection:
        rows = queries.list_latest_places(connection, depot_ids=list_reach(connection, g.user))
        features: list[dict[str, object]] = [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [round(longitude, 6), round(latitude, 6)]},
                "properties": {"name": name},
            }
            for longitude, latitude, name in rows
        ]
    return answer_geojson(features)
