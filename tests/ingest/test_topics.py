"""Which device speaks on a topic."""

import pytest

from ingest.mqtt_source import match_topic


@pytest.mark.parametrize(
    ("pattern", "topic", "uid"),
    [
        ("fleet/+/position", "fleet/bus-7/position", "bus-7"),
        ("fleet/+/position", "fleet/حافلة 7/position", "حافلة 7"),
        ("fleet/+/position", "fleet/bus-7/nmea", None),
        ("fleet/+/position", "fleet/bus-7/position/more", None),
        ("fleet/+/position", "fleet/bus-7", None),
        ("owntracks/+/+", "owntracks/ann/phone", "ann/phone"),
        ("msh/+/json/#", "msh/EU/json/LongFast/!a", "EU"),
        ("fleet/+/position", "fleet//position", ""),
    ],
)
def test_the_uid_is_what_stands_in_place_of_the_plus(pattern: str, topic: str, uid: str | None) -> None:
    assert match_topic(pattern, topic) == uid
