"""How commands answer: lines or JSON, rows of tracks, and a progress bar."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from tqdm import tqdm

from segue.embed.shelf import DEFAULT
from segue.errors import printable
from segue.play.m3u import PlaylistEntry
from segue.services import Services
from segue.values import ScanProgress, Track
from segue.web.present import progress_line

_LINE_S = 10.0  # between two lines on how far a scan is, where there is no terminal to draw a bar on


def track_row(track: Track) -> dict[str, Any]:
    """A track as JSON answers show it."""
    info = track.info
    return {
        "id": track.id,
        "path": printable(track.paths[0]),
        "artist": info.artist,
        "title": info.title,
        "album": info.album,
        "genre": info.genre,
        "duration_s": round(info.duration_s, 2),
    }


def entry_of(track: Track) -> PlaylistEntry:
    """A track as playlist files name it."""
    return PlaylistEntry(
        track.paths[0], title=track.info.title, artist=track.info.artist, duration_s=track.info.duration_s
    )


def name_of(row: dict[str, Any]) -> str:
    """Artist and title of a row, in one line."""
    return f"{row['artist']} - {row['title']}" if row["artist"] else str(row["title"])


def print_rows(rows: list[dict[str, Any]], *, as_json: bool, line: Callable[[dict[str, Any]], str]) -> None:
    """Print rows as one JSON list, or a line for each."""
    if as_json:
        print_json(rows)
    else:
        for row in rows:
            print(line(row))


def say(facts: dict[str, Any], sentence: str, *, as_json: bool) -> None:
    """Print what was done, as JSON or in words."""
    if as_json:
        print_json(facts)
    else:
        print(sentence)


def tell_of_ear(services: Services) -> None:
    """Say that the ear that the library goes by is gone, if it is, and what then."""
    use = services.ear_in_use()
    if use.ear is None:
        print(
            f"segue: the library goes by an ear that is here no longer, {use.name} {use.fingerprint}, until another has"
            f" heard nearly all of it. Let it be done at once: segue models select {use.name or DEFAULT}",
            file=sys.stderr,
        )


def print_json(value: Any) -> None:
    """Print a value as JSON that people can read too."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


class Bar:
    """How far a scan is: a bar on a terminal, a line now and then in a log, nothing where JSON is asked for."""

    def __init__(self, *, quiet: bool) -> None:
        self._bar = tqdm(total=0, unit="track", disable=True if quiet else None, dynamic_ncols=True, leave=False)
        self._lines = not quiet and self._bar.disable
        self._said_s = time.monotonic()

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self, progress: ScanProgress) -> None:
        """Draw how far the scan is, or say so if it is a while since that was said."""
        self._bar.total = progress.total
        self._bar.n = progress.done
        self._bar.set_description(progress.phase, refresh=False)
        self._bar.set_postfix(failed=progress.failed, refresh=False)
        self._bar.refresh()
        if self._lines and time.monotonic() - self._said_s >= _LINE_S:
            self._said_s = time.monotonic()
            failed = f" ({progress.failed:,} failed)" if progress.failed else ""
            print(f"segue: {progress_line(progress)}{failed}", file=sys.stderr, flush=True)
