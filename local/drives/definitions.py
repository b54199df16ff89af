"""What counts as what: the kinds of happenings and their thresholds, for truth and judges alike.

So that nobody can quarrel with the truth, drives keep away from the thresholds: magnitudes stay 7 % or more
off (harsh manoeuvres 15 %), durations of a minute and more 10 s or more, shorter ones a fifth or more. Only
a speed held 0.5 m/s below the limit and a vehicle parked 5 m from a border are closer, on purpose: they are
to be told from noise.
"""

from typing import NamedTuple

REST_S = 180.0
IGNITION_REST_S = 30.0
TRIP_M = 200.0

SPEED_LIMIT_MPS = 25.0
OVERSPEED_S = 10.0
OVERSPEED_DIP_S = 5.0

HARSH_BRAKING = 3.5  # m/s²
HARSH_ACCELERATION = 3.0
HARSH_CORNERING = 4.0
HARSH_S = 1.5
HARSH_INTERVAL_S = 1.0  # units that report less often cannot tell

IDLING_S = 300.0
IGNITION_FLICKER_S = 10.0
TOW_M = 200.0
OFFLINE_S = 600.0

LOW_BATTERY_PERCENT, GOOD_BATTERY_PERCENT = 20.0, 30.0
POWER_CUT_V, POWER_BACK_V = 5.0, 9.0
FUEL_DROP_POINTS, FUEL_DROP_S = 10.0, 600.0

OFF_ROUTE_S = 60.0
CROSSING_S = 30.0
DWELL_S = 600.0

HARSH_KINDS = ("harsh_braking", "harsh_acceleration", "harsh_cornering")
SOS_WORDS = ("sos", "panic")

INTERVAL_KINDS = (
    "trip",
    "stop",
    "overspeed",
    "idling",
    "tow",
    "offline",
    "low_battery",
    "power_cut",
    "unauthorised",
    "off_route",
    "fence_dwell",
)
POINT_KINDS = (
    *HARSH_KINDS,
    "ignition_on",
    "ignition_off",
    "fuel_drop",
    "device_alarm",
    "sos",
    "fence_enter",
    "fence_leave",
)
KINDS = INTERVAL_KINDS + POINT_KINDS


class Happening(NamedTuple):
    """Something that happened; times in epoch seconds, `ends_at` None for a moment or what still lasts.

    `subject` names the fence or the device's word; `value` is the trip's or tow's metres, the peak speed
    (m/s), the peak acceleration (m/s²) or the points of fuel lost.
    """

    kind: str
    starts_at: float
    ends_at: float | None = None
    subject: str = ""
    value: float | None = None
