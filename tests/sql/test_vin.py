"""Vehicle identification numbers: which are right, and which place says so."""

import pytest

from sql.vin import find_fault, normalise


@pytest.mark.parametrize(
    ("vin", "fault"),
    [
        ("1M8GDM9AXKP042788", None),  # the worked example of a check digit X
        ("11111111111111111", None),  # the customary test number
        ("5GZCZ43D13S812715", None),
        ("1M8GDM9A0KP042788", "check_digit"),
        ("5GZCZ43D23S812715", "check_digit"),
        ("LSVAA49J132047371", None),  # China
        ("LSVAA49J232047371", "check_digit"),
        ("WDB9634031L123456", None),  # Europe: the ninth place tells nothing
        ("VF1AAAAA000000000", None),
        ("1M8GDM9AXKP04278", "length"),
        ("1M8GDM9AXKP0427888", "length"),
        ("", "length"),
        ("1M8GDM9AXKPO42788", "letters"),
        ("IM8GDM9AXKP042788", "letters"),
        ("WDB9634031Q123456", "letters"),
        ("WDB9634031L12345Ä", "letters"),
        ("WDB9634031L12345\u0667", "letters"),
    ],
)
def test_a_vin_is_right_or_the_fault_is_named(vin: str, fault: str | None) -> None:
    assert find_fault(vin) == fault


def test_one_wrong_sign_never_passes_where_it_is_checked() -> None:
    vin = "1M8GDM9AXKP042788"
    for place in (0, 3, 7, 9, 12, 16):
        wrong = "5" if vin[place] != "5" else "3"
        assert find_fault(vin[:place] + wrong + vin[place + 1 :]) == "check_digit", place


def test_spaces_dashes_and_small_letters_do_not_matter() -> None:
    assert normalise(" wdb-963 4031l123456\t") == "WDB9634031L123456"
