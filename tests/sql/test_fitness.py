"""Whether a position can be stored is told before as the database would tell it."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from devices.position import Position
from sql.fitness import Fault, find_fault
from sql.fleet import add_device
from sql.imported_positions import store
from sql.retention import find_start

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
FLOAT4_LIMIT = 3.4028234663852886e38


@pytest.fixture
def is_stored(connection: psycopg.Connection) -> Callable[[Position], bool]:
    """Whether the database takes a position."""
    device_id = add_device(connection, "bus-1", None)
    row = connection.execute(
        "INSERT INTO import_history (kind, file_name, file_bytes, file_sha256, reading, mapping)"
        " VALUES ('positions', 'log.csv', 1, repeat('0', 64), '{}', '{}') RETURNING id"
    ).fetchone()
    assert row
    (import_id,) = row

    def is_stored(position: Position) -> bool:
        try:
            with connection.transaction(force_rollback=True):
                return store(connection, import_id, [(device_id, position, NOW)]) == (1, 0)
        except (psycopg.DataError, psycopg.IntegrityError, ValueError):
            return False

    return is_stored


def around(limit: float) -> st.SearchStrategy[float]:
    """Any number, often one about the limits of a column."""
    edges = [limit, -limit, 1.001 * limit, -1.001 * limit, 0.0]
    return st.one_of(st.sampled_from(edges), st.floats(allow_nan=False, allow_infinity=False))


TEXTS = st.text(st.sampled_from("\0\\u0aä\ud800\n"), max_size=8)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=5,
)
MEASURES = st.one_of(st.none(), around(FLOAT4_LIMIT))
POSITIONS = st.builds(
    Position,
    uid=st.none(),
    fix_time=st.just(NOW),
    latitude=st.one_of(st.just(48.0), around(90.0)),
    longitude=st.one_of(st.just(11.0), around(180.0)),
    speed_mps=MEASURES,
    course=MEASURES,
    altitude_m=MEASURES,
    accuracy_m=MEASURES,
    satellites=st.one_of(st.none(), st.integers(0, 20), st.sampled_from([32_767, 32_768, 70_000, -40_000])),
    attributes=st.one_of(st.none(), st.dictionaries(TEXTS, VALUES, max_size=3)),
)


@settings(
    max_examples=400,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(POSITIONS)
def test_whatever_a_position_holds_the_database_takes_it_where_no_fault_is_found(
    is_stored: Callable[[Position], bool], position: Position
) -> None:
    assert is_stored(position) == (find_fault(position, NOW) is None)


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"latitude": 91.0}, "latitude", "range"),
        ({"longitude": math.nan}, "longitude", "range"),
        ({"speed_mps": math.inf}, "speed_mps", "range"),
        ({"course": math.nan}, "course", "range"),
        ({"altitude_m": 1e39}, "altitude_m", "range"),
        ({"accuracy_m": -1e39}, "accuracy_m", "range"),
        ({"satellites": 70_000}, "satellites", "range"),
        ({"fix_time": NOW + timedelta(minutes=11)}, "fix_time", "future fix"),
        ({"fix_time": NOW - timedelta(weeks=1024)}, "fix_time", "week rollover"),
        ({"fix_time": datetime(1995, 1, 1, tzinfo=UTC)}, "fix_time", "implausible time"),
        ({"fix_time": NOW - timedelta(days=30, seconds=1)}, "fix_time", "too old"),
        ({"attributes": {"driver": "O\0"}}, "attributes", "nul"),
        ({"attributes": {"driver": {1, 2}}}, "attributes", "type"),
    ],
    ids=str,
)
def test_a_fault_names_the_column_and_the_reason(changes: dict[str, Any], field: str, reason: str) -> None:
    position = Position(None, NOW, 48.0, 11.0)._replace(**changes)
    assert find_fault(position, NOW, find_start(30, NOW)) == Fault(field, reason)


def test_nothing_is_too_old_where_everything_is_kept() -> None:
    old = Position(None, datetime(2010, 1, 1, tzinfo=UTC), 48.0, 11.0, attributes={"path": "C:\\u0000"})
    assert find_start(0, NOW) is None
    assert find_fault(old, NOW, find_start(0, NOW)) is None
