"""Who may do what: the one table that every page and every live connection asks."""

RIGHTS: dict[str, frozenset[str]] = {
    "see the live map": frozenset({"admin", "dispatcher", "mechanic", "viewer"}),
}


def may(role: str, right: str) -> bool:
    """Whether people of this role have this right, one of RIGHTS."""
    return role in RIGHTS[right]
