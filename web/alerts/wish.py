"""What a request asks to see of the alerts: filters, and a place in the order of work."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from sql.alert_life import KINDS, STATES, Matching
from sql.escalations import SEVERITIES
from web.problems import InvalidFields
from web.records.listing import read_limit
from web.system.place import read_id, read_words

LARGEST_NUMBER = 2**31 - 1
FILTERS = ("state", "kind", "severity", "depot_id", "vehicle_id", "assigned_to", "storm_id", "search")


@dataclass(frozen=True)
class AlertWish:
    """What a request asks to see."""

    matching: Matching
    after: tuple[int, int] | None
    limit: int

    @property
    def is_folded(self) -> bool:
        """Whether a storm is one line: while there is something to do about it, and unless it is unfolded."""
        return self.matching.state not in ("", "resolved") and self.matching.storm_id is None

    @property
    def filters(self) -> dict[str, Any]:
        """What it is asked by, as the address says it."""
        asked = {name: getattr(self.matching, name) for name in FILTERS}
        return {**asked, "state": self.matching.state or "all"}

    def find_list(self, **other: Any) -> str:
        """The address of the list as it was asked for, or further down."""
        wanted = {**self.filters, **other}
        wanted = {name: value for name, value in wanted.items() if value not in (None, "")}
        return url_for("alerts.list_all", **wanted)


def read_wish(asked: Mapping[str, str], state: str = "to_do") -> AlertWish:
    """What a request asks to see; `state` is what it gets unless it names one. Raises InvalidFields."""
    wanted = read_choice(asked, "state", (*STATES, "all")) or state
    matching = Matching(
        state="" if wanted == "all" else wanted,
        kind=read_choice(asked, "kind", KINDS),
        severity=read_choice(asked, "severity", SEVERITIES),
        depot_id=read_number(asked, "depot_id"),
        vehicle_id=read_number(asked, "vehicle_id"),
        assigned_to=read_number(asked, "assigned_to"),
        storm_id=read_id(asked, "storm_id"),
        search=read_words(asked, "search"),
    )
    return AlertWish(matching, read_after(asked.get("after", "")), read_limit(asked.get("limit", "")))


def read_choice(asked: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """One of these words, or nothing. Raises InvalidFields."""
    text = read_words(asked, name)
    if text and text not in choices:
        said = _("This must be one of: %(choices)s.", choices=", ".join(choices))
        raise InvalidFields({name: said})
    return text


def read_number(asked: Mapping[str, str], name: str) -> int | None:
    """The id of a record, or nothing. Raises InvalidFields."""
    id = read_id(asked, name)
    if id is not None and id > LARGEST_NUMBER:
        raise InvalidFields({name: _("There is no such record.")})
    return id


def write_after(row: Mapping[str, Any]) -> str:
    """The place after an alert."""
    return f"{row['rank']}.{row['id']}"


def read_after(text: str) -> tuple[int, int] | None:
    """The same, read. Raises InvalidFields."""
    if not text:
        return None
    rank, _dot, id = text.partition(".")
    if not (text.isascii() and rank.isdigit() and id.isdigit() and len(rank) == 1 and len(id) < 19):
        raise InvalidFields({"after": _("This is not the `next` of an earlier answer.")})
    return int(rank), int(id)
