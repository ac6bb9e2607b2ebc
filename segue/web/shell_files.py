"""What makes the booth an app of its own: the manifest, the service worker, and what it may keep."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from flask import Blueprint, Response

from segue import __version__

_BACKGROUND = "#131113"
_KEPT_FOLDERS = ("css", "fonts", "icons", "worker")
_KEPT_SCRIPT = Path("js/kept.js")  # the page that says that Segue is away has the listener's colours too


def shell_routes(assets: Path) -> Blueprint:
    """The manifest and the service worker, whose cache is named by the version and by all that lies in ``assets``."""
    routes = Blueprint("shell", __name__)
    worker = _worker(assets)

    @routes.get("/manifest.webmanifest")
    def manifest() -> Response:
        return Response(json.dumps(_MANIFEST), mimetype="application/manifest+json")

    @routes.get("/service-worker.js")
    def service_worker() -> Response:
        answer = Response(worker, mimetype="text/javascript")
        answer.headers["Cache-Control"] = "no-cache"
        return answer

    return routes


def _worker(assets: Path) -> str:
    files = sorted(path for path in assets.rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(assets).as_posix().encode() + b"\0" + path.read_bytes())
    kept = [path.relative_to(assets) for path in files if path.suffix in (".css", ".woff2", ".png", ".html")]
    kept = [path for path in kept if path.parts[0] in _KEPT_FOLDERS]
    shell = {
        "cache": f"segue-{__version__}-{digest.hexdigest()[:12]}",
        "files": [f"/assets/{path.as_posix()}" for path in (*kept, _KEPT_SCRIPT)],
    }
    source = (assets / "worker" / "service-worker.txt").read_text(encoding="utf-8")
    return f"const SHELL = {json.dumps(shell)};\n{source}"


def _icon(name: str, pixels: int, purpose: str = "any") -> dict[str, str]:
    return {
        "src": f"/assets/icons/{name}.png", "sizes": f"{pixels}x{pixels}", "type": "image/png", "purpose": purpose
    }  # fmt: skip


_MANIFEST = {
    "id": "/",
    "name": "Segue",
    "short_name": "Segue",
    "description": "An automatic DJ for the music you own",
    "start_url": "/",
    "scope": "/",
    "display": "standalone",
    "background_color": _BACKGROUND,
    "theme_color": _BACKGROUND,
    "icons": [_icon("segue-192", 192), _icon("segue-512", 512), _icon("segue-maskable-512", 512, "maskable")],
}
