"""What calamine does not tell of a sheet: errors of formulas, formulas without a value, merged cells of ODS.

All of it stands in the sheet's XML. That is looked through for such words first, which is quick, and parsed
only where one occurs.
"""

import re
import zipfile
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.parsers import expat

PIECE = 1024**2
OVERLAP = 64
MOST_MARKS = 100_000
NEVER_RECKONED = ""
_TELLING_XLSX = re.compile(rb"""\st=["']e["']|<(?:\w+:)?f[\s>/]""")
_TELLING_ODS = re.compile(rb"""-type=["']error["']|-spanned=["'](?!1["'])""")
_PLACE = re.compile(r"([A-Z]+)(\d+)$")


class Block(NamedTuple):
    """Merged cells, from one to another, all counted from 0."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass
class Marks:
    """`errors` are by row and column, counted from 0; "" is a formula that has never been reckoned."""

    errors: dict[int, dict[int, str]] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    count: int = 0

    def add_error(self, row: int, column: int, text: str) -> None:
        """Take an error. Raises MemoryError where there are too many."""
        self.errors.setdefault(row, {})[column] = text
        self.add()

    def add(self) -> None:
        """Count a mark. Raises MemoryError where there are too many."""
        self.count += 1
        if self.count > MOST_MARKS:
            raise MemoryError


def holds_xml(path: str) -> bool:
    """Whether a workbook is an archive of XML, as XLSX and ODS are."""
    return zipfile.is_zipfile(path)


def add_xml_marks(path: str, sheet: str, marks: Marks) -> None:
    """Mark what is to be said of a sheet of XLSX or ODS."""
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        if "content.xml" in names and _occurs(archive, "content.xml", _TELLING_ODS):
            _parse(archive, "content.xml", OdsCells(sheet, marks))
        elif "xl/workbook.xml" in names:
            member = _find_member(archive, sheet)
            if member in names and _occurs(archive, member, _TELLING_XLSX):
                _parse(archive, member, XlsxCells(marks))


class Handler:
    """What is done with the elements of a document; names are without prefixes."""

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins; attributes go by their full names, too."""

    def end(self, name: str) -> None:
        """An element ends."""

    def take(self, text: str) -> None:
        """A piece of text."""


class XlsxCells(Handler):
    """Finds the errors of one XLSX sheet."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self._row = self._column = -1
        self._type = self._value = ""
        self._has_formula = self._in_value = False

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        """A row, a cell, or what is in one."""
        if name == "row":
            self._row = int(attributes["r"]) - 1 if "r" in attributes else self._row + 1
            self._column = -1
        elif name == "c":
            place = _PLACE.match(attributes.get("r", ""))
            self._column = read_column(place[1]) if place else self._column + 1
            self._type, self._value, self._has_formula = attributes.get("t", ""), "", False
        elif name == "f":
            self._has_formula = True
        elif name == "v":
            self._in_value = True

    def take(self, text: str) -> None:
        """A piece of a value."""
        if self._in_value:
            self._value += text

    def end(self, name: str) -> None:
        """The end of a cell or its value."""
        if name == "v":
            self._in_value = False
        elif name == "c":
            if self._type == "e":
                self._marks.add_error(self._row, self._column, self._value or "#N/A")
            elif self._has_formula and not self._value and self._type in ("", "n"):
                self._marks.add_error(self._row, self._column, NEVER_RECKONED)


class OdsCells(Handler):
    """Finds the errors and merged cells of one ODS sheet."""

    def __init__(self, sheet: str, marks: Marks) -> None:
        self._sheet, self._marks = sheet, marks
        self._is_here = self._is_error = False
        self._row = self._column = 0
        self._rows = self._columns = 1
        self._text = ""

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        """A table, a row or a cell."""
        if name == "table":
            self._is_here, self._row = attributes.get("name") == self._sheet, 0
        elif name == "table-row":
            self._rows, self._column = int(attributes.get("number-rows-repeated", 1)), 0
        elif name in ("table-cell", "covered-table-cell"):
            self._columns = int(attributes.get("number-columns-repeated", 1))
            self._is_error, self._text = attributes.get("calcext:value-type") == "error", ""
            down, across = (int(attributes.get(f"number-{what}-spanned", 1)) for what in ("rows", "columns"))
            if self._is_here and (down > 1 or across > 1):
                end = self._row + down - 1, self._column + across - 1
                self._marks.blocks.append(Block(self._row, self._column, *end))
                self._marks.add()

    def take(self, text: str) -> None:
        """A piece of what an error shows."""
        if self._is_error:
            self._text += text

    def end(self, name: str) -> None:
        """The end of a row or a cell."""
        if name == "table-row":
            self._row += self._rows
        elif name in ("table-cell", "covered-table-cell"):
            if self._is_here and self._is_error:
                self._marks.add_error(self._row, self._column, self._text.strip() or "#N/A")
            self._is_error = False
            self._column += self._columns


class SheetNames(Handler):
    """The relation of each sheet of a workbook, and the member of each relation."""

    def __init__(self) -> None:
        self.relations: dict[str, str] = {}
        self.members: dict[str, str] = {}

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        """A sheet or a relation."""
        if name == "sheet":
            self.relations[attributes.get("name", "")] = attributes.get("id", "")
        elif name == "Relationship":
            self.members[attributes.get("Id", "")] = attributes.get("Target", "")


def read_column(letters: str) -> int:
    """The place, from 0, of a column called A to Z, AA and so on."""
    place = 0
    for sign in letters:
        place = place * 26 + ord(sign) - 64
    return place - 1


def _find_member(archive: zipfile.ZipFile, sheet: str) -> str:
    names = SheetNames()
    _parse(archive, "xl/workbook.xml", names)
    _parse(archive, "xl/_rels/workbook.xml.rels", names)
    target = names.members.get(names.relations.get(sheet, ""), "")
    return target[1:] if target.startswith("/") else f"xl/{target}"


def _occurs(archive: zipfile.ZipFile, member: str, words: re.Pattern[bytes]) -> bool:
    rest = b""
    with archive.open(member) as source:
        while piece := source.read(PIECE):
            if words.search(rest + piece):
                return True
            rest = piece[-OVERLAP:]
    return False


def _parse(archive: zipfile.ZipFile, member: str, handler: Handler) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: handler.begin(
        _bare(name), attributes | {_bare(key): value for key, value in attributes.items()}
    )
    parser.EndElementHandler = lambda name: handler.end(_bare(name))
    parser.CharacterDataHandler = handler.take
    with archive.open(member) as source:
        while piece := source.read(PIECE):
            parser.Parse(piece)


def _bare(name: str) -> str:
    return name.rpartition(":")[2]
