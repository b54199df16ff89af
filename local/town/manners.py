"""How the town's lesser streets grow: collectors, residential blocks, and courts in what is left."""

from random import Random

from local.town.extent import CENTRE, Extent
from local.town.growth import Manner


def choose_manners(rng: Random, extent: Extent) -> tuple[Manner, Manner, Manner]:
    """Collectors, residential streets and courts: a strict grid in the centre, ever looser around it."""

    def block(p: complex) -> float:
        return extent.block(p) or 100.0

    def is_central(p: complex) -> bool:
        return abs(p) < CENTRE

    collectors = Manner(
        kind="collector",
        apart=lambda p: extent.block(p) * 3.6,
        spacing=lambda p: block(p) * rng.uniform(4, 6.5),
        straight=lambda p: 0.7,
        reach=(700, 2600),
        stop_at=0.05,
        rounds=1,
    )
    blocks = Manner(
        kind="residential",
        apart=lambda p: extent.block(p) * 0.86,
        spacing=lambda p: block(p) * (1.02 if is_central(p) else rng.uniform(1.0, 2.0)),
        straight=lambda p: 1.0 if is_central(p) else 0.45,
        reach=(250, 1100),
        stop_at=0.12,
        rounds=7,
    )
    courts = Manner(
        kind="residential",
        apart=lambda p: 0.0 if is_central(p) else extent.block(p) * 0.46,
        spacing=lambda p: rng.uniform(170, 450),
        straight=lambda p: 0.0,
        reach=(20, 45),
        stop_at=1.0,
        rounds=0,
    )
    return collectors, blocks, courts
