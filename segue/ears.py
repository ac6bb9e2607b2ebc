"""Which ears there are, which of them a library goes by, and how it comes to go by another."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from segue.choose.agreement import neighbour_overlap
from segue.choose.retrieval import Comparison, compare
from segue.config import EVALUATION, SCAN
from segue.embed.ears.musicnn import INSTALL as INSTALL_MUSICNN
from segue.embed.ears.musicnn import NAME as MUSICNN
from segue.embed.encoder import MUSICNN_ALL, QUICK_LOOK, Ear
from segue.embed.shelf import DEFAULT, WITH_SEGUE, Kind, Shelf, prove
from segue.errors import ModelError, ParameterError, SegueError
from segue.labelling import Labelling
from segue.store.ingest import ScanOptions
from segue.store.library import Library
from segue.store.rehearing import Rehearing, hear_again
from segue.values import Fingerprint, Floats, HeardBy, ScanProgress, TrackId, TrackVectors

_FEWEST_COMPARED = 2


def shelf_of(data: Path) -> Shelf:
    """The ears of a data folder."""
    return Shelf(data / "models", data / "cache" / "ears")


@dataclass(frozen=True, slots=True)
class InUse:
    """The vectors that a library goes by, and the ear that makes them, or why it is here no longer.

    ``whole`` is the ear of whose quick look they are, and that takes over when it has heard enough from end to end.
    """

    fingerprint: Fingerprint
    name: str
    ear: Ear | None = None
    error: SegueError | None = None
    whole: Ear | None = None

    @property
    def is_passing(self) -> bool:
        """Whether another ear is to take over: the successor of one that is gone, or the whole hearing."""
        return self.ear is None or self.whole is not None

    @property
    def the_ear(self) -> Ear:
        """The ear; raises ModelError if it is not here."""
        if self.ear is not None:
            return self.ear
        if self.name in ("", DEFAULT):  # another Segue brought it
            remedy = f"Let this Segue's own hear the library: segue models select {DEFAULT}"
        else:
            put_back = INSTALL_MUSICNN if self.name in (MUSICNN, MUSICNN_ALL) else "segue models add PATH.json"
            remedy = f"Put it back ({put_back}), or choose another (segue models select NAME)"
        raise ModelError(
            f"the ear that the library goes by, {self.name or 'one without a name'} {self.fingerprint}, is not here"
            " any more; songs that it heard can be chosen, but it cannot hear others",
            remedy=remedy,
        ) from self.error


def in_use(library: Library, shelf: Shelf, *, wanted: str | None = None) -> InUse:
    """The ear that was asked for, else the one chosen for the library, else the one that heard most of it.

    Raises
    ------
    ModelError
        If the ear that was asked for is not here, or the default one is needed and is not.
    """
    if wanted is not None:
        ear = shelf.take(wanted)
        return _quick_of(ear) if library.chosen_ear() == ear.quick().fingerprint else _of(ear)
    heard = {by.fingerprint: by for by in library.heard()}
    chosen = library.chosen_ear()
    if heard and chosen not in heard:
        chosen = max(heard.values(), key=lambda by: by.tracks).fingerprint
    if chosen is None:
        return _of(shelf.take(DEFAULT))
    return _found(shelf, chosen, library.ear_name(chosen))


def _of(ear: Ear) -> InUse:
    return InUse(ear.fingerprint, ear.name, ear)


def _quick_of(ear: Ear) -> InUse:
    quick = ear.quick()
    return InUse(quick.fingerprint, quick.name, quick, whole=ear)


def _found(shelf: Shelf, fingerprint: Fingerprint, noted_name: str) -> InUse:
    """Look for an ear, or one that takes such quick looks, by its fingerprint, first under the name it had."""
    error: SegueError | None = None
    name = noted_name.removesuffix(QUICK_LOOK)
    for candidate in dict.fromkeys([name, *shelf.names()] if name else shelf.names()):
        try:
            ear = shelf.take(candidate)
        except SegueError as refused:
            error = error or refused
            continue
        if ear.fingerprint == fingerprint:
            return _of(ear)
        if ear.quick().fingerprint == fingerprint:
            return _quick_of(ear)
    return InUse(fingerprint, name, error=error)


# A scan ---------------------------------------------------------------------------------------------------------------


def ear_to_scan_with(library: Library, shelf: Shelf, use: InUse) -> Ear:
    """The ear in use (not its quick look), or its successor where a newer Segue brought another of the same name.

    The library's choice is noted before anything is heard, so that it does not change under way. Raises ModelError.
    """
    ear = use.whole or use.ear or (shelf.take(use.name or DEFAULT) if use.name in ("", *WITH_SEGUE) else use.the_ear)
    library.name_ear(ear.name, ear.fingerprint)
    if library.chosen_ear() is None:
        library.choose_ear(use.fingerprint)
    return ear


def take_over(library: Library, use: InUse, successor: Ear) -> bool:
    """Let the successor of an ear that is gone, or of a quick look, take over once it lacks few enough tracks."""
    if not use.is_passing or library.chosen_ear() != use.fingerprint:
        return False
    heard = _tracks_heard(library, successor)
    if not _is_enough(heard, library.counts().tracks):
        return False
    library.choose_ear(successor.fingerprint)
    return True


def go_by_quick_look(library: Library, ear: Ear) -> None:
    """Let the library go by an ear's quick look once that knows nearly all that the ear has heard from end to end.

    A library of which the ear has heard nothing yet goes by it from the first song on.
    """
    if library.chosen_ear() != ear.fingerprint:
        return
    quick = ear.quick()
    whole = _tracks_heard(library, ear)
    if whole == 0 or _is_enough(_tracks_heard(library, quick), whole):
        library.name_ear(quick.name, quick.fingerprint)
        library.choose_ear(quick.fingerprint)


def drop_quick_look(library: Library, ear: Ear) -> None:
    """Drop what an ear's quick look found, unless the library goes by it."""
    quick = ear.quick().fingerprint
    if library.chosen_ear() != quick and quick in library.fingerprints():
        library.forget_ear(quick)


def _tracks_heard(library: Library, ear: Ear) -> int:
    return {by.fingerprint: by.tracks for by in library.heard()}.get(ear.fingerprint, 0)


def _is_enough(heard: int, tracks: int) -> bool:
    return heard > 0 and tracks - heard <= SCAN.most_missing_share * tracks


# Choosing another -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Selection:
    """How the choice of an ear ended; ``switched`` says whether the library goes by it now."""

    ear: Ear
    before: InUse
    result: Rehearing
    switched: bool


def select(
    library: Library,
    shelf: Shelf,
    name: str,
    *,
    options: ScanOptions,
    anyway: bool = False,
    on_progress: Callable[[ScanProgress], None] | None = None,
) -> Selection:
    """Let an ear hear what it has not heard yet of the library, and let the library then go by it.

    Until all that can be reached is heard, and pooled, the library goes by the ear that it went by. If more of the
    tracks than ``ScanSpec.most_missing_share`` are out of reach then, it stays so, unless ``anyway``.

    Raises
    ------
    ModelError
        If there is no ear of that name, or it is damaged.
    """
    ear = shelf.take(name)
    prove(ear)
    before = in_use(library, shelf)
    if library.chosen_ear() is None and library.heard():
        library.choose_ear(before.fingerprint)
    result = hear_again(library, ear, options=options, on_progress=on_progress)
    heard = result.heard + result.known
    switched = result.tracks == 0 or _is_enough(heard, result.tracks) or (anyway and heard > 0)
    if switched:
        library.choose_ear(ear.fingerprint)
        drop_quick_look(library, ear)
    return Selection(ear, before, result, switched)


def forget(library: Library, shelf: Shelf, heard: HeardBy) -> int:
    """Drop what an ear has heard, and return of how many tracks; raises ParameterError for the ear in use."""
    check_not_in_use(library, shelf, heard)
    return library.forget_ear(heard.fingerprint)


def check_not_in_use(library: Library, shelf: Shelf, heard: HeardBy) -> None:
    """Raise ParameterError for the ear that the library goes by."""
    if heard.fingerprint == in_use(library, shelf).fingerprint:
        what = f"the library goes by {heard.name or heard.fingerprint}"
        raise ParameterError(what, remedy="Choose another ear first: segue models select NAME")


def heard_by(library: Library, shelf: Shelf, name: str) -> HeardBy:
    """What the ear of a name, or of a fingerprint, has heard; the one in use only if no other has that name.

    Raises ModelError if none has heard anything, or several of that name have.
    """
    here = next((shelved.ear for shelved in shelf.ears() if shelved.name == name), None)
    fits = [
        by
        for by in library.heard()
        if name in (by.name, str(by.fingerprint)) or (here is not None and by.fingerprint == here.fingerprint)
    ]
    using = in_use(library, shelf).fingerprint
    found = [by for by in fits if by.fingerprint != using] or fits
    if not found:
        raise ModelError(f"no ear called '{name}' has heard this library", remedy="See which have: segue models")
    if len(found) > 1:
        some = ", ".join(str(by.fingerprint) for by in found)
        raise ModelError(
            f"{len(found)} ears called '{name}' have heard this library: {some}", remedy="Name one of these"
        )
    return found[0]


# The list -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EarRow:
    """One ear, as a list of them shows it; ``tracks`` is how many of the library it has heard."""

    name: str
    kind: Kind | Literal["gone", "quick look"]
    fingerprint: Fingerprint | None
    tracks: int
    in_use: bool
    ear: Ear | None = None
    ms_a_slice: float | None = None
    error: SegueError | None = None

    @property
    def size_bytes(self) -> int | None:
        """Of the network, on disk."""
        return None if self.ear is None else self.ear.network.stat().st_size


def list_ears(shelf: Shelf, library: Library | None) -> list[EarRow]:
    """Every ear that is here, or was when it heard the library; what each costs is measured."""
    heard = {by.fingerprint: by for by in library.heard()} if library is not None else {}
    using = None if library is None else in_use(library, shelf).fingerprint
    rows = []
    for shelved in shelf.ears():
        fingerprint = None if shelved.ear is None else shelved.ear.fingerprint
        by = heard.pop(fingerprint, None) if fingerprint is not None else None
        ear, cost, error = shelved.ear, None, shelved.error
        if ear is not None:
            try:
                cost = ms_a_slice(ear)
            except SegueError as damage:
                error = damage
        rows.append(
            EarRow(
                shelved.name,
                shelved.kind,
                fingerprint,
                tracks=by.tracks if by else 0,
                in_use=fingerprint is not None and fingerprint == using,
                ear=ear,
                ms_a_slice=cost,
                error=error,
            )
        )
    return rows + [_row_of_another(by, in_use=by.fingerprint == using) for by in heard.values()]


def _row_of_another(by: HeardBy, *, in_use: bool) -> EarRow:
    """An ear that is no file of its own: it is gone, or takes quick looks with another's network."""
    kind: Literal["gone", "quick look"] = "quick look" if by.name.endswith(QUICK_LOOK) else "gone"
    return EarRow(by.name, kind, by.fingerprint, by.tracks, in_use)


def ms_a_slice(ear: Ear, *, slices: int = 2, rounds: int = 3) -> float:
    """What one slice costs this machine: processor time on one core, the least of a few rounds; raises ModelError."""
    encoder = prove(ear)
    some = np.random.default_rng(0).random((slices, ear.mel.mel_bands, ear.mel.slice_frames), dtype=np.float32)
    least = math.inf
    for _ in range(rounds):
        began_s = time.thread_time()
        encoder.encode(some)
        least = min(least, time.thread_time() - began_s)
    return least * 1000.0 / slices


# Two side by side ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Measured:
    """One of two ears, on the tracks that both have heard; ``scores`` is None where the labels do not suffice."""

    ear: Ear
    tracks: int
    size_bytes: int
    ms_a_slice: float
    scores: Comparison | None


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Two ears on one library: ``tracks`` that both heard, ``agreement`` the share of the ten nearest they share."""

    tracks: int
    labelled: int
    agreement: float
    chance: float
    ears: tuple[Measured, Measured]


def compare_ears(library: Library, shelf: Shelf, names: tuple[str, str], *, labels: Labelling | None) -> SideBySide:
    """Measure two ears on the tracks that both have heard: by labels, against each other, and what they cost.

    Raises
    ------
    ModelError
        If an ear is not here, or the two have not heard two tracks in common.
    """
    ears = [shelf.take(name) for name in names]
    heard = {by.fingerprint: by.tracks for by in library.heard()}
    deaf = next((ear for ear in ears if ear.fingerprint not in heard), None)
    if deaf is not None:
        what = f"the ear '{deaf.name}' has heard nothing of this library"
        raise ModelError(what, remedy=f"Let it hear the music: segue scan --ear {deaf.name} DIR")
    found = [library.vectors(ear.fingerprint) for ear in ears]
    common = sorted(set(found[0].ids) & set(found[1].ids))
    if len(common) < _FEWEST_COMPARED:
        what = f"only {len(common)} tracks were heard by both"
        raise ModelError(
            what, remedy=f"{_FEWEST_COMPARED} are the least. Let them hear more: segue scan --ear NAME DIR"
        )
    matrices = [_rows_of(vectors, common) for vectors in found]
    labelled = [track_id for track_id in common if labels is not None and track_id in labels.labels]
    one, other = (
        Measured(
            ear=ear,
            tracks=heard[ear.fingerprint],
            size_bytes=ear.network.stat().st_size,
            ms_a_slice=ms_a_slice(ear, slices=SCAN.encode_batch_slices),
            scores=_scores(_rows_of(vectors, labelled), labelled, labels),
        )
        for ear, vectors in zip(ears, found, strict=True)
    )
    return SideBySide(
        tracks=len(common),
        labelled=len(labelled),
        agreement=neighbour_overlap(*matrices),
        chance=min(1.0, EVALUATION.shared_neighbours / (len(common) - 1)),
        ears=(one, other),
    )


def _rows_of(vectors: TrackVectors, ids: Sequence[TrackId]) -> Floats:
    rows = {track_id: row for row, track_id in enumerate(vectors.ids)}
    picked: Floats = vectors.matrix[[rows[track_id] for track_id in ids]]
    return picked


def _scores(vectors: Floats, ids: Sequence[TrackId], labels: Labelling | None) -> Comparison | None:
    """As far as there are labels to compare by; too few of them say nothing."""
    names = [] if labels is None else [labels.labels[i].name for i in ids]
    if labels is None or len(ids) <= EVALUATION.neighbours or len(set(names)) == len(ids):
        return None
    return compare(vectors, names, artists=labels.artists(ids))
