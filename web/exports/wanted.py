"""What somebody wants exported, and how: read from a form, an address or a command, or kept."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from web.exports.exportable import Exportable
from web.exports.formats import FORMATS
from web.languages import choose_time_zone
from web.problems import InvalidFields
from web.tables.writing.delimited import DELIMITERS

VALUES = ("words", "kept")
HEADERS = ("label", "name")
DELIMITER_NAMES = {"comma": ",", "semicolon": ";", "tab": "\t"}
# What is not a question of the exportable; none of those may have such a name.
OPTIONS = ("column", "columns", "format", "values", "header", "delimiter", "drawn_as", "order", "template")
LONGEST = 1_000


@dataclass(frozen=True)
class Wanted:
    """An export: of what, which columns in which order, which rows, as which file.

    `values` are in the reader's words and units, or as they are kept, for importing again. `language` and
    `time_zone` are those of whoever asked, for when they are not there.
    """

    kind: str
    format: str = "csv"
    columns: tuple[str, ...] = ()
    asked: tuple[tuple[str, str], ...] = ()
    values: str = "words"
    header: str = "label"
    delimiter: str = ","
    drawn_as: str = "lines"
    language: str = "en"
    time_zone: str = "UTC"

    def dump(self) -> dict[str, Any]:
        """As it is kept in the database."""
        return asdict(self)

    @classmethod
    def load(cls, kept: Mapping[str, Any]) -> Self:
        """As it was kept."""
        asked = tuple((name, text) for name, text in kept["asked"])
        return cls(**{**kept, "columns": tuple(kept["columns"]), "asked": asked})

    def choose(self, columns: tuple[str, ...]) -> Self:
        """The same with other columns."""
        return replace(self, columns=columns)

    def limit_to(self, exportable: Exportable) -> Self:
        """Without the columns that the person who asks may not see."""
        names = {column.name for column in exportable.shown}
        kept = tuple(name for name in self.columns if name in names)
        return replace(self, columns=kept or tuple(exportable.chosen_at_first))


def read_wanted(exportable: Exportable, sent: MultiDict[str, str], usual: str = "words") -> Wanted:
    """What a form or an address asks for; `usual` are its values unless it says. Raises InvalidFields."""
    format = read_choice(sent, "format", tuple(FORMATS), "csv")
    shapes = exportable.shapes
    if FORMATS[format].is_map and not FORMATS[format].fits(exportable):
        said = _("%(title)s cannot be drawn on a map.", title=exportable.title)
        raise InvalidFields({"format": said})
    usual_shape = shapes[0] if shapes else "lines"
    locale = get_locale()
    return Wanted(
        kind=exportable.name,
        format=format,
        columns=read_columns(exportable, sent),
        asked=read_asked(exportable, sent),
        values=read_choice(sent, "values", VALUES, usual),
        header=read_choice(sent, "header", HEADERS, "label"),
        delimiter=read_delimiter(sent),
        drawn_as=read_choice(sent, "drawn_as", shapes, usual_shape) if shapes else usual_shape,
        language=locale.language if locale else "en",
        time_zone=choose_time_zone(),
    )


def read_columns(exportable: Exportable, sent: MultiDict[str, str]) -> tuple[str, ...]:
    """The columns that are named, each once, else those of an export at first. Raises InvalidFields."""
    listed = [name for text in sent.getlist("columns") for name in text.split(",")]
    named = list(dict.fromkeys(name.strip() for name in [*sent.getlist("column"), *listed] if name.strip()))
    known = [column.name for column in exportable.shown]
    if unknown := [name for name in named if name not in known]:
        choices = ", ".join(known)
        raise InvalidFields(
            {"columns": f"{unknown[0][:60]}: " + _("This must be one of: %(choices)s.", choices=choices)}
        )
    return tuple(named or exportable.chosen_at_first)


def read_asked(exportable: Exportable, sent: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The answers to the exportable's questions, as they were sent; they are read with the rows."""
    answers = ((ask.name, sent.get(ask.name, "").replace("\x00", "").strip()) for ask in exportable.asks)
    return tuple((name, text[:LONGEST]) for name, text in answers if text)


def read_choice(sent: Mapping[str, str], name: str, choices: tuple[str, ...], usual: str) -> str:
    """One of these words. Raises InvalidFields."""
    text = sent.get(name) or usual
    if text not in choices:
        raise InvalidFields({name: _("This must be one of: %(choices)s.", choices=", ".join(choices))})
    return text


def read_delimiter(sent: Mapping[str, str]) -> str:
    """The sign between columns, by itself or by its name. Raises InvalidFields."""
    text = sent.get("delimiter") or "comma"
    if text not in DELIMITERS:
        text = DELIMITER_NAMES[read_choice(sent, "delimiter", tuple(DELIMITER_NAMES), "comma")]
    return text
