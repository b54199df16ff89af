"""The second factor: codes from a phone (TOTP), and recovery codes for whoever lost it.

A phone's secret is kept sealed. One that is older than that is plain, and is sealed when it is next used.
"""

import hashlib
import hmac
import re
import secrets
import time

import psycopg
import pyotp

from sql.queries import queries
from sql.seal import Seal
from sql.users import User

STEP_S = 30
RECOVERY_CODES = 10
PLAIN = re.compile("[A-Z2-7]+")  # base32; what is sealed begins with a small letter


def begin(connection: psycopg.Connection, user: User, seal: Seal) -> str:
    """A new secret for this person's phone; it is in force when its first code has been confirmed."""
    secret: str = pyotp.random_base32()
    queries.begin_second_factor(connection, user_id=user.id, secret=seal.close(secret))
    return secret


def make_address(user: User, secret: str) -> str:
    """The otpauth:// address of a secret, which a phone reads as a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name="Motorpool")


def confirm(connection: psycopg.Connection, user: User, code: str, seal: Seal) -> list[str] | None:
    """Put the secret in force; the recovery codes, to be shown once. None where the code is wrong."""
    secret = find_secret(connection, user, seal)
    step = _find_step(secret, code) if secret else None
    if step is None or not queries.confirm_second_factor(connection, user_id=user.id, step=step):
        return None
    return renew_recovery_codes(connection, user)


def verify(connection: psycopg.Connection, user: User, code: str, seal: Seal) -> bool:
    """Whether this is the code of now, or a recovery code; either works once."""
    code = code.replace(" ", "").replace("-", "").lower()
    secret = find_secret(connection, user, seal)
    step = _find_step(secret, code) if secret else None
    if step is not None:
        return bool(queries.use_code(connection, user_id=user.id, step=step))
    return bool(queries.use_recovery_code(connection, user_id=user.id, code_hash=_hash(code)))


def remove(connection: psycopg.Connection, user: User) -> None:
    """Let the password be enough again."""
    queries.remove_second_factor(connection, user_id=user.id)
    queries.remove_recovery_codes(connection, user_id=user.id)


def renew_recovery_codes(connection: psycopg.Connection, user: User) -> list[str]:
    """New recovery codes; the older ones stop working."""
    codes = [secrets.token_hex(8) for _ in range(RECOVERY_CODES)]
    queries.remove_recovery_codes(connection, user_id=user.id)
    queries.add_recovery_codes(connection, user_id=user.id, hashes=[_hash(code) for code in codes])
    return [f"{code[:4]}-{code[4:8]}-{code[8:12]}-{code[12:]}" for code in codes]


def count_recovery_codes(connection: psycopg.Connection, user: User) -> int:
    """How many recovery codes still work."""
    count: int = queries.count_recovery_codes(connection, user_id=user.id)
    return count


def _find_step(secret: str, code: str) -> int | None:
    """The time step whose code this is: now, the one before or the one after, for clocks differ."""
    now = int(time.time()) // STEP_S
    totp = pyotp.TOTP(secret)
    steps = (now, now - 1, now + 1)
    code = code.replace(" ", "")
    return next((s for s in steps if hmac.compare_digest(totp.generate_otp(s).encode(), code.encode())), None)


def _hash(code: str) -> bytes:
    # A fast hash is enough: a code has 64 random bits, and tries are limited.
    return hashlib.sha256(code.encode()).digest()


def find_secret(connection: psycopg.Connection, user: User, seal: Seal) -> str | None:
    """The secret that this person's phone has, or is about to have; None where another seal is on it."""
    kept: str | None
    kept, _ = queries.get_second_factor(connection, user_id=user.id)
    if kept is None:
        return None
    if PLAIN.fullmatch(kept):
        queries.seal_second_factor(connection, user_id=user.id, plain=kept, sealed=seal.close(kept))
        return kept
    return seal.open(kept)
