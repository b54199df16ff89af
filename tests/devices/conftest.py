"""What the tests of the decoders share: a way to seal sentences, and calm settings for hypothesis."""

from collections.abc import Callable
from functools import reduce
from operator import xor

import pytest
from hypothesis import settings

settings.register_profile("house", database=None, deadline=None, derandomize=True, max_examples=100)
settings.load_profile("house")

Seal = Callable[[str], bytes]


@pytest.fixture(scope="session")
def seal() -> Seal:
    """Makes a line as the wire carries it: seal("GPGLL,…") adds the dollar, the checksum and the line end."""

    def add_checksum(body: str) -> bytes:
        content = body.encode()
        return b"$%s*%02X\r\n" % (content, reduce(xor, content, 0))

    return add_checksum
