"""In which language the booth speaks to whom: the one chosen in this browser, else one that the browser asks for."""

from __future__ import annotations

from flask import Flask, request

from segue.words import PSEUDO, SOURCE, languages, speak

COOKIE = "segue_language"
"""Set by ``segue.speak`` of assets/js/page.js."""
AS_THE_BROWSER = "browser"
_FOR_PROGRAMS = ("/api/v1/", "/rest/")  # what they read stays as it is documented


def speak_as_asked(server: Flask) -> None:
    """Answer every request in the language of who asks."""

    @server.before_request
    def listen() -> None:
        speak(SOURCE if request.path.startswith(_FOR_PROGRAMS) else chosen() or _asked_for())


def chosen() -> str:
    """The language that was chosen in the browser that asks; none where it goes by its own."""
    code = request.cookies.get(COOKIE, "")
    return code if code == PSEUDO or code in languages() else ""


def _asked_for() -> str:
    """What the browser asks for most and is spoken here; who asks for a country's is answered in the language's."""
    asked = [code for code, wish in request.accept_languages if wish]
    known = (name for code in asked for name in (code, code.partition("-")[0]) if name in languages())
    return next(known, SOURCE)
