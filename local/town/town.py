"""The demo town: drawn from a seed, driven by the simulator, shown beneath the vehicles."""

import cmath
import math
from random import Random
from typing import NamedTuple

from local.town.arterials import draw_arterials, draw_bridges, draw_county_roads, draw_river_drives
from local.town.extent import Extent, draw_field
from local.town.geometry import Line
from local.town.ground import Ground
from local.town.grounds import Grounds, Site, choose_sites, draw_river_parks, fence
from local.town.growth import Growth
from local.town.junctions import cut_overhangs
from local.town.manners import choose_manners
from local.town.names import NameBook
from local.town.naming import name_junction, name_streets
from local.town.network import Network, build_network
from local.town.streets import Street
from local.town.waters import Waters, draw_pond, draw_waters

DRAWING = 2  # to be raised whenever the same seed draws another town than before
STOP_DISTANCE, PLACE_DISTANCE = 330.0, 600.0  # metres, at least
POND = 75.0  # a park with at least this radius has a pond


class Stop(NamedTuple):
    """A bus stop at a junction of the network."""

    name: str
    junction: int


class Place(NamedTuple):
    """A neighbourhood's name and where it is written."""

    name: str
    point: complex


class Town(NamedTuple):
    """Everything on the map; points in metres east and north of the centre."""

    streets: list[Street]
    network: Network
    waters: Waters
    ponds: list[Line]
    grounds: list[Grounds]
    places: list[Place]
    stops: list[Stop]


def name_drawing(seed: int) -> str:
    """What tells this drawing from that of another seed and from older ones of the same seed."""
    return f"{seed}/{DRAWING}"


def draw_town(seed: int) -> Town:
    """Draw the town of this seed; the same seed draws the same town."""
    rng = Random(seed)  # noqa: S311
    spin = cmath.rect(1.0, rng.uniform(0, 2 * math.pi))
    waters, extent, ground = draw_waters(rng, spin), Extent(rng), Ground()
    ground.take_along(waters.river, [width + 48 for width in waters.half_widths])
    ground.take_ring(waters.lake, 50)
    arterials = draw_arterials(rng, spin)
    axis = spin * cmath.rect(1.0, rng.uniform(-0.06, 0.06))
    growth = Growth(rng, draw_field(rng, axis, extent, arterials, waters.river), ground)
    roads = [*arterials, *draw_county_roads(rng, arterials, waters)]
    for street in [*roads, *draw_river_drives(rng, waters), *draw_bridges(rng, spin, waters)]:
        growth.lay(street)
    sites = _grow(rng, growth, extent, ground)
    streets = cut_overhangs(growth.streets, rng)
    network = build_network(streets)
    book = NameBook(rng)
    name_streets(streets, network, axis, book)
    grounds = [*fence(sites, network, book), *draw_river_parks(rng, waters, network)]
    middles = [hood.middle for hood in extent.hoods if extent.block(hood.middle)]
    places = [Place(book.hood(), p) for p in _spread(middles, PLACE_DISTANCE)]
    ponds = [draw_pond(rng, s.centre, s.radius * 0.4) for s in sites if s.kind == "park" and s.radius > POND]
    return Town(streets, network, waters, ponds, grounds, places, _choose_stops(rng, network, extent))


def _grow(rng: Random, growth: Growth, extent: Extent, ground: Ground) -> list[Site]:
    """Let collectors grow, keep sites free for parks and schools, then fill the rest with streets."""
    collectors, blocks, courts = choose_manners(rng, extent)
    growth.fill(collectors)
    sites = choose_sites(rng, ground, growth.index, extent.edge)
    for manner in (blocks, blocks, courts):
        growth.fill(manner)
    return sites


def _choose_stops(rng: Random, network: Network, extent: Extent) -> list[Stop]:
    """Junctions for bus stops, spread over the town, none at a dead end."""
    candidates = [
        junction
        for junction, steps in enumerate(network.leaving)
        if len(steps) > 2 and extent.block(network.junctions[junction])
    ]
    rng.shuffle(candidates)
    chosen = set(_spread([network.junctions[junction] for junction in candidates], STOP_DISTANCE))
    return [
        Stop(name_junction(network, junction), junction)
        for junction in sorted(candidates)
        if network.junctions[junction] in chosen
    ]


def _spread(points: Line, distance: float) -> Line:
    """Those of the points that keep this distance from all that were taken before."""
    taken: Line = []
    for p in points:
        if all(abs(p - other) > distance for other in taken):
            taken.append(p)
    return taken
