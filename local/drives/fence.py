"""Fences: on the plane, where the truth is found, and on the globe, as a detector gets them."""

from itertools import pairwise
from typing import NamedTuple

from local.drives.ground import Ground
from local.town.geometry import Line, inside

Place = tuple[float, float]


class Fence(NamedTuple):
    """A circle (`centre`, `radius_m`), a polygon (`ring`, closed) or a corridor (`line`, `half_width_m`).

    A place is (latitude, longitude). A corridor is a route to keep to; it is neither entered nor left.
    """

    name: str
    centre: Place | None = None
    radius_m: float | None = None
    ring: list[Place] | None = None
    line: list[Place] | None = None
    half_width_m: float | None = None
    speed_limit_mps: float | None = None


class Zone(NamedTuple):
    """A fence on the plane: a circle about one point, a polygon (closed) or a corridor about a line."""

    name: str
    points: Line
    radius_m: float = 0.0
    is_corridor: bool = False
    speed_limit_mps: float | None = None

    def depth(self, p: complex) -> float:
        """How many metres within the fence a point lies; negative outside."""
        if len(self.points) == 1:
            return self.radius_m - abs(p - self.points[0])
        away = min(_distance(p, a, b) for a, b in pairwise(self.points))
        if self.is_corridor:
            return self.radius_m - away
        return away if inside(p, self.points) else -away

    def place_on(self, ground: Ground) -> Fence:
        places = [ground.locate(point) for point in self.points]
        fence = Fence(self.name, speed_limit_mps=self.speed_limit_mps)
        if self.is_corridor:
            return fence._replace(line=places, half_width_m=self.radius_m)
        if len(places) > 1:
            return fence._replace(ring=places)
        return fence._replace(centre=places[0], radius_m=self.radius_m)


def _distance(p: complex, a: complex, b: complex) -> float:
    """Metres from a point to a segment."""
    along = ((p - a) / (b - a)).real
    return abs(p - (a + (b - a) * min(1.0, max(0.0, along))))
