"""Limits on sign-in, kept in the database so that they hold across processes.

A try is counted before it is known how it ends, and forgotten when it was good: any number of tries side
by side cannot slip past the limit. Accounts are named by a hash: people type passwords into the wrong field.
"""

import hashlib
import ipaddress

import psycopg

from sql.queries import queries

# At most so many failures in a minute, a quarter of an hour and an hour.
OF_ADDRESS = (10, 40, 60)
OF_ACCOUNT = (10, 10, 40)


class TooManyAttempts(Exception):
    """Wait, then try again."""


class Attempt:
    """One try, counted until it is forgotten."""

    def __init__(self, ids: list[int]) -> None:
        self._ids = ids

    def forget(self, connection: psycopg.Connection) -> None:
        """It was a good one."""
        queries.remove_attempts(connection, ids=self._ids)


def begin(connection: psycopg.Connection, address: str, account: str) -> Attempt:
    """Count a try of this network address at this account. Raises TooManyAttempts, uncounted."""
    name = _name(account)
    limits = {f"address {_find_network(address)}": OF_ADDRESS, f"account {name}": OF_ACCOUNT}
    subjects = list(limits)
    attempt = Attempt([row[0] for row in queries.add_attempts(connection, subjects=subjects)])
    connection.commit()
    counts = list(queries.count_attempts(connection, subjects=subjects))
    if any(count > most for row in counts for count, most in zip(row[1:], limits[row[0]], strict=True)):
        attempt.forget(connection)
        connection.commit()
        raise TooManyAttempts
    queries.remove_old_attempts(connection)
    connection.commit()
    return attempt


def unlock(connection: psycopg.Connection, *accounts: str) -> int:
    """Forget the tries at these accounts; how many that were."""
    names = [f"account {_name(account)}" for account in accounts]
    count: int = queries.remove_account_attempts(connection, subjects=names)
    return count


def count_tries(connection: psycopg.Connection, *accounts: str) -> int:
    """The tries at these accounts within the hour that count against their limits."""
    names = [f"account {_name(account)}" for account in accounts]
    return sum(row[3] for row in queries.count_attempts(connection, subjects=names))


def _name(account: str) -> str:
    return hashlib.sha256(account.strip().lower().encode()).hexdigest()


def _find_network(address: str) -> str:
    """The address itself, or the network of an IPv6 one: whoever has one address there has all 2**64."""
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        return address  # a name of its own, such as that of a limit on mail
    return str(ipaddress.ip_network((address, 64), strict=False)) if version == 6 else address
