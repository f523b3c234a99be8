# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Passwords and secrets: made, hashed, compared."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from .roles import AccessError

MIN_LENGTH = 10
MAX_LENGTH = 200
# Argon2id with the parameters that OWASP's password storage cheat sheet names: 19 MiB, two passes.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# No letters and digits that are taken for each other when they are read from a terminal.
_READABLE = 'abcdefghjkmnpqrstuvwxyz23456789'


def check_password(password: str, name: str = '') -> None:
    """Do nothing when a password may be used; :raises AccessError: saying why not."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise AccessError(
            f'the password has {len(password)} characters; expected {MIN_LENGTH} to {MAX_LENGTH}'
        )
    if len(set(password)) < 4 or password.lower() in (name, name * 2, 'password', 'passwort123'):
        raise AccessError('that password is too easy to guess; take a few unrelated words')


def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password, with its salt and parameters."""
    return _HASHER.hash(password)


NOBODY = hash_password(secrets.token_urlsafe())
"""Compared with when there is no such user, so that the answer takes as long."""


def is_password(stored: str, password: str) -> bool:
    """Return whether the password is the one of the hash."""
    try:
        return _HASHER.verify(stored, password[:MAX_LENGTH])
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Return whether the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


def make_password() -> str:
    """Return a new password that can be read out, with about 79 bits."""
    letters = [secrets.choice(_READABLE) for _ in range(16)]
    return '-'.join(''.join(letters[i : i + 4]) for i in range(0, 16, 4))


def make_secret() -> str:
    """Return a new secret of 256 bits."""
    return secrets.token_urlsafe(32)


def fingerprint(secret: str) -> str:
    """Return the hash under which a secret of 256 bits is kept; it needs no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def derive(secret: str, purpose: str) -> str:
    """Return another secret that only those know who know this one."""
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Compare in a time that says nothing about where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())
