"""Fields of a form or a record: a label, a kind of input, and the value that it may hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from apiflask import Schema
from marshmallow import EXCLUDE, ValidationError, fields
from werkzeug.datastructures import MultiDict


@dataclass(frozen=True)
class Field:
    """One field. `input` is one of templates/inputs.html: text, area, number, day, moment, select, pick,
    ticks, check, color, hidden, file, tel, password. An area has `rows`. `nothing`
    is what a reader is told where there is no value.

    `choices` are a select's values and words. `of` names the kind of another record that the field refers to
    (its `value` is a Reference): a select offers all of them, a pick suggests what fits while one types;
    ticks (References) take several.
    `group` is a heading over this field and the ones below it.
    In a record's list it is a column where it has a `width` (a class of Tabler's or ours), and sorts where
    `sorts` says so, for which its column must not be null, or `order` name another that is not. `show` is a
    filter of web.formats; `tones` gives choices a colour. `right` is what one needs to see the field at all,
    where that is more than to see the record.
    """

    name: str
    label: Any
    value: fields.Field[Any]
    input: str = "text"
    hint: Any = ""
    choices: tuple[tuple[str, Any], ...] = ()
    show: str = "plain"
    width: str = ""
    sorts: bool = False
    autocomplete: str = "off"
    of: str = ""
    group: Any = ""
    order: str = ""
    tones: tuple[tuple[str, str], ...] = ()
    right: str = ""
    rows: int = 2
    nothing: Any = ""

    @property
    def needed(self) -> bool:
        """Whether it must be filled in."""
        return bool(self.value.required)

    @property
    def unit(self) -> str:
        """The unit in which a person enters it."""
        return str(getattr(self.value, "unit", ""))

    @property
    def most(self) -> int | None:
        """The most characters that it takes."""
        most: int | None = self.value.metadata.get("maxLength")
        return most


def make_schema(fields: Sequence[Field], name: str, **more: fields.Field[Any]) -> type[Schema]:
    """The schema of these fields, which reads both forms and JSON and describes itself to OpenAPI."""
    members = {**{field.name: field.value for field in fields}, **more}
    return cast(type[Schema], Schema.from_dict(members, name=name))


def read_form(fields: Sequence[Field], form: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The values of a form, and what is wrong with them, by field."""
    sent = {field.name: read_sent(field, form) for field in fields}
    try:
        return make_schema(fields, "Form")(unknown=EXCLUDE).load(sent), {}
    except ValidationError as error:
        return sent, flatten(cast(dict[str, Any], error.messages))


def read_sent(field: Field, form: Mapping[str, str]) -> str:
    """What a form sent for a field; of several ticks all, with commas between."""
    if field.input == "ticks" and isinstance(form, MultiDict):
        return ",".join(form.getlist(field.name))
    return form.get(field.name, "")


def flatten(messages: Mapping[str, Any]) -> dict[str, str]:
    """One sentence for each field that marshmallow complains of."""
    return {name: str(said[0] if isinstance(said, list) else said) for name, said in messages.items()}
