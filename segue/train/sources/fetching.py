"""What all fetching from a server shares: patience with it, words for what goes wrong, and an account at the end."""

from __future__ import annotations

import email.utils
import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import requests
from requests import exceptions as failures

from segue import __version__
from segue.config import FETCH, FetchSpec
from segue.errors import FetchError, WithheldError

log = logging.getLogger(__name__)

KEPT = "What has been fetched is kept: run the same command again later, and it goes on from there"
STRANGER = "Does this network want a login of its own? Open any page in a browser"
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_TRIES_OF_A_STRANGER = 2  # a server that was never reached in this run is most likely not there at all


@dataclass(frozen=True, slots=True)
class FetchProgress:
    """Where a fetch stands; ``total`` is None until it is known, ``waiting_s`` is the pause that begins now, if any."""

    done: int
    total: int | None
    current: str
    waiting_s: float = 0.0


OnProgress = Callable[[FetchProgress], None]


@dataclass(frozen=True, slots=True)
class SkippedPlaylist:
    """A playlist that the server does not give, and why."""

    id: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class FetchReport:
    """What a fetch did: ``unchanged`` playlists came from the disk, ``left_out`` rows hold no track.

    ``limited`` counts the times that the server told us to slow down, ``retried`` all other tries that had to be made
    again.
    """

    out: Path
    playlists: int
    tracks: int
    unchanged: int
    left_out: int
    skipped: tuple[SkippedPlaylist, ...]
    requests: int
    limited: int
    retried: int
    seconds: float


class PatientSession(requests.Session):
    """A session that tries again what fails for a passing reason and waits as long as it is told to.

    Every answer that will not change by waiting is handed on as it is; a server that stays away is a FetchError.
    """

    def __init__(self, *, spec: FetchSpec = FETCH, sleep: Callable[[float], None] = time.sleep) -> None:
        super().__init__()
        self.spec = spec
        self.sent = 0
        self.limited = 0
        self.retried = 0
        self.on_wait: Callable[[float], None] = lambda _: None
        self._sleep = sleep
        self._reached = False
        self.headers["User-Agent"] = f"Segue/{__version__}"

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a request until it is answered, at most as often as the spec says."""
        kwargs["timeout"] = kwargs.get("timeout") or self.spec.timeout_s
        host = urlsplit(request.url or "").hostname or "the server"
        tried = 0
        while True:
            tried += 1
            self.sent += 1
            wait_s = self.spec.first_wait_s * 2.0 ** (tried - 1)
            try:
                answer = super().send(request, **kwargs)
            except requests.RequestException as error:
                again = request.method == "GET" and isinstance(error, _PASSING_FAILURES)
                tries = self.spec.tries if self._reached else _TRIES_OF_A_STRANGER
                if not again or isinstance(error, failures.SSLError) or tried >= tries:
                    _give_up(failure_in_words(error, host), tried, error)
                what = failure_in_words(error, host)
                self.retried += 1
            else:
                self._reached = True
                if answer.status_code not in _PASSING:
                    self._keep_to_limit(answer)
                    return answer
                what = f"{host} answers {answer.status_code} ({answer.reason})"
                wait_s = asked_wait_s(answer, otherwise_s=wait_s)
                self.limited += answer.status_code == 429
                self.retried += answer.status_code != 429
                if tried >= self.spec.tries:
                    _give_up(what, tried, None)
            self._wait(wait_s, what)

    def get_json(self, url: str, asked: Mapping[str, int | str] | None = None) -> dict[str, Any]:
        """The JSON object at an address.

        Raises
        ------
        WithheldError
            If it is not there, or not for us.
        FetchError
            If the server refuses otherwise, or what answers is no JSON object.
        """
        answer = self.get(url, params=asked)
        try:
            found = answer.json()
        except ValueError:
            found = None
        host = urlsplit(url).hostname
        if not answer.ok:
            said = str(found["error"])[:200] if isinstance(found, dict) and "error" in found else answer.reason
            kind = WithheldError if answer.status_code in (403, 404) else FetchError
            remedy = "Check the token" if answer.status_code in (401, 403) else "Check the name, or try again later"
            raise kind(f"{host} answers {answer.status_code} ({said})", remedy=remedy)
        if not isinstance(found, dict):
            raise FetchError(f"what answers in the place of {host} is not it", remedy=STRANGER)
        return found

    def _wait(self, wait_s: float, what: str) -> None:
        if wait_s > self.spec.longest_wait_s:
            raise FetchError(f"{what}, and wants to be left alone for {in_words(wait_s)}", remedy=KEPT)
        log.info("%s; trying again in %.1f s", what, wait_s)
        self.on_wait(wait_s)
        self._sleep(wait_s)

    def _keep_to_limit(self, answer: requests.Response) -> None:
        """Wait where an answer says that it was the last one for now, as ListenBrainz asks its clients to do."""
        if answer.headers.get("X-RateLimit-Remaining") == "0":
            self._wait(asked_wait_s(answer, otherwise_s=0.0), f"{answer.url} was the last answer for now")


_PASSING_FAILURES = (failures.ConnectionError, failures.Timeout, failures.ChunkedEncodingError)


def _give_up(what: str, tried: int, error: Exception | None) -> NoReturn:
    times = f", {tried} times in a row" if tried > 1 else ""
    raise FetchError(f"{what}{times}", remedy=KEPT) from error


def asked_wait_s(answer: requests.Response, *, otherwise_s: float) -> float:
    """How long a server asks to be left alone: Retry-After in seconds or as a date, or X-RateLimit-Reset-In."""
    for name in ("Retry-After", "X-RateLimit-Reset-In"):
        text = answer.headers.get(name, "").strip()
        try:
            seconds = float(text)
        except ValueError:
            seconds = _seconds_until(text)
        if math.isfinite(seconds):
            return max(seconds, 0.0)
    return otherwise_s


def _seconds_until(date: str) -> float:
    """Seconds from now to an HTTP date; NaN if it is none."""
    try:
        return email.utils.parsedate_to_datetime(date).timestamp() - time.time()
    except (ValueError, OverflowError):
        return math.nan


def in_words(seconds: float) -> str:
    """A length of time as a person says it."""
    minutes = math.ceil(seconds / 60)
    if minutes < 120:
        return f"{minutes} minutes" if minutes > 1 else "1 minute"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // 1440} days"


def failure_in_words(error: Exception, host: str) -> str:
    """Why no answer came, without the library's words for it."""
    text = str(error)
    if isinstance(error, failures.SSLError):
        return f"the certificate of {host} is not valid (is the clock right? does something stand in between?)"
    if isinstance(error, failures.ProxyError):
        return f"the proxy on the way to {host} does not answer"
    if isinstance(error, failures.Timeout):
        return f"{host} does not answer in time"
    if "NameResolutionError" in text or "getaddrinfo" in text or "Name or service not known" in text:
        return f"the name {host} cannot be looked up (is this machine online?)"
    if "refused" in text:
        return f"{host} refuses the connection"
    if "unreachable" in text:
        return f"there is no way to {host} (is this machine online?)"
    return f"the connection to {host} broke off"
