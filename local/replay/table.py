"""Reads positions from a CSV file, row by row, into native JSON."""

import csv
import math
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple, TextIO

import orjson

from local.replay.recording import Message, RecordingError, Unreadable, check_uid

REQUIRED = ("uid", "time", "lat", "lon")
OPTIONAL = ("speed", "course", "altitude", "accuracy", "satellites")
MPS = {"mps": 1.0, "kmh": 1 / 3.6, "mph": 0.44704, "knots": 1852 / 3600}


class Columns(NamedTuple):
    """Which column of the file holds which field, and which columns are sent along as attributes."""

    fields: dict[str, str]
    attributes: list[str]


def parse_columns(text: str) -> Columns:
    """Read `uid=vehicle_id,time=timestamp,…,attributes=route_id`; raises RecordingError."""
    columns = Columns({field: field for field in REQUIRED}, [])
    for pair in text.split(",") if text else []:
        field, _, column = (part.strip() for part in pair.partition("="))
        if field == "attributes" and column:
            columns.attributes.append(column)
        elif field in (*REQUIRED, *OPTIONAL) and column:
            columns.fields[field] = column
        else:
            known = ", ".join((*REQUIRED, *OPTIONAL, "attributes"))
            raise RecordingError(f"{pair!r} is not FIELD=COLUMN with a field of {known}")
    return columns


class Table:
    """How to read a CSV file with a header: its columns, the unit of its speeds, the zone of its times.

    `zone` is for times without an offset; None refuses those.
    """

    def __init__(self, columns: Columns, speed_unit: str = "mps", zone: tzinfo | None = None) -> None:
        self._columns, self._mps, self._zone = columns, MPS[speed_unit], zone

    def read(self, file: TextIO) -> Iterator[Message | Unreadable]:
        """A message or a complaint for each row; raises RecordingError where a column is missing."""
        rows = csv.reader(file)
        places = self._find_columns(next(rows, []))
        while True:
            try:
                row = next(rows)
                if row:
                    yield self._make_message({name: row[place].strip() for name, place in places.items()})
            except StopIteration:
                return
            except IndexError:
                yield Unreadable(rows.line_num, f"the row has only {len(row)} columns")
            except (ValueError, csv.Error) as error:
                yield Unreadable(rows.line_num, str(error))

    def _find_columns(self, header: list[str]) -> dict[str, int]:
        wanted = self._columns.fields | {f"attribute {name}": name for name in self._columns.attributes}
        for column in wanted.values():
            if column not in header:
                raise RecordingError(f"there is no column {column!r}; the file has {', '.join(header)}")
        return {name: header.index(column) for name, column in wanted.items()}

    def _make_message(self, row: dict[str, str]) -> Message:
        moment = self._read_time(row["time"])
        record: dict[str, Any] = {
            "time": moment.isoformat().replace("+00:00", "Z"),
            "lat": _read_number("lat", row["lat"]),
            "lon": _read_number("lon", row["lon"]),
        }
        for field in OPTIONAL:
            if row.get(field):
                record[field] = _read_number(field, row[field])
        if "speed" in record:
            record["speed"] *= self._mps
        if "satellites" in record:
            record["satellites"] = int(record["satellites"])
        for column in self._columns.attributes:
            if row[f"attribute {column}"]:
                record[column] = row[f"attribute {column}"]
        return Message(check_uid(row["uid"]), orjson.dumps(record), moment.timestamp())

    def _read_time(self, text: str) -> datetime:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"the time {text!r} is not ISO 8601") from None
        if moment.tzinfo is None:
            if self._zone is None:
                raise ValueError(f"the time {text!r} has no offset; give --timezone")
            moment = moment.replace(tzinfo=self._zone)
        return moment.astimezone(UTC)


def _read_number(field: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{field} is {text!r}, not a number")
    return number
