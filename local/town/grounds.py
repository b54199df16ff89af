"""Parks, school grounds and depots: each takes up the block that the streets have left around its site."""

from collections.abc import Callable
from random import Random
from typing import Literal, NamedTuple

from local.town.geometry import Line, area, blob, inside, simplify, unit
from local.town.ground import Ground
from local.town.names import RIVER_PARKS, TOWN, NameBook
from local.town.network import Network
from local.town.streets import StreetIndex
from local.town.waters import DRIVE, Waters, banks

VERGE = 13.0  # from the middle of the street to the fence
GroundKind = Literal["park", "school", "depot"]


class Site(NamedTuple):
    """A place kept free of streets: what for, where, and how far around."""

    kind: GroundKind
    centre: complex
    radius: float


class Grounds(NamedTuple):
    """A named ground: its outline, and the junction nearest to its gate."""

    kind: GroundKind
    name: str
    ring: Line
    gate: int


def choose_sites(
    rng: Random, ground: Ground, index: StreetIndex, edge: Callable[[complex], float]
) -> list[Site]:
    """Sites spread over the town, clear of streets and of what is taken; each is marked as taken.

    `edge` gives the distance from the centre to the edge of the town in the direction of a point.
    """
    wanted: list[tuple[GroundKind, float, float, float]] = [("park", 180.0, 0.2, 0.65)]
    wanted += [("school", rng.uniform(72, 95), 0.2, 0.92) for _ in range(8)]
    wanted += [("depot", 70.0, 0.6, 0.8), ("depot", 55.0, 0.75, 0.9)]
    wanted += [("park", rng.uniform(45, 120), 0.15, 0.95) for _ in range(9)]
    sites: list[Site] = []
    for kind, radius, near, far in wanted:
        for _ in range(400):
            p = complex(rng.uniform(-3500, 3500), rng.uniform(-3500, 3500))
            if not near < abs(p) / edge(p) < far or not ground.is_free(blob(p, radius + 25, [], 12)):
                continue
            if any(abs(a - p) < radius + 15 for a, _, _ in index.near(p, radius + 15)):
                continue
            if all(abs(p - s.centre) > (1000 if kind == s.kind else 420) for s in sites):
                sites.append(Site(kind, p, radius))
                ground.take_ring(blob(p, radius, [], 24), 10)
                break
    return sites


def fence(sites: list[Site], network: Network, book: NameBook) -> list[Grounds]:
    """The outline of each site: its block within the streets, or a part of it where that is far too wide."""
    blocks = network.find_blocks()
    rings = []
    for site in sites:
        around = [ring for ring in blocks if inside(site.centre, ring)]
        block = min(around, key=area, default=[])
        fits = block and area(block) < 16 * site.radius**2 + 20_000
        rings.append(simplify(_shrink(block), 1.0) if fits else _plot(site, network))
    largest = max(area(ring) for site, ring in zip(sites, rings, strict=True) if site.kind == "school")
    grounds = []
    for site, ring in zip(sites, rings, strict=True):
        name = _name(site.kind, area(ring) == largest, book)
        grounds.append(Grounds(site.kind, name, ring, nearest_junction(network, site.centre)))
    return grounds


def draw_river_parks(rng: Random, waters: Waters, network: Network) -> list[Grounds]:
    """Green on both banks, between the water and the street along it."""
    shores = banks(waters.river, [width + 3 for width in waters.half_widths])
    verges = banks(waters.river, [DRIVE - VERGE] * len(waters.river))
    parks = []
    for shore, verge, name in zip(shores, verges, RIVER_PARKS, strict=True):
        first = int(len(shore) * rng.uniform(0.42, 0.56))
        last = first + int(len(shore) * rng.uniform(0.12, 0.16))
        ring = simplify([*shore[first:last], *reversed(verge[first:last])], 1.0)
        gate = nearest_junction(network, verge[(first + last) // 2])
        parks.append(Grounds("park", name, [*ring, ring[0]], gate))
    return parks


def nearest_junction(network: Network, p: complex) -> int:
    return min(range(len(network.junctions)), key=lambda junction: abs(network.junctions[junction] - p))


def _plot(site: Site, network: Network) -> Line:
    """A plot within a wide block: round for a park, else a rectangle along the nearest street."""
    if site.kind == "park":
        return blob(site.centre, site.radius + 10, [(0.14, 1.0), (0.08, 4.0)], 40)
    piece, _ = network.leaving[nearest_junction(network, site.centre)][0]
    along = unit(piece.line[1] - piece.line[0])
    corners = (-1.2 - 0.85j, 1.2 - 0.85j, 1.2 + 0.85j, -1.2 + 0.85j)
    ring = [site.centre + corner * site.radius * along for corner in corners]
    return [*ring, ring[0]]


def _name(kind: GroundKind, largest: bool, book: NameBook) -> str:
    if kind == "park":
        return book.park()
    if kind == "depot":
        return book.depot()
    return f"{TOWN} High School" if largest else book.school()


def _shrink(ring: Line) -> Line:
    """A counter-clockwise ring moved inwards by the width of the verge."""
    around = ring[:-1]
    shrunk = []
    for i, p in enumerate(around):
        into, out = unit(p - around[i - 1]), unit(around[(i + 1) % len(around)] - p)
        across = (into + out) * 1j
        if abs(across) > 0.3:
            shrunk.append(p + across * (2 * VERGE / abs(across) ** 2))
    return [*shrunk, shrunk[0]]
