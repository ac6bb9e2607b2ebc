"""The microphones of browsers: each has a session that hears what is sent, in memory alone, and forgets it."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from flask import Blueprint, request

from segue.config import WEB
from segue.errors import ParameterError
from segue.live import LiveSession, LiveSettings, Moment
from segue.words import later, say

if TYPE_CHECKING:
    from segue.services import Services

_LARGEST_BYTES = 1_500_000  # four seconds at 192 kHz
_RATES_HZ = (8_000, 192_000)
_AGAIN = later("Press Listen again")


@dataclass(slots=True)
class _Microphone:
    """One browser's session; ``due`` is the number of the next piece, and ``lost`` counts those that never came."""

    session: LiveSession
    last_s: float
    due: int = 0
    lost: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Microphones:
    """Every browser that listens now; one that falls silent is let go. Safe from several threads."""

    def __init__(self, begin: Callable[[], LiveSession], clock: Callable[[], float] = time.monotonic) -> None:
        self._begin, self._clock = begin, clock
        self._lock = threading.Lock()
        self._held: dict[str, _Microphone] = {}

    def begin(self) -> str:
        """Begin to listen, and give the token of the session.

        Raises
        ------
        ParameterError
            If as many listen as may.
        EmptyLibraryError, ModelError
            If there is nothing to compare with.
        """
        with self._lock:
            self._make_room()
        session, token = self._begin(), secrets.token_hex(16)
        with self._lock:
            self._make_room()  # others may have begun meanwhile
            self._held[token] = _Microphone(session, self._clock())
        return token

    def hear(self, token: str, number: int, samples: bytes, *, rate_hz: int) -> tuple[list[Moment], int]:
        """Take a piece of sound, and give the moments that are due with it, and how many pieces never came.

        Parameters
        ----------
        token : str
            Of the session; raises ParameterError if it has ended.
        number : int
            Counts the pieces from 0; one that came before is not heard again.
        samples : bytes
            Little-endian 16-bit, mono.
        rate_hz : int
            Samples a second.
        """
        with self._lock:
            held = self._held.get(token)
        if held is None:
            raise ParameterError(say("this microphone is not listened to any more"), remedy=_AGAIN)
        if len(samples) % 2 or not samples or not _RATES_HZ[0] <= rate_hz <= _RATES_HZ[1]:
            raise ParameterError(say("this is no sound of a microphone"), remedy=_AGAIN)
        with held.lock:
            held.last_s = self._clock()
            if number < held.due:
                return [], held.lost
            held.lost += number - held.due
            held.due = number + 1
            heard = np.frombuffer(samples, "<i2").astype(np.float32) / 32768.0  # (n,)
            return held.session.push(heard, rate_hz), held.lost

    def end(self, token: str) -> None:
        """Let a session go, if it is there."""
        with self._lock:
            self._held.pop(token, None)

    def _make_room(self) -> None:
        """Let the silent ones go; raises ParameterError if as many listen as may."""
        latest_s = self._clock() - WEB.microphone_silent_s
        for token in [token for token, held in self._held.items() if held.last_s < latest_s]:
            del self._held[token]
        if len(self._held) >= WEB.most_microphones:
            what = say("{count} microphones are listened to already", count=len(self._held))
            raise ParameterError(what, remedy=say("Stop one of them, or try again in a minute"))


def microphone_routes(services: Services, microphones: Microphones | None = None) -> Blueprint:
    """``POST /api/live`` begins, ``POST /api/live/<token>?rate=&number=`` hears 16-bit mono, ``.../end`` ends."""
    routes = Blueprint("microphones", __name__)
    held = microphones or Microphones(lambda: _session(services))

    @routes.post("/api/live")
    def begin() -> tuple[dict[str, str], int]:
        return {"session": held.begin()}, 201

    @routes.post("/api/live/<token>")
    def hear(token: str) -> dict[str, Any]:
        rate_hz, number = (request.args.get(name, type=int) for name in ("rate", "number"))
        if rate_hz is None or number is None or number < 0 or (request.content_length or 0) > _LARGEST_BYTES:
            raise ParameterError(say("this is no sound of a microphone"), remedy=_AGAIN)
        moments, lost = held.hear(token, number, request.get_data(), rate_hz=rate_hz)
        return {"moments": [moment.to_json() for moment in moments], "lost": lost}

    @routes.post("/api/live/<token>/end")
    def end(token: str) -> tuple[str, int]:
        held.end(token)
        return "", 204

    return routes


def _session(services: Services) -> LiveSession:
    """A session that suggests by the house's rules, as they are when it begins."""
    return services.live.session(LiveSettings(wishes=services.choosing.rules.wishes()))
