"""Text that would run as a formula is made harmless, and reads as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.tables.formulas import protect, unprotect


@pytest.mark.parametrize("text", ["=1+1", "+49 89 1", "-5", "@SUM(A1)", "\tx", "\rx", "'=1", "''-"])
def test_a_text_that_would_run_gets_an_apostrophe(text: str) -> None:
    assert protect(text) == "'" + text
    assert unprotect(protect(text)) == text


@pytest.mark.parametrize("text", ["", "plain", "'tis", "l'été", "'", "a=b", "1-2"])
def test_any_other_text_stays_as_it_is(text: str) -> None:
    assert protect(text) == text
    assert unprotect(text) == text


@given(st.text(alphabet="'=+-@\t\rab "))
def test_reading_takes_back_what_writing_did(text: str) -> None:
    assert unprotect(protect(text)) == text
