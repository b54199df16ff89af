"""A file of rejected rows, sent again: the two columns that we put in front are not part of what it says.

Without them its headers and rows stand where they stood in the file that they came from, so that the same
mapping fits.
"""

from collections.abc import Iterator
from functools import cache

from flask_babel import force_locale
from flask_babel import gettext as _

from web.imports.mapping import fold
from web.languages import LANGUAGES
from web.tables.table import Line, Table

OWN = 2


class WithoutOwn:
    """A table without its first two columns."""

    def __init__(self, table: Table) -> None:
        self._table, self.headers = table, table.headers[OWN:]

    def __iter__(self) -> Iterator[Line]:
        return (line._replace(cells=line.cells[OWN:]) for line in self._table)

    @property
    def share(self) -> float:
        """How much of the file has been read, from 0 to 1."""
        return self._table.share


def name_own() -> list[str]:
    """What the two columns are called in the reader's language."""
    return [str(_("Line")), str(_("Reason"))]


def leave_out_own(table: Table) -> Table:
    """The table as it was before rows of it were rejected."""
    told = tuple(fold(header) for header in table.headers[:OWN])
    return WithoutOwn(table) if told in _list_own() else table


@cache
def _list_own() -> frozenset[tuple[str, ...]]:
    """What they are called in every language."""
    told = []
    for language in LANGUAGES:
        with force_locale(language):
            told.append(tuple(map(fold, name_own())))
    return frozenset(told)
