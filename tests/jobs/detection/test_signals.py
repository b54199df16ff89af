"""What the device itself raised, in whatever words, and its silence."""

from typing import Any

import pytest

from sql.tracks import IGNITION_OFF, IGNITION_ON, IGNITION_UNKNOWN


@pytest.fixture
def call(ride: Any, find: Any, make_rule: Any) -> Any:
    """The events that a device's word at its fix after a minute leads to: kind and detail."""
    kinds = ("sos", "device_alarm", "harsh_braking", "harsh_acceleration", "harsh_cornering")

    def look(word: str, accuracy: float = 5.0) -> list[tuple[str, str]]:
        way = ride(accuracy=accuracy).stand(120)
        events = find(way.fixes(), [make_rule(kind, 3.5) for kind in kinds], names={6: word}).events
        assert all(way.clock(event["started_at"]) == 60 for event in events)
        return [(event["kind"], event["detail"]) for event in events]

    return look


@pytest.mark.parametrize("word", ["sos", "SOS", " Panic\n", "emergency", "EMERGENCY"])
def test_an_emergency_call_is_one_in_any_spelling(call: Any, word: str) -> None:
    assert call(word) == [("sos", "device")]


def test_a_call_from_an_inaccurate_place_is_heard(call: Any) -> None:
    assert call("sos", accuracy=5000.0) == [("sos", "device")]


@pytest.mark.parametrize("word", ["harsh_braking", "Harsh_Acceleration", "HARSH_CORNERING"])
def test_what_the_device_felt_of_its_driver_is_of_that_kind(call: Any, word: str) -> None:
    assert call(word) == [(word.lower(), "device")]


@pytest.mark.parametrize("word", ["", "  ", "Position", "PERIODIC", "heartbeat", "ignition_on", "Stop "])
def test_what_trackers_call_an_ordinary_report_is_nothing(call: Any, word: str) -> None:
    assert call(word) == []


@pytest.mark.parametrize(
    "word", ["Door open", "\u0625\u0646\u0630\u0627\u0631 \u0628\u0627\u0628", "\U0001f6a8", "İ", "ẞ", "\x01"]
)
def test_any_other_word_is_an_alarm_in_the_words_of_the_device(call: Any, word: str) -> None:
    assert call(word) == [("device_alarm", word)]


def test_of_an_endless_word_two_hundred_letters_are_kept(call: Any) -> None:
    assert call("\u0628" * 1000) == [("device_alarm", "\u0628" * 200)]


@pytest.mark.parametrize("kind", ["sos", "device_alarm"])
def test_a_rule_that_is_not_there_hears_nothing(ride: Any, find: Any, make_rule: Any, kind: str) -> None:
    words = {"sos": "tamper", "device_alarm": "sos"}
    assert find(ride().stand(60).fixes(), [make_rule(kind)], names={3: words[kind]}).events == []


@pytest.mark.parametrize(("seconds", "events"), [(600, 0), (601, 1)])
def test_nothing_heard_for_longer_than_the_rule_says_is_a_silence(
    ride: Any, find: Any, make_rule: Any, seconds: float, events: int
) -> None:
    way = ride().stand(60).skip(seconds).stand(60)
    found = find(way.fixes(), [make_rule("offline", lasting_s=600)]).events
    assert len(found) == events
    for event in found:
        assert (way.clock(event["started_at"]), way.clock(event["ended_at"])) == (60, 60 + seconds)
        assert event["value"] == seconds


@pytest.mark.parametrize(("ignition", "events"), [(IGNITION_ON, 1), (IGNITION_UNKNOWN, 1), (IGNITION_OFF, 0)])
def test_who_sleeps_with_the_engine_off_is_silent_by_right(
    ride: Any, find: Any, make_rule: Any, ignition: int, events: int
) -> None:
    way = ride(ignition=ignition).stand(60).tell(ignition=IGNITION_ON).skip(7200)
    assert len(find(way.fixes(), [make_rule("offline", lasting_s=600)]).events) == events


def test_an_inaccurate_fix_is_a_sign_of_life(ride: Any, find: Any, make_rule: Any) -> None:
    way = ride().tell(accuracy=9000.0).skip(500).tell(accuracy=5.0).skip(500)
    assert find(way.fixes(), [make_rule("offline", lasting_s=600)]).events == []
