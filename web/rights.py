"""Who may do what: the one table that every page, every API answer and every live connection asks.

A new page or API route gets a line in ENDPOINTS; one that has none is refused to everybody. A new record
kind gets two rights and a line with `of_records`.
"""

from sql.users import User

ANYBODY = "come by"
SIGNED_IN = "be signed in"


def N_(words: str) -> str:
    """Words that a refusal says, translated where it does."""
    return words


STAFF = frozenset({"admin", "dispatcher", "mechanic", "accountant", "viewer"})

RIGHTS: dict[str, frozenset[str]] = {
    N_("see the live map"): frozenset({"admin", "dispatcher", "mechanic", "viewer"}),
    N_("see trips"): frozenset({"admin", "dispatcher", "mechanic", "viewer"}),
    # Where a vehicle has been, whoever works with it knows; who sat in it, only those who send them out.
    N_("see drivers' trips"): frozenset({"admin", "dispatcher"}),
    N_("see events"): frozenset({"admin", "dispatcher", "mechanic", "viewer"}),
    N_("see the system"): frozenset({"admin", "dispatcher", "mechanic"}),
    N_("see the quarantine"): frozenset({"admin", "dispatcher", "mechanic"}),
    N_("see quarantined content"): frozenset({"admin"}),
    N_("run jobs"): frozenset({"admin"}),
    N_("see connections"): frozenset({"admin"}),
    N_("switch features"): frozenset({"admin"}),
    N_("see the audit log"): frozenset({"admin"}),
    N_("see depots"): STAFF,
    N_("edit depots"): frozenset({"admin", "dispatcher"}),
    N_("see vehicles"): STAFF,
    N_("edit vehicles"): frozenset({"admin", "dispatcher"}),
    N_("read odometers"): frozenset({"admin", "dispatcher", "mechanic"}),
    # Who drives is known to whoever works with drivers and vehicles; how to reach them, and whether they may
    # and can drive, only to those who send them out. A driver sees nothing of another.
    N_("see drivers"): frozenset({"admin", "dispatcher", "mechanic", "viewer"}),
    N_("see drivers' papers"): frozenset({"admin", "dispatcher"}),
    N_("edit drivers"): frozenset({"admin", "dispatcher"}),
    N_("see devices"): frozenset({"admin", "dispatcher", "mechanic", "viewer"}),
    N_("edit devices"): frozenset({"admin", "dispatcher", "mechanic"}),
    N_("import positions"): frozenset({"admin", "dispatcher"}),
    N_("see assignments"): frozenset({"admin", "dispatcher", "mechanic", "viewer"}),
    N_("edit assignments"): frozenset({"admin", "dispatcher"}),
    N_("see alerts"): frozenset({"admin", "dispatcher", "mechanic", "viewer"}),
    N_("handle alerts"): frozenset({"admin", "dispatcher"}),
    N_("edit escalations"): frozenset({"admin"}),
    N_("see geofences"): frozenset({"admin", "dispatcher", "mechanic", "viewer"}),
    N_("edit geofences"): frozenset({"admin", "dispatcher"}),
    N_("see schedules"): frozenset({"admin", "dispatcher", "mechanic", "viewer"}),
    N_("edit schedules"): frozenset({"admin", "dispatcher"}),
    N_("see rules"): frozenset({"admin", "dispatcher", "mechanic"}),
    N_("edit rules"): frozenset({"admin"}),
    # And only what one may see.
    N_("export data"): STAFF,
    N_("see everybody's exports"): frozenset({"admin"}),
    # What somebody may import follows from the right of each kind; here it is whether they may come in.
    N_("import"): frozenset({"admin", "dispatcher", "mechanic", "accountant"}),
    N_("see users"): frozenset({"admin"}),
    N_("edit users"): frozenset({"admin"}),
}


def of_records(table: str) -> dict[str, str]:
    """The endpoints of a record kind's pages and API, by the rights `see TABLE` and `edit TABLE`."""
    see = ("list_all", "show", "suggest")
    edit = ("begin", "add", "begin_change", "change", "change_many", "archive", "restore")
    return {
        **{f"{room}.{view}": f"see {table}" for room in (table, f"api_{table}") for view in see},
        **{f"{room}.{view}": f"edit {table}" for room in (table, f"api_{table}") for view in edit},
    }


def of_documents(noun: str, see: str, edit: str) -> dict[str, str]:
    """The endpoints of the documents of a kind of record, by the rights to see and to edit them."""
    edits = ("begin", "add", "begin_change", "change", "archive", "restore")
    return {
        f"{noun}_documents.show_scan": see,
        f"api_{noun}_documents.list_all": see,
        **{f"{noun}_documents.{view}": edit for view in edits},
        **{f"api_{noun}_documents.{view}": edit for view in ("add", "change")},
    }


ENDPOINTS: dict[str, str] = {
    "static": ANYBODY,
    "health.alive": ANYBODY,
    "health.ready": ANYBODY,
    "health.metrics": ANYBODY,
    "session.sign_in": ANYBODY,
    "session.check_password": ANYBODY,
    "session.ask_code": ANYBODY,
    "session.check_code": ANYBODY,
    "password.ask": ANYBODY,
    "password.send_link": ANYBODY,
    "password.choose": ANYBODY,
    "password.set_new": ANYBODY,
    "api_auth.login": ANYBODY,
    "api_auth.refresh": ANYBODY,
    "openapi.spec": ANYBODY,
    "api_docs.show": ANYBODY,
    "session.home": SIGNED_IN,
    "session.sign_out": SIGNED_IN,
    "session.who_am_i": SIGNED_IN,
    "account.show": SIGNED_IN,
    "account.change_preferences": SIGNED_IN,
    "account.change_password": SIGNED_IN,
    "account.end_session": SIGNED_IN,
    "account.end_other_sessions": SIGNED_IN,
    "second_factor.begin": SIGNED_IN,
    "second_factor.confirm": SIGNED_IN,
    "second_factor.renew_codes": SIGNED_IN,
    "second_factor.remove": SIGNED_IN,
    "api_auth.logout": SIGNED_IN,
    "api_auth.me": SIGNED_IN,
    "live_map.show": "see the live map",
    "live_map.list_places": "see the live map",
    "live_map.list_roads": "see the live map",
    "trips.list_all": "see trips",
    "trips.show": "see trips",
    "trips.show_track": "see trips",
    "trips.list_vehicle_days": "see trips",
    "trips.list_driver_days": "see drivers' trips",
    "trips.events.list_all": "see events",
    "api_trips.list_trips": "see trips",
    "api_trips.show_trip": "see trips",
    "api_trips.list_stops": "see trips",
    "api_trips.list_positions": "see trips",
    "api_trips.list_events": "see events",
    "system.overview.show": "see the system",
    "system.ingestion.show": "see the system",
    "system.ingestion.show_day": "see the system",
    "system.ingestion.show_device": "see the system",
    "system.quarantine.list_all": "see the quarantine",
    "system.quarantine.show": "see quarantined content",
    "system.jobs.list_all": "see the system",
    "system.jobs.show": "see the system",
    "system.jobs.run": "run jobs",
    "system.connections.show": "see connections",
    "system.features.list_all": "switch features",
    "system.features.switch": "switch features",
    "system.audit.list_all": "see the audit log",
    **of_documents("vehicle", "see vehicles", "edit vehicles"),
    **of_documents("driver", "see drivers' papers", "edit drivers"),
    "vehicle_photo.show": "see vehicles",
    "vehicle_photo.show_small": "see vehicles",
    "vehicle_photo.begin": "edit vehicles",
    "vehicle_photo.replace": "edit vehicles",
    "vehicle_photo.remove": "edit vehicles",
    "vehicle_odometer.list_all": "see vehicles",
    "vehicle_odometer.begin": "read odometers",
    "vehicle_odometer.add": "read odometers",
    "api_vehicle_odometer.list_all": "see vehicles",
    "api_vehicle_odometer.add": "read odometers",
    **of_records("depots"),
    **of_records("vehicles"),
    **of_records("drivers"),
    "driver_accounts.suggest": "see drivers' papers",
    **of_records("devices"),
    **{f"assignments.{view}": "see assignments" for view in ("list_all", "show")},
    **{
        f"assignments.{action}": "edit assignments"
        for action in (
            "begin",
            "add",
            "begin_change",
            "change",
            "end",
            "remove",
            "begin_substitution",
            "substitute",
            "undo",
        )
    },
    **{f"api_assignments.{view}": "see assignments" for view in ("list_all", "show")},
    **{
        f"api_assignments.{action}": "edit assignments"
        for action in ("add", "change", "end", "remove", "substitute")
    },
    **{f"alerts.{view}": "see alerts" for view in ("list_all", "show", "bell")},
    **{f"api_alerts.{view}": "see alerts" for view in ("list_all", "show")},
    **{
        f"{room}.{action}": "handle alerts"
        for room in ("alerts", "api_alerts")
        for action in ("acknowledge", "assign", "snooze", "note", "resolve", "reopen")
    },
    "alerts.change_many": "handle alerts",
    "escalations.show": "edit escalations",
    "escalations.change": "edit escalations",
    **of_records("geofences"),
    "geofence_map.list_shapes": "see geofences",
    "geofence_map.list_vehicles": "see geofences",
    "geofence_visits.list_all": "see geofences",
    "api_geofence_visits.list_all": "see geofences",
    **of_records("schedules"),
    **of_records("rules"),
    **{
        f"exports.{view}": "export data"
        for view in (
            "list_all",
            "begin",
            "make",
            "arrange_columns",
            "save",
            "run_template",
            "schedule",
            "remove_template",
            "fetch",
            "remove",
        )
    },
    "exports.list_everybody": "see everybody's exports",
    **{f"api_exports.{view}": "export data" for view in ("list_kinds", "make", "list_all", "show", "fetch")},
    **{
        f"{room}.{view}": "import"
        for room in ("imports", "api_imports")
        for view in ("list_all", "add", "show", "check", "commit", "stop", "undo")
    },
    **{
        f"imports.{view}": "import"
        for view in (
            "begin_mapping",
            "change_mapping",
            "change_reading",
            "cancel",
            "download_rejected",
            "download_template",
            "download_sample",
        )
    },
    **{f"api_imports.{view}": "import" for view in ("change", "list_rows", "download_rejected")},
    **of_records("users"),
    **{
        f"{room}.{action}": "edit users"
        for room in ("people", "api_people")
        for action in ("invite", "sign_out", "reset_second_factor", "unlock")
    },
}


def may(role: str, right: str) -> bool:
    """Whether people of this role have this right, one of RIGHTS."""
    return right in (ANYBODY, SIGNED_IN) or role in RIGHTS[right]


def lacks_second_factor(user: User, is_required: bool) -> bool:
    """Whether this person must set up a second factor first: admins, where that is required."""
    return is_required and user.role == "admin" and not user.has_second_factor


def find_right(endpoint: str) -> str | None:
    """The right that an endpoint asks for; None where the table does not name it."""
    return ENDPOINTS.get(endpoint)
