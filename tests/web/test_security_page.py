"""docs/security.md says the rights that web/rights.py gives."""

from pathlib import Path

from sql.users import ROLES
from web.rights import RIGHTS, may

PAGE = Path(__file__).resolve().parents[2] / "docs" / "security.md"


def write_table() -> str:
    """The table as the page must have it."""
    lines = [f"| right | {' | '.join(ROLES)} |", "|---" * (len(ROLES) + 1) + "|"]
    for right in RIGHTS:
        marks = " | ".join("yes" if may(role, right) else "" for role in ROLES)
        lines.append(f"| {right} | {marks} |")
    return "\n".join(lines)


def test_the_page_has_the_table_of_rights() -> None:
    text = PAGE.read_text()
    written = text.partition("compares -->\n")[2].partition("\n<!-- end")[0]
    assert written == write_table()
