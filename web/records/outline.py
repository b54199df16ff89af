"""The outline of a geofence as a field: typed, pasted or drawn in a form, GeoJSON in the API."""

from collections.abc import Mapping
from typing import Any, get_args

from flask import Flask
from flask_babel import gettext as _
from markupsafe import Markup
from marshmallow import ValidationError, fields

from sql.geofences import LEAST_RADIUS_M, MOST_POINTS, TYPES, Geometry, GeometryError, Reason, check_geometry
from sql.outlines import read_geometry, write_lines
from web import formats
from web.values import REQUIRED, Blank


class Outline(Blank, fields.Dict):
    """GeoJSON in its normal form; a text is whatever sql.outlines reads."""

    def __init__(self) -> None:
        super().__init__(
            required=True,
            error_messages={"required": REQUIRED, "null": REQUIRED},
            metadata={"description": "GeoJSON: a Point, Polygon or LineString, as the shape says"},
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Geometry:
        try:
            shape = _find_shape(data, value)
            geometry = read_geometry(shape, value) if isinstance(value, str) else value
            # The radius is a field of its own, and the database holds that it is there.
            return check_geometry(shape, geometry, LEAST_RADIUS_M)
        except GeometryError as error:
            raise ValidationError(say(error.reason, error.part)) from error

    def enter(self, geometry: Geometry) -> str:
        """The outline as it is typed."""
        return write_lines(geometry)


def _find_shape(data: Any, value: Any) -> str:
    """The shape that is sent beside an outline, else the one of its type."""
    if isinstance(data, Mapping) and data.get("shape") in TYPES:
        return str(data["shape"])
    kind = value.get("type") if isinstance(value, dict) else None
    return next((shape for shape, name in TYPES.items() if name == kind), "polygon")


def set_up(app: Flask) -> None:
    """Tell the templates."""
    for show in (outline, swatch):
        app.add_template_filter(show)


def swatch(colour: str) -> Markup:
    """A colour to be seen; an attribute says it, for the pages have no styles of their own."""
    drawing = Markup('<svg class="swatch" width="18" height="18" aria-hidden="true"><rect {}/></svg> {}')
    return drawing.format(Markup('width="18" height="18" rx="4" fill="{}"').format(colour), colour)


def outline(geometry: Geometry | None) -> str:
    """How large an outline is, and where."""
    if not geometry:
        return formats.NOTHING
    coordinates = geometry["coordinates"]
    if geometry["type"] == "Point":
        return f"{formats.place(coordinates[1])}, {formats.place(coordinates[0])}"
    if geometry["type"] == "LineString":
        return str(_("a line of %(count)s places", count=formats.number(len(coordinates))))
    corners = formats.number(sum(len(ring) - 1 for ring in coordinates))
    if len(coordinates) > 1:
        return str(_("%(count)s corners, %(holes)s holes", count=corners, holes=len(coordinates) - 1))
    return str(_("%(count)s corners", count=corners))


def say(reason: Reason, part: str) -> str:
    """What is wrong with an outline, as a sentence."""
    most = formats.number(MOST_POINTS)
    sentences: dict[Reason, str] = {
        "empty": _("Draw it on the map, or write where it is."),
        "unreadable": _(
            "“%(part)s” cannot be read: write a latitude and a longitude on each line, such as 48.13, 11.57.",
            part=part,
        ),
        "type": _("This does not fit the shape: it must be a %(part)s.", part=part),
        "several": _("This holds %(part)s outlines: a geofence has one.", part=part),
        "no_point": _("“%(part)s” is no place: a longitude and a latitude are needed.", part=part),
        "latitude": _("%(part)s is no latitude: it must be from -90 to 90.", part=part),
        "longitude": _("%(part)s is no longitude: it must be from -180 to 180.", part=part),
        "many": _("This has %(part)s places: at most %(most)s are possible.", part=part, most=most),
        "few_circle": _("A circle has one place, its centre: these are %(part)s.", part=part),
        "few_polygon": _("An area needs at least three different corners: these are %(part)s.", part=part),
        "few_corridor": _("A corridor needs at least two different places: these are %(part)s.", part=part),
        "crosses": _("The outline crosses or touches itself at %(part)s.", part=part),
        "hole": _("A hole must lie within the outline and apart from others: see %(part)s.", part=part),
        "flat": _("This has no area: its corners lie on one line, or less than a metre apart."),
        "wide": _("This goes around a pole, or around more than half of the world."),
        "radius": REQUIRED,
    }
    assert sentences.keys() == set(get_args(Reason))
    return sentences[reason]
