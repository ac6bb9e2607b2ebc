"""The app password: with it the apps of a phone play from Segue. It is never the password of the booth."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable

from segue.store.kept import Kept

_NAME = "phone"
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without those that look alike on a small screen
_GROUPS, _EACH = 4, 4  # 79 bits: nobody guesses it


class Phones:
    """The app password of one library. Safe from several threads.

    It is kept as it is, since apps prove that they know it by a hash over it and a salt of their own.
    """

    def __init__(self, kept: Kept, clock: Callable[[], float] = time.time) -> None:
        self._kept = kept
        self._clock = clock

    def make(self) -> str:
        """Make a new app password and return it; the one before is good no longer."""
        password = "-".join("".join(secrets.choice(_LETTERS) for _ in range(_EACH)) for _ in range(_GROUPS))
        at_s = self._clock()
        self._kept.put("setting", _NAME, {"password": password, "made_s": at_s}, at_s=at_s)
        return password

    def forget(self) -> bool:
        """Let no app in any more; whether there was a password."""
        return self._kept.drop("setting", _NAME)

    def made_s(self) -> float | None:
        """When the app password was made, in seconds since 1970; None where there is none."""
        held = self._kept.get("setting", _NAME)
        made_s = None if held is None else held.get("made_s")
        return float(made_s) if isinstance(made_s, int | float) else None

    def is_password(self, given: str) -> bool:
        """Whether this is the app password."""
        held = self._password()
        return held is not None and hmac.compare_digest(held.encode(), given.encode("utf-8", "surrogatepass"))

    def is_token(self, token: str, salt: str) -> bool:
        """Whether this is the hash over the app password and a salt by which apps show that they know it."""
        held = self._password()
        if held is None:
            return False
        known = hashlib.md5(f"{held}{salt}".encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
        return hmac.compare_digest(known.encode(), token.lower().encode("utf-8", "surrogatepass"))

    def everybody_may(self) -> bool:
        """Whether the booth has no password, so that every program on this computer may play."""
        return self._kept.get("setting", "password") is None

    def _password(self) -> str | None:
        held = self._kept.get("setting", _NAME)
        password = None if held is None else held.get("password")
        return password if isinstance(password, str) and password else None
