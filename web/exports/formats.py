"""The formats of files: what each is called, and whether it can be sent while it is written."""

from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l

from web.exports.exportable import Exportable


class Format(NamedTuple):
    """`is_streamed` is one that flows to the reader as it is made; a map holds places and ways, not rows."""

    label: Any
    ending: str
    media_type: str
    is_streamed: bool = True
    is_map: bool = False
    takes_outlines: bool = True

    def fits(self, exportable: Exportable) -> bool:
        """Whether this can be such a file."""
        if not self.is_map:
            return True
        can_be_drawn = bool(exportable.place or exportable.tracks)
        return can_be_drawn or (bool(exportable.outline) and self.takes_outlines)


FORMATS: dict[str, Format] = {
    "csv": Format(_l("CSV, for any program"), "csv", "text/csv; charset=utf-8"),
    "xlsx": Format(
        _l("Excel workbook"),
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        is_streamed=False,
    ),
    "geojson": Format(_l("GeoJSON, for maps"), "geojson", "application/geo+json", is_map=True),
    "gpx": Format(
        _l("GPX, for GPS programs"), "gpx", "application/gpx+xml", is_map=True, takes_outlines=False
    ),
    "kml": Format(_l("KML, for Google Earth"), "kml", "application/vnd.google-earth.kml+xml", is_map=True),
    "parquet": Format(
        _l("Parquet, for analysts"), "parquet", "application/vnd.apache.parquet", is_streamed=False
    ),
}


def list_formats(exportable: Exportable) -> list[tuple[str, Format]]:
    """Those that an exportable can have."""
    return [(name, format) for name, format in FORMATS.items() if format.fits(exportable)]
