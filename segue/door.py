"""Who may come in: a password, the sessions it opens, and a token for scripts. Only hashes of them are kept."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from segue.errors import ParameterError
from segue.store.kept import Kept

_PASSWORD, _SESSIONS, _TOKEN = "password", "sessions", "token"


@dataclass(frozen=True, slots=True)
class DoorSpec:
    """How long a password is and a session lasts, and how long who guesses has to wait."""

    shortest_password: int = 8
    longest_password: int = 256
    session_s: float = 30 * 86_400.0
    most_sessions: int = 200  # the oldest gives way
    free_tries: int = 5  # wrong passwords from one address that cost no waiting; then 1 s, 2 s, 4 s and so on
    longest_wait_s: float = 300.0
    free_tries_of_all: int = 30
    longest_wait_of_all_s: float = 30.0  # short, so that nobody can lock the owner out
    forgotten_s: float = 3600.0
    most_addresses: int = 10_000


DOOR = DoorSpec()


class Door:
    """The lock of one library. What another process changes, such as the password, holds from the next request on."""

    def __init__(self, kept: Kept, *, now_s: Callable[[], float] = time.time) -> None:
        self._kept = kept
        self._now_s = now_s
        self._hasher = PasswordHasher()
        self._checking = threading.Lock()  # a check takes 64 MB and a core for a moment: one at a time
        self._changing = threading.Lock()

    def is_locked(self) -> bool:
        """Whether a password is set."""
        return self._kept.get("setting", _PASSWORD) is not None

    def set_password(self, password: str) -> None:
        """Set the password and end all sessions; raises ParameterError for one that is too short or too long."""
        if not DOOR.shortest_password <= len(password) <= DOOR.longest_password:
            raise ParameterError(
                f"the password has {len(password)} characters",
                remedy=f"Choose one of {DOOR.shortest_password} to {DOOR.longest_password}",
            )
        self._put(_PASSWORD, {"argon2": self._hasher.hash(password)})
        self._kept.drop("setting", _SESSIONS)

    def remove_password(self) -> bool:
        """Remove password, sessions and token; whether there was a password."""
        self._kept.drop("setting", _SESSIONS)
        self._kept.drop("setting", _TOKEN)
        return self._kept.drop("setting", _PASSWORD)

    def is_password(self, password: str) -> bool:
        """Whether this is the password. A wrong one takes as long as the right one, whatever is wrong with it."""
        kept = str((self._kept.get("setting", _PASSWORD) or {}).get("argon2", ""))
        with self._checking:
            try:
                return self._hasher.verify(kept, password[: DOOR.longest_password + 1])
            except (VerificationError, InvalidHashError, UnicodeEncodeError):
                return False

    def open_session(self) -> str:
        """A new session's secret, for the browser alone to keep."""
        secret = secrets.token_urlsafe(32)
        with self._changing:
            sessions = {**self._sessions(), _hash(secret): self._now_s() + DOOR.session_s}
            newest = sorted(sessions.items(), key=lambda session: session[1])[-DOOR.most_sessions :]
            self._put(_SESSIONS, dict(newest))
        return secret

    def is_session(self, secret: str) -> bool:
        """Whether a session of that secret is open."""
        return bool(secret) and _hash(secret) in self._sessions()

    def close_session(self, secret: str) -> None:
        """End a session."""
        with self._changing:
            sessions = self._sessions()
            if sessions.pop(_hash(secret), None) is not None:
                self._put(_SESSIONS, sessions)

    def make_token(self) -> str:
        """A new token for scripts, shown this once; the one before it holds no longer."""
        token = secrets.token_urlsafe(32)
        self._put(_TOKEN, {"sha256": _hash(token)})
        return token

    def is_token(self, token: str) -> bool:
        """Whether this is the token for scripts."""
        kept = str((self._kept.get("setting", _TOKEN) or {}).get("sha256", ""))
        return secrets.compare_digest(kept.encode(), _hash(token).encode())

    def _sessions(self) -> dict[str, float]:
        kept = self._kept.get("setting", _SESSIONS) or {}
        now_s = self._now_s()
        return {name: until_s for name, until_s in kept.items() if isinstance(until_s, float) and until_s > now_s}

    def _put(self, name: str, body: dict[str, str] | dict[str, float]) -> None:
        self._kept.put("setting", name, body, at_s=self._now_s())


class Patience:
    """How long somebody who guesses has to wait: longer with each wrong word, by address and for all together.

    Without ``together`` each address waits for itself alone. Safe from several threads.
    """

    def __init__(self, *, together: bool = True, now_s: Callable[[], float] = time.monotonic) -> None:
        self._together = together
        self._now_s = now_s
        self._lock = threading.Lock()
        self._wrong: dict[str, tuple[int, float]] = {}  # how often, and when last

    def wait_s(self, address: str) -> float:
        """Seconds until this address may try; 0 counts as a try, wrong until ``was_right`` says otherwise."""
        with self._lock:
            limits = self._limits(address)
            wait_s = max(map(self._left_s, limits))
            if wait_s <= 0:
                self._count(limits)
            return wait_s

    def was_right(self, address: str) -> None:
        """The last try was no guess."""
        with self._lock:
            self._wrong.pop(_neighbourhood(address), None)
            times, at_s = self._wrong.get("", (1, 0.0))
            self._wrong[""] = (max(0, times - 1), at_s)

    def _limits(self, address: str) -> list[_Limit]:
        own = _Limit(_neighbourhood(address), DOOR.free_tries, DOOR.longest_wait_s)
        return [own, _Limit("", DOOR.free_tries_of_all, DOOR.longest_wait_of_all_s)] if self._together else [own]

    def _count(self, limits: list[_Limit]) -> None:
        for limit in limits:
            self._wrong[limit.who] = (self._times(limit.who) + 1, self._now_s())
        if len(self._wrong) > DOOR.most_addresses:
            del self._wrong[min((who for who in self._wrong if who), key=lambda who: self._wrong[who][1])]

    def _times(self, who: str) -> int:
        now_s = self._now_s()
        times, at_s = self._wrong.get(who, (0, now_s))
        return times if now_s - at_s < DOOR.forgotten_s else 0

    def _left_s(self, limit: _Limit) -> float:
        times = self._times(limit.who)
        if times < limit.free:
            return 0.0
        longest_s = min(limit.longest_s, 2.0 ** min(times - limit.free, 20))
        return max(0.0, self._wrong[limit.who][1] + longest_s - self._now_s())


class _Limit(NamedTuple):
    """Whose tries count together, how many of them are free, and how long the longest wait is."""

    who: str
    free: int
    longest_s: float


def _neighbourhood(address: str) -> str:
    """Whose tries count together: one address, or the 64 bits of IPv6 that one household has to itself."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address or "unknown"
    return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 else address


def _hash(secret: str) -> str:
    """A random secret of 256 bits cannot be guessed from its plain hash, and needs no slow one."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
