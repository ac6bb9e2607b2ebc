"""What makes the booth an app of its own: the manifest, the service worker, and what it may keep."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from flask import Blueprint, Response, render_template_string

from segue import __version__
from segue.words import say, spoken

_BACKGROUND = "#131113"
_KEPT_FOLDERS = ("fonts", "icons")
_OFFLINE = "/assets/worker/offline.html"  # among the assets, for what the worker keeps lies there


def shell_routes(assets: Path) -> Blueprint:
    """The manifest and the service worker, whose cache is named by the version and by all that lies in ``assets``."""
    routes = Blueprint("shell", __name__)
    offline = (assets / "worker" / "offline.txt").read_text(encoding="utf-8")
    worker = _worker(assets, needs=re.findall(r'="(/assets/[^"]+)"', offline))

    @routes.get("/manifest.webmanifest")
    def manifest() -> Response:
        own = {"lang": spoken(), "description": say("An automatic DJ for the music you own")}
        return Response(json.dumps(_MANIFEST | own), mimetype="application/manifest+json")

    @routes.get("/service-worker.js")
    def service_worker() -> Response:
        answer = Response(worker(spoken()), mimetype="text/javascript")
        answer.headers["Cache-Control"] = "no-cache"
        return answer

    @routes.get(_OFFLINE)
    def away() -> str:
        place = "\N{OBJECT REPLACEMENT CHARACTER}"
        start = say(
            "It cannot be reached from here. Start it with {command} on the computer that holds the music, and see "
            "that this device is on the same network.",
            command=place,
        )
        before, _, after = start.partition(place)
        words = {"title": say("Segue is not running"), "before": before, "after": after, "again": say("Try again")}
        return render_template_string(offline, language=spoken(), **words)

    return routes


def _worker(assets: Path, *, needs: Sequence[str]) -> Callable[[str], str]:
    """The service worker of a language: another one keeps another page for when Segue is away, with what that needs."""
    files = sorted(path for path in assets.rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(assets).as_posix().encode() + b"\0" + path.read_bytes())
    kept = [path.relative_to(assets) for path in files if path.suffix in (".woff2", ".png")]
    own = [f"/assets/{path.as_posix()}" for path in kept if path.parts[0] in _KEPT_FOLDERS]
    addresses = [*dict.fromkeys([*own, *needs]), _OFFLINE]
    source = (assets / "worker" / "service-worker.txt").read_text(encoding="utf-8")

    def spoken_in(language: str) -> str:
        shell = {"cache": f"segue-{__version__}-{digest.hexdigest()[:12]}-{language}", "files": addresses}
        return f"const SHELL = {json.dumps(shell)};\n{source}"

    return spoken_in


def _icon(name: str, pixels: int, purpose: str = "any") -> dict[str, str]:
    return {
        "src": f"/assets/icons/{name}.png", "sizes": f"{pixels}x{pixels}", "type": "image/png", "purpose": purpose
    }  # fmt: skip


_MANIFEST = {
    "id": "/",
    "name": "Segue",
    "short_name": "Segue",
    "start_url": "/",
    "scope": "/",
    "display": "standalone",
    "background_color": _BACKGROUND,
    "theme_color": _BACKGROUND,
    "icons": [_icon("segue-192", 192), _icon("segue-512", 512), _icon("segue-maskable-512", 512, "maskable")],
}
