"""Files that lie in the database: cut into pieces, so that neither side ever holds a whole one."""

from collections.abc import Iterator
from typing import BinaryIO

PIECE_BYTES = 1 << 20


def cut(stream: BinaryIO) -> Iterator[bytes]:
    """The pieces of a file, each whole but the last, however little each read brings."""
    while piece := _read_piece(stream):
        yield piece


def _read_piece(stream: BinaryIO) -> bytes:
    parts, wanted = [], PIECE_BYTES
    while wanted and (part := stream.read(wanted)):
        parts.append(part)
        wanted -= len(part)
    return b"".join(parts)
