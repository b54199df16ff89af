"""Tracks read as tables: GPX, NMEA and what the OwnTracks recorder keeps."""

import io
import json
import resource
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import gpxpy
import gpxpy.gpx
import pytest

from devices import nmea
from devices.position import Position
from web.tables.opening import open_table
from web.tables.table import Reading, Unreadable
from web.tables.tracks import HEADERS

GPX = """<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1"
     xmlns:t="http://www.garmin.com/xmlschemas/TrackPointExtension/v2">
<metadata><name>not a device</name></metadata>
<wpt lat="1" lon="2"><name>home</name></wpt>
<trk><name>Bus 7</name><trkseg>
<trkpt lat="48.1" lon="11.5"><ele>520.5</ele><time>2026-11-23T07:12:03Z</time><sat>9</sat><hdop>0.9</hdop>
  <extensions><t:TrackPointExtension><t:speed>12.5</t:speed><t:course>90</t:course></t:TrackPointExtension></extensions>
</trkpt>
<trkpt lat="48.2" lon="11.6"><time>2026-11-23T08:12:03+01:00</time></trkpt>
<trkpt lat="98.2" lon="11.6"><time>2026-11-23T07:12:05Z</time></trkpt>
<trkpt lat="48.2" lon="11.6"></trkpt>
<trkpt lat="48.2"><time>2026-11-23T07:12:05Z</time></trkpt>
<trkpt lat="48.2" lon="11.6"><time>yesterday</time></trkpt>
<trkpt lat="48.2" lon="nan"><time>2026-11-23T07:12:05Z</time></trkpt>
</trkseg></trk>
<trk><trkseg><trkpt lat="48.3" lon="11.7"><time>2026-11-23T07:13:00Z</time></trkpt></trkseg></trk>
</gpx>
"""


def test_a_point_of_gpx_is_a_row(read: Callable) -> None:
    found = read(GPX.encode(), "track.gpx")
    assert found.reading.format == "gpx"
    assert found.headers == HEADERS
    at = datetime(2026, 11, 23, 7, 12, 3, tzinfo=UTC)
    assert found.rows == [
        ["Bus 7", at, 48.1, 11.5, 12.5, 90.0, 520.5, None, 9, '{"hdop":"0.9"}'],
        ["Bus 7", at, 48.2, 11.6, None, None, None, None, None, None],
        [None, datetime(2026, 11, 23, 7, 13, tzinfo=UTC), 48.3, 11.7, *[None] * 6],
    ]
    assert found.faults == [
        (11, "lat must be a number from -90 to 90."),
        (12, "This point has no time."),
        (13, "This point has no lon."),
        (14, "The time yesterday is none."),
        (15, "lon is nan, which is no number."),
    ]


def test_gpx_reads_as_a_library_of_others_reads_it(read: Callable) -> None:
    track = gpxpy.gpx.GPXTrack(name="Büs & Co")
    track.segments.append(gpxpy.gpx.GPXTrackSegment())
    for second in range(500):
        track.segments[0].points.append(
            gpxpy.gpx.GPXTrackPoint(
                48 + second / 1000,
                11 - second / 1000,
                elevation=500 + second / 10,
                time=datetime(2026, 11, 23, 7, second // 60, second % 60, tzinfo=UTC),
            )
        )
    document = gpxpy.gpx.GPX()
    document.tracks.append(track)
    text = document.to_xml()
    theirs = [
        [track.name, point.time, point.latitude, point.longitude, point.elevation]
        for track in gpxpy.parse(text).tracks
        for segment in track.segments
        for point in segment.points
    ]
    found = read(text.encode(), "track.gpx")
    assert [[row[0], row[1], row[2], row[3], row[6]] for row in found.rows] == theirs


def test_a_document_type_is_refused(read: Callable) -> None:
    bomb = '<!DOCTYPE gpx [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>\n<gpx>'
    with pytest.raises(Unreadable, match="document type"):
        read(GPX.replace("<gpx ", bomb + "<gpx ").encode(), "track.gpx")


@pytest.mark.parametrize(
    "endless",
    ["<trkpt lat='" + "1" * 2_000_000, "<name>" + "x" * 2_000_000, "<a>" * 100],
    ids=["tag", "text", "depth"],
)
def test_what_never_ends_is_refused(read: Callable, endless: str) -> None:
    with pytest.raises(Unreadable, match=r"longer than it can be|deeper"):
        read(b"<gpx>" + endless.encode(), "track.gpx")


def test_points_before_the_damage_are_read() -> None:
    content = GPX[: GPX.index("</trkseg>")].encode()
    with open_table(io.BytesIO(content), Reading("gpx")) as table:
        lines = iter(table)
        assert [next(lines).number for _ in range(7)] == [7, 10, 11, 12, 13, 14, 15]
        with pytest.raises(Unreadable, match="line 16"):
            next(lines)


def test_a_long_track_is_read_in_little_memory() -> None:
    point = b'<trkpt lat="48.2" lon="11.6"><time>2026-11-23T07:12:05Z</time></trkpt>\n'
    content = io.BytesIO(b"<gpx><trk><trkseg>" + point * 300_000 + b"</trkseg></trk></gpx>")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with open_table(content, Reading("gpx")) as table:
        assert sum(1 for _line in table) == 300_000
        assert table.share == 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 * 1024


@pytest.mark.parametrize(
    "name", ["isync", "com-1289", "haicom-305N", "gp-320fw-2019-04-07-coldboot", "tn200"]
)
def test_a_recording_of_nmea_has_the_positions_that_its_decoder_finds(
    read: Callable, recordings: Path, name: str
) -> None:
    content = (recordings / "gpsd" / f"{name}.log").read_bytes()
    decoder = nmea.NmeaDecoder()
    results = decoder.feed(content) + decoder.close()
    found = read(content, f"{name}.log")
    assert found.reading.format == "nmea"
    positions = [result for result in results if isinstance(result, Position)]
    assert [tuple(row[1:4]) for row in found.rows] == [
        (one.fix_time, one.latitude, one.longitude) for one in positions
    ]
    assert len(found.faults) == sum(isinstance(result, ValueError) for result in results)


def test_a_line_of_the_recorder_is_a_row(read: Callable) -> None:
    location = {
        "_type": "location",
        "tst": 1700000000,
        "lat": 48.1,
        "lon": 11.5,
        "vel": 36,
        "acc": 5,
        "batt": 80,
    }
    content = "".join(
        f"2023-11-14T22:13:20Z\t{kind:18}\t{text}\n"
        for kind, text in [
            ("*", json.dumps(location)),
            ("lwt", '{"_type":"lwt","tst":1700000000}'),
            ("*", json.dumps(location | {"lat": 91})),
            ("*", "{"),
            ("*", json.dumps(location | {"tst": 1700000060})),
        ]
    )
    found = read((content + "garbage\n").encode(), "2023-11.rec")
    assert found.reading.format == "rec"
    at = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert found.rows[0] == [None, at, 48.1, 11.5, 10.0, None, None, 5.0, None, '{"battery_percent":80.0}']
    assert [line.number for line in found.lines] == [1, 3, 4, 5, 6]
    assert [number for number, _fault in found.faults] == [3, 4, 6]
