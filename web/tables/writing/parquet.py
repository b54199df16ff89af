"""Parquet: typed columns for those who analyse, in row groups, compressed with zstd."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from web.tables.writing.column import Column, Row, tell_apart

ROWS_OF_A_GROUP = 50_000


def write_parquet(path: Path, columns: Sequence[Column], rows: Iterable[Row]) -> None:
    """The file, a row group at a time. Raises OSError."""
    # Only here: whoever writes no such file does without its 100 MB.
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    types: dict[str, Any] = {
        "text": pa.string(),
        "whole": pa.int64(),
        "number": pa.float64(),
        "yes": pa.bool_(),
        "day": pa.date32(),
    }
    names = tell_apart(columns)
    remaining = iter(rows)
    first = list(islice(remaining, ROWS_OF_A_GROUP))
    schema = pa.schema(
        [
            (name, types[column.kind] if column.kind != "moment" else _choose_moment(pa, first, place))
            for place, (name, column) in enumerate(zip(names, columns, strict=True))
        ]
    )
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for group in _split(first, remaining):
            arrays = [
                pa.array((row[place] for row in group), field.type, size=len(group))
                for place, field in enumerate(schema)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def _split(first: list[Row], remaining: Iterator[Row]) -> Iterator[list[Row]]:
    while first:
        yield first
        first = list(islice(remaining, ROWS_OF_A_GROUP))


def _choose_moment(pa: Any, rows: Sequence[Row], place: int) -> Any:
    """A moment of UTC, or one of the reader's clock, as the first of the column is."""
    is_local = any(getattr(row[place], "tzinfo", None) is None for row in rows if row[place] is not None)
    return pa.timestamp("us") if is_local else pa.timestamp("us", tz="UTC")
