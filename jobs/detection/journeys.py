"""Trips, and the stops between them.

At each fix a vehicle drives, rests, or is moved with its ignition off. What makes it hard is what is too
short to count: a red light is no stop, moving up in the yard is no trip, and a receiver's noise is neither.
So a rest must last, or have the ignition off, or it belongs to the trip around it; and a drive must lead
somewhere, or it belongs to the stop around it. A trip begins when the ignition is switched on and ends when
it is switched off; where the engine runs for long before or after that, or the device does not tell, motion
counts.

Each piece is judged by itself, not by what came before, except for the place of the stop that one is in: that
is all that has to be known to begin in the middle of a track.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from jobs.detection.motion import Motion
from jobs.detection.runs import Run, find_runs
from jobs.detection.track import SECOND, Booleans, Floats, Track, measure, wrap
from sql.tracks import IGNITION_OFF, IGNITION_ON

RESTING, DRIVING, TOWED = 0, 1, 2

SHORTEST_REST = 180 * SECOND
SHORTEST_OFF = 30 * SECOND
SHORTEST_DRIVE = 60 * SECOND  # where no ignition vouches for it
SHORTEST_QUIET = 360 * SECOND
SHORTEST_TRIP_MM = 200_000
NEAREST_GOAL_M = 100.0
NEAREST_TOW_M = 200.0
SAME_PLACE_M = 300.0  # what a vehicle may have moved in a silence and still stand where it stood
STIRRING_M = 15.0
SETTLING = 180 * SECOND
MOST_TRIMMED = 120


class Place(NamedTuple):
    """Degrees."""

    latitude: float
    longitude: float


@dataclass
class Stop:
    """Where and from when to when a vehicle stood, and the first and the last fix of it in the track.

    Half of its first fixes are within `spread_m` of its place.
    From `quiet_from` to `quiet_until` its engine did not run and nothing stirred, the last time that this was
    so for some minutes; 0 where it never was.
    """

    started_at: int
    place: Place
    spread_m: float
    first: int
    ended_at: int = 0
    last: int = 0
    is_open: bool = False
    quiet_from: int = 0
    quiet_until: int = 0


class Trip(NamedTuple):
    """The first and the last fix of a trip; an open one goes on beyond the track."""

    first: int
    last: int
    is_open: bool


class Tow(NamedTuple):
    """The first and the last fix between which a vehicle was moved with its ignition off."""

    first: int
    last: int
    distance_m: float


@dataclass
class Journeys:
    """What a track consists of, each in order of time."""

    trips: list[Trip] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    tows: list[Tow] = field(default_factory=list)


class Piece(NamedTuple):
    """Fixes of one state, from `first` to `last`, with no silence among them."""

    state: int
    first: int
    last: int


def find_journeys(track: Track, motion: Motion, begin: int, standing: Stop | None) -> Journeys:
    """The journeys from the fix `begin` on, where the vehicle stands at `standing`, or nobody knows.

    That stop comes first among the stops, with its end, if any fix follows.
    """
    finder = _Finder(track, motion, standing)
    pieces = _absorb_short_rests(track, motion, _cut_into_pieces(track, motion, begin))
    for number, piece in enumerate(pieces):
        finder.add(piece, is_last=number == len(pieces) - 1)
    return finder.finish()


def _cut_into_pieces(track: Track, motion: Motion, begin: int) -> list[Piece]:
    moved = np.where(motion.ignition == IGNITION_OFF, TOWED, DRIVING)
    states = np.where(motion.is_moving, moved, RESTING)[begin:]
    if not len(states):
        return []
    cuts = np.flatnonzero((np.diff(states) != 0) | track.is_silence[begin:]) + 1
    firsts = [0, *cuts.tolist()]
    lasts = [*(cuts - 1).tolist(), len(states) - 1]
    return [
        Piece(int(states[first]), begin + first, begin + last)
        for first, last in zip(firsts, lasts, strict=True)
    ]


def _absorb_short_rests(track: Track, motion: Motion, pieces: list[Piece]) -> list[Piece]:
    """The pieces with every rest made part of the drive around it that is too short to be a stop."""
    joined: list[Piece] = []
    for number, piece in enumerate(pieces):
        follows = number > 0 and not track.is_silence[piece.first - 1]
        leads = number + 1 < len(pieces) and not track.is_silence[piece.last]
        is_head = number + 1 == len(pieces)
        state, before = piece.state, joined[-1].state if follows else RESTING
        if (
            state == RESTING
            and before != RESTING
            and (is_head or (leads and pieces[number + 1].state == before))
        ):
            end = piece.last + 1 if leads else piece.last
            if not _is_rest(track, motion, piece.first, end, before):
                state = before
        if state == before != RESTING:
            joined[-1] = Piece(state, joined[-1].first, piece.last)
        else:
            joined.append(Piece(state, piece.first, piece.last))
    return joined


def _is_rest(track: Track, motion: Motion, first: int, end: int, before: int) -> bool:
    """Whether a rest from a fix to another is more than a pause."""
    if track.time[end] - track.time[first] >= SHORTEST_REST:
        return True
    return before == DRIVING and any(
        track.time[min(off.last + 1, end)] - track.time[off.first] >= SHORTEST_OFF
        for off in _find_offs(motion, first, end)
    )


def _find_offs(motion: Motion, first: int, end: int) -> list[Run]:
    """When the ignition was off among some fixes, `end` left out."""
    is_off = motion.ignition[first:end] == IGNITION_OFF
    return [Run(first + off.first, first + off.last) for off in find_runs(is_off)]


class _Finder:
    """Goes through the pieces of a track and knows the stop that the vehicle is in, if any."""

    def __init__(self, track: Track, motion: Motion, standing: Stop | None) -> None:
        self._track, self._motion = track, motion
        self._stop = standing
        self._latest: Piece | None = None
        self._found = Journeys()

    def add(self, piece: Piece, is_last: bool) -> None:
        """The next piece."""
        if self._latest is not None and self._track.is_silence[piece.first - 1]:
            self._pass_silence(piece.first - 1)
        if piece.state == RESTING:
            if self._stop is None:
                self._begin_stop(self._find_arrival(piece), piece.last)
        elif piece.state == DRIVING and self._leads_somewhere(piece):
            self._add_trip(piece, is_last)
        elif piece.state == TOWED and (distance_m := self._find_tow(piece)):
            start = max(piece.first - 1, 0)
            self._end_stop(start)
            self._found.tows.append(Tow(start, piece.last, distance_m))
        elif self._stop is None:  # what leads nowhere is part of the stop
            self._begin_stop(self._find_arrival(piece), piece.last)
        if self._stop is not None:
            self._stop.last = piece.last
        self._latest = piece

    def finish(self) -> Journeys:
        """What was found; the stop that the vehicle is in stays open."""
        if self._stop is not None and self._latest is not None:
            self._end_stop(self._latest.last)
            self._found.stops[-1].is_open = True
        return self._found

    def _pass_silence(self, before: int) -> None:
        """Between the fix `before` and the next nobody knows what happened, only how far it led."""
        track = self._track
        place = self._stop.place if self._stop else Place(track.latitude[before], track.longitude[before])
        distance_m = float(measure(*place, track.latitude[before + 1], track.longitude[before + 1]))
        if distance_m < SAME_PLACE_M:
            if self._stop is None:
                self._begin_stop(before, before)
            return
        if self._stop is not None:
            self._end_stop(before)
        ignition = self._motion.ignition
        if ignition[before] == ignition[before + 1] == IGNITION_OFF:
            self._found.tows.append(Tow(before, before + 1, distance_m))

    def _begin_stop(self, first: int, last: int) -> None:
        track = self._track
        settled = int(np.searchsorted(track.time, track.time[first] + SETTLING, "right"))
        early = slice(first, min(settled, last + 1))
        place = _find_middle(track, early)
        away = measure(*place, track.latitude[early], track.longitude[early])
        self._stop = Stop(int(track.time[first]), place, round(_take_middle(away), 1), first)

    def _end_stop(self, last: int) -> None:
        if self._stop is None:
            return
        stop, self._stop = self._stop, None
        stop.last, stop.ended_at = last, int(self._track.time[last])
        self._find_quiet(stop)
        self._found.stops.append(stop)

    def _find_quiet(self, stop: Stop) -> None:
        """The last long quiet of a stop; what was quiet where the track begins has been so for some time."""
        track, own = self._track, slice(stop.first, stop.last + 1)
        if stop.quiet_from:
            stop.quiet_until = int(track.time[stop.first])
        for run in find_runs(~self._motion.is_moving[own]):
            began = int(track.time[stop.first + run.first])
            if run.first == 0 and stop.quiet_from:
                began = stop.quiet_from
            ended = int(track.time[min(stop.first + run.last + 1, stop.last)])
            if ended - began >= SHORTEST_QUIET:
                stop.quiet_from, stop.quiet_until = began, ended

    def _add_trip(self, piece: Piece, is_last: bool) -> None:
        first = self._find_departure(piece)
        self._end_stop(first)
        self._found.trips.append(Trip(first, piece.last, is_last))

    def _leads_somewhere(self, piece: Piece) -> bool:
        track = self._track
        is_told = self._motion.ignition[piece.first] == IGNITION_ON
        if not is_told and track.time[piece.last] - track.time[piece.first] < SHORTEST_DRIVE:
            return False
        if (
            sum_moves_mm(track, self._motion.is_moving, max(piece.first - 1, 0), piece.last)
            < SHORTEST_TRIP_MM
        ):
            return False
        return self._find_reach(piece) >= NEAREST_GOAL_M

    def _find_tow(self, piece: Piece) -> float:
        """How far a vehicle was moved, in metres; 0 where it only seems so."""
        distance_m = self._find_reach(piece)
        lasted = self._track.time[piece.last] - self._track.time[piece.first]
        return distance_m if distance_m >= NEAREST_TOW_M and lasted >= SHORTEST_DRIVE else 0.0

    def _find_reach(self, piece: Piece) -> float:
        """How far the piece leads from where the vehicle stood, in metres."""
        latitude, longitude = self._track.smooth
        where = self._stop.place if self._stop else Place(latitude[piece.first], longitude[piece.first])
        own = slice(piece.first, piece.last + 1)
        return float(measure(*where, latitude[own], longitude[own]).max())

    def _find_departure(self, piece: Piece) -> int:
        """The fix at which a trip begins: the ignition is switched on, or the vehicle really leaves its
        place.

        Motion is looked for some seconds around, so its first fix is a little early.
        """
        track, latest, stop = self._track, self._latest, self._stop
        own = slice(piece.first, min(piece.last, piece.first + MOST_TRIMMED) + 1)
        away = np.flatnonzero(self._is_away(own, piece.first))
        left = piece.first + (int(away[0]) - 1 if len(away) else 0)
        if stop is None or latest is None:
            return left
        stood = int(np.searchsorted(track.time, stop.started_at, "left"))
        offs = _find_offs(self._motion, stood, left)
        if not offs or offs[-1].last + 1 > left:
            return left
        switched_on = offs[-1].last + 1
        is_warm_up = track.time[left] - track.time[switched_on] >= SHORTEST_REST
        return left if is_warm_up or track.is_silence[switched_on - 1] else switched_on

    def _find_arrival(self, rest: Piece) -> int:
        """The fix at which a trip ends and the rest after it begins: likewise."""
        latest, track = self._latest, self._track
        if latest is None or latest.state != DRIVING or not self._found.trips:
            return rest.first
        trip = self._found.trips[-1]
        if trip.last != rest.first - 1 or track.is_silence[trip.last]:
            return rest.first
        earliest = max(trip.first + 1, rest.first - MOST_TRIMMED)
        away = np.flatnonzero(self._is_away(slice(earliest, rest.first), rest.first))
        halted = earliest + (int(away[-1]) + 1 if len(away) else 0)
        offs = _find_offs(self._motion, halted, rest.last + 1)
        begin = halted
        if offs and track.time[offs[0].first] - track.time[halted] < SHORTEST_REST:
            begin = offs[0].first
        self._found.trips[-1] = Trip(trip.first, begin, trip.is_open)
        return begin

    def _is_away(self, own: slice, place: int) -> Booleans:
        latitude, longitude = self._track.smooth
        result: Booleans = (
            measure(latitude[place], longitude[place], latitude[own], longitude[own]) > STIRRING_M
        )
        return result


def sum_moves_mm(track: Track, is_moving: Booleans, first: int, last: int) -> int:
    """How far the track leads between two fixes, in millimetres, without the noise of standing."""
    steps = slice(first, last)
    is_move = (is_moving[first:last] | is_moving[first + 1 : last + 1]) & track.is_possible[steps]
    return int(track.step_mm[steps][is_move].sum())


def _find_middle(track: Track, own: slice) -> Place:
    """The middle of some fixes that are close together, to a centimetre."""
    origin = track.longitude[own.start]
    longitude = wrap(origin + _take_middle(wrap(track.longitude[own] - origin)))
    return Place(round(_take_middle(track.latitude[own]), 7), round(float(longitude), 7))


def _take_middle(values: Floats) -> float:
    """The median; np.median costs ten times as much for a few values."""
    return float(np.sort(values)[len(values) // 2])
