"""The same change to many records of a list: those that are ticked, or all that match.

What was ticked comes with the version that the list showed; "all that match" comes with where audit_log
stood then. So a record that somebody has changed in between is left as they made it, and named.
"""

from dataclasses import dataclass
from typing import Any

from flask import Response, flash, make_response, redirect, render_template
from flask_babel import gettext as _
from flask_babel import ngettext
from marshmallow import ValidationError
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import NotFound

from sql import bulk
from sql.audit import Row
from sql.bulk import Outcome
from sql.records import RecordError, Records
from web import database
from web.forms import Field
from web.problems import InvalidFields
from web.records.kind import Kind
from web.records.listing import Wish, find_list, read_wish

ARCHIVE = "archive"
LARGEST_ID = 2**31 - 1
MOST_NAMED = 200


@dataclass(frozen=True)
class Change:
    """What is to become of the records: a field and its value, or the archive."""

    field: Field | None
    value: Any
    word: Any

    @property
    def column(self) -> str:
        """The column that says so."""
        return self.field.name if self.field else "archived_at"

    def is_done(self, row: Row) -> bool:
        """Whether a record is like this already."""
        if self.field is None:
            return row["archived_at"] is not None
        return bool(row[self.field.name] == self.value)


def change_many(kind: Kind, form: MultiDict[str, str]) -> Response:
    """Make the change, ask first, or say why not."""
    if kind.bulk is None:
        raise NotFound
    wish = read_wish(kind, form)
    picks = None if form.get("all") else read_picks(form.getlist("picked"))
    try:
        change = read_change(kind, form.get("change", ""))
    except ValidationError as error:
        return go_back(kind, wish, str(error.messages[0]))
    if picks == {}:
        return go_back(kind, wish, _("Tick the records first."))
    if not form.get("sure") and (picks is None or change.field is None):
        return ask(kind, wish, picks, change, form)
    try:
        with database.connection() as connection:
            records = kind.open(connection)
            mark = int(form.get("mark", "0")[:18] or 0) if form.get("mark", "0").isdecimal() else 0
            outcome = make(records, wish, picks, change, mark)
    except RecordError:
        return go_back(kind, wish, _("This must be one that you look after."))
    if not outcome.others:
        return go_back(kind, wish, say(outcome))
    page = render_template(
        "records/bulk_done.html", kind=kind, outcome=outcome, message=say(outcome), most=MOST_NAMED
    )
    return make_response(page)


def make(records: Records, wish: Wish, picks: dict[int, int] | None, change: Change, mark: int) -> Outcome:
    """Change what can be changed, in one transaction. Raises RecordError."""
    outcome = Outcome()
    if picks is None:
        rows = bulk.list_picked(records, wish.matching, None)
        changed = bulk.list_changed_since(records, mark)
        versions = {row["id"]: -1 if row["id"] in changed else row["version"] for row in rows}
    else:
        everything = {**wish.matching, "search": "", **dict.fromkeys(wish.filters, "")}
        rows = bulk.list_picked(records, everything, list(picks))
        versions = picks
    todo = {}
    for row in rows:
        if versions[row["id"]] != row["version"]:
            outcome.leave("changed", row)
        elif change.is_done(row):
            outcome.leave("same", row)
        else:
            todo[row["id"]] = row["version"]
    outcome.changed = bulk.change_many(records, todo, change.column, change.value) if todo else []
    done, found = set(outcome.changed), {row["id"] for row in rows}
    for row in rows:
        if row["id"] in todo and row["id"] not in done:
            outcome.leave("changed", row)
    for id in versions:
        if id not in found:
            outcome.leave("gone", {"id": id})
    return outcome


def ask(
    kind: Kind, wish: Wish, picks: dict[int, int] | None, change: Change, form: MultiDict[str, str]
) -> Response:
    """The question that comes before what is large or takes records away."""
    with database.connection() as connection:
        records = kind.open(connection)
        if picks is None:
            ids = [row["id"] for row in bulk.list_picked(records, wish.matching, None)]
        else:
            ids = list(picks)
        is_archive = change.field is None
        sentences = kind.farewell(connection, ids) if is_archive and kind.farewell else []
    page = render_template(
        "records/bulk_ask.html",
        kind=kind,
        count=len(ids),
        change=change,
        sentences=sentences,
        form=form,
        back=find_list(kind, wish),
    )
    return make_response(page)


def read_picks(texts: list[str]) -> dict[int, int]:
    """What is ticked, as ids with the versions that the list showed. Raises InvalidFields."""
    picks = {}
    for text in texts:
        id, _dot, version = text.partition(".")
        if not (id.isdecimal() and version.isdecimal() and len(text) <= 20 and 0 < int(id) <= LARGEST_ID):
            raise InvalidFields({"picked": _("This is no record of the list.")})
        picks[int(id)] = min(int(version), LARGEST_ID)
    return picks


def read_change(kind: Kind, text: str) -> Change:
    """What was chosen, such as `status=spare`. Raises ValidationError."""
    if text == ARCHIVE:
        return Change(None, None, _("Archive"))
    name, _equals, value = text.partition("=")
    if name not in (kind.bulk or ()):
        raise ValidationError(_("Choose what to change first."))
    field = kind.by_name[name]
    read = field.value.deserialize(value)
    return Change(field, read, dict(field.choices).get(read, value) or _("none"))


def say(outcome: Outcome) -> str:
    """How many have changed."""
    count = len(outcome.changed)
    return str(ngettext("%(num)s record has been changed.", "%(num)s records have been changed.", count))


def go_back(kind: Kind, wish: Wish, message: str) -> Response:
    """To the list as it was, with the news."""
    flash(message)
    return make_response(redirect(find_list(kind, wish), 303))
