"""Who uses the demo installation of the pictures."""

import psycopg

from sql.users import add_user, change_preferences

PASSWORD = "only for the pictures"
ADMIN, DISPATCHER = "dana@demo.example", "ruben@demo.example"
PEOPLE = (
    (ADMIN, "Dana Brandt", "admin", None, ()),
    (DISPATCHER, "Ruben Okafor", "dispatcher", None, ()),
    ("lea@demo.example", "Lea Novák", "dispatcher", "depot", ("North yard", "South yard")),
    ("marek@demo.example", "Marek Horvath", "mechanic", None, ()),
    ("sofia@demo.example", "Sofia Almeida", "mechanic", "depot", ("East garage",)),
    ("iris@demo.example", "Iris Weber", "accountant", None, ()),
    ("amina@demo.example", "Amina Haddad", "driver", None, ()),
    ("school@demo.example", "Mill Road School", "viewer", None, ()),
)
READS = {"language": "en", "time_zone": "Europe/Berlin", "units": "metric"}


def add_people(connection: psycopg.Connection) -> None:
    """All of them, with the same password."""
    for email, name, role, scope, depots in PEOPLE:
        user = add_user(connection, email, role, PASSWORD, scope, depots)
        change_preferences(connection, user, name=name, **READS)
