"""Who may play from Segue by an app: everybody on this computer, or whoever knows the app password."""

from __future__ import annotations

import binascii
import ipaddress
import math

from flask import Request

from segue.door import Patience
from segue.phones import Phones
from segue.web.subsonic.answers import CONFLICTING, MISSING, NOT_ALLOWED, WRONG_KEY, WRONG_PASSWORD, RefusedError
from segue.web.subsonic.asking import Asked

_PASSED_ON = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


def admit(asked: Asked, request: Request, *, phones: Phones, patience: Patience) -> None:
    """Let a request pass, or raise RefusedError.

    On this computer everybody may, as long as the booth has no password; what a proxy passes on comes from elsewhere.
    A right proof is never kept waiting: a phone that tries a forgotten password for ever locks out no other behind the
    same address, and nobody guesses 79 bits.
    """
    if _is_from_here(request) and phones.everybody_may():
        if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            raise RefusedError("another site asked for this", remedy="Ask from an app", code=NOT_ALLOWED)
        return
    code = _wrong_with(asked, phones)
    if code is None:
        return
    wait_s = math.ceil(patience.wait_s(request.remote_addr or ""))
    if wait_s > 0:
        raise RefusedError("too many wrong passwords", remedy=f"Try again in {wait_s} s", code=code)
    remedy = "Make a new one on the computer with Segue: segue phone new"
    raise RefusedError("that is not the app password", remedy=remedy, code=code)


def _wrong_with(asked: Asked, phones: Phones) -> int | None:
    """What is wrong with the proof that came, if anything; raises RefusedError where none or too many came."""
    given = {name: asked.values[name] for name in ("apiKey", "t", "p") if name in asked.values}
    if len(given) > 1 or ("apiKey" in given and "u" in asked.values):
        raise RefusedError(
            "more than one way to sign in was used", remedy="Use the API key or name and password", code=CONFLICTING
        )
    if "apiKey" in given:
        return None if phones.is_password(given["apiKey"]) else WRONG_KEY
    if "t" in given:
        return None if phones.is_token(given["t"], asked.text("s")) else WRONG_PASSWORD
    if "p" in given:
        return None if phones.is_password(_plain(given["p"])) else WRONG_PASSWORD
    raise RefusedError("the app password is missing", remedy="Enter it in the app: segue phone new", code=MISSING)


def _plain(password: str) -> str:
    """A password as it was typed; apps may write it in hexadecimal digits."""
    if not password.startswith("enc:"):
        return password
    try:
        return binascii.unhexlify(password[4:].encode("ascii", "replace")).decode("utf-8", "replace")
    except binascii.Error:
        return ""


def _is_from_here(request: Request) -> bool:
    if any(name in request.headers for name in _PASSED_ON):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
