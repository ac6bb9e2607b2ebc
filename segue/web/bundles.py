"""The booth's own scripts and styles, each kind as one file: some forty requests fewer before the first page."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Response, request

_FOREVER = "public, max-age=31536000, immutable"  # the address names what is in it
_ELSEWHERE = "live-worklet.js"  # runs where sound is made, not on the page


@dataclass(frozen=True, slots=True)
class Bundle:
    """Files of one kind, one after the other; ``version`` is told by what is in them."""

    path: str
    mimetype: str
    text: str
    version: str

    @property
    def address(self) -> str:
        """Where a page finds it as it is now."""
        return f"{self.path}?v={self.version}"


def styles(assets: Path) -> Bundle:
    """All that ``assets/css`` holds, in the order of the names."""
    return _bundle("/assets/css/all.css", "text/css", sorted((assets / "css").glob("*.css")))


def scripts(assets: Path) -> Bundle:
    """The words, and then all that ``assets/js`` holds for the page, in the order of the names."""
    own = (path for path in sorted((assets / "js").glob("*.js")) if path.name != _ELSEWHERE)
    return _bundle("/assets/js/all.js", "text/javascript", [assets / "words.js", *own])


def words(assets: Path) -> dict[str, Bundle]:
    """What the scripts say in each language but their own."""
    files = sorted((assets / "words").glob("*.js"))
    return {file.stem: _bundle(f"/assets/words/{file.name}", "text/javascript", [file]) for file in files}


def bundle_routes(bundles: Sequence[Bundle]) -> Blueprint:
    """Answer with each bundle at its address."""
    routes = Blueprint("bundles", __name__)
    for bundle in bundles:
        routes.add_url_rule(bundle.path, bundle.path.replace(".", "-"), _answering(bundle))
    return routes


def _answering(bundle: Bundle) -> Callable[[], Response]:
    def answer() -> Response:
        response = Response(bundle.text, mimetype=bundle.mimetype)
        response.headers["Cache-Control"] = _FOREVER if request.args.get("v") == bundle.version else "no-cache"
        return response

    return answer


def _bundle(path: str, mimetype: str, files: Sequence[Path]) -> Bundle:
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    return Bundle(path, mimetype, text, hashlib.sha256(text.encode()).hexdigest()[:16])
