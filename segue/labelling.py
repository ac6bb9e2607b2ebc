"""Which kind each track of a library is of: by a table of labels, by folders, or by what the files say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from segue.choose.names import artist_key
from segue.errors import ParameterError
from segue.files import is_file, real_path
from segue.store.label_table import LabelTable, read_label_table
from segue.values import Track, TrackId, TrackInfo

LabelBy = Literal["auto", "genre", "artist", "album", "folder"]
LABEL_BY: tuple[LabelBy, ...] = get_args(LabelBy)
_BY_TAG: dict[str, Callable[[Track], str]] = {
    "genre": lambda track: track.info.genre,
    "artist": lambda track: track.info.artist,
    "album": lambda track: f"{track.info.artist}\n{track.info.album}" if track.info.album else "",
}
_MOST_ALIKE = 0.9  # a label that more of the tracks bear tells nothing


@dataclass(frozen=True, slots=True)
class Label:
    """What a track is, and by whom: "" where nobody knows."""

    name: str
    artist: str


@dataclass(frozen=True, slots=True)
class Labelling:
    """The labels of the tracks that can be compared, where they come from, and what had to be left out.

    ``filters`` says whether it makes sense to leave out neighbours by the same artist. Left out are tracks that bear no
    label (``unlabelled``), or one that no other bears (``single``), files of a table that are not on disk (``missing``)
    or not in the library (``unheard``), tracks of which a table says two things (``contradictory``), and rows without a
    path or a label (``incomplete``).
    """

    source: str
    labels: Mapping[TrackId, Label]
    filters: bool = True
    unlabelled: int = 0
    single: int = 0
    missing: tuple[Path, ...] = ()
    unheard: tuple[Path, ...] = ()
    contradictory: int = 0
    incomplete: int = 0

    def artists(self, ids: Sequence[TrackId]) -> list[str] | None:
        """The tracks' artists as they are compared, "" where unknown; None where they are not to be left out."""
        return [artist_key(TrackInfo("", self.labels[i].artist)) for i in ids] if self.filters else None

    def without_singles(self) -> Labelling:
        """Leave out the tracks whose label no other bears."""
        counts = Counter(label.name for label in self.labels.values())
        kept = {track_id: label for track_id, label in self.labels.items() if counts[label.name] > 1}
        return replace(self, labels=kept, single=self.single + len(self.labels) - len(kept))


def label_by_table(tracks: Sequence[Track], table: Path) -> Labelling:
    """Labels out of a CSV file, `segue.store.label_table`; where it names no artist, the file's tags do."""
    read = read_label_table(table)
    at: dict[Path, Track] = {path: track for track in tracks for path in track.paths}
    found: dict[TrackId, Label] = {}
    refused: set[TrackId] = set()
    missing, unheard = _strays(read, at)
    for row in read.rows:
        track = _track_at(row.path, at)
        if track is None:
            continue
        label = Label(row.label, row.artist or track.info.artist)
        if found.setdefault(track.id, label).name != label.name:
            refused.add(track.id)
    return Labelling(
        source=f"the labels in {table.name}",
        labels={track_id: label for track_id, label in found.items() if track_id not in refused},
        unlabelled=len(tracks) - len(found),
        missing=missing,
        unheard=unheard,
        contradictory=len(refused),
        incomplete=read.incomplete,
    ).without_singles()


def label_by_folder(tracks: Sequence[Track], root: Path | None) -> Labelling:
    """Labels by the folders right below ``root``, or without one by the folder that each file lies in."""
    top = None if root is None else real_path(root)

    def folder_of(track: Track) -> str:
        path = track.paths[0]
        if top is None:
            return path.parent.name
        inside = path.relative_to(top).parts if path.is_relative_to(top) else ()
        return inside[0] if len(inside) > 1 else ""

    return _labelled(tracks, folder_of, source="the names of the folders")


def label_by_tags(tracks: Sequence[Track], by: LabelBy) -> Labelling:
    """Labels by what the files say: genre, artist or album, or the first of these that most of the tracks state.

    Raises
    ------
    ParameterError
        If none of them tells the tracks apart.
    """
    if by != "auto":
        return _by_tag(tracks, by)
    for tag in _BY_TAG:
        found = _by_tag(tracks, tag)
        counts = Counter(label.name for label in found.labels.values())
        if len(counts) > 1 and 2 * len(found.labels) > len(tracks) and max(counts.values()) < _MOST_ALIKE * len(tracks):
            return found
    raise ParameterError(
        "the tracks' tags do not tell them apart: too few name a genre, an artist or an album that others share",
        remedy="Give labels in a table (--labels FILE.csv), or by folders (--label-by folder)",
    )


def _by_tag(tracks: Sequence[Track], tag: str) -> Labelling:
    found = _labelled(tracks, _BY_TAG[tag], source=f"the {tag} in the files' tags")
    return replace(found, filters=tag == "genre")


def _labelled(tracks: Sequence[Track], label_of: Callable[[Track], str], *, source: str) -> Labelling:
    """Case and spaces at the ends do not tell labels apart."""
    named = {track.id: Label(label_of(track).strip().casefold(), track.info.artist) for track in tracks}
    labels = {track_id: label for track_id, label in named.items() if label.name}
    return Labelling(source, labels, unlabelled=len(tracks) - len(labels)).without_singles()


def _track_at(path: Path, at: Mapping[Path, Track]) -> Track | None:
    """The track at a path as given, or with the links of its folder, or its own, resolved."""
    for place in (path, real_path(path.parent) / path.name, real_path(path)):
        if place in at:
            return at[place]
    return None


def _strays(table: LabelTable, at: Mapping[Path, Track]) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The files of a table that are not in the library: those not on disk, and those not heard."""
    strays = [row.path for row in table.rows if _track_at(row.path, at) is None]
    return tuple(p for p in strays if not is_file(p)), tuple(p for p in strays if is_file(p))
