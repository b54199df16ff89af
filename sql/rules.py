"""Rules: what counts as an event, for the fleet one of each kind, and what differs for a vehicle.

The unit of a kind's threshold stands here, beside its limits; what people read of it in web/records/rules.py.
"""

from dataclasses import dataclass

from sql.audit import Row
from sql.records import RecordError, Records


@dataclass(frozen=True)
class Uses:
    """What a kind of rule asks for: a threshold in this unit between two limits, and a time that it lasts."""

    unit: str = ""
    least: float = 0
    most: float = 0
    lasts: bool = False


USES: dict[str, Uses] = {
    "overspeed": Uses("m/s", 1, 100, lasts=True),
    "harsh_braking": Uses("m/s2", 0.5, 20),
    "harsh_acceleration": Uses("m/s2", 0.5, 20),
    "harsh_cornering": Uses("m/s2", 0.5, 20),
    "idling": Uses(lasts=True),
    "ignition_on": Uses(),
    "ignition_off": Uses(),
    "tow": Uses("m", 20, 10_000),
    "offline": Uses(lasts=True),
    "low_battery": Uses("%", 1, 99),
    "power_cut": Uses("V", 0.5, 60),
    "fuel_drop": Uses("points", 1, 100, lasts=True),
    "unauthorised": Uses(),
    "off_route": Uses(lasts=True),
    "device_alarm": Uses(),
    "sos": Uses(),
    "fence_enter": Uses(),
    "fence_leave": Uses(),
    "fence_dwell": Uses(),
}
FIXED = ("kind", "vehicle_id")


class Rules(Records):
    """The rules, as one author keeps them: a new one is a vehicle's, and no rule becomes another's."""

    def _write(self, action: str, before: Row | None, values: Row) -> Row:
        after = {**(before or {}), **values}
        if before is None and after.get("vehicle_id") is None:
            raise RecordError("vehicle_id", "needed")
        if before is not None:
            for field in FIXED:
                if after[field] != before[field]:
                    raise RecordError(field, "fixed")
        if action in ("add", "change"):
            values = {**after, **_check_uses(after)}
        return super()._write(action, before, values)


def _check_uses(rule: Row) -> Row:
    """The threshold and time of a rule, which are there just where its kind uses them. Raises RecordError."""
    uses = USES[rule["kind"]]
    threshold, lasting_s = rule["threshold"], rule["lasting_s"]
    if uses.unit and threshold is None:
        raise RecordError("threshold", "needed")
    if uses.unit and not uses.least <= threshold <= uses.most:
        raise RecordError("threshold", "range")
    if uses.lasts and lasting_s is None:
        raise RecordError("lasting_s", "needed")
    return {"threshold": threshold if uses.unit else None, "lasting_s": lasting_s if uses.lasts else None}
