"""Whether the time of a fix can be right, as seen at the moment it was received.

Late is no fault: a unit may deliver what it gathered through years without network.
"""

from datetime import UTC, datetime, timedelta

from devices.position import Position

FUTURE_ALLOWED = timedelta(minutes=10)
GPS_CYCLE = timedelta(weeks=1024)
NEAR_A_ROLLOVER = timedelta(days=1)
LATE_AT_MOST = GPS_CYCLE - NEAR_A_ROLLOVER
FIRST_PLAUSIBLE = datetime(2000, 1, 1, tzinfo=UTC)


def find_fault(position: Position, now: datetime) -> str | None:
    """Why a fix cannot have its time, or None: "future fix", "week rollover" or "implausible time".

    A receiver that has lost count of GPS's 1024-week cycles tells the present time one or two cycles ago.
    """
    age = now - position.fix_time
    if age < LATE_AT_MOST:
        return "future fix" if -age > FUTURE_ALLOWED else None
    suspicion = position.attributes and position.attributes.get("time_suspect")
    if suspicion == "week_rollover" or any(
        abs(age - cycles * GPS_CYCLE) <= NEAR_A_ROLLOVER for cycles in (1, 2)
    ):
        return "week rollover"
    return "implausible time" if position.fix_time < FIRST_PLAUSIBLE else None
