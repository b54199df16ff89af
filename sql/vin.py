"""Vehicle identification numbers: what is wrong with one.

ISO 3779 gives every VIN 17 characters, capital letters and digits without I, O and Q. A check digit in the
ninth place is the rule of FMVSS 115 (49 CFR 565.15) in North America, where VINs begin with 1 to 5, and of
GB 16735 in China (L), with the same weights; elsewhere the place is the maker's own and tells nothing.
"""

import re

VALUES = {
    **{digit: int(digit) for digit in "0123456789"},
    **dict(zip("ABCDEFGH", range(1, 9), strict=True)),
    **dict(zip("JKLMN", range(1, 6), strict=True)),
    **{"P": 7, "R": 9},
    **dict(zip("STUVWXYZ", range(2, 10), strict=True)),
}
WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
CHECKED = "12345L"


def normalise(text: str) -> str:
    """A VIN as it is kept, however it was typed."""
    return re.sub(r"[\s-]", "", text).upper()


def find_fault(vin: str) -> str | None:
    """What is wrong with a normalised VIN: length, letters or check_digit; None where nothing is."""
    if len(vin) != 17:
        return "length"
    if not VALUES.keys() >= set(vin):
        return "letters"
    if vin[0] in CHECKED and vin[8] != compute_check_digit(vin):
        return "check_digit"
    return None


def compute_check_digit(vin: str) -> str:
    """What the ninth place of a VIN must be where it is checked."""
    rest = sum(VALUES[sign] * weight for sign, weight in zip(vin, WEIGHTS, strict=True)) % 11
    return "X" if rest == 10 else str(rest)
