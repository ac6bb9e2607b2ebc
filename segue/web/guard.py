"""What stands between the network and the page: whose requests are answered, and what a fault looks like."""

from __future__ import annotations

import ipaddress
import json
import logging
import socket
import threading
from urllib.parse import urlsplit

from dash import set_props
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from segue.errors import AudioError, FileAccessError, SegueError, UnknownBoothError, UnknownMixError, UnknownTrackError
from segue.web import ids
from segue.web.api.problems import http_problem, is_for_programs, problem
from segue.web.present import FAULT_TEXT, error_line, notification
from segue.words import say

log = logging.getLogger(__name__)

_SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Faults:
    """Counts the faults of Segue's own that the boundary caught."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = threading.Lock()

    def caught(self, error: BaseException) -> int:
        """Log a fault with its traceback and return how many there were."""
        log.error("a fault in the booth", exc_info=error)
        with self._lock:
            self.count += 1
            return self.count


def guard(server: Flask, *, faults: Faults, content_policy: str, name: str | None = None) -> None:
    """Refuse what other sites send, answer errors with one line, and tell the browser what the page may load."""

    @server.before_request
    def refuse_strangers() -> Response | None:
        if not is_own_name(request.host, also=name):
            return _refused(say("Segue answers to this computer's own names only. Open it at http://127.0.0.1."))
        if request.method not in _SAFE_METHODS and not _is_same_site():
            return _refused(say("Segue takes orders from its own page only."))
        return None

    @server.after_request
    def add_headers(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if response.mimetype == "text/html":
            response.headers.setdefault("Content-Security-Policy", content_policy)
        return response

    @server.errorhandler(Exception)
    def one_line(error: Exception) -> Response:
        if not isinstance(error, HTTPException | SegueError):
            faults.caught(error)
        return _told_to_programs(error) if is_for_programs() else _told(error)


def _told(error: Exception) -> Response:
    if isinstance(error, HTTPException):
        return _line(f"{error.code} {error.name}", error.code or 500)
    if isinstance(error, SegueError):
        return _line(error_line(error), status_of(error))
    return _line(say(FAULT_TEXT), 500)


def _told_to_programs(error: Exception) -> Response:
    if isinstance(error, HTTPException):
        return http_problem(error)
    if isinstance(error, SegueError):
        return problem(error.what, error.remedy, status_of(error))
    return problem(say(FAULT_TEXT), "Look into the log of the booth", 500)


def _refused(line: str) -> Response:
    """What another site sent, or sent to another name."""
    if is_for_programs():
        return problem(line, "Ask the booth's own address, and from no other site's page", 403)
    return _line(line, 403)


def callback_boundary(error: Exception, faults: Faults) -> None:
    """What the page shows when a callback failed; the scripts learn that no answer will come."""
    if not isinstance(error, SegueError):
        faults.caught(error)
    set_props(ids.NOTIFICATIONS, {"sendNotifications": [notification(error_line(error))]})
    set_props(ids.FAULT, {"data": {"count": faults.count, "text": error_line(error)}})


def is_own_name(host: str, *, also: str | None = None) -> bool:
    """Whether a Host header names this computer: localhost, an address, or its own name (no rebound domain)."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    own = socket.gethostname().lower()
    if also is not None and name == also.lower().rstrip("."):
        return True
    if name in ("localhost", own, f"{own}.local", own.split(".")[0]) or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_same_site() -> bool:
    """Whether a browser sent this from our own page; other programs send neither header."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    try:
        return origin is None or urlsplit(origin).netloc == request.host
    except ValueError:  # "http://[" is nobody's page
        return False


def status_of(error: SegueError) -> int:
    """The status that says what kind of error it is."""
    if isinstance(error, UnknownTrackError | UnknownBoothError | UnknownMixError | FileAccessError):
        return 404
    return 415 if isinstance(error, AudioError) else 400


def _line(text: str, status: int) -> Response:
    """One line: as JSON where a script asked, as text elsewhere."""
    if request.path.startswith("/api/"):
        return Response(json.dumps({"error": text}), status=status, mimetype="application/json")
    return Response(f"{text}\n", status=status, mimetype="text/plain")
