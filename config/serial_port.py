"""A serial port as SERIAL_PORTS writes it: `PATH[:BAUD][=UID]`, for example `/dev/ttyUSB0:4800=bus-12`."""

import re
from typing import NamedTuple

BAUD_RATES = range(50, 4_000_001)
MAX_UID_LENGTH = 200


class SerialPort(NamedTuple):
    """Where a receiver is plugged in, how fast it speaks, and the uid of the device that it stands for."""

    path: str
    baud_rate: int
    uid: str


def read_serial_port(text: str) -> SerialPort:
    """Read `PATH[:BAUD][=UID]`; the baud rate is 9600 and the uid the port's own name where left out.

    Raises ValueError with the end of a sentence that begins with the name of the setting.
    """
    port, _, uid = (part.strip() for part in text.partition("="))
    path, baud = _split_baud(port)
    if not path.startswith("/") or path.endswith("/"):
        raise ValueError(f"wants the full path of a port, such as /dev/ttyUSB0:4800=bus-12, not {text!r}")
    if not re.fullmatch("[0-9]{1,7}", baud) or int(baud) not in BAUD_RATES:
        raise ValueError(f"wants a baud rate from 50 to 4000000 after the colon in {text!r}")
    uid = uid or path.rpartition("/")[2]
    if len(uid) > MAX_UID_LENGTH:
        raise ValueError(f"wants a uid of at most {MAX_UID_LENGTH} characters for {path}")
    return SerialPort(path, int(baud), uid)


def _split_baud(port: str) -> tuple[str, str]:
    """Paths have colons too (`/dev/serial/by-path/…-usb-0:2:1.0`), but never a plain word after the last."""
    path, colon, last = port.rpartition(":")
    if colon and re.fullmatch(r"\w*", last):
        return path, last
    return port, "9600"
