"""Where the town lies on the globe: open country in the American Midwest, far from any real town."""

import math

LATITUDE, LONGITUDE = 41.36, -94.18
METRES_PER_DEGREE = 111_195.0
EASTWARD_METRES_PER_DEGREE = METRES_PER_DEGREE * math.cos(math.radians(LATITUDE))


def locate(p: complex) -> tuple[float, float]:
    """(longitude, latitude) in degrees, to about 0.1 m, of a point in metres around the centre."""
    return (
        round(LONGITUDE + p.real / EASTWARD_METRES_PER_DEGREE, 6),
        round(LATITUDE + p.imag / METRES_PER_DEGREE, 6),
    )
