"""How commands answer: lines or JSON, rows of tracks, and a progress bar."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from tqdm import tqdm

from segue.embed.shelf import DEFAULT
from segue.errors import printable
from segue.play.m3u import PlaylistEntry
from segue.services import Services
from segue.values import Rhythm, ScanPhase, ScanProgress, Track
from segue.web.present import progress_line

_LINE_S = 10.0  # between two lines on how far a scan is, where there is no terminal to draw a bar on


def track_row(track: Track, rhythm: Rhythm | None) -> dict[str, Any]:
    """A track as JSON answers show it; what is not known of its rhythm is None."""
    info = track.info
    return {
        "id": track.id,
        "path": printable(track.paths[0]),
        "artist": info.artist,
        "title": info.title,
        "album": info.album,
        "genre": info.genre,
        "duration_s": round(info.duration_s, 2),
        "tempo_bpm": None if rhythm is None else _rounded(rhythm.tempo_bpm),
        "key": None if rhythm is None else rhythm.key,
        "camelot": None if rhythm is None else rhythm.camelot,
        "loudness_lufs": None if rhythm is None else _rounded(rhythm.loudness_lufs),
    }


def known_of(track: Track, rhythm: Rhythm | None) -> dict[str, Any]:
    """All that is known of a track, its vectors aside; the beats are left out, being many."""
    known: dict[str, Any] = {
        **track_row(track, rhythm),
        "paths": [printable(path) for path in track.paths],
        "year": track.info.year,
        "rhythm": None,
    }
    if rhythm is not None:
        facts = ((fact.name, getattr(rhythm, fact.name)) for fact in fields(rhythm) if fact.name != "beats_s")
        known["rhythm"] = {name: round(fact, 4) if isinstance(fact, float) else fact for name, fact in facts}
        known["rhythm"]["beats"] = len(rhythm.beats_s)
    return known


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 2)


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


_PHASES: dict[ScanPhase, str] = {
    "quick look": "a quick look",
    "listening": "listening",
    "pooling": "comparing",
    "measuring": "tempo and key",
}


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
        self._bar.set_description(_PHASES[progress.phase], refresh=False)
        self._bar.set_postfix(failed=progress.failed, refresh=False)
        self._bar.refresh()
        if self._lines and time.monotonic() - self._said_s >= _LINE_S:
            self._said_s = time.monotonic()
            failed = f" ({progress.failed:,} failed)" if progress.failed else ""
            print(f"segue: {progress_line(progress)}{failed}", file=sys.stderr, flush=True)
