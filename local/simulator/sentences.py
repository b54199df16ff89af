"""A fix as a serial GPS receiver speaks it: the NMEA 0183 sentences of one epoch."""

from datetime import UTC, datetime

from pynmeagps import GET, NMEAMessage  # type: ignore[import-untyped]

from local.simulator.receiver import Fix

KNOTS = 3600 / 1852
KMH = 3.6


def speak(fix: Fix) -> bytes:
    """GGA, RMC, GSA and VTG, each with its checksum and CR LF."""
    moment = datetime.fromtimestamp(fix.time, UTC)
    place = {"time": moment.time(), "lat": fix.latitude, "lon": fix.longitude}
    knots, kmh = round(fix.speed_mps * KNOTS, 2), round(fix.speed_mps * KMH, 2)
    hdop = round(fix.accuracy_m / 4, 1)
    height = {"alt": fix.altitude_m, "altUnit": "M", "sep": -31.0, "sepUnit": "M"}
    motion = {"spd": knots, "cog": fix.course, "date": moment.date()}
    units = {"cogtUnit": "T", "sognUnit": "N", "sogkUnit": "K"}
    sentences = [
        NMEAMessage("GP", "GGA", GET, **place, quality=1, numSV=fix.satellites, HDOP=hdop, **height),
        NMEAMessage("GP", "RMC", GET, **place, **motion, status="A", posMode="A"),
        NMEAMessage("GP", "GSA", GET, opMode="A", navMode=3, PDOP=round(hdop * 1.6, 1), HDOP=hdop, VDOP=hdop),
        NMEAMessage("GP", "VTG", GET, cogt=fix.course, sogn=knots, sogk=kmh, **units, posMode="A"),
    ]
    return b"".join(sentence.serialize() for sentence in sentences)
