"""The map of one library: drawn aside by a process of its own, kept in the cache, and stable as songs come and go."""

from __future__ import annotations

import logging
import os
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from segue.aside import AsideStatus, aside
from segue.choose.atlas import Atlas, Regions, extended, is_outgrown, laid_out
from segue.choose.catalogue import Catalogue
from segue.config import MAP
from segue.ears import InUse
from segue.embed.tagger import group_of
from segue.errors import EmptyLibraryError, FileAccessError, ModelError, ParameterError
from segue.files import atomic_write
from segue.values import Fingerprint, Floats, TrackId
from segue.words import later, say

_log = logging.getLogger(__name__)

_FORMAT = 1
_MANY = 0.2  # share of a region's songs that must be of a genre for the region to be called by it

COLOURS = ("region", "genre", "mood", "tempo", "year", "folder")
_NOT_DRAWN = later("The map could not be drawn; its process ended. The log may say why")
UNKNOWN, OTHERS, MIXED = later("Unknown"), later("Others"), later("Mixed")


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A part of the map: what it is called, how many songs it has, and those from its middle outwards."""

    name: str
    count: int
    tracks: tuple[TrackId, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """The map as it is shown now. ``version`` changes with it."""

    version: int
    atlas: Atlas


@dataclass(frozen=True, slots=True, eq=False)
class Colours:
    """What the points are coloured by: a name for each colour and how many have it, and the colour of each point.

    ``is_ordered`` where one colour is more than another, as of tempo. The last ones may be `OTHERS` and `UNKNOWN`.
    """

    names: tuple[str, ...]
    counts: tuple[int, ...]
    codes: Regions = field(repr=False)
    is_ordered: bool


class LibraryMap:
    """The map of one library. Safe from several threads.

    ``heard`` gives what the tracks are confidently heard as; it may raise ModelError where the ear has no tags.
    """

    def __init__(
        self,
        catalogue: Callable[[], Catalogue],
        ear_in_use: Callable[[], InUse],
        heard: Callable[[], Mapping[TrackId, Collection[str]]],
        *,
        cache: Path,
    ) -> None:
        self._catalogue, self._ear_in_use, self._heard = catalogue, ear_in_use, heard
        self._cache = cache
        self._lock = threading.RLock()
        self._status = AsideStatus()
        self._picture: Picture | None = None
        self._fingerprint: Fingerprint | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    @property
    def status(self) -> AsideStatus:
        """How far the drawing is."""
        return self._status

    def picture(self) -> Picture | None:
        """The map as far as it is drawn; what is missing is drawn from now on. None before the first is there."""
        try:
            catalogue = self._catalogue()
        except EmptyLibraryError:
            return None
        with self._lock:
            self._take_up(self._ear_in_use().fingerprint)
            held = self._picture
            lacks = held is None or held.atlas.ids != catalogue.index.ids
            if lacks and not self._status.error:
                self._begin(catalogue, anew=False)
            return held

    def lay_out_anew(self) -> None:
        """Draw the whole map again, in the background, from where everything lies."""
        catalogue = self._catalogue()
        with self._lock:
            self._take_up(self._ear_in_use().fingerprint)
            self._begin(catalogue, anew=True)

    def close(self) -> None:
        """Give up drawing."""
        self._stop.set()
        thread = self._thread
        if thread is not None:
            thread.join(10.0)

    def regions(self, picture: Picture) -> tuple[Region, ...]:
        """The regions of the map, the largest first, each called by the genres that it has more of than the others."""
        catalogue = self._catalogue()
        found: tuple[Region, ...] = catalogue.once(
            ("map regions", picture.version), lambda: self._regions(picture, catalogue)
        )
        return found

    def _regions(self, picture: Picture, catalogue: Catalogue) -> tuple[Region, ...]:
        atlas = picture.atlas
        genres = self._all_genres(atlas.ids, catalogue)
        overall = Counter(genre for own in genres for genre in own)
        found: list[Region] = []
        for code in range(len(atlas.centres)):
            rows = np.flatnonzero(atlas.regions == code)
            if not len(rows):
                continue
            name = _name_of([genres[row] for row in rows], overall)
            alike = sum(region.name.partition(" (")[0] == name for region in found)
            middle = np.median(atlas.places[rows], axis=0)
            far = ((atlas.places[rows] - middle) ** 2).sum(axis=1)
            near = rows[np.argsort(far, kind="stable")][: MAP.region_tracks]
            called = f"{name} ({alike + 1})" if alike else name
            found.append(Region(called, len(rows), tuple(atlas.ids[row] for row in near)))
        return tuple(found)

    def colours(self, picture: Picture, by: str) -> Colours:
        """What the points are coloured by; raises ParameterError for what they cannot be coloured by."""
        catalogue, ids = self._catalogue(), picture.atlas.ids
        if by == "region":
            return _by_region(picture.atlas, [region.name for region in self.regions(picture)])
        if by == "tempo":
            return _by_number([_rounded(value) for value in _column(catalogue, ids, catalogue.tempo_bpm)], _TEMPI)
        if by == "year":
            return _by_number([_rounded(value) for value in _column(catalogue, ids, catalogue.years)], None)
        if by == "genre":
            return _by_name([own[0] if own else "" for own in self._all_genres(ids, catalogue)])
        if by == "mood":
            heard = self._tags()
            return _by_name([_first(heard.get(track_id, ()), "mood") for track_id in ids])
        if by == "folder":
            return _by_name([_shelf_of(catalogue.places.get(track_id, ())) for track_id in ids])
        what = say("the map cannot be coloured by '{by}'", by=by[:40])
        raise ParameterError(what, remedy=say("Choose from {names}", names=", ".join(COLOURS)))

    # Drawing ----------------------------------------------------------------------------------------------------------

    def _take_up(self, fingerprint: Fingerprint) -> None:
        """Turn to the map of the ear in use, as it was kept."""
        if fingerprint == self._fingerprint:
            return
        self._fingerprint, self._status = fingerprint, AsideStatus()
        kept = read_atlas(self._file(fingerprint))
        self._picture = None if kept is None else Picture(time.time_ns(), kept)

    def _file(self, fingerprint: Fingerprint) -> Path:
        return self._cache / f"{fingerprint.model}-{fingerprint.mel}.npz"

    def _begin(self, catalogue: Catalogue, *, anew: bool) -> None:
        if self._status.running or self._stop.is_set():
            return
        before = None if self._picture is None else self._picture.atlas
        self._status = AsideStatus(running=True)
        assert self._fingerprint is not None
        self._thread = threading.Thread(
            target=self._draw, args=(catalogue, before, self._fingerprint, anew), daemon=True, name="map"
        )
        self._thread.start()

    def _draw(self, catalogue: Catalogue, before: Atlas | None, fingerprint: Fingerprint, anew: bool) -> None:
        ids, vectors = catalogue.index.ids, catalogue.index.vectors
        try:
            if before is None or anew or is_outgrown(before, ids):
                atlas = self._by_process(ids, vectors, before)
            else:
                atlas = extended(before, ids, vectors)
            if atlas is not None:
                write_atlas(self._file(fingerprint), atlas)
        except (OSError, FileAccessError, MemoryError) as error:
            _log.warning("the map could not be drawn: %s", error)
            with self._lock:
                self._status = AsideStatus(error=say("The map could not be drawn: {error}", error=error))
            return
        with self._lock:
            if atlas is None and not self._stop.is_set():
                self._status = AsideStatus(error=_NOT_DRAWN)
                return
            self._status = AsideStatus()
            if atlas is not None and fingerprint == self._fingerprint:
                self._picture = Picture(time.time_ns(), atlas)

    def _by_process(self, ids: Sequence[TrackId], vectors: Floats, before: Atlas | None) -> Atlas | None:
        """Lay the library out in a process of its own; None where that was given up, or died."""
        return aside(_lay_out, tuple(ids), vectors, before, stop=self._stop, on_share=self._tell, name="map")

    def _tell(self, share: float) -> None:
        self._status = AsideStatus(running=True, share=share)

    def _tags(self) -> Mapping[TrackId, Collection[str]]:
        try:
            return self._heard()
        except ModelError:
            return {}

    def _all_genres(self, ids: Sequence[TrackId], catalogue: Catalogue) -> list[tuple[str, ...]]:
        """The genres that each track is heard as, surest first, and the one that its file states."""
        heard = self._tags()
        return [
            (
                *(tag for tag in heard.get(track_id, ()) if group_of(tag) == "genre"),
                *filter(None, (" ".join(catalogue.info(track_id).genre.split()).casefold(),)),
            )
            for track_id in ids
        ]


def _name_of(genres: Sequence[Collection[str]], overall: Counter[str]) -> str:
    """One or two genres of some tracks that tell them from the others, of those that many of them are."""
    here = Counter(genre for own in genres for genre in own)
    told = {genre: count**2 / overall[genre] for genre, count in here.items() if count >= _MANY * len(genres)}
    best = sorted(told, key=lambda genre: (-told[genre], genre))[:2]
    return ", ".join(best) or MIXED


def _lay_out(
    ids: Sequence[TrackId], vectors: Floats, before: Atlas | None, *, on_share: Callable[[float], None]
) -> Atlas:
    """What the process does."""
    return laid_out(ids, vectors, before=before, on_share=on_share)


# Keeping ------------------------------------------------------------------------------------------------------------


def write_atlas(path: Path, atlas: Atlas) -> None:
    """Keep an atlas; raises FileAccessError or OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            format=np.array([_FORMAT]),
            ids=np.array(atlas.ids, dtype=np.str_),
            places=atlas.places,
            regions=atlas.regions,
            centres=atlas.centres,
        )


def read_atlas(path: Path) -> Atlas | None:
    """The atlas that was kept; None where there is none that can be read."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            if held["format"].tolist() != [_FORMAT]:
                return None
            ids = tuple(TrackId(i) for i in held["ids"].tolist())
            atlas = Atlas(ids, held["places"], held["regions"], held["centres"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        _log.info("the kept map is not used: %s", error)
        return None
    fits = atlas.places.shape == (len(ids), 2) and atlas.regions.shape == (len(ids),) and len(atlas.centres)
    return atlas if fits and np.isfinite(atlas.places).all() else None


# Colours ------------------------------------------------------------------------------------------------------------

_TEMPI = (80, 100, 120, 140, 160)
_MOST_STEPS = 6


def _column(catalogue: Catalogue, ids: Sequence[TrackId], column: Floats) -> Floats:
    """A column of the catalogue in the order of the map, which may hold a track that has just left."""
    rows = np.array([catalogue.index.row(i) if i in catalogue.index else -1 for i in ids], np.int64)
    return np.where(rows >= 0, column[np.maximum(rows, 0)], np.nan)


def _rounded(value: float) -> int | None:
    return None if not np.isfinite(value) else round(float(value))


def _first(tags: Collection[str], group: str) -> str:
    return next((tag for tag in tags if group_of(tag) == group), "")


def _shelf_of(folders: Sequence[str]) -> str:
    """The last two names of the folder above a track's own, or of its own: artists rather than albums."""
    return " / ".join(folders[0].rsplit(os.sep, 2)[-2:]) if folders else ""


def _by_region(atlas: Atlas, names: Sequence[str]) -> Colours:
    present = [code for code in range(len(atlas.centres)) if (atlas.regions == code).any()]
    codes = np.zeros(len(atlas.ids), np.uint8)
    for place, code in enumerate(present):
        codes[atlas.regions == code] = place
    counts = tuple(int((codes == place).sum()) for place in range(len(present)))
    return Colours(tuple(names), counts, codes, is_ordered=False)


def _by_name(values: Sequence[str]) -> Colours:
    """The commonest names each with a colour, all others with one, and one for what is not known."""
    common = Counter(value for value in values if value)
    shown = [name for name, _ in common.most_common(MAP.most_regions)]
    place_of = {name: place for place, name in enumerate(shown)}
    codes = [place_of.get(value, len(shown)) if value else len(shown) + 1 for value in values]
    return _without_empty([*shown, OTHERS, UNKNOWN], codes, is_ordered=False)


def _by_number(values: Sequence[int | None], bounds: Sequence[int] | None) -> Colours:
    """Steps from low to high: at given bounds of a tempo, or else by decades of years."""
    known = [value for value in values if value is not None]
    if bounds is None:
        last = max(known, default=0) // 10 * 10
        bounds = [last - 10 * step for step in range(_MOST_STEPS - 2, -1, -1)]
        names = [say("Before {year}", year=bounds[0]), *(say("{decade}s", decade=low) for low in bounds)]
    else:
        between = [say("{low} to {high} BPM", low=low, high=high) for low, high in pairwise(bounds)]
        names = [say("Below {bpm} BPM", bpm=bounds[0]), *between, say("{bpm} BPM and more", bpm=bounds[-1])]
    codes = [len(names) if value is None else int(np.searchsorted(bounds, value, side="right")) for value in values]
    return _without_empty([*names, UNKNOWN], codes, is_ordered=True)


def _without_empty(names: Sequence[str], codes: Sequence[int], *, is_ordered: bool) -> Colours:
    """Only the colours that some point has; an ordered scale keeps its steps, so that each keeps its colour."""
    counts = np.bincount(np.array(codes, np.int64), minlength=len(names))
    kept = [at for at in range(len(names)) if counts[at] or (is_ordered and names[at] != UNKNOWN)]
    place = {at: new for new, at in enumerate(kept)}
    recoded = np.array([place[code] for code in codes], np.uint8)
    return Colours(tuple(names[at] for at in kept), tuple(int(counts[at]) for at in kept), recoded, is_ordered)
