"""The rules and geofences in force, read anew for each turn; only geofences that changed are drawn again."""

from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import structlog

from jobs import metrics
from jobs.detection.detector import Vehicle
from jobs.detection.fences import Fence, draw_area
from jobs.detection.rules import Rule, Rules, Week
from jobs.detection.track import SECOND
from sql.hours import parse
from sql.queries import fetch_rows, queries

Row = dict[str, Any]
log = structlog.get_logger()


class Ruleset:
    """Tells what is in force for each vehicle; `refresh` reads what has changed."""

    def __init__(self) -> None:
        self._fences: dict[int, Fence] = {}
        self._stamps: dict[int, str] = {}
        self._of_fleet: dict[str, Rule] = {}
        self._of_vehicles: dict[int, dict[str, Rule | None]] = {}

    def refresh(self, connection: psycopg.Connection) -> None:
        """Read the rules, and the geofences that are new or have changed."""
        self._of_fleet, self._of_vehicles = {}, {}
        for row in fetch_rows(connection, "list_rules_in_force"):
            rule = self._read(row) if row["is_on"] else None
            if row["vehicle_id"] is not None:
                self._of_vehicles.setdefault(row["vehicle_id"], {})[row["kind"]] = rule
            elif rule is not None:
                self._of_fleet[row["kind"]] = rule
        stamps = dict(queries.list_fence_versions(connection))
        changed = [id for id, stamp in stamps.items() if self._stamps.get(id) != stamp]
        self._fences = {id: fence for id, fence in self._fences.items() if id in stamps}
        for row in fetch_rows(connection, "list_fences", ids=changed) if changed else ():
            self._draw(row)
        self._stamps = stamps

    def _read(self, row: Row) -> Rule | None:
        """A rule; one whose hours cannot be read counts as switched off, and keeps nobody waiting."""
        try:
            return _read_rule(row)
        except (ValueError, KeyError, OSError):  # of sql.hours, and of zones that this machine does not know
            metrics.DETECTION_FAILURES.inc()
            log.exception("a rule cannot be read", kind=row["kind"], vehicle_id=row["vehicle_id"])
            return None

    def _draw(self, row: Row) -> None:
        """Have a geofence as it is now; one that cannot be drawn must not keep all others waiting."""
        self._fences.pop(row["id"], None)
        try:
            self._fences[row["id"]] = _read_fence(row)
        except Exception:
            metrics.DETECTION_FAILURES.inc()
            log.exception("a geofence cannot be drawn", geofence_id=row["id"])

    def list_vehicles(self, connection: psycopg.Connection, device_ids: list[int]) -> dict[int, Vehicle]:
        """What is in force for the vehicle that each device is in now."""
        rows = fetch_rows(connection, "list_detected_vehicles", device_ids=device_ids)
        return {row["device_id"]: self._describe(row) for row in rows}

    def _describe(self, row: Row) -> Vehicle:
        id, depot_id = row["vehicle_id"], row["depot_id"]
        fences = tuple(fence for _, fence in sorted(self._fences.items()) if fence.concerns(id, depot_id))
        return Vehicle(id, row["tank_l"], self._merge(self._of_vehicles.get(id, {})), fences)

    def _merge(self, own: dict[str, Rule | None]) -> Rules:
        """The fleet's rules but where the vehicle has its own; what its own does not say is the fleet's."""
        merged: dict[str, Rule] = {kind: rule for kind, rule in self._of_fleet.items() if kind not in own}
        return merged | {kind: rule for kind, rule in own.items() if rule is not None}


def _read_rule(row: Row) -> Rule:
    return Rule(
        kind=row["kind"],
        raises_alert=row["raises_alert"],
        severity=row["severity"],
        threshold=row["threshold"] or 0.0,
        lasting=(row["lasting_s"] or 0) * SECOND,
        fresh=row["fresh_s"] * SECOND,
        week=_read_week(row),
        is_own=row["vehicle_id"] is not None,
    )


def _read_week(row: Row) -> Week | None:
    return Week(parse(row["hours"]), ZoneInfo(row["time_zone"])) if row["hours"] else None


def _read_fence(row: Row) -> Fence:
    latitude, longitude, area = draw_area(row["geometry"], row["radius_m"])
    return Fence(
        id=row["id"],
        version=row["version"],
        depot_id=row["depot_id"],
        vehicle_ids=frozenset(row["vehicle_ids"]),
        is_corridor=row["shape"] == "corridor",
        latitude=latitude,
        longitude=longitude,
        area=area,
        hysteresis_m=row["hysteresis_m"],
        least_visit=row["least_visit_s"] * SECOND,
        dwell=row["dwell_s"] * SECOND,
        speed_limit_mps=row["speed_limit_mps"],
        week=_read_week(row),
        alert_on=frozenset(row["alert_on"]),
    )
