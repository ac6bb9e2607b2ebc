"""The gate of the booth: once there is a password, all but the way to it needs a session or the token."""

from __future__ import annotations

import math
from urllib.parse import quote

from flask import Blueprint, Flask, Response, redirect, render_template_string, request
from werkzeug.wrappers import Response as AnyResponse

from segue.door import DOOR, Door, Patience
from segue.web.api.problems import is_for_programs, problem
from segue.words import later, say, spoken

COOKIE = "segue_session"
_OPEN = frozenset(
    ("/login", "/manifest.webmanifest", "/service-worker.js", "/api/ping", "/assets/favicon.svg", "/assets/js/kept.js")
)
_OPEN_FOLDERS = ("/assets/css/", "/assets/fonts/", "/assets/icons/", "/assets/worker/")
_FOR_SCRIPTS = ("/api/", "/media/", "/_dash", "/_reload-hash", "/assets/")
_CLOSED = later("This booth can be reached by others and has no password. Set one with: segue password")
_LOG_IN_FIRST = later("Log in first")
_HOW_IN = "Send the token that segue password --token gives: Authorization: Bearer TOKEN"
_PAGE = """<!DOCTYPE html>
<html lang="{{ language }}" data-mantine-color-scheme="dark">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="color-scheme" content="dark light">
<title>{{ log_out if inside else log_in }} - Segue</title>
<link rel="icon" type="image/svg+xml" href="/assets/favicon.svg">
<link rel="manifest" href="/manifest.webmanifest" crossorigin="use-credentials">
<link rel="stylesheet" href="/assets/css/tokens.css">
<link rel="stylesheet" href="/assets/css/login.css">
<script src="/assets/js/kept.js"></script>
</head>
<body class="door">
<main>
<img src="/assets/favicon.svg" alt="" width="56" height="56">
<h1>Segue</h1>
<form method="post" action="/{{ 'logout' if inside else 'login' }}">
{% if inside %}
<p>{{ logged_in }}</p>
<button type="submit">{{ log_out }}</button>
<a href="/">{{ back }}</a>
{% else %}
<input type="hidden" name="next" value="{{ next }}">
<input type="text" name="username" value="segue" autocomplete="username" hidden>
<label for="password">{{ password }}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required autofocus
{% if problem %}aria-invalid="true" aria-describedby="problem"{% endif %}>
{% if problem %}<p id="problem" role="alert">{{ problem }}</p>{% endif %}
<button type="submit">{{ log_in }}</button>
{% endif %}
</form>
</main>
</body>
</html>
"""


def gate(server: Flask, door: Door, *, must_lock: bool = False, own_check: tuple[str, ...] = ()) -> None:
    """Let in who has a session or the token; where there is no password, everybody, or nobody if ``must_lock``.

    Addresses that begin with one of ``own_check`` ask for credentials themselves and are left to do so.
    """

    @server.before_request
    def ask() -> AnyResponse | None:
        if _is_open(request.path) or request.path.startswith(own_check):
            return None
        if not door.is_locked():
            return _closed() if must_lock else None
        return None if _is_inside(door) else _sent_away()

    server.register_blueprint(_login_routes(door))


def _login_routes(door: Door) -> Blueprint:
    routes = Blueprint("login", __name__)
    patience = Patience()

    @routes.get("/login")
    def show() -> AnyResponse:
        if not door.is_locked():
            return redirect("/")
        return _page(inside=_is_inside(door), then=_own_path(request.args.get("next", "/")))

    @routes.post("/login")
    def log_in() -> AnyResponse:
        then = _own_path(request.form.get("next", "/"))
        if not door.is_locked():
            return redirect("/", 303)
        who = request.remote_addr or ""
        wait_s = math.ceil(patience.wait_s(who))
        if wait_s > 0:
            problem = say("Too many wrong passwords. Try again in {wait_s} s.", wait_s=wait_s)
            answer = _page(then=then, problem=problem, status=429)
            answer.headers["Retry-After"] = str(wait_s)
            return answer
        if not door.is_password(request.form.get("password", "")):
            return _page(then=then, problem=say("That is not the password."), status=401)
        patience.was_right(who)
        way_in = redirect(then, 303)
        way_in.set_cookie(
            COOKIE, door.open_session(), max_age=int(DOOR.session_s), httponly=True, samesite="Lax", secure=_is_https()
        )
        return way_in

    @routes.post("/logout")
    def log_out() -> AnyResponse:
        door.close_session(request.cookies.get(COOKIE, ""))
        answer = redirect("/login", 303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="Lax", secure=_is_https())
        return answer

    return routes


def _is_open(path: str) -> bool:
    return path in _OPEN or (path.startswith(_OPEN_FOLDERS) and ".." not in path)


def _is_inside(door: Door) -> bool:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer" and door.is_token(token.strip()):
        return True
    return door.is_session(request.cookies.get(COOKIE, ""))


def _closed() -> Response:
    if is_for_programs():
        return problem(say(_CLOSED), "Set a password on the booth's computer: segue password", 403)
    return Response(f"{say(_CLOSED)}\n", status=403, mimetype="text/plain")


def _sent_away() -> AnyResponse:
    """A page goes to the form and comes back after it; what scripts ask for is refused."""
    if request.method == "GET" and not request.path.startswith(_FOR_SCRIPTS):
        then = request.full_path.rstrip("?")
        return redirect("/login" if then == "/" else f"/login?next={quote(then)}")
    if request.path.startswith("/api/"):
        answer = problem(say(_LOG_IN_FIRST), _HOW_IN, 401)
    else:
        answer = Response(f"{say(_LOG_IN_FIRST)}\n", status=401, mimetype="text/plain")
    answer.headers["WWW-Authenticate"] = 'Bearer realm="Segue"'
    return answer


def _page(*, then: str = "/", inside: bool = False, problem: str = "", status: int = 200) -> Response:
    words = {
        "log_in": say("Log in"),
        "log_out": say("Log out"),
        "logged_in": say("You are logged in on this device."),
        "back": say("Back to the music"),
        "password": say("Password"),
    }
    html = render_template_string(_PAGE, language=spoken(), inside=inside, next=then, problem=problem, **words)
    answer = Response(html, status=status, mimetype="text/html")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "same-origin"  # without one a browser sends forms with "Origin: null"
    return answer


def _own_path(wanted: str) -> str:
    """Where to go after the form: to a page of ours, whatever the address said."""
    is_own = wanted.startswith("/") and not wanted.startswith("//") and wanted.isprintable() and "\\" not in wanted
    return wanted if is_own else "/"


def _is_https() -> bool:
    """Whether the browser came by https, be it to a proxy; who lies about it only loses a cookie of their own."""
    return request.is_secure or request.headers.get("X-Forwarded-Proto", "").lower() == "https"
