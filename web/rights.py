"""Who may do what: the one table that every page, every API answer and every live connection asks.

A new page or API route gets a line in ENDPOINTS; one that has none is refused to everybody. A new record
kind gets two rights and a line with `of_records`.
"""

ANYBODY = "come by"
SIGNED_IN = "be signed in"
STAFF = frozenset({"admin", "dispatcher", "mechanic", "accountant", "viewer"})

RIGHTS: dict[str, frozenset[str]] = {
    "see the live map": frozenset({"admin", "dispatcher", "mechanic", "viewer"}),
    "see vehicles": STAFF,
    "edit vehicles": frozenset({"admin", "dispatcher"}),
    "read odometers": frozenset({"admin", "dispatcher", "mechanic"}),
    "see depots": STAFF,
    "edit depots": frozenset({"admin", "dispatcher"}),
}


def of_records(table: str) -> dict[str, str]:
    """The endpoints of a record kind's pages and API, by the rights `see TABLE` and `edit TABLE`."""
    see = ("list_all", "show", "suggest")
    edit = ("begin", "add", "begin_change", "change", "change_many", "archive", "restore")
    return {
        **{f"{room}.{view}": f"see {table}" for room in (table, f"api_{table}") for view in see},
        **{f"{room}.{view}": f"edit {table}" for room in (table, f"api_{table}") for view in edit},
    }


def of_documents(noun: str, table: str) -> dict[str, str]:
    """The endpoints of the documents of a kind of record."""
    edit = ("begin", "add", "begin_change", "change", "archive", "restore")
    return {
        f"{noun}_documents.show_scan": f"see {table}",
        f"api_{noun}_documents.list_all": f"see {table}",
        **{f"{noun}_documents.{view}": f"edit {table}" for view in edit},
        **{f"api_{noun}_documents.{view}": f"edit {table}" for view in ("add", "change")},
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
    "second_factor.remove": SIGNED_IN,
    "api_auth.logout": SIGNED_IN,
    "api_auth.me": SIGNED_IN,
    "live_map.show": "see the live map",
    "live_map.list_places": "see the live map",
    "live_map.list_roads": "see the live map",
    **of_records("vehicles"),
    **of_documents("vehicle", "vehicles"),
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
}


def may(role: str, right: str) -> bool:
    """Whether people of this role have this right, one of RIGHTS."""
    return right in (ANYBODY, SIGNED_IN) or role in RIGHTS[right]


def find_right(endpoint: str) -> str | None:
    """The right that an endpoint asks for; None where the table does not name it."""
    return ENDPOINTS.get(endpoint)
