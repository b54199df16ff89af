"""What a field of a form or of the API may hold: how it is read, checked, and described in OpenAPI.

A form sends text and the API sends JSON; one rule reads both.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, validate

from sql.vin import find_fault, normalise
from web import clock

REQUIRED = _l("This is needed.")


class Text(fields.String):
    """Text without spaces at its ends; nothing is an empty text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = "" if value is None else str(super()._deserialize(value, attr, data, **kwargs)).strip()
        if "\x00" in text:
            raise ValidationError(str(_l("This has a character that cannot be kept.")))
        if self.required and not text:
            raise ValidationError(str(REQUIRED))
        return text


class Blank(fields.Field[Any]):
    """A value of which an empty text of a form is none."""

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """The value that a form or JSON gives."""
        blank = isinstance(value, str) and not value.strip()
        return super().deserialize(None if blank else value, *args, **kwargs)


class Day(Blank, fields.Date):
    """A day, as 2026-11-23."""


class Moment(Blank, fields.DateTime):
    """A day and time; without an offset it is one of the person's own time zone."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            return clock.read(value)
        except clock.SkippedHour as skipped:
            raise ValidationError(
                _("The clocks go forward then, and there is no such time: take %(time)s.", time=skipped.later)
            ) from skipped
        except ValueError as error:
            raise self.make_error("invalid", input=value) from error


class Whole(Blank, fields.Integer):
    """A whole number."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Number(Blank, fields.Float):
    """A number."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Words(fields.List[str]):
    """Several of some words; a text has them with commas between."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        given = [word for word in value.split(",") if word] if isinstance(value, str) else value
        return sorted(set(super()._deserialize(given, attr, data, **kwargs)))


class Vin(Text):
    """A vehicle identification number, however it was typed."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        number = normalise(super()._deserialize(value, attr, data, **kwargs))
        fault = find_fault(number) if number else None
        if fault == "length":
            raise ValidationError(
                _("A VIN has 17 letters and digits; this one has %(count)s.", count=len(number))
            )
        if fault == "letters":
            raise ValidationError(_("A VIN has only the letters A to Z without I, O and Q, and digits."))
        if fault:
            raise ValidationError(
                _("A letter or digit of this VIN is wrong: its ninth, which checks the others, does not fit.")
            )
        return number


class Yes(Blank, fields.Boolean):
    """Ticked or not."""

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """A box that is not ticked is not sent."""
        return super().deserialize(False if value == "" else value, *args, **kwargs)


def text(most: int, needed: bool = False, description: str = "") -> Text:
    """Text of at most so many characters."""
    return Text(
        required=needed,
        allow_none=not needed,
        validate=validate.Length(max=most, error=_l("This may have at most {max} characters.")),
        error_messages=_messages(_l("This must be text.")),
        metadata=_describe(description, maxLength=most),
    )


def number(least: float, most: float, needed: bool = False, description: str = "") -> Number:
    """A number from `least` to `most`."""
    return Number(
        required=needed,
        allow_none=not needed,
        allow_nan=False,
        validate=validate.Range(least, most, error=_l("This must be a number from {min:g} to {max:g}.")),
        error_messages={
            **_messages(_l("This must be a number, such as 48.137.")),
            "special": _l("This must be a number."),
            "too_large": _l("This must be a number."),
        },
        metadata=_describe(description),
    )


def whole(least: int, most: int, needed: bool = False, description: str = "") -> Whole:
    """A whole number from `least` to `most`."""
    return Whole(
        required=needed,
        allow_none=not needed,
        validate=validate.Range(least, most, error=_l("This must be a number from {min} to {max}.")),
        error_messages={
            **_messages(_l("This must be a whole number.")),
            "too_large": _l("This must be a whole number."),
        },
        metadata=_describe(description),
    )


def day(needed: bool = False, description: str = "") -> Day:
    """A day between 1900 and 2199."""
    return Day(
        required=needed,
        allow_none=not needed,
        validate=validate.Range(
            date(1900, 1, 1), date(2199, 12, 31), error=_l("This must be a day between 1900 and 2199.")
        ),
        error_messages=_messages(_l("This must be a day, such as 2026-11-23.")),
        metadata=_describe(description),
    )


def vin(description: str = "") -> Vin:
    """A vehicle identification number."""
    return Vin(
        allow_none=True,
        error_messages=_messages(_l("This must be text.")),
        metadata=_describe(description, maxLength=40),
    )


def yes(description: str = "") -> Yes:
    """A box that is ticked or not."""
    return Yes(load_default=False, metadata=_describe(description))


def moment(needed: bool = False, description: str = "") -> Moment:
    """A day and time between 1900 and 2199."""
    words = _l("This must be a day and time between 1900 and 2199, such as 2026-11-23T07:30.")
    return Moment(
        required=needed,
        allow_none=not needed,
        error_messages=_messages(words),
        metadata=_describe(description),
    )


def choice(of: Iterable[str], needed: bool = True, description: str = "") -> Text:
    """One of these words."""
    return Text(
        required=needed,
        validate=validate.OneOf(list(of), error=_l("This must be one of: {choices}.")),
        error_messages=_messages(_l("This must be text.")),
        metadata=_describe(description),
    )


def words(of: Iterable[str], description: str = "") -> Words:
    """Several of these words."""
    return Words(
        choice(of),
        load_default=list,
        error_messages={"invalid": _l("This must be a list.")},
        metadata=_describe(description),
    )


def colour(initial: str) -> Text:
    """A colour, as #206bc4."""
    shape = validate.Regexp(r"#[0-9a-f]{6}\Z", error=_l("This must be a colour, such as #206bc4."))
    return Text(
        load_default=initial,
        validate=shape,
        error_messages=_messages(_l("This must be text.")),
        metadata=_describe("as #206bc4", maxLength=7),
    )


def _messages(invalid: Any) -> dict[str, Any]:
    return {"required": REQUIRED, "null": REQUIRED, "invalid": invalid}


def _describe(description: str, **more: Any) -> dict[str, Any]:
    return {"description": description, **more} if description else more
