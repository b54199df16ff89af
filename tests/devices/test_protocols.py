"""The names of the protocols."""

import pytest

from config.settings import DECODERS, DEFAULT_TOPICS
from devices.position import DecodeError, Ignored
from devices.protocols import PROTOCOLS


def test_settings_and_decoders_know_the_same_names() -> None:
    assert set(PROTOCOLS) == set(DECODERS)
    assert set(DEFAULT_TOPICS.values()) <= set(PROTOCOLS)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_decoder_ignores_an_empty_payload_and_refuses_an_unreadable_one(name: str) -> None:
    assert PROTOCOLS[name](b"") == [Ignored("empty payload")]
    with pytest.raises(DecodeError):
        PROTOCOLS[name](b"\x00\x01\x02")
