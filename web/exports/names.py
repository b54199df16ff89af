"""The names of records that rows refer to, found for many rows at once and not for ever remembered."""

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg

from sql.audit import Row
from web.forms import Field
from web.records.references import read_names

MOST_REMEMBERED = 50_000


class Names:
    """What records are called, whoever asks: a name stands beside what they may see."""

    def __init__(self, connection: psycopg.Connection, fields: Iterable[Field]) -> None:
        self._connection = connection
        self._fields = [field for field in fields if field.of]
        self._known: dict[str, dict[int, str]] = {field.of: {} for field in self._fields}

    def learn(self, rows: Sequence[Row]) -> None:
        """Find what these rows refer to, in one query for each field."""
        for field in self._fields:
            known = self._known[field.of]
            ids = {id for row in rows for id in _list_ids(row[field.name])}
            if unknown := ids - known.keys():
                if len(known) + len(unknown) > MOST_REMEMBERED:
                    known.clear()
                    unknown = ids
                known.update(read_names(self._connection, field.of, list(unknown)))

    def find(self, noun: str, id: int) -> str:
        """The name of a record that some rows have referred to; nothing where it has gone."""
        return self._known[noun].get(id, "")


def _list_ids(value: Any) -> Iterable[int]:
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)
