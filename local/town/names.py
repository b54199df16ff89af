"""Invented names for streets, schools, parks and neighbourhoods."""

import itertools
from collections.abc import Iterator
from random import Random

TOWN, RIVER, LAKE = "Larkford", "Teal River", "Lake Marigold"
TREES = """
    Alder Ash Aspen Beech Birch Boxelder Butternut Catalpa Cedar Cherry Chestnut Cottonwood Cypress Dogwood
    Elm Fir Ginkgo Hackberry Hawthorn Hazel Hemlock Hickory Holly Hornbeam Ironwood Juniper Larch Laurel
    Linden Locust Magnolia Maple Mulberry Oak Pecan Pine Plum Poplar Redbud Rowan Spruce Sumac Sycamore
    Tamarack Walnut Willow
"""
PEOPLE = """
    Abernathy Albright Ashworth Barlow Beckett Bellamy Blackwood Bradshaw Brennan Calloway Carver Chandler
    Clayborne Colby Crawford Dalton Davenport Delaney Dunmore Ellery Emerson Fairbanks Farley Fenwick Finch
    Gallagher Garrison Goodwin Granger Hadley Hale Hartwell Hollister Holloway Ingram Jessup Keating
    Kendrick Kirby Lambert Langley Lockhart Marlowe Mercer Merritt Monroe Nesbitt Norwood Oakley Palmer
    Pemberton Prescott Quimby Radcliffe Redmond Rollins Sawyer Sheridan Sinclair Stanton Sutter Talbot
    Thatcher Thornton Underwood Vance Waverly Whitaker Whitcomb Winslow Wyatt Yardley
"""
NATURE = """
    Amber Badger Bluebird Bramble Brook Cardinal Clover Copper Creek Deer Eagle Fern Finch Fox Goldenrod
    Goose Granite Harvest Heron Honey Indigo Kestrel Lark Lilac Lupine Meadow Mill Mint Orchard Otter
    Partridge Pebble Pheasant Prairie Quail Raven Robin Rose Saddle Sage Silver Sparrow Stone Sunset Swallow
    Thistle Timber Valley Violet Wren
"""
LAND = """
    Bend Bluff Brook Crest Dale Field Glen Grove Hill Hollow Knoll Ridge Run Trail View Wood
"""
NUMBERS = """
    First Second Third Fourth Fifth Sixth Seventh Eighth Ninth Tenth Eleventh Twelfth Thirteenth Fourteenth
    Fifteenth Sixteenth Seventeenth Eighteenth Nineteenth Twentieth
"""
HOODS = """
    Cedar Heights, Orchard Hill, Mill End, Stonebridge, Quarry Hill, Brickyard, Sunny Slope, Fairview, Old
    Market, Maple Grove, Prairie Village, Cooper's Corner, Kingfisher, Meadowbrook, Highfield, Foundry Row,
    Clover Hill, Lindenwood, Harvest Square
"""
PARKS = """
    Heron Meadows, Fairgrounds Park, Bandstand Park, Lindgren Park, Pioneer Park, Cottonwood Park,
    Arboretum, Veterans Park, Sledding Hill, Kite Field, Butterfly Park, Rotary Park, Prairie Reserve,
    Lantern Park
"""
RIVER_PARKS = ("Riverside Park", "Levee Park")
DEPOTS = ("Waterworks Depot", "Foundry Lane Depot", "Brick Kiln Depot")
ROADS = ("Quarry Road", "Orchard Road", "Mill Road", "Station Road")
DRIVES = ("Riverside Drive", "Mill Race Drive")
COUNTY = (
    "Harvest Road",
    "Creamery Road",
    "Windmill Road",
    "Schoolhouse Road",
    "Prairie Road",
    "Granary Road",
    "Dairy Road",
    "Silo Road",
    "Sawmill Road",
)


class NameBook:
    """Deals out names, each at most once, in an order of its own for each seed."""

    def __init__(self, rng: Random) -> None:
        def shuffle(names: list[str]) -> Iterator[str]:
            return iter(rng.sample(names, len(names)))

        self._numbers = iter(NUMBERS.split())
        self._trees = shuffle(TREES.split())
        self._people = shuffle(PEOPLE.split())
        self._nature = shuffle([f"{a} {b}" for a in NATURE.split() for b in LAND.split() if a != b])
        self._ordinals = itertools.count(21)
        self._hoods = shuffle([" ".join(name.split()) for name in HOODS.split(",")])
        self._parks = shuffle([" ".join(name.split()) for name in PARKS.split(",")])
        self._depots = shuffle(list(DEPOTS))
        kinds = itertools.chain(["Middle School"] * 2, itertools.repeat("Elementary School"))
        founders = shuffle(PEOPLE.split())
        self._schools = (f"{founder} {kind}" for founder, kind in zip(founders, kinds, strict=False))

    def number(self) -> str:
        return next(self._numbers, None) or self.person()

    def tree(self) -> str:
        return next(self._trees, None) or self.person()

    def person(self) -> str:
        return next(self._people, None) or self.nature()

    def nature(self) -> str:
        return next(self._nature, None) or f"{next(self._ordinals)}th"

    def hood(self) -> str:
        return next(self._hoods)

    def park(self) -> str:
        return next(self._parks)

    def depot(self) -> str:
        return next(self._depots)

    def school(self) -> str:
        return next(self._schools)
