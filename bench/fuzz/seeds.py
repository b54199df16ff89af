"""Good input for each target, from which mutation starts, and the words that mutation puts in."""

from functools import reduce
from operator import xor

import mqtt5
import orjson

_FIX = {"time": "2026-03-02T07:12:03Z", "lat": 48.1, "lon": 11.5}
_FULL = _FIX | {
    "uid": "bus-7",
    "speed": 12.5,
    "course": 187,
    "altitude": 519,
    "accuracy": 3.5,
    "satellites": 9,
    "odometer": 123456,
    "ignition": True,
    "fuel": 63,
    "doors": {"front": ["open", None]},
}
_OWNTRACKS = {
    "_type": "location",
    "tst": 1772435523,
    "lat": 48.1,
    "lon": 11.5,
    "vel": 40,
    "cog": 90,
    "alt": 500,
    "acc": 5,
    "batt": 80,
    "rad": "12",
}
SENTENCES = (
    "GPRMC,071203.00,A,4806.0,N,01130.0,E,12.5,187.0,020326,,,A",
    "GPGGA,071203.00,4806.0,N,01130.0,E,1,09,0.9,519.0,M,47.0,M,,",
    "GNGNS,071203.00,4806.0,N,01130.0,E,AA,09,0.9,519.0,47.0,,",
    "GPGLL,4806.0,N,01130.0,E,071203.00,A,A",
    "GPVTG,187.0,T,,M,12.5,N,23.2,K,A",
    "GPGSA,A,3,01,02,03,,,,,,,,,,1.5,0.9,1.2",
    "GPGST,071203.00,1,2,3,4,1.5,1.5,3",
    "GPZDA,071203.00,02,03,2026,00,00",
    "GPRMC,235959.00,V,,,,,,,311299,,,N",
)


def write_sentence(content: str | bytes) -> bytes:
    """A sentence with its checksum and line end."""
    raw = content.encode() if isinstance(content, str) else content
    return b"$%s*%02X\r\n" % (raw, reduce(xor, raw, 0))


def _publish(topic: str, payload: bytes, packet_id: int | None) -> bytes:
    qos = mqtt5.QoS.AT_MOST_ONCE if packet_id is None else mqtt5.QoS.AT_LEAST_ONCE
    return mqtt5.PublishPacket(topic, payload, qos=qos, packet_id=packet_id).write()


_STREAM = b"".join(map(write_sentence, SENTENCES))
SEEDS: dict[str, list[bytes]] = {
    "native": [orjson.dumps(_FIX), orjson.dumps(_FULL), orjson.dumps([_FIX, _FULL, 7])],
    "owntracks": [orjson.dumps(_OWNTRACKS), orjson.dumps([_OWNTRACKS, {"_type": "lwt", "tst": 1}])],
    "nmea": [*map(write_sentence, SENTENCES), _STREAM],
    "nmea stream": [_STREAM, _STREAM + b"# note\n" + _STREAM],
    "mqtt": [
        mqtt5.ConnAckPacket(reason_code=mqtt5.ConnAckReasonCode.SUCCESS, session_present=True).write(),
        mqtt5.SubAckPacket(1, [mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE]).write(),
        mqtt5.PingRespPacket().write() + mqtt5.PubAckPacket(9).write(),
        mqtt5.DisconnectPacket().write(),
        _publish("fleet/bus-1/position", orjson.dumps(_FIX), 1),
        _publish("fleet/bus-2/position", b"", None) + _publish("a/é", bytes(300), 65_535),
    ],
}
WORDS = (
    b"null", b"true", b"NaN", b"-0", b"1e999", b"1e-400", b"9" * 400, b"\\u0000", b"\\ud800", b"\xff\xfe",
    b"[", b"]", b"{", b"}", b'"', b",", b":", b"[]", b"{}", b'"lat":', b'"time":', b"$", b"*", b"\r\n", b"!",
    b"$GPRMC,", b"235959.99", b"000000", b"290200", b"9999-12-31T23:59:59-23:59",
    b"0001-01-01T00:00:00+14:00",
    b"\x30", b"\xff\xff\xff\x7f", b"\x00\x00", b"\x80" * 5, b"[" * 300, b"]" * 300, b" " * 1100,
)  # fmt: skip
