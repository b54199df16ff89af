"""Bytes to lines of text, in constant memory, whatever the bytes are.

What makes it hard: a line may be as long as the file, its end may be one character or two and lie across two
pieces, and bytes may mean nothing. A piece that holds something odd is remembered by its last line, so that
only rows up to there need a closer look.
"""

import codecs
import io
import re
from collections.abc import Iterator

from flask_babel import gettext as _

from web.tables.archives import Stream
from web.tables.encodings import MARK
from web.tables.table import Unreadable

PIECE = 256 * 1024
LONGEST_ROW = 16 * 1024**2
# Controls, signs of bytes that mean nothing, and what formulas.unprotect may change.
_ODD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\udc80-\udfff]|'[=+\-@\t\r']")


class Lines:
    """The lines of a text with their ends.

    `number` counts those given, `odd_until` is the last line that may hold something odd, and `is_ended` says
    whether the last one given had its end. `start_row` says that a row is done: one may not go on for ever.
    """

    def __init__(self, stream: Stream, encoding: str) -> None:
        self.number = self.odd_until = 0
        self.is_ended = True
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)(MARK)
        self._row_size = 0

    def __iter__(self) -> Iterator[str]:
        rest = ""
        while True:
            piece = self._stream.read(PIECE)
            text = rest + self._decode(piece)
            whole, rest = (text, "") if not piece else cut_lines(text)
            if len(rest) > LONGEST_ROW:
                self._refuse()
            if whole:
                yield from self._give(whole)
            if not piece:
                return

    def start_row(self) -> int:
        """The line in which the next row begins."""
        self._row_size = 0
        return self.number + 1

    def _decode(self, piece: bytes) -> str:
        """Bytes that mean nothing are marked; what wants a byte order mark and has none is refused."""
        try:
            return self._decoder.decode(piece, final=not piece)
        except UnicodeError as error:
            raise Unreadable(_("This file is not written in this encoding.")) from error

    def _give(self, text: str) -> Iterator[str]:
        lines = io.StringIO(text, newline="").readlines()
        if _ODD.search(text):
            self.odd_until = self.number + len(lines)
        self.is_ended = text[-1] in "\r\n"  # where it is not, this is the last line and the only one
        for line in lines:
            self.number += 1
            self._row_size += len(line)
            if self._row_size > LONGEST_ROW:
                self._refuse()
            yield line

    def _refuse(self) -> None:
        raise Unreadable(_("The row at line %(line)s is longer than a row can be.", line=self.number + 1))


def cut_lines(text: str) -> tuple[str, str]:
    """The lines that have their end, and the rest; a \\r at the very end may be half of one."""
    end = max(text.rfind("\n"), text.rfind("\r", 0, len(text) - 1)) + 1
    return text[:end], text[end:]
