"""NMEA 0183, the language of nearly every GPS receiver: sentences in, one position per instant out."""

from devices.nmea.decoder import NmeaDecoder, decode

__all__ = ["NmeaDecoder", "decode"]
