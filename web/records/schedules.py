"""Schedules: hours of a week by the clock of a place, for rules and geofences."""

from dataclasses import dataclass
from typing import Any, get_args

import psycopg
from flask import g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError

from sql.audit import Author, Row
from sql.hours import HoursError, Reason, parse
from sql.shared_records import SharedRecords, reaches
from sql.users import list_reach
from web import database, values
from web.forms import Field
from web.languages import choose_time_zone, list_time_zones
from web.records.kind import Kind

LONGEST = 500
EXAMPLE = "Mo-Fr 06:00-18:00, Sa 08:00-12:00"


class HoursText(values.Text):
    """Hours of a week, in their normal form however they were typed."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            kept = str(parse(text))
        except HoursError as error:
            raise ValidationError(say(error.reason, error.part)) from error
        if len(kept) > LONGEST:
            raise ValidationError(_("These are too many different hours."))
        return kept


def say(reason: Reason, part: str) -> str:
    """What is wrong with hours, as a sentence."""
    sentences: dict[Reason, str] = {
        "empty": _("This is needed."),
        "form": _("“%(part)s” cannot be read: write days and hours, such as Mo-Fr 06:00-18:00.", part=part),
        "day": _("“%(part)s” is no day: write Mo, Tu, We, Th, Fr, Sa or Su.", part=part),
        "time": _("“%(part)s” is no time: write one from 00:00 to 24:00, such as 06:30.", part=part),
        "no_days": _("“%(part)s” has no days before it: write them, such as Mo-Fr 06:00-18:00.", part=part),
        "no_times": _("“%(part)s” has no hours after it: write them, such as Mo-Fr 06:00-18:00.", part=part),
        "no_length": _("“%(part)s” begins when it ends: for a whole day write 00:00-24:00.", part=part),
    }
    assert sentences.keys() == set(get_args(Reason))
    return sentences[reason]


def hours() -> HoursText:
    """Hours of a week."""
    return HoursText(
        required=True,
        error_messages={
            "required": values.REQUIRED,
            "null": values.REQUIRED,
            "invalid": _l("This must be text."),
        },
        metadata={"description": f"such as {EXAMPLE}", "maxLength": LONGEST},
    )


@dataclass(frozen=True)
class ScheduleKind(Kind):
    """The kind whose records are schedules: of no depot, so changed by whoever reaches all of them."""

    def open(self, connection: psycopg.Connection) -> SharedRecords:
        """The schedules, to be changed in the name of whoever asks."""
        reach = list_reach(connection, g.user)
        return SharedRecords(connection, self.table, self.noun, Author(g.user.id, g.request_id), reach)

    def begin(self) -> Row:
        """A new schedule goes by the clock of whoever makes it."""
        return {**super().begin(), "time_zone": choose_time_zone()}

    def may_change(self, row: Row) -> bool:
        """Whether this person changes schedules."""
        with database.connection() as connection:
            return reaches(list_reach(connection, g.user), row)


SCHEDULES = ScheduleKind(
    table="schedules",
    noun="schedule",
    title=_l("Schedules"),
    new=_l("New schedule"),
    search=_l("Search by name, hours or time zone"),
    about=_l("Hours of a week, for rules and geofences that hold only then."),
    fields=(
        Field("name", _l("Name"), values.text(100, needed=True), width="w-25", sorts=True),
        Field(
            "hours",
            _l("Hours"),
            hours(),
            input="area",
            hint=_l(
                "Such as Mo-Fr 06:00-18:00, Sa 08:00-12:00. Several in a day with commas between; what goes"
                " over midnight as Fr 22:00-02:00; always is Mo-Su 00:00-24:00."
            ),
            width="w-50",
        ),
        Field(
            "time_zone",
            _l("Time zone"),
            values.choice(list_time_zones()),
            input="select",
            choices=tuple((zone, zone) for zone in list_time_zones()),
            hint=_l("The hours are what a clock shows there, in summer and in winter."),
            width="w-25",
            sorts=True,
        ),
    ),
    found=(Field("uses", _l("Used by"), values.whole(0, 2**31 - 1), show="number"),),
    listed=("name", "hours", "time_zone", "uses"),
)
