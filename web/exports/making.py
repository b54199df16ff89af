"""One export at work: rows of its own connection become a stream of bytes, or a file."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import psycopg

from sql.audit import Row
from sql.streams import ROWS_AT_ONCE, open_reading
from web import clock
from web.exports.cells import Chosen, choose_columns, choose_decimal
from web.exports.exportable import Exportable
from web.exports.formats import FORMATS
from web.exports.names import Names
from web.exports.wanted import Wanted
from web.tables.writing.column import Cell, Column, tell_apart
from web.tables.writing.delimited import write_delimited
from web.tables.writing.feature import Feature
from web.tables.writing.geojson import write_geojson
from web.tables.writing.gpx import write_gpx
from web.tables.writing.kml import write_kml
from web.tables.writing.parquet import write_parquet
from web.tables.writing.workbook import write_workbook

FOLDER = "motorpool-export-"  # what the temporary folders begin with


class TooManyRows(Exception):
    """More than are made while somebody waits."""


class Export:
    """What is wanted of an exportable, as the person who asks may see it; `rows` counts what was read.

    `report` is told of that now and then, and may raise what ends it.
    """

    def __init__(
        self,
        exportable: Exportable,
        wanted: Wanted,
        connection: psycopg.Connection,
        most_rows: int | None = None,
        report: Callable[[int], None] = lambda _rows: None,
    ) -> None:
        self.exportable, self.wanted = exportable, wanted.limit_to(exportable)
        self.rows = 0
        self._connection, self._most_rows, self._report = connection, most_rows, report
        self.file_name = f"{exportable.name}-{clock.today()}.{FORMATS[wanted.format].ending}"
        self._names = Names(connection, exportable.shown)
        self._columns = choose_columns(exportable, self.wanted, self._names)
        self._source = exportable.rows(connection, dict(wanted.asked))

    def stream(self) -> Iterator[bytes]:
        """The file of a format that is streamed, piece by piece."""
        title = str(self.exportable.title)
        match self.wanted.format:
            case "csv":
                decimal = choose_decimal(self.wanted)
                return write_delimited(self._heads, self._list_cells(), self.wanted.delimiter, decimal)
            case "geojson":
                return write_geojson(self._list_features())
            case "gpx":
                return write_gpx(self._list_features())
            case "kml":
                return write_kml(title, self._list_features())
        raise AssertionError(f"{self.wanted.format} is not streamed")

    def write(self, path: Path) -> None:
        """The file of any format. Raises TooManyRows."""
        if self.wanted.format == "xlsx":
            write_workbook(path, str(self.exportable.title), self._heads, self._list_cells())
        elif self.wanted.format == "parquet":
            write_parquet(path, self._heads, self._list_cells())
        else:
            with path.open("wb") as file:
                file.writelines(self.stream())

    @property
    def _heads(self) -> list[Column]:
        return [chosen.column for chosen in self._columns]

    def _list_rows(self) -> Iterator[Row]:
        """The rows, whose names are known when they come."""
        while batch := list(islice(self._source, ROWS_AT_ONCE)):
            self._names.learn(batch)
            for row in batch:
                self.rows += 1
                if self._most_rows is not None and self.rows > self._most_rows:
                    raise TooManyRows
                yield row
            self._report(self.rows)

    def _list_cells(self) -> Iterator[list[Cell]]:
        reads = [chosen.read for chosen in self._columns]
        for row in self._list_rows():
            yield [read(row) for read in reads]

    def _list_features(self) -> Iterator[Feature]:
        exportable = self.exportable
        describe = self._describe()
        if exportable.tracks and self.wanted.drawn_as == "lines":
            yield from exportable.tracks(self._connection, self._list_rows(), describe)
            return
        for row in self._list_rows():
            name, told = describe(row, None)
            at = row[exportable.at] if exportable.at else None
            yield Feature(name, told, find_geometry(exportable, row), (), at)

    def _describe(self) -> Callable[[Row, tuple[str, ...] | None], tuple[str, dict[str, Cell]]]:
        """How a row is called on a map, and what is told of it: all that was chosen but where it is."""
        drawn = {*(self.exportable.place or ()), self.exportable.outline}
        told = [chosen for chosen in self._columns if chosen.field.name not in drawn]
        headers = tell_apart([chosen.column for chosen in told])
        names = self._choose_names()

        def describe(row: Row, only: tuple[str, ...] | None) -> tuple[str, dict[str, Cell]]:
            properties = {
                header: chosen.read(row)
                for header, chosen in zip(headers, told, strict=True)
                if only is None or chosen.field.name in only
            }
            return next(filter(None, (str(name.read(row) or "") for name in names)), ""), properties

        return describe

    def _choose_names(self) -> list[Chosen]:
        """The columns that can name a row: the first that has something does."""
        shown = {column.name for column in self.exportable.shown}
        names = tuple(name for name in (self.exportable.named_by, "device_id") if name in shown)
        return choose_columns(self.exportable, self.wanted.choose(names), self._names)


def find_geometry(exportable: Exportable, row: Row) -> dict[str, object] | None:
    """Where a row is, as GeoJSON has it; None where nobody knows."""
    if exportable.place:
        latitude, longitude = (row[name] for name in exportable.place)
        known = latitude is not None and longitude is not None
        return {"type": "Point", "coordinates": [longitude, latitude]} if known else None
    geometry: dict[str, object] | None = row[exportable.outline]
    return geometry


@contextmanager
def open_export(
    url: str,
    exportable: Exportable,
    wanted: Wanted,
    most_rows: int | None = None,
    report: Callable[[int], None] = lambda _rows: None,
) -> Iterator[Export]:
    """An export over a connection of its own, which ends with the block."""
    with open_reading(url, "exports") as connection:
        yield Export(exportable, wanted, connection, most_rows, report)
