"""Gives every street its name, the way towns do: numbers and trees in the centre, courts at dead ends."""

from local.town.geometry import dot, length, unit
from local.town.names import NameBook
from local.town.network import Network
from local.town.streets import Street

CENTRE = 800.0
ROW = 50.0  # pieces of street that are this near to one line are one street with gaps


def name_streets(streets: list[Street], network: Network, axis: complex, book: NameBook) -> None:
    """Name the streets that have no name yet; `axis` is the direction of the centre's numbered streets."""
    dead_ends = _streets_with_dead_ends(network)
    numbered = [s for s in streets if not s.name and _is_central(s) and abs(dot(_bearing(s), axis)) > 0.9]
    row = float("-inf")
    for street in sorted(numbered, key=lambda s: dot(_middle(s), axis * 1j)):
        if dot(_middle(street), axis * 1j) > row + ROW:
            row = dot(_middle(street), axis * 1j)
            name = f"{book.number()} Street"
        street.name = name
    for street in streets:
        if not street.name:
            street.name = _name(street, id(street) in dead_ends, axis, book)


def _name(street: Street, dead_end: bool, axis: complex, book: NameBook) -> str:
    span = length(street.line)
    crooked = span / (abs(street.line[-1] - street.line[0]) + 1.0) > 1.06
    if dead_end and span < 230:
        return f"{book.nature()} Court"
    if _is_central(street):
        return f"{book.tree()} Avenue" if abs(dot(_bearing(street), axis)) < 0.6 else f"{book.tree()} Street"
    if street.kind == "collector":
        return f"{book.person()} {'Boulevard' if span > 1500 else 'Avenue'}"
    if crooked:
        return f"{book.nature()} {'Drive' if span > 500 else 'Lane'}"
    if abs(_middle(street)) < 1700:
        return f"{book.tree()} {'Street' if abs(dot(_bearing(street), axis)) > 0.7 else 'Avenue'}"
    return f"{book.nature()} {'Way' if span < 500 else 'Street'}"


def _is_central(street: Street) -> bool:
    return street.kind != "arterial" and abs(_middle(street)) < CENTRE and length(street.line) > 180


def _middle(street: Street) -> complex:
    return street.line[len(street.line) // 2]


def _bearing(street: Street) -> complex:
    return unit(street.line[-1] - street.line[0])


def _streets_with_dead_ends(network: Network) -> set[int]:
    return {id(steps[0][0].street) for steps in network.leaving if len(steps) == 1}


def name_junction(network: Network, junction: int) -> str:
    """`Alder Street & Third Street`, the wider street first."""
    order = {"arterial": 0, "collector": 1, "residential": 2}
    met = {piece.street.name: order[piece.street.kind] for piece, _ in network.leaving[junction]}
    return " & ".join(sorted(met, key=lambda name: (met[name], name))[:2])
