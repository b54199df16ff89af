"""A list of records: what a request asks to see of it, and the part of it that answers."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from marshmallow import ValidationError

from sql.records import Records
from web.forms import Field
from web.problems import InvalidFields
from web.records.kind import Kind, is_shown

PAGE = 100
LONGEST_PAGE = 1000


@dataclass(frozen=True)
class Wish:
    """What a request asks to see."""

    search: str
    archived: bool
    sort: str
    order: str
    is_descending: bool
    after: tuple[str, int] | None
    limit: int
    filters: dict[str, str]

    @property
    def matching(self) -> dict[str, Any]:
        """What the list's query is asked."""
        return {"search": self.search, "archived": self.archived, **self.filters}


@dataclass(frozen=True)
class Listing:
    """The part of a list that answers, how many there are in all, and where the next part begins."""

    items: list[dict[str, Any]]
    total: int
    next: str | None


def read_wish(kind: Kind, asked: Mapping[str, str]) -> Wish:
    """What a request asks to see. Raises InvalidFields."""
    wanted = asked.get("sort") or kind.sorts[0]
    sort = wanted.removeprefix("-")
    if sort not in kind.sorts:
        choices = ", ".join(kind.sorts)
        raise InvalidFields({"sort": _("This must be one of: %(choices)s.", choices=choices)})
    return Wish(
        search=asked.get("search", "").replace("\x00", "").strip(),
        archived=asked.get("archived", "") in ("1", "true"),
        sort=sort,
        order=kind.order_of(sort),
        is_descending=wanted.startswith("-"),
        after=read_place(asked.get("after", "")),
        limit=read_limit(asked.get("limit", "")),
        filters={field.name: read_filter(field, asked.get(field.name, "")) for field in kind.filters},
    )


def list_page(records: Records, wish: Wish) -> Listing:
    """The part of the list that is asked for."""
    matching = wish.matching
    rows = records.list_page(wish.order, wish.is_descending, wish.after, wish.limit + 1, **matching)
    items, has_more = rows[: wish.limit], len(rows) > wish.limit
    total = records.count(**matching) if has_more or wish.after else len(rows)
    return Listing(items, total, write_place(items[-1][wish.order], items[-1]["id"]) if has_more else None)


def find_list(kind: Kind, wish: Wish, **other: Any) -> str:
    """The address of the list as it was asked for, or in another order or further down."""
    sort = ("-" if wish.is_descending else "") + wish.sort
    wanted: dict[str, Any] = {
        "search": wish.search,
        "archived": "1" if wish.archived else "",
        **wish.filters,
        "sort": sort,
    }
    wanted |= other
    return url_for(f"{kind.table}.list_all", **{name: value for name, value in wanted.items() if value})


def read_filter(field: Field, text: str) -> str:
    """What a filter asks for: a choice, a name, or a value that is checked. Raises InvalidFields."""
    if not text or not is_shown(field):
        return ""
    if field.of or field.choices:
        return text.replace("\x00", "")
    try:
        return str(field.value.deserialize(text))
    except ValidationError as error:
        raise InvalidFields({field.name: str(error.messages[0])}) from error


def read_limit(text: str) -> int:
    """How many records at most. Raises InvalidFields."""
    if text and not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= LONGEST_PAGE):
        problem = _("This must be a number from %(least)s to %(most)s.", least=1, most=LONGEST_PAGE)
        raise InvalidFields({"limit": problem})
    return int(text) if text else PAGE


def write_place(value: Any, id: int) -> str:
    """A place in a list, between the record of this value and id and the next."""
    return base64.urlsafe_b64encode(json.dumps([str(value), id]).encode()).decode().rstrip("=")


def read_place(text: str) -> tuple[str, int] | None:
    """The same, read. Raises InvalidFields."""
    if not text:
        return None
    try:
        padded = text.encode() + b"=" * (-len(text) % 4)
        match json.loads(base64.urlsafe_b64decode(padded)):
            case [str(value), int(id)] if "\x00" not in value and abs(id) < 2**31:
                return value, id
    except ValueError:
        pass
    raise InvalidFields({"after": _("This is not the `next` of an earlier answer.")})
