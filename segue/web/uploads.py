"""Any audio file as a seed: streamed to a file of its own, heard, and deleted."""

from __future__ import annotations

import logging
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from flask import Blueprint, request

from segue.config import WEB
from segue.errors import AudioError, ParameterError
from segue.files import access_error
from segue.web.present import UNKNOWN_ARTIST
from segue.words import say, say_n

if TYPE_CHECKING:
    from segue.services import Services

_BLOCK_BYTES = 1 << 20
_LONGEST_NAME = 200
_PREFIX = "seed-"
_STALE_S = 24 * 3600.0
"""A copy that has not grown for a day was left by a process that was killed."""

log = logging.getLogger(__name__)


def upload_routes(services: Services) -> Blueprint:
    """``POST /api/seeds?name=...`` with the file as the body; answers with a token that stands for the song."""
    routes = Blueprint("uploads", __name__)
    folder = services.data / "cache" / "uploads"
    _remove_stale(folder)

    @routes.post("/api/seeds")
    def seeds() -> tuple[dict[str, Any], int]:
        name = Path(request.args.get("name", "")).name[:_LONGEST_NAME] or say("the file")
        _check_size(request.content_length or 0, name)
        with _own_file(folder, name) as (path, file):
            _receive(request.stream, file, name)
            try:
                seed = services.drop(path, name=name)
            except AudioError as error:
                return {"error": f"{name}: {say(error.what)}. {say(error.remedy)}"}, 415
        info = seed.info
        artist = info.artist or say(UNKNOWN_ARTIST)
        return {"token": seed.token, "title": info.title, "artist": artist, "known": seed.track_id is not None}, 201

    return routes


def _remove_stale(folder: Path) -> None:
    """Delete what killed processes left; the copies of another booth on the same library may still be growing."""
    for path in folder.glob(f"{_PREFIX}*"):
        try:
            if path.stat().st_mtime < time.time() - _STALE_S:
                path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s is left over and cannot be deleted (%s)", path, error)


@contextmanager
def _own_file(folder: Path, name: str) -> Iterator[tuple[Path, IO[bytes]]]:
    """A file of this upload's own, gone at the end; its suffix helps only to read the tags."""
    suffix = Path(name).suffix
    suffix = suffix if re.fullmatch(r"\.[A-Za-z0-9]{1,8}", suffix) else ""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = tempfile.NamedTemporaryFile(dir=folder, prefix=_PREFIX, suffix=suffix, delete=False)  # noqa: SIM115
    except OSError as error:
        raise access_error(error, folder) from error
    path = Path(file.name)
    try:
        with file:
            yield path, file
    finally:
        path.unlink(missing_ok=True)


def _receive(stream: IO[bytes], file: IO[bytes], name: str) -> None:
    received = 0
    while block := stream.read(_BLOCK_BYTES):
        received += len(block)
        _check_size(received, name)
        try:
            file.write(block)
        except OSError as error:
            raise access_error(error, Path(file.name).parent) from error
    try:
        file.flush()
    except OSError as error:
        raise access_error(error, Path(file.name).parent) from error
    if received == 0:
        raise ParameterError(say("“{name}” is empty", name=name), remedy=say("Choose another file"))


def _check_size(size_bytes: int, name: str) -> None:
    if size_bytes > WEB.largest_upload_bytes:
        what = say_n(
            "“{name}” is larger than {count} megabyte",
            "“{name}” is larger than {count} megabytes",
            WEB.largest_upload_bytes // 1_000_000,
            name=name,
        )
        raise ParameterError(what, remedy=say("Choose a smaller file"))
