"""A plane in metres that touches the ellipsoid (WGS 84) at one place.

Within 50 km of that place lengths are right to 0.01 %, at every latitude and across the date line.
"""

import math

EQUATOR_M = 6_378_137.0
FLATTENING = 1 / 298.257223563
SQUARED_ECCENTRICITY = FLATTENING * (2 - FLATTENING)
POLE_M = EQUATOR_M * (1 - FLATTENING)


class Ground:
    """Points on the plane are complex: metres east and, imaginary, metres north."""

    def __init__(self, latitude: float, longitude: float) -> None:
        phi, lam = math.radians(latitude), math.radians(longitude)
        self._sin, self._cos, self._longitude = math.sin(phi), math.cos(phi), lam
        across = EQUATOR_M / math.sqrt(1 - SQUARED_ECCENTRICITY * self._sin**2)
        self._out = across * self._cos
        self._up = across * (1 - SQUARED_ECCENTRICITY) * self._sin

    def locate(self, p: complex) -> tuple[float, float]:
        """(latitude, longitude) in degrees of a point on the plane, to about 1 cm."""
        out = self._out - self._sin * p.imag
        up = self._up + self._cos * p.imag
        away = math.hypot(out, p.real)
        theta = math.atan2(up * EQUATOR_M, away * POLE_M)
        bulge = SQUARED_ECCENTRICITY / (1 - SQUARED_ECCENTRICITY) * POLE_M
        latitude = math.atan2(
            up + bulge * math.sin(theta) ** 3,
            away - SQUARED_ECCENTRICITY * EQUATOR_M * math.cos(theta) ** 3,
        )
        longitude = math.degrees(self._longitude + math.atan2(p.real, out))
        return round(math.degrees(latitude), 7), round((longitude + 180.0) % 360.0 - 180.0, 7)
