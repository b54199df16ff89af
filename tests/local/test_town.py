"""The demo town: the same from the same seed, connected, named, and drawn as a map needs it."""

import functools
import hashlib
import json
import math
import os
import subprocess
import sys
from itertools import pairwise

import pytest

from local.town.features import list_features
from local.town.geometry import inside
from local.town.network import line_of
from local.town.streets import Street
from local.town.town import Town, draw_town

SEEDS = (7, 1, 2)
PRINT_HASH = """
import hashlib, json
from local.town.features import list_features
from local.town.town import draw_town
features = list_features(draw_town(7))
print(hashlib.sha256(json.dumps(features).encode()).hexdigest())
"""


@functools.cache
def drawn(seed: int) -> Town:
    return draw_town(seed)


@pytest.fixture(params=SEEDS)
def town(request: pytest.FixtureRequest) -> Town:
    return drawn(request.param)


def test_the_same_seed_draws_the_same_bytes_in_another_process() -> None:
    text = json.dumps(list_features(drawn(7)))
    other = subprocess.run(
        [sys.executable, "-c", PRINT_HASH],
        env={**os.environ, "PYTHONHASHSEED": "12345"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert other.stdout.strip() == hashlib.sha256(text.encode()).hexdigest()


def test_another_seed_draws_another_town() -> None:
    assert list_features(drawn(1)) != list_features(drawn(2))


def test_every_junction_can_be_reached_from_every_other(town: Town) -> None:
    seen, waiting = {0}, [0]
    while waiting:
        for piece, forward in town.network.leaving[waiting.pop()]:
            there = piece.end if forward else piece.start
            if there not in seen:
                seen.add(there)
                waiting.append(there)
    assert len(seen) == len(town.network.junctions) > 1000


def test_every_street_can_be_driven_somewhere(town: Town) -> None:
    driven = {id(piece.street) for piece in town.network.pieces}
    assert [street.name for street in town.streets if id(street) not in driven] == []


def test_a_way_is_a_chain_of_pieces_from_its_start_to_its_end(town: Town) -> None:
    count = len(town.network.junctions)
    for start, end in ((0, count - 1), (count // 3, count // 2), (17, 4)):
        way = town.network.find_way(start, end)
        lines = [line_of(step) for step in way]
        assert lines[0][0] == town.network.junctions[start]
        assert lines[-1][-1] == town.network.junctions[end]
        assert all(a[-1] == b[0] for a, b in pairwise(lines))


def test_who_came_by_a_piece_does_not_turn_around_on_it(town: Town) -> None:
    piece = max(town.network.pieces, key=lambda piece: piece.length)
    way = town.network.find_way(piece.end, piece.start, came_by=piece)
    assert way[0][0] is not piece


def test_every_street_has_a_name_and_only_streets_in_one_line_share_one(town: Town) -> None:
    by_name: dict[str, list[Street]] = {}
    for street in town.streets:
        by_name.setdefault(street.name, []).append(street)
    assert "" not in by_name
    assert {name for name, same in by_name.items() if len(same) > 1} <= {
        name for name in by_name if name.endswith(" Street")
    }
    assert len(by_name) > 500
    assert set(by_name) > {
        "Main Street",
        "Founders Avenue",
        "Ring Road",
        "Riverside Drive",
        "Mill Race Drive",
    }


def test_streets_cross_the_river_only_on_a_few_bridges_and_never_the_lake(town: Town) -> None:
    wet = {
        street.name
        for street in town.streets
        if any(inside(point, town.waters.shape) for point in street.line)
    }
    assert 4 <= len(wet) <= 14
    assert not any(inside(point, town.waters.lake) for street in town.streets for point in street.line)


def test_streets_are_no_perfect_grid(town: Town) -> None:
    """Their bearings, up to quarter turns, do not gather around one direction."""
    bearings = [(s.line[-1] - s.line[0]) for s in town.streets if s.line[0] != s.line[-1]]
    powers = [(bearing / abs(bearing)) ** 4 for bearing in bearings]
    assert abs(sum(powers)) / len(powers) < 0.5


def test_the_map_shows_all_that_a_town_has(town: Town) -> None:
    features = list_features(town)
    names = {layer: [f.name for f in features if f.layer == layer] for layer in {f.layer for f in features}}
    assert set(names) == {"water", "park", "school", "depot", "street", "stop", "place"}
    assert 6 <= len(names["school"]) <= 8
    assert len(names["depot"]) == 2
    assert len(names["park"]) >= 8
    assert len(names["stop"]) >= 100
    for layer in ("park", "school", "depot", "street", "stop", "place"):
        assert all(names[layer]), layer


def test_geometries_are_closed_counter_clockwise_and_within_ten_kilometres(town: Town) -> None:
    for feature in list_features(town):
        coordinates = feature.geometry["coordinates"]
        kind = feature.geometry["type"]
        points = {"Point": [coordinates], "LineString": coordinates, "Polygon": coordinates[0]}[kind]
        assert all(math.dist(point, (-94.18, 41.36)) < 0.075 for point in points)
        if kind == "Polygon":
            assert points[0] == points[-1]
            turns = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(points))
            assert turns > 0, feature.name
        if kind == "LineString":
            assert len(points) >= 2
            assert feature.properties["class"] in ("arterial", "collector", "residential")
            assert 8 < feature.properties["speed_limit_mps"] < 20
