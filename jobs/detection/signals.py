"""What the device itself raised, and its silence."""

from collections.abc import Iterator

import numpy as np

from jobs.detection.findings import Event
from jobs.detection.look import Look
from sql.tracks import IGNITION_OFF

SOS = frozenset({"sos", "panic", "emergency"})
HARSH = frozenset({"harsh_braking", "harsh_acceleration", "harsh_cornering"})
# What trackers say of an ordinary report.
ORDINARY = frozenset(
    {
        "",
        "position",
        "periodic",
        "ping",
        "heartbeat",
        "motion",
        "stop",
        "moving",
        "ignition_on",
        "ignition_off",
    }
)
LONGEST_DETAIL = 200


def find_calls(look: Look) -> Iterator[Event]:
    """Emergency calls, alarms, and harsh driving that the device felt; inaccurate places are good enough."""
    for place, name in sorted(look.names.items()):
        word = name.strip().lower()
        kind = "sos" if word in SOS else word if word in HARSH else "device_alarm"
        if word in ORDINARY or not (rule := look.rules.get(kind)):
            continue
        at = int(look.every.time[place])
        if rule.applies(at):
            detail = name[:LONGEST_DETAIL] if kind == "device_alarm" else "device"
            yield Event(kind, at, at, place, place, place, detail=detail)


def find_silences(look: Look) -> Iterator[Event]:
    """Nothing heard for as long as the rule says, though the engine was not off; the value is the seconds."""
    if not (rule := look.rules.get("offline")):
        return
    every = look.every
    silent = (every.step_time > rule.lasting) & (every.ignition[:-1] != IGNITION_OFF)
    for place in np.flatnonzero(silent).tolist():
        at, back = int(every.time[place]), int(every.time[place + 1])
        if rule.applies(at):
            seconds = every.step_time[place] / 1_000_000
            yield Event("offline", at, back, place, place + 1, place + 1, seconds, rule.lasting / 1_000_000)
