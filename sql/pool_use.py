"""How a pool's connections are used, for Prometheus and, through a process's pulse, for the System pages."""

import weakref
from collections.abc import Iterator
from typing import TypedDict

from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from psycopg_pool import ConnectionPool

GAUGES = {
    "most": "Connections that the pool may have.",
    "size": "Connections that the pool has.",
    "in_use": "Connections that are lent.",
    "idle": "Connections that wait to be lent.",
    "waiting": "Requests that wait for a connection.",
}
COUNTERS = {
    "requests": "Requests for a connection.",
    "waits": "Requests that had to wait for one.",
    "wait_seconds": "Time that requests waited for a connection.",
    "timeouts": "Requests that got none in time.",
    "connect_errors": "Connections that could not be made.",
    "lost": "Connections found broken.",
}


class PoolUse(TypedDict):
    """One pool, now, and what it has done since its process started."""

    most: int
    size: int
    in_use: int
    idle: int
    waiting: int
    requests: int
    waits: int
    wait_seconds: float
    timeouts: int
    connect_errors: int
    lost: int


def measure_pool(pool: ConnectionPool) -> PoolUse:
    """What the pool says of itself."""
    told = pool.get_stats()
    size, idle = told["pool_size"], told["pool_available"]
    return PoolUse(
        most=told["pool_max"],
        size=size,
        in_use=size - idle,
        idle=idle,
        waiting=told.get("requests_waiting", 0),
        requests=told.get("requests_num", 0),
        waits=told.get("requests_queued", 0),
        wait_seconds=told.get("requests_wait_ms", 0) / 1000,
        timeouts=told.get("requests_errors", 0),
        connect_errors=told.get("connections_errors", 0),
        lost=told.get("connections_lost", 0),
    )


class PoolCollector(Collector):
    """Tells Prometheus of each open pool of this process, by its name."""

    def __init__(self) -> None:
        self.pools: weakref.WeakValueDictionary[str, ConnectionPool] = weakref.WeakValueDictionary()

    def collect(self) -> Iterator[Metric]:
        """One sample for each pool and figure."""
        uses = {name: measure_pool(pool) for name, pool in self.pools.items() if not pool.closed}
        for figure, said in {**GAUGES, **COUNTERS}.items():
            family = GaugeMetricFamily if figure in GAUGES else CounterMetricFamily
            metric = family(f"motorpool_pool_{figure}", said, labels=["pool"])
            for name, use in uses.items():
                metric.add_metric([name], use[figure])  # type: ignore[literal-required]
            yield metric


COLLECTOR = PoolCollector()
REGISTRY.register(COLLECTOR)


def watch_pool(pool: ConnectionPool) -> None:
    """Show this pool to Prometheus for as long as it is open."""
    COLLECTOR.pools[pool.name] = pool
