"""Whether four times as much hostile input costs about four times as much time and memory.

Time is the processor's, the least of several runs, without Python's collector of cycles, whose runs depend on
what else is in memory; a quadratic step would show as sixteen.
"""

import gc
import time
import tracemalloc
from collections.abc import Callable
from typing import NamedTuple

from bench.fuzz.seeds import write_sentence
from bench.fuzz.targets import TARGETS, Target, open_reader

SMALL_BYTES = 65_536
FACTOR = 4
RUNS = 3
MOST_TIME_RATIO = 8.0
MOST_MEMORY_RATIO = 6.0
FREE_BYTES = 1_000_000  # less than that is no growth worth a name

_FIX = b'{"time":1772435523,"lat":48.1,"lon":11.5}'
_RMC = write_sentence("GPRMC,071203.00,A,4806.0,N,01130.0,E,12.5,187.0,020326,,,A")
_DEEP = b'{"time":1772435523,"lat":48.1,"lon":11.5,"x":' + b"[" * 300 + b'"\\u0000"' + b"]" * 300 + b"}"


def _fill(unit: bytes) -> Callable[[int], bytes]:
    return lambda size: unit * (size // len(unit))


def _list(record: bytes) -> Callable[[int], bytes]:
    return lambda size: b"[" + b",".join([record] * (size // (len(record) + 1))) + b"]"


def _announce(size: int) -> bytes:
    """A PUBLISH that claims to be as long as the protocol allows, and never ends."""
    return b"\x32\xff\xff\xff\x7f\x00\x01a\x00\x01\x00" + bytes(size)


def _feed_in_crumbs(data: bytes, cuts: object) -> None:
    """The reader gets a few bytes at a time, as from the worst of networks."""
    with open_reader() as (reader, transport, _):
        for begin in range(0, len(data), 16):
            if not transport.aborted:
                reader.data_received(data[begin : begin + 16])


HOSTILE: dict[str, tuple[Target, Callable[[int], bytes]]] = {
    "native: opening brackets": (TARGETS["native"], _fill(b"[")),
    "native: one endless number": (TARGETS["native"], _fill(b"9")),
    "native: backslashes": (TARGETS["native"], lambda size: b'{"a":"' + b"\\\\" * (size // 2) + b'"}'),
    "native: good records": (TARGETS["native"], _list(_FIX)),
    "native: records that are none": (TARGETS["native"], _list(b"7")),
    "native: records without a place": (TARGETS["native"], _list(b'{"time":1}')),
    "native: a NUL in every deep record": (TARGETS["native"], _list(_DEEP)),
    "native: a NUL in every record": (TARGETS["native"], _list(b'{"a":"\\u0000"}')),
    "owntracks: unknown types": (TARGETS["owntracks"], _list(b'{"_type":"x"}')),
    "owntracks: locations without time": (TARGETS["owntracks"], _list(b'{"_type":"location"}')),
    "nmea: dollars": (TARGETS["nmea"], _fill(b"$")),
    "nmea: sentences that are none": (TARGETS["nmea"], _fill(b"$x")),
    "nmea: unreadable fields": (TARGETS["nmea"], _fill(write_sentence("GPRMC,9"))),
    "nmea: no line end": (TARGETS["nmea"], _fill(b"x")),
    "nmea: line ends": (TARGETS["nmea"], _fill(b"\r")),
    "nmea: commas": (TARGETS["nmea"], lambda size: write_sentence(b"GPRMC" + b"," * size)),
    "nmea: the same sentence": (TARGETS["nmea"], _fill(_RMC)),
    "mqtt: pings": (TARGETS["mqtt"], _fill(b"\xd0\x00")),
    "mqtt: one endless message in crumbs": (_feed_in_crumbs, _announce),
    "mqtt: messages in crumbs": (_feed_in_crumbs, _fill(b"\x32\x08\x00\x01a\x00\x01\x00xx")),
    "mqtt: answers that nobody asked for": (TARGETS["mqtt"], _fill(b"\x40\x02\x00\x01")),
}


class Growth(NamedTuple):
    """How much more of each four times the input costs."""

    name: str
    time_ratio: float
    memory_ratio: float
    peak_bytes: int

    @property
    def proportional(self) -> bool:
        """Whether neither grows as the square."""
        return self.time_ratio < MOST_TIME_RATIO and self.memory_ratio < MOST_MEMORY_RATIO


def measure_growth(name: str) -> Growth:
    """Feed 64 KiB and 256 KiB of this kind."""
    target, build = HOSTILE[name]
    small, large = build(SMALL_BYTES), build(FACTOR * SMALL_BYTES)
    small_peak, large_peak = measure_peak(target, small), measure_peak(target, large)
    return Growth(
        name,
        _measure_time(target, large) / _measure_time(target, small),
        max(large_peak, FREE_BYTES) / max(small_peak, FREE_BYTES),
        large_peak,
    )


def measure_peak(target: Target, data: bytes) -> int:
    """The most memory in bytes that this input takes beside itself."""
    tracemalloc.start()
    try:
        target(data, ())
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _measure_time(target: Target, data: bytes) -> float:
    times = []
    gc.disable()
    try:
        for _ in range(RUNS):
            begin = time.process_time()
            target(data, ())
            times.append(time.process_time() - begin)
    finally:
        gc.enable()
    return max(min(times), 1e-5)
