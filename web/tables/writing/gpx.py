"""GPX 1.1: places as waypoints, ways as tracks with a segment for each stretch.

A file has its waypoints before its tracks, so one has either: what `features` begins with. Speed and course
have no element of their own; they stand in Garmin's extension of track points, which most programs know.
"""

from collections.abc import Iterable, Iterator

from web.tables.writing.feature import Feature, Point, write_time
from web.tables.writing.markup import write_number, write_text

MOST_CHARACTERS = 64 * 1024
BEGIN = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<gpx version="1.1" creator="Motorpool" xmlns="http://www.topografix.com/GPX/1/1"'
    ' xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v2">\n'
)
END = "</gpx>\n"


def write_gpx(features: Iterable[Feature]) -> Iterator[bytes]:
    """The file, piece by piece; what is no place and no way is left out."""
    pieces, size = [BEGIN], 0
    for text in _write_all(features):
        pieces.append(text)
        size += len(text)
        if size > MOST_CHARACTERS:
            yield "".join(pieces).encode()
            pieces, size = [], 0
    yield ("".join(pieces) + END).encode()


def _write_all(features: Iterable[Feature]) -> Iterator[str]:
    open_track: str | None = None
    for feature in features:
        if feature.track:
            if open_track is None or open_track != feature.name:
                if open_track is not None:
                    yield "</trkseg></trk>\n"
                yield f"<trk><name>{write_text(feature.name)}</name><trkseg>\n"
            elif not feature.goes_on:
                yield "</trkseg><trkseg>\n"
            is_continued = feature.goes_on and open_track == feature.name
            open_track = feature.name
            yield "".join(map(_write_point, feature.track[1 if is_continued else 0 :]))
        elif feature.geometry and feature.geometry["type"] == "Point" and open_track is None:
            yield _write_place(feature)
    if open_track is not None:
        yield "</trkseg></trk>\n"


def _write_point(point: Point) -> str:
    parts = [f'<trkpt lat="{write_number(point.latitude)}" lon="{write_number(point.longitude)}">']
    if point.altitude_m is not None:
        parts.append(f"<ele>{write_number(point.altitude_m)}</ele>")
    if point.time is not None:
        parts.append(f"<time>{write_time(point.time)}</time>")
    more = ""
    if point.speed_mps is not None:
        more += f"<gpxtpx:speed>{write_number(point.speed_mps)}</gpxtpx:speed>"
    if point.course is not None:
        more += f"<gpxtpx:course>{write_number(point.course)}</gpxtpx:course>"
    if more:
        parts.append(
            f"<extensions><gpxtpx:TrackPointExtension>{more}</gpxtpx:TrackPointExtension></extensions>"
        )
    return "".join(parts) + "</trkpt>\n"


def _write_place(feature: Feature) -> str:
    assert feature.geometry
    longitude, latitude = feature.geometry["coordinates"][:2]
    time = f"<time>{write_time(feature.time)}</time>" if feature.time else ""
    told = "; ".join(f"{name}: {cell}" for name, cell in feature.properties.items() if cell not in (None, ""))
    return (
        f'<wpt lat="{write_number(latitude)}" lon="{write_number(longitude)}">{time}'
        f"<name>{write_text(feature.name)}</name><desc>{write_text(told)}</desc></wpt>\n"
    )
