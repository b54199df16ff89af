"""Trips, stops, idling, towing and what the ignition does.

A rest ends a trip. It is a standing of REST_S or more, or one within which the ignition is off for
IGNITION_REST_S or more; being towed belongs to it. The trip ends when the ignition goes off and the next
begins when it goes on; but where the engine ran at rest for REST_S or more before or after that, it ends
when the vehicle halted and begins when it moved. Without ignition it is always the motion that counts.
"""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from local.drives.definitions import (
    IDLING_S,
    IGNITION_FLICKER_S,
    IGNITION_REST_S,
    REST_S,
    TOW_M,
    TRIP_M,
    Happening,
)
from local.drives.journey import Journey
from local.drives.truth.spans import Span, cross, length, merge_spans


def find_ignition(journey: Journey) -> list[Span]:
    """From when to when the ignition is on, flickers left out."""
    corners = [*journey.switches, (journey.time, False)]
    spans = [(a, b) for (a, on), (b, _) in pairwise(corners) if on and a < b]
    spans = merge_spans(spans, IGNITION_FLICKER_S)
    return [span for span in spans if length(span) >= IGNITION_FLICKER_S]


def find_changes(journey: Journey, ignition: list[Span]) -> list[Happening]:
    """Each time that the ignition goes on or off."""
    found = [Happening("ignition_on", start) for start, _ in ignition if start > journey.begins]
    return found + [Happening("ignition_off", end) for _, end in ignition if end < journey.time]


def find_idling(journey: Journey, ignition: list[Span]) -> list[Happening]:
    spans = cross(journey.standings(), ignition)
    return [Happening("idling", *span) for span in spans if length(span) >= IDLING_S]


def find_trips(journey: Journey, ignition: list[Span] | None) -> list[Happening]:
    """The trips; `ignition` is None where the unit does not tell it."""
    rests = _find_rests(journey, ignition)
    trips = []
    for (_, start), (end, _) in pairwise(rests):
        driven = journey.at(end).driven_m - journey.at(start).driven_m
        if driven >= TRIP_M:
            trips.append(Happening("trip", start, end, value=driven))
    return trips


def find_stops(trips: list[Happening], tows: list[Happening]) -> list[Happening]:
    """Where the vehicle stood between trips: one place before it was towed, and another after."""
    between = [(a.ends_at or b.starts_at, b.starts_at) for a, b in pairwise(trips)]
    moved = [(tow.starts_at, tow.ends_at or tow.starts_at) for tow in tows]
    return [
        Happening("stop", *span) for rest in between for span in cross([rest], _invert_within(moved, rest))
    ]


def _invert_within(spans: list[Span], whole: Span) -> list[Span]:
    return _invert([span for span in spans if whole[0] <= span[0] and span[1] <= whole[1]], whole)


def find_tows(journey: Journey, ignition: list[Span]) -> list[Happening]:
    tows = []
    for start, end in _invert(ignition, (journey.begins, journey.time)):
        moves = cross([(start, end)], _invert(journey.standings(), (journey.begins, journey.time)))
        if not moves:
            continue
        away = abs(journey.at(moves[-1][1]).point - journey.at(start).point)
        if away >= TOW_M:
            tows.append(Happening("tow", moves[0][0], moves[-1][1], value=away))
    return tows


def find_unauthorised(trips: list[Happening], settings: dict[str, Any]) -> list[Happening]:
    """Trips that begin outside the permitted hours, `HH:MM-HH:MM` in UTC; they may pass midnight."""
    if "hours" not in settings:
        return []
    opens, closes = settings["hours"].split("-")
    found = []
    for trip in trips:
        clock = f"{datetime.fromtimestamp(trip.starts_at, UTC):%H:%M}"
        permitted = opens <= clock < closes if opens < closes else clock >= opens or clock < closes
        if not permitted:
            found.append(Happening("unauthorised", trip.starts_at, trip.ends_at))
    return found


def _find_rests(journey: Journey, ignition: list[Span] | None) -> list[Span]:
    if ignition is None:
        return [span for span in journey.standings() if length(span) >= REST_S]
    whole = (journey.begins, journey.time)
    off = _invert(ignition, whole)
    moves = cross(_invert(journey.standings(), whole), ignition)
    rests = []
    for start, end in _invert(merge_spans(moves, 0.01), whole):
        offs = [span for span in cross([(start, end)], off) if length(span) >= IGNITION_REST_S]
        if offs:
            ends = offs[0][0] if offs[0][0] - start < REST_S else start
            begins = offs[-1][1] if end - offs[-1][1] < REST_S else end
            rests.append((ends, begins))
        elif end - start >= REST_S:
            rests.append((start, end))
    return rests


def _invert(spans: list[Span], whole: Span) -> list[Span]:
    """What the spans leave of the whole."""
    corners = [whole[0], *(time for span in spans for time in span), whole[1]]
    return [(a, b) for a, b in zip(corners[::2], corners[1::2], strict=True) if a < b]
