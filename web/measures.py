"""Amounts that people enter in units of their own and that are kept in ours: lengths, speeds, volumes."""

import math
import re
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, missing

from web import formats
from web.values import REQUIRED, Number

GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")


class Measure(Number):
    """An amount: a text is in the reader's unit, a number of a program in ours."""

    metric: tuple[str, float] = ("", 1.0)
    imperial: tuple[str, float] = ("", 1.0)
    decimals = 0

    def __init__(
        self,
        least: float,
        most: float,
        needed: bool = False,
        description: str = "",
        initial: float | None = None,
    ) -> None:
        """`initial` is what a new record has where nothing is given; such an amount is always there."""
        wrong = _l("This must be a number.")
        super().__init__(
            required=needed,
            load_default=missing if initial is None else initial,
            allow_none=not needed and initial is None,
            allow_nan=False,
            error_messages={
                "required": REQUIRED,
                "null": REQUIRED,
                "invalid": wrong,
                "special": wrong,
                "too_large": wrong,
            },
            metadata={"description": description},
        )
        self.least, self.most = least, most

    @property
    def unit(self) -> str:
        """The reader's unit."""
        return self._choose()[0]

    def _choose(self) -> tuple[str, float]:
        return self.imperial if formats.uses_miles() else self.metric

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        unit, size = self._choose() if isinstance(value, str) else (self.metric[0], self.metric[1])
        if isinstance(value, str) and GROUPED.fullmatch(value.strip()):
            value = value.replace(",", "")
        amount = float(super()._deserialize(value, attr, data, **kwargs))
        kept = round(amount * size if isinstance(value, str) else amount, self.decimals)
        if not math.isfinite(kept) or not self.least <= kept <= self.most:
            least, most = (_say_bound(bound / size) for bound in (self.least, self.most))
            raise ValidationError(
                _("This must be from %(least)s to %(most)s %(unit)s.", least=least, most=most, unit=unit)
            )
        return kept

    def enter(self, kept: float) -> str:
        """The shortest entry that is kept as this amount."""
        _unit, size = self._choose()
        entry = ""
        for digits in range(7):
            entry = f"{kept / size:.{digits}f}"
            if round(float(entry) * size, self.decimals) == round(kept, self.decimals):
                break
        return entry


def _say_bound(bound: float) -> str:
    return formats.decimal(bound) if bound < 100 else formats.number(bound)


class Distance(Measure):
    """Metres; people enter kilometres or miles."""

    metric = ("km", 1000.0)
    imperial = ("mi", formats.METRES_PER_MILE)


class Volume(Measure):
    """Litres; people enter litres or US gallons."""

    metric = ("L", 1.0)
    imperial = ("gal", formats.LITRES_PER_GALLON)
    decimals = 2


class Length(Measure):
    """Metres; people enter metres or feet."""

    metric = ("m", 1.0)
    imperial = ("ft", formats.METRES_PER_FOOT)
    decimals = 2


class Speed(Measure):
    """Metres per second; people enter kilometres or miles an hour."""

    metric = ("km/h", 1 / 3.6)
    imperial = ("mph", formats.METRES_PER_MILE / 3600)
    decimals = 4


class Same(Measure):
    """An amount that everybody enters in the unit that it is kept in."""

    decimals = 3

    def __init__(self, name: str, least: float, most: float, **more: Any) -> None:
        self.metric = self.imperial = (name, 1.0)
        super().__init__(least, most, **more)


class Minutes(Measure):
    """Whole seconds; people enter minutes."""

    metric = imperial = ("min", 60.0)


class Seconds(Measure):
    """Whole seconds."""

    metric = imperial = ("s", 1.0)
