"""What is fed: each target takes bytes and cuts, and raises only where the promise is broken.

A decoder gives results or raises DecodeError; the MQTT reader delivers or ends the connection; the stages
after a decoder (plausibility, encoding) take every position it gave.
"""

import asyncio
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from devices.nmea import NmeaDecoder
from devices.plausibility import find_fault
from devices.position import DecodeError, Ignored, Position, Result
from devices.protocols import PROTOCOLS
from ingest.mqtt_connection import MqttConnection
from sql.binary_copy import encode_fields

NOW = datetime(2026, 3, 2, tzinfo=UTC)


class Broken(AssertionError):
    """A target did what it must never do."""


Target = Callable[[bytes, Sequence[int]], None]


def split(data: bytes, cuts: Iterable[int]) -> Iterator[bytes]:
    """The data in pieces, cut at these places; places outside it wrap around."""
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    for begin, end in pairwise(places):
        yield data[begin:end]


def feed_decoder(name: str) -> Target:
    """The decoder of whole messages with this name; cuts do not concern it."""
    decode = PROTOCOLS[name]

    def feed(data: bytes, cuts: Sequence[int]) -> None:
        try:
            results = decode(data)
        except DecodeError:
            return
        if not results:
            raise Broken("neither a result nor a reason")
        check_results(results)

    return feed


def feed_nmea_stream(data: bytes, cuts: Sequence[int]) -> None:
    """The decoder of a serial port's stream: how it is cut must make no difference to its positions."""
    pieces = _read_stream(split(data, cuts))
    if _positions(pieces) != _positions(_read_stream([data])):
        raise Broken(f"other positions when cut at {list(cuts)}")


def feed_mqtt(data: bytes, cuts: Sequence[int]) -> None:
    """The reader of a connection; asyncio delivers nothing more after an abort."""
    with open_reader() as (reader, transport, delivered):
        for piece in split(data, cuts):
            if transport.aborted:
                return
            reader.data_received(piece)
        for message in delivered:
            if type(message.topic) is not str or type(message.payload) is not bytes:
                raise Broken(f"delivered {message}")


def check_results(results: Iterable[Result]) -> None:
    """Every position is one that the next stages take."""
    for result in results:
        if isinstance(result, DecodeError | Ignored):
            continue
        if not (-90 <= result.latitude <= 90 and -180 <= result.longitude <= 180):
            raise Broken(f"a place that is none: {result}")
        if result.fix_time.tzinfo is not UTC:
            raise Broken(f"a time that is not UTC: {result}")
        numbers = (result.speed_mps, result.course, result.altitude_m, result.accuracy_m)
        if not all(number is None or math.isfinite(number) for number in numbers):
            raise Broken(f"a number that is none: {result}")
        find_fault(result, NOW)
        with suppress(ValueError):  # it goes to quarantine
            encode_fields(0, result)


class Transport(asyncio.Transport):
    """The other end of a reader under test: takes what is written and remembers an abort."""

    def __init__(self) -> None:
        super().__init__()
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return self.aborted

    def write(self, data: object) -> None:
        pass


@contextmanager
def open_reader() -> Iterator[tuple[MqttConnection, Transport, list[Any]]]:
    """A reader, its transport, and the list that its messages go to."""
    transport, delivered = Transport(), list[Any]()

    def take(*arguments: Any) -> None:
        delivered.extend(arguments[-1])

    async def make() -> MqttConnection:  # a connection belongs to a running loop
        return MqttConnection(take)

    reader = _LOOP.run_until_complete(make())
    reader.connection_made(transport)
    yield reader, transport, delivered


def _read_stream(pieces: Iterable[bytes]) -> list[Result]:
    decoder = NmeaDecoder()
    results = [result for piece in pieces for result in decoder.feed(piece)] + decoder.close()
    check_results(results)
    return results


def _positions(results: Iterable[Result]) -> list[Position]:
    return [result for result in results if isinstance(result, Position)]


_LOOP = asyncio.new_event_loop()
TARGETS: dict[str, Target] = {
    **{name: feed_decoder(name) for name in PROTOCOLS},
    "nmea stream": feed_nmea_stream,
    "mqtt": feed_mqtt,
}
