"""The named queries: each name is given once, or one file would silently take the place of another."""

import re
from pathlib import Path

from sql import queries

FOLDER = Path(queries.__file__).with_name("queries")


def test_every_query_has_a_name_of_its_own_and_a_sentence() -> None:
    found = [
        match
        for file in sorted(FOLDER.glob("*.sql"))
        for match in re.findall(r"^-- name: ([a-z_]+)\S*\n(-- [A-Z].*)?", file.read_text(), re.MULTILINE)
    ]
    names = [name for name, _ in found]
    assert sorted(names) == sorted(set(names))
    assert [name for name, sentence in found if not sentence] == []
