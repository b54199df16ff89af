"""Files that are written: typed, safe in spreadsheets, valid by their standards, and never held whole."""

import csv
import io
import json
import tracemalloc
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import gpxpy
import openpyxl
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.tables.formulas import protect, unprotect
from web.tables.writing.column import Column
from web.tables.writing.delimited import write_delimited
from web.tables.writing.feature import Feature, Point
from web.tables.writing.geojson import write_geojson
from web.tables.writing.gpx import write_gpx
from web.tables.writing.kml import write_kml
from web.tables.writing.parquet import write_parquet
from web.tables.writing.workbook import write_workbook

AT = datetime(2026, 11, 23, 7, 12, 3, tzinfo=UTC)
COLUMNS = [
    Column("Name"),
    Column("Count", "whole"),
    Column("Length", "number"),
    Column("Ready", "yes"),
    Column("Day", "day"),
    Column("At", "moment"),
]
ROW: list[Any] = ["Bus \u201csieben\u201d", 7, 0.1, True, date(2026, 2, 3), AT]
KML = "{http://www.opengis.net/kml/2.2}"


def read_csv(content: bytes, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_a_protected_text_is_no_formula_and_comes_back(text: str) -> None:
    protected = protect(text)
    assert not protected.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unprotect(protected) == text


@given(
    st.lists(st.lists(st.text(alphabet=st.characters(codec="utf-8")), min_size=2, max_size=2)),
    st.sampled_from([",", ";", "\t"]),
)
def test_texts_come_back_from_csv(rows: list[list[str]], delimiter: str) -> None:
    content = b"".join(write_delimited([Column("a"), Column("b")], rows, delimiter))
    read = [[unprotect(cell) for cell in row] for row in read_csv(content, delimiter)]
    assert read == [["a", "b"], *rows]


def test_csv_has_a_mark_for_spreadsheets_and_numbers_with_all_their_digits() -> None:
    content = b"".join(write_delimited(COLUMNS, [ROW, [None] * 6]))
    assert content.startswith(b"\xef\xbb\xbfName,")
    assert read_csv(content)[1:] == [
        [ROW[0], "7", "0.1", "true", "2026-02-03", "2026-11-23T07:12:03+00:00"],
        [""] * 6,
    ]


def test_csv_for_a_reader_has_their_decimal_sign() -> None:
    content = b"".join(write_delimited([Column("km", "number")], [[1234.5], [-3.0]], ";", ","))
    assert read_csv(content, ";") == [["km"], ["1234,5"], ["-3"]]


def test_a_negative_number_is_not_taken_for_a_formula() -> None:
    assert b"\r\n-3.5\r\n" in b"".join(write_delimited([Column("x", "number")], [[-3.5]]))


def test_a_workbook_has_typed_cells_and_no_formulas(tmp_path: Path) -> None:
    local = AT.replace(tzinfo=None)
    formula = ["=1+1", 1, 2.5, False, date(2026, 1, 2), local]
    write_workbook(tmp_path / "x.xlsx", "A/B: [Fleet]", COLUMNS, [formula, ROW, ["http://x", *[None] * 5]])
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    sheet = book.active
    assert [cell.value for cell in sheet[2]] == ["=1+1", 1, 2.5, False, datetime(2026, 1, 2), local]  # noqa: DTZ001
    assert [cell.data_type for cell in sheet[2]] == ["s", "n", "n", "b", "d", "d"]
    assert sheet["F3"].value == "2026-11-23T07:12:03+00:00"
    assert sheet["A4"].hyperlink is None
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:F4")


def test_a_workbook_goes_on_in_a_second_sheet(tmp_path: Path) -> None:
    rows = ([f"row {number}"] for number in range(7))
    write_workbook(tmp_path / "x.xlsx", "Fleet", [Column("Name")], rows, most_rows=4)
    book = openpyxl.load_workbook(tmp_path / "x.xlsx", read_only=True)
    found = {sheet.title: [row[0] for row in sheet.iter_rows(values_only=True)] for sheet in book}
    assert found == {
        "Fleet": ["Name", "row 0", "row 1", "row 2"],
        "Fleet 2": ["Name", "row 3", "row 4", "row 5"],
        "Fleet 3": ["Name", "row 6"],
    }
    book.close()


def test_a_workbook_keeps_control_characters_and_digits_beyond_its_numbers(tmp_path: Path) -> None:
    row = ["bell \x07 here", 10**17, float("nan"), None, date(1890, 1, 1), None]
    write_workbook(tmp_path / "x.xlsx", "x", COLUMNS, [row])
    cells = [cell.value for cell in openpyxl.load_workbook(tmp_path / "x.xlsx").active[2]]
    assert cells[1:] == [str(10**17), None, None, "1890-01-01", None]
    assert "here" in cells[0]


def test_parquet_has_typed_columns_in_row_groups(tmp_path: Path) -> None:
    rows = ([f"bus {n}", n, n / 2, n % 2 == 0, date(2026, 1, 1), AT] for n in range(120_000))
    write_parquet(tmp_path / "x.parquet", COLUMNS, rows)
    file = pyarrow.parquet.ParquetFile(tmp_path / "x.parquet")
    kinds = [str(field.type) for field in file.schema_arrow]
    assert kinds == ["string", "int64", "double", "bool", "date32[day]", "timestamp[us, tz=UTC]"]
    assert (file.num_row_groups, file.metadata.num_rows) == (3, 120_000)
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    assert file.read().column("Name")[119_999].as_py() == "bus 119999"


def test_parquet_of_no_rows_and_equal_headers_can_be_read(tmp_path: Path) -> None:
    write_parquet(tmp_path / "x.parquet", [Column("At", "moment"), Column("At", "moment")], [])
    assert pyarrow.parquet.read_table(tmp_path / "x.parquet").column_names == ["At", "At (2)"]


def make_way(name: str, count: int, minute: int = 0, goes_on: bool = False) -> Feature:
    points = tuple(
        Point(11.5 + n / 1000, 48.1, AT + timedelta(minutes=minute, seconds=n), 520.5, 13.9, 90.0)
        for n in range(count)
    )
    return Feature(name, {"Device": f"{name} & co <x>"}, None, points, points[0].time, goes_on)


def test_geojson_has_lines_with_times_and_points_with_columns() -> None:
    place = Feature("x", {"Name": "depot", "At": AT}, {"type": "Point", "coordinates": [11.5, 48.1]})
    found = json.loads(b"".join(write_geojson([make_way("101", 3), place, Feature("y", {})])))
    line, point, nowhere = found["features"]
    assert line["geometry"]["type"] == "LineString"
    assert len(line["properties"]["times"]) == len(line["geometry"]["coordinates"]) == 3
    assert line["properties"]["times"][0] == "2026-11-23T07:12:03Z"
    assert point["properties"] == {"Name": "depot", "At": "2026-11-23T07:12:03+00:00"}
    assert nowhere["geometry"] is None
    assert json.loads(b"".join(write_geojson([])))["features"] == []


def test_a_way_over_the_date_line_is_cut_there() -> None:
    points = (Point(179.9, -17.0), Point(-179.9, -17.2))
    found = json.loads(b"".join(write_geojson([Feature("ferry", {}, None, points)])))
    geometry = found["features"][0]["geometry"]
    assert geometry["type"] == "MultiLineString"
    (one, other) = geometry["coordinates"]
    assert one[-1] == pytest.approx([180, -17.1])
    assert other[0] == pytest.approx([-180, -17.1])


def test_gpx_has_a_track_for_each_vehicle_and_a_segment_for_each_stretch() -> None:
    ways = [
        make_way("101", 3),
        make_way("101", 2, 10),
        make_way("101", 2, 10, goes_on=True),
        make_way("A & <B>\x0b", 1),
    ]
    read = gpxpy.parse(b"".join(write_gpx(ways)).decode())
    assert [track.name for track in read.tracks] == ["101", "A & <B>"]
    assert [len(segment.points) for segment in read.tracks[0].segments] == [3, 3]
    first = read.tracks[0].segments[0].points[0]
    assert (first.latitude, first.longitude, first.elevation, first.time) == (48.1, 11.5, 520.5, AT)
    assert first.extensions[0][0].text == "13.9"


def test_gpx_has_waypoints_for_places_and_numbers_without_exponents() -> None:
    place = Feature("stop", {"Place": "Depot"}, {"type": "Point", "coordinates": [1e-05, -7e-07]}, (), AT)
    content = b"".join(write_gpx([place])).decode()
    assert 'lat="-0.0000007" lon="0.00001"' in content
    found = gpxpy.parse(content).waypoints[0]
    assert (found.name, found.description, found.time) == ("stop", "Place: Depot", AT)
    assert gpxpy.parse(b"".join(write_gpx([])).decode()).tracks == []


def test_kml_is_well_formed_and_has_every_shape() -> None:
    ring = [[0, 0], [1, 0], [1, 1], [0, 0]]
    hole = [[0.2, 0.1], [0.4, 0.1], [0.4, 0.2], [0.2, 0.1]]
    features = [
        make_way("101 & \x00", 3),
        Feature("area", {"Ok": True, "At": AT}, {"type": "Polygon", "coordinates": [ring, hole]}),
        Feature("nowhere", {"Name": None}),
    ]
    root = ET.fromstring(b"".join(write_kml("Fleet <1>", features)))
    marks = root.findall(f"{KML}Document/{KML}Placemark")
    assert [mark.findtext(f"{KML}name") for mark in marks] == ["101 & ", "area", "nowhere"]
    assert marks[0].findtext(f"{KML}TimeSpan/{KML}begin") == "2026-11-23T07:12:03Z"
    assert marks[0].findtext(f"{KML}LineString/{KML}coordinates", "").startswith("11.5,48.1 ")
    assert len(marks[1].findall(f"{KML}Polygon/{KML}innerBoundaryIs")) == 1
    assert [data.findtext(f"{KML}value") for data in marks[1].iter(f"{KML}Data")] == [
        "true",
        "2026-11-23T07:12:03+00:00",
    ]


def list_ways(count: int) -> Iterator[Feature]:
    return (make_way(str(number % 7), 50, number) for number in range(count))


@pytest.mark.parametrize("write", [write_geojson, write_gpx, lambda ways: write_kml("x", ways)])
def test_a_long_file_is_never_held(write: Any) -> None:
    tracemalloc.start()
    size = sum(map(len, write(list_ways(2_000))))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 1_500_000
    assert peak < 800_000
