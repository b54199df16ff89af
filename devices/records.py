"""JSON messages: one record or a list of them, and the checks of their fields."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson

from devices.position import DecodeError, Ignored, Result

Record = dict[str, Any]
NUL = b"\\u0000"
BACKSLASH = ord("\\")  # a number, for which bytes are searched nine times as fast as for bytes
LOWEST_M, HIGHEST_M = -12_000.0, 100_000.0
LARGEST = 1e9
MILLISECONDS_BEGIN = 1e11  # as seconds this is the year 5138, as milliseconds 1973


def decode_records(payload: bytes, read: Callable[[Record], Result]) -> list[Result]:
    """Read a message of one record or a list of them; `read` may take its record apart.

    Raises DecodeError where the message is no such thing or its only record is bad; in a list a bad record is
    a DecodeError among the results, with the record's own bytes.
    """
    try:
        document = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        if not payload.strip():
            return [Ignored("empty payload")]
        raise DecodeError(f"not JSON: {error}") from error
    if type(document) is dict:
        _refuse_nul(payload)
        return [read(document)]
    if type(document) is not list:
        raise DecodeError("neither a JSON object nor a list of them")
    if not document:
        return [Ignored("empty list")]
    return _read_list(document, payload, read)


def _read_list(document: list[Any], payload: bytes, read: Callable[[Record], Result]) -> list[Result]:
    results: list[Result] = []
    untouched: list[Any] = []
    may_hold_nul = BACKSLASH in payload and NUL in payload
    for index, record in enumerate(document):
        try:
            if type(record) is not dict:
                raise DecodeError("not a JSON object")
            if may_hold_nul:
                _refuse_nul(_write_storable(record))
            results.append(read(record))
        except DecodeError as error:
            untouched = untouched or orjson.loads(payload)
            # A fresh one: what was raised keeps its frames alive, 4 KiB for each of 100,000 bad records.
            results.append(DecodeError(error.reason, _write(untouched[index])))
    return results


def _refuse_nul(text: bytes) -> None:
    """Raise DecodeError where a text holds the character NUL: PostgreSQL can store no such text."""
    if BACKSLASH in text and NUL in text.replace(b"\\\\", b""):
        raise DecodeError("a text holds the character NUL, which cannot be stored")


def _write_storable(record: Record) -> bytes:
    text = _write(record)
    if text is None:
        raise DecodeError("nested deeper than can be stored")
    return text


def _write(record: object) -> bytes | None:
    """A record's bytes; None (the whole message then) where it is nested deeper than can be written."""
    try:
        return bytes(memoryview(orjson.dumps(record)))  # a copy: the original may hold 4 KiB for one byte
    except orjson.JSONEncodeError:
        return None


def check_number(name: str, value: Any, low: float, high: float) -> float:
    """A number from `low` to `high` as a float; raises DecodeError for anything else."""
    if value is None:
        raise DecodeError(f"{name} is missing")
    if type(value) is not float and type(value) is not int:
        raise DecodeError(f"{name} is {show(value)}, not a number")
    if not low <= value <= high:
        raise DecodeError(f"{name} is {value}, not from {low} to {high}")
    return float(value)


def pop_flag(record: Record, name: str) -> bool | None:
    """Take true or false out of a record, None where it is missing; raises DecodeError for anything else."""
    value = record.pop(name, None)
    if value is not None and type(value) is not bool:
        raise DecodeError(f"{name} is {show(value)}, neither true nor false")
    return value


def check_epoch(name: str, value: Any) -> datetime:
    """Epoch seconds as a moment in UTC; raises DecodeError for anything else, milliseconds among them."""
    if value is None:
        raise DecodeError(f"{name} is missing")
    if type(value) is not float and type(value) is not int:
        raise DecodeError(f"{name} is {show(value)}, not a time")
    if value > MILLISECONDS_BEGIN:
        raise DecodeError(f"{name} is {value}: epoch seconds are wanted, these look like milliseconds")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise DecodeError(f"{name} is {value}, which is no date") from error


def show(value: object) -> str:
    """A value as a reason may quote it."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
