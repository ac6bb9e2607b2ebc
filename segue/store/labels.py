"""What tracks are labelled as, so that it can be measured whether neighbours are of a kind: a CSV, or their tags."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from segue.errors import ParameterError, printable
from segue.files import access_error, real_path
from segue.store.rows import fold
from segue.values import Track, TrackId


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels of some of the tracks, and their artists as far as known ("" where not).

    ``source`` says in words where they come from, ``unmatched`` how many rows of a file name no track of the library.
    """

    source: str
    labels: Mapping[TrackId, str]
    artists: Mapping[TrackId, str]
    unmatched: int = 0


def read_labels(path: Path, tracks: Sequence[Track]) -> Labels:
    """Read a CSV with the columns ``path`` and ``label``, and perhaps ``artist``; a path may be relative to the file.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    ParameterError
        If it is no such table, or names no track of the library.
    """
    owners = {real_path(place): track for track in tracks for place in track.paths}
    labels: dict[TrackId, str] = {}
    artists: dict[TrackId, str] = {}
    unmatched = 0
    for row in _rows(path):
        track = owners.get(real_path(path.parent / row["path"].strip()))
        if track is None:
            unmatched += 1
            continue
        labels[track.id] = row["label"].strip()
        artists[track.id] = fold((row.get("artist") or "").strip() or track.info.artist)
    if not labels:
        raise ParameterError(
            f"{printable(path)} names no file of the library ({unmatched} rows)",
            remedy="Give each file's absolute path, or its path from where the CSV lies, and scan the files first",
        )
    return Labels(path.name, {i: label for i, label in labels.items() if label}, artists, unmatched)


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            rows = list(csv.DictReader(file, restval=""))
    except OSError as error:
        raise access_error(error, path) from error
    except csv.Error as error:
        raise ParameterError(f"{printable(path)} is no CSV ({error})", remedy="Give path,label,artist") from error
    if not rows or not {"path", "label"} <= rows[0].keys():
        found = ", ".join(str(name) for name in rows[0]) if rows else "no rows"
        raise ParameterError(
            f"{printable(path)} has not the columns path and label ({found})",
            remedy="Begin it with the line: path,label,artist",
        )
    return rows


def labels_from_tags(tracks: Sequence[Track]) -> Labels:
    """Let the files' own tags be the labels: the artist, or the album where hardly any artist has two tracks.

    Raises ParameterError where neither says anything.
    """
    artists = {track.id: fold(track.info.artist) for track in tracks if track.info.artist}
    albums = {track.id: fold(f"{track.info.album} / {track.info.artist}") for track in tracks if track.info.album}
    best = max((("artist tags", artists), ("album tags", albums)), key=lambda found: _shared(found[1]))
    if _shared(best[1]) == 0:
        raise ParameterError("no two tracks are by one artist or of one album", remedy="Give a CSV with labels")
    return Labels(best[0], best[1], {} if best[0] == "artist tags" else artists)


def _shared(labels: Mapping[TrackId, str]) -> int:
    """How many tracks bear a label that another bears too."""
    counts = Counter(labels.values())
    return sum(counts[label] > 1 for label in labels.values())
