"""Where a request is in a list that is paged by id."""

from collections.abc import Mapping

from flask_babel import gettext as _

from web.problems import InvalidFields

PAGE = 100
LARGEST_ID = 2**63 - 1


def read_id(asked: Mapping[str, str], name: str) -> int | None:
    """A number of this name, such as the id that the next part comes after. Raises InvalidFields."""
    text = asked.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= LARGEST_ID):
        raise InvalidFields({name: _("This must be a whole number.")})
    return int(text)


def read_words(asked: Mapping[str, str], name: str) -> str:
    """A text of this name, as the database can look for it."""
    return asked.get(name, "").replace("\x00", "").strip()
