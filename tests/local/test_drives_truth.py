"""The truth of labelled drives, found once more another way: by the second, by differences, on the globe."""

import math
from itertools import groupby, pairwise
from random import Random

import pytest

from local.drives.definitions import HARSH_KINDS, Happening
from local.drives.drives import find_truth
from local.drives.fence import Fence
from local.drives.ground import Ground
from local.drives.journey import Journey
from local.drives.scenario import Plan
from local.drives.scenarios import SCENARIOS

NOON = 1_772_452_800.0  # 2026-03-02 12:00 UTC


def of(kind: str, happenings: list[Happening]) -> list[Happening]:
    return [happening for happening in happenings if happening.kind == kind]


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_journey_moves_as_it_says(name: str) -> None:
    journey = plan(name, 1).journey
    assert journey.at(journey.time).speed_mps == 0
    for before, after in pairwise(journey.pieces):
        met = journey.at(after.time - 1e-9)
        assert after.time == pytest.approx(before.time + before.duration)
        assert abs(met.point - after.point) < 1e-5
        assert met.speed_mps == pytest.approx(after.speed_mps, abs=1e-6)
    rng = Random(1)
    for _ in range(300):
        time = rng.uniform(journey.begins + 1, journey.time - 1)
        a, b, c = journey.at(time - 0.01), journey.at(time), journey.at(time + 0.01)
        assert abs(c.point - a.point) / 0.02 == pytest.approx(b.speed_mps, abs=0.08)
        if b.speed_mps > 1:
            way = (c.point - a.point) / abs(c.point - a.point)
            assert abs(way - complex(math.cos(b.heading), math.sin(b.heading))) < 0.02


def plan(name: str, seed: int) -> Plan:
    return SCENARIOS[name].write(Journey(Random(f"{name} {seed}"), NOON))


class Look:
    """A journey seen second by second, from its places and its ignition alone."""

    def __init__(self, plan: Plan) -> None:
        journey, self.told = plan.journey, plan.tracker.tells_ignition
        self.begins, self.count = journey.begins, int(journey.time - journey.begins)
        self.places = [journey.at(journey.begins + i / 4).point for i in range(4 * self.count + 1)]
        self.ignition = [False] * self.count
        for (start, on), end in zip(
            journey.switches, [*(time for time, _ in journey.switches[1:]), journey.time], strict=True
        ):
            for i in range(math.ceil(start - self.begins), math.ceil(end - self.begins)):
                if i < self.count:
                    self.ignition[i] = on
        self.ignition = self.smooth(self.ignition)
        self.speeds = [abs(b - a) for a, b in zip(self.places, self.places[4:], strict=False)]
        self.moves = [max(self.speeds[4 * i : 4 * i + 2]) > 0.02 for i in range(self.count)]
        self.drives = [
            moves and (on or not self.told) for moves, on in zip(self.moves, self.ignition, strict=True)
        ]

    @staticmethod
    def smooth(ignition: list[bool]) -> list[bool]:
        spans = [(on, len(list(each))) for on, each in groupby(ignition)]
        kept: list[bool] = []
        for on, lasts in spans:
            kept += [on if lasts >= 9 or not kept else kept[-1]] * lasts
        return kept

    def spans(self, flags: list[bool], least: int) -> list[tuple[int, int]]:
        found, at = [], 0
        for flag, each in groupby(flags):
            lasts = len(list(each))
            if flag and lasts >= least:
                found.append((at, at + lasts))
            at += lasts
        return found

    def rests(self) -> list[tuple[int, int]]:
        rests = []
        for start, end in self.spans([not drives for drives in self.drives], 1):
            off = [i for i in range(start, end) if self.told and not self.ignition[i]]
            if len(off) >= 30:
                rests.append(
                    (off[0] if off[0] - start < 180 else start, off[-1] + 1 if end - off[-1] < 180 else end)
                )
            elif end - start >= 180:
                rests.append((start, end))
        return rests

    def trips(self) -> list[tuple[int, int]]:
        metres = [speed / 4 for speed in self.speeds]
        between = [(a[1], b[0]) for a, b in pairwise(self.rests())]
        return [(a, b) for a, b in between if sum(metres[4 * a : 4 * b]) >= 200]

    def stops(self, trips: list[tuple[int, int]]) -> list[tuple[int, int]]:
        tows = self.tows() if self.told else []
        found = []
        for (_, start), (end, _) in pairwise(trips):
            for begin, over in [tow for tow in tows if start <= tow[0] < end]:
                found.append((start, begin))
                start = over
            found.append((start, end))
        return found

    def tows(self) -> list[tuple[int, int]]:
        found = []
        for start, end in self.spans([not on for on in self.ignition], 30):
            moves = [i for i in range(start, end) if self.moves[i]]
            if moves and abs(self.places[4 * moves[-1]] - self.places[4 * start]) >= 200:
                found.append((moves[0], moves[-1] + 1))
        return found


def agree(look: Look, found: list[tuple[int, int]], true: list[Happening], within_s: float = 3.0) -> bool:
    """Whether spans in seconds since the begin are the spans of the truth."""
    expected = [(h.starts_at - look.begins, (h.ends_at or math.inf) - look.begins) for h in true]
    return len(found) == len(expected) and all(
        abs(a - c) <= within_s and (d == math.inf or abs(b - d) <= within_s)
        for (a, b), (c, d) in zip(found, sorted(expected), strict=True)
    )


@pytest.mark.parametrize("name", SCENARIOS)
def test_trips_and_rests_are_the_same_when_counted_by_the_second(name: str) -> None:
    this = plan(name, 2)
    truth, look = find_truth(this, []), Look(this)
    trips = look.trips()
    assert agree(look, trips, of("trip", truth))
    assert agree(look, look.stops(trips), of("stop", truth))
    for trip in of("trip", truth):
        start, end = (int(4 * (time - look.begins)) for time in (trip.starts_at, trip.ends_at or 0))
        assert trip.value == pytest.approx(sum(look.speeds[start:end]) / 4, rel=0.01)
    if not look.told:
        assert not {"ignition_on", "ignition_off", "idling", "tow"} & {h.kind for h in truth}
        return
    idles = [on and not moves for on, moves in zip(look.ignition, look.moves, strict=True)]
    assert agree(look, look.spans(idles, 300), of("idling", truth))
    assert agree(look, look.tows(), of("tow", truth))
    changes = [(i, on) for i, (was, on) in enumerate(pairwise(look.ignition), 1) if was != on]
    for kind, wanted in (("ignition_on", True), ("ignition_off", False)):
        assert agree(look, [(i, i) for i, on in changes if on is wanted], of(kind, truth))


@pytest.mark.parametrize("name", SCENARIOS)
def test_speeding_and_harshness_are_the_same_by_differences_of_places(name: str) -> None:
    this = plan(name, 3)
    truth, look = find_truth(this, []), Look(this)
    general = this.settings.get("speed_limit_mps", 25.0)
    fast = []
    for place, speed in zip(look.places[2:], look.speeds, strict=False):
        limits = [z.speed_limit_mps for z in this.zones if z.speed_limit_mps and inside_ring(place, z.points)]
        fast.append(speed > min([general, *limits]))
    runs = join([(a / 4, b / 4) for a, b in look.spans(fast, 1)], 5)
    found = [(round(a), round(b)) for a, b in runs if b - a >= 10]
    assert agree(look, found, of("overspeed", truth))
    if this.tracker.interval_s > 1:
        assert not {h.kind for h in truth} & set(HARSH_KINDS)
        return
    change = [b - a for a, b in zip(look.speeds, look.speeds[4:], strict=False)]
    steps = [b - a for a, b in pairwise(look.places)]
    bend = [abs(bend_of(a, b)) * 4 * abs(b) * 4 for a, b in pairwise(steps)]
    for kind, values, least in (
        ("harsh_braking", [-c for c in change], 3.5),
        ("harsh_acceleration", change, 3.0),
        ("harsh_cornering", bend, 4.0),
    ):
        spans = [(round(a / 4), round(b / 4)) for a, b in look.spans([v >= least for v in values], 6)]
        assert agree(look, spans, of(kind, truth)), kind


def bend_of(a: complex, b: complex) -> float:
    """Radians between two steps."""
    return math.atan2((b / a).imag, (b / a).real) if abs(a) > 0.05 and abs(b) > 0.05 else 0.0


def join(spans: list[tuple[float, float]], gap: float) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for start, end in spans:
        if joined and start - joined[-1][1] < gap:
            start = joined.pop()[0]
        joined.append((start, end))
    return joined


def inside_ring(p: complex, ring: list[complex]) -> bool:
    """Whether the ring winds around the point."""
    winding = sum(math.atan2(((b - p) / (a - p)).imag, ((b - p) / (a - p)).real) for a, b in pairwise(ring))
    return abs(winding) > math.pi


@pytest.mark.parametrize("name", [name for name in SCENARIOS if plan(name, 4).zones])
def test_fences_on_the_globe_are_crossed_when_the_truth_says_so(name: str) -> None:
    this = plan(name, 4)
    truth, look = find_truth(this, []), Look(this)
    for latitude, longitude in ((-54.0, 179.99), (64.0, -21.9)):
        ground = Ground(latitude, longitude)
        for zone in this.zones:
            fence = zone.place_on(ground)
            within = [is_within(ground, place, fence) for place in look.places[::4]]
            if zone.is_corridor:
                during = [any(a <= i < b for a, b in look.trips()) for i in range(len(within))]
                beside = [out and on for out, on in zip((not w for w in within), during, strict=True)]
                assert agree(look, look.spans(beside, 60), of("off_route", truth))
                assert not of("fence_enter", truth)
                continue
            stays = [(w, len(list(each))) for w, each in groupby(within)]
            assert all(lasts >= 38 or lasts <= 24 for _, lasts in stays[1:])
            at, side, events = stays[0][1], stays[0][0], []
            for inside, lasts in stays[1:]:
                if lasts >= 30 and inside is not side:
                    events.append((inside, at))
                    side = inside
                at += lasts
            for kind, wanted in (("fence_enter", True), ("fence_leave", False)):
                assert agree(look, [(i, i) for inside, i in events if inside is wanted], of(kind, truth), 1.5)
            assert len(of("fence_dwell", truth)) == len(look.spans(within, 600))


def is_within(ground: Ground, place: complex, fence: Fence) -> bool:
    """Whether a place lies within a fence, by its latitudes and longitudes."""
    here = ground.locate(place)
    if fence.centre is not None:
        assert fence.radius_m is not None
        return measure(here, fence.centre) < fence.radius_m
    scale = math.cos(math.radians(here[0]))

    def lay(there: tuple[float, float]) -> complex:
        turn = (there[1] - here[1] + 180) % 360 - 180
        return complex(turn * scale, there[0] - here[0]) * 111_300

    if fence.ring is not None:
        return inside_ring(0j, [lay(corner) for corner in fence.ring])
    assert fence.line is not None
    assert fence.half_width_m is not None
    nearest = min(
        abs(a + (b - a) * max(0.0, min(1.0, (-a / (b - a)).real)))
        for a, b in pairwise([lay(corner) for corner in fence.line])
    )
    return nearest < fence.half_width_m


@pytest.mark.parametrize("name", [n for n in SCENARIOS if plan(n, 5).journey.fuel])
def test_fuel_is_stolen_where_ten_points_go_in_ten_minutes(name: str) -> None:
    this = plan(name, 5)
    corners = this.journey.fuel
    levels = [level(corners, time) for time in range(int(corners[0][0]), int(corners[-1][0]), 10)]
    fell = [a - b >= 10 for a, b in zip(levels, levels[60:], strict=False)]
    drops = of("fuel_drop", find_truth(this, []))
    assert len(drops) == any(fell)
    for drop in drops:
        assert drop.value == pytest.approx(max(levels) - min(levels), abs=3)


def level(corners: list[tuple[float, float]], time: float) -> float:
    for (a, before), (b, after) in pairwise(corners):
        if a <= time <= b:
            return before + (after - before) * (time - a) / (b - a)
    raise AssertionError(time)


def measure(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Metres between two near places, by the ellipsoid's radii of curvature."""
    middle = math.radians((a[0] + b[0]) / 2)
    squared = 0.00669437999014
    bulge = 1 - squared * math.sin(middle) ** 2
    north = 6_378_137.0 * (1 - squared) / bulge**1.5 * math.radians(b[0] - a[0])
    turn = (b[1] - a[1] + 180) % 360 - 180
    east = 6_378_137.0 / math.sqrt(bulge) * math.cos(middle) * math.radians(turn)
    return math.hypot(north, east)
