"""Two people changed the same record: what each of them made of each field, and which to take first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from web.forms import Field


@dataclass(frozen=True)
class Difference:
    """One field: mine as entered, theirs as kept now. `is_both` where both of us touched it."""

    field: Field
    mine: Any
    theirs: Any
    takes_mine: bool
    is_both: bool

    @property
    def differs(self) -> bool:
        """Whether there is anything to choose."""
        return bool(self.mine != self.theirs)


def compare(
    fields: Sequence[Field],
    opened: Mapping[str, Any] | None,
    entered: Mapping[str, Any],
    current: Mapping[str, Any],
) -> list[Difference]:
    """Every field; where only one of us touched it, that one's value is taken first; else mine."""
    rows = []
    for field in fields:
        mine, theirs = as_json(entered[field.name]), as_json(current[field.name])
        base = opened.get(field.name) if opened else theirs
        i_did, they_did = mine != base, theirs != base
        rows.append(Difference(field, mine, theirs, takes_mine=i_did, is_both=i_did and they_did))
    return rows


def as_json(value: Any) -> Any:
    """A value as audit_log keeps it: a day is a text there."""
    return orjson.loads(orjson.dumps(value, default=str))
