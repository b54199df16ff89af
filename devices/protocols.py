"""The protocols of messages, by the names that MQTT_TOPICS and `motorpool decode` use."""

from collections.abc import Callable

from devices import native, nmea, owntracks
from devices.position import Result

PROTOCOLS: dict[str, Callable[[bytes], list[Result]]] = {
    "native": native.decode,
    "nmea": nmea.decode,
    "owntracks": owntracks.decode,
}
