"""The main roads, laid before all others: two through the centre, radials, a ring, river drives, bridges."""

import cmath
import math
from random import Random

from local.town.geometry import Line, length, nearest, offset, resample, smooth, unit, walk
from local.town.names import COUNTY, DRIVES, ROADS
from local.town.streets import Street
from local.town.waters import DRIVE, Waters

STEP = 20.0
# Way points in metres, before the town is turned: the river runs from west to east, south of the centre.
MAIN = (
    *(-4150 + 300j, -2900 + 420j, -1700 + 160j, -700 + 0j, 0j),
    *(700 + 0j, 1800 + 330j, 2900 + 800j, 4100 + 1150j),
)
CROSS = (
    *(150 + 4150j, -120 + 2900j, 160 + 1700j, 700j, 0j),
    *(-700j, -180 - 1700j, 120 - 2800j, -250 - 4150j),
)
RADIALS = (
    (MAIN, (-1500 + 1500j, -2400 + 2300j, -3000 + 3300j, -3050 + 4150j)),
    (CROSS, (1150 + 1500j, 1900 + 2150j, 2900 + 2700j, 4050 + 3300j)),
    (MAIN, (-1550 - 1250j, -2300 - 1900j, -3300 - 2300j, -4150 - 3100j)),
    (CROSS, (950 - 1700j, 1500 - 2500j, 2300 - 3050j, 2900 - 4100j)),
)


def draw_arterials(rng: Random, spin: complex) -> list[Street]:
    """Curving main roads around the origin, turned by `spin`; each a street of its own."""

    def swayed(p: complex, most: float) -> complex:
        return p + complex(rng.uniform(-most, most), rng.uniform(-most, most))

    through = {
        way: resample(smooth([p if abs(p) < 1000 else swayed(p, 130) for p in way]), STEP)
        for way in (MAIN, CROSS)
    }
    lines = list(through.values())
    for way, radial in RADIALS:
        start = nearest(through[way], radial[0] * 0.42)
        lines.append(resample(smooth([start, *(swayed(p, 120) for p in radial)]), STEP))
    lines.append(resample(_draw_ring(rng), STEP))
    names = ["Main Street", "Founders Avenue", *rng.sample(ROADS, len(RADIALS)), "Ring Road"]
    return [
        Street("arterial", [p * spin for p in line], name) for line, name in zip(lines, names, strict=True)
    ]


def _draw_ring(rng: Random) -> Line:
    count = 11
    points = []
    for i in range(count):
        angle = 2 * math.pi * (i + rng.uniform(-0.18, 0.18)) / count
        radius = rng.uniform(1780, 2180) * (1 + 0.1 * math.cos(2 * angle))
        points.append(cmath.rect(radius, angle))
    return smooth(points, closed=True)


def draw_river_drives(rng: Random, waters: Waters) -> list[Street]:
    """A street along each bank through the middle of the town."""
    drives = []
    total = length(waters.river)
    for side, name in zip((1, -1), DRIVES, strict=True):
        first, last = total * rng.uniform(0.30, 0.36), total * rng.uniform(0.74, 0.82)
        places = [first + i * STEP for i in range(int((last - first) / STEP))]
        stretch = [p for p, _ in walk(waters.river, places)]
        drives.append(Street("collector", resample(offset(stretch, side * DRIVE), STEP), name))
    return drives


def draw_bridges(rng: Random, spin: complex, waters: Waters) -> list[Street]:
    """Two streets beside the centre that cross the river."""
    bridges = []
    for x in (rng.uniform(-820, -640), rng.uniform(620, 800)):
        river = nearest([p / spin for p in waters.river], x - 450j)
        line = [complex(x + rng.uniform(-20, 20), river.imag + ahead) for ahead in (420, 140, -140, -520)]
        bridges.append(Street("collector", [p * spin for p in resample(smooth(line), STEP)]))
    return bridges


def draw_county_roads(rng: Random, arterials: list[Street], waters: Waters) -> list[Street]:
    """Roads through the country from one main road to the next, where no lake lies between."""
    ends = [(line[at], line) for line in (street.line for street in arterials) for at in (0, -1)]
    outer = [(end, line) for end, line in ends if abs(end) > 3500]
    outer.sort(key=lambda way: cmath.phase(way[0]))
    names = iter(rng.sample(COUNTY, len(COUNTY)))
    roads = []
    for (end_a, line_a), (end_b, line_b) in zip(outer, [*outer[1:], outer[0]], strict=True):
        a = nearest(line_a, unit(end_a) * rng.uniform(3350, 3850))
        b = nearest(line_b, unit(end_b) * rng.uniform(3350, 3850))
        line = resample(smooth([a, unit(a + b) * rng.uniform(3300, 3800), b]), STEP)
        is_dry = all(abs(p - waters.lake[0]) > 1500 for p in line)
        if is_dry and rng.random() < 0.75:
            roads.append(Street("collector", line, next(names)))
    return roads
