"""A user's own music and playlists, brought together: which file each playlist means, and what playlists then teach."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segue.embed.encoder import Ear
from segue.embed.shelf import Shelf, check_name
from segue.errors import FileAccessError, ModelError, ParameterError, PlaylistError
from segue.files import access_error
from segue.store.ingest import scan
from segue.store.library import Library
from segue.train.local import LocalTrack, read_folder, read_library
from segue.train.matching import Matcher, MatchReport, local_key, write_match_report
from segue.train.sources.reading import ReadingReport, read_playlists
from segue.train.supervision import Foretold, Teaching, foretell, teach
from segue.train.tracks import draw_groups, group_by
from segue.values import Floats, ScanProgress

log = logging.getLogger(__name__)

HOLD_OUT = 0.15
"""Share of the tracks with a Track2Vec vector that are held out to measure on, whole artists at a time."""

OnProgress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""


@dataclass(frozen=True, slots=True)
class OwnSpec:
    """Whose taste is to be learned, from which music, and where the ear goes.

    The music is that of the library in ``data``, or what lies in the ``music`` folders.
    """

    playlists: tuple[Path, ...]
    name: str
    work: Path
    ear: str = "speccy"
    data: Path | None = None
    music: tuple[Path, ...] = ()
    out: Path | None = None
    seed: int = 1

    @property
    def shelf(self) -> Shelf:
        """Where the ear to begin with is looked for."""
        folder = self.data or self.work
        return Shelf(folder / "models", folder / "cache")

    @property
    def card(self) -> Path:
        """Where the new ear's card goes: among the library's ears, unless another folder is named."""
        return (self.out or (self.data or self.work) / "models") / f"{self.name}.json"

    def check(self) -> None:
        """Refuse before any work what could not be kept after it.

        Raises
        ------
        ParameterError
            If there is no music, or the name is no name for an ear.
        ModelError
            If there is an ear of that name.
        FileAccessError
            If a folder to write to cannot be made.
        """
        if self.data is None and not self.music:
            raise ParameterError("there is no music to learn from", remedy="Give --data with a library, or --music")
        check_name(self.name)
        if self.card.exists():
            what = f"there is an ear called '{self.name}' already"
            raise ModelError(what, remedy="Choose another name: --name", path=self.card)
        for folder in (self.work, *([self.out] if self.out is not None else [])):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise access_error(error, folder) from error


@dataclass(frozen=True, slots=True, eq=False)
class Own:
    """What was brought together: tracks by their key, what playlists teach of them, and how the matching went."""

    tracks: dict[str, LocalTrack]
    teaching: Teaching
    reading: ReadingReport
    matching: MatchReport

    def held_out(self, keys: Sequence[str], *, seed: int) -> set[str]:
        """Some of these tracks, whole artists at a time."""
        groups = [group_by(self.tracks[key].info, self.tracks[key].path) for key in keys]
        rows = draw_groups(groups, share=HOLD_OUT, rng=np.random.default_rng(seed))
        return {keys[row] for row in rows}

    def summary(self) -> list[str]:
        """What was read and matched, in lines for people."""
        teaching = self.teaching
        return [
            *str(self.reading).splitlines(),
            *str(self.matching).splitlines(),
            f"Track2Vec: {teaching.words} tracks from {len(teaching.learned)} playlists, {len(teaching.vectors)} of "
            f"them can be heard; {len(teaching.held_out)} playlists held out",
        ]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: the new ear's card (None where there is none, and ``lines`` say why), scores, and words."""

    card: Path | None
    scores: dict[str, float]
    lines: tuple[str, ...]


def scanned_tracks(spec: OwnSpec, ear: Ear, *, on_progress: OnProgress) -> tuple[Path, dict[str, LocalTrack]]:
    """The data folder of a library that the ear has heard, and its tracks: the one given, or one made of the music.

    Raises
    ------
    ModelError
        If the library was heard by other ears only.
    LibraryError
        If there is none.
    ParameterError
        If the music could not be heard.
    """
    folder = spec.data or spec.work
    if spec.data is None:
        spec.work.mkdir(parents=True, exist_ok=True)
        with Library.open(folder) as library:
            report = scan(spec.music, library, ear=ear, on_progress=_scan_told(on_progress))
        if report.exit_code:
            reason = f"; the first reason: {report.failures[0]}" if report.failures else ""
            raise ParameterError(f"none of the music could be heard{reason}", remedy="Name folders with music")
    with Library.open(folder, read_only=True) as library:
        library.vectors(ear.fingerprint)  # refuses a library that only other ears have heard
    return folder, _by_key(read_library(folder))


def local_tracks(spec: OwnSpec, *, on_progress: OnProgress) -> dict[str, LocalTrack]:
    """The tracks of the library, or the files of the music folders: nothing is listened to.

    Raises
    ------
    LibraryError, FileAccessError
        If the library or a folder cannot be read.
    """
    if spec.data is not None:
        return _by_key(read_library(spec.data))
    found: dict[str, LocalTrack] = {}
    for folder in spec.music:
        for track in read_folder(folder, on_error=_log_error):
            found[local_key(track)] = track
            on_progress("reading tags", len(found), 0)
    return found


def bring_together(spec: OwnSpec, tracks: dict[str, LocalTrack], *, on_progress: OnProgress) -> Own:
    """Read the playlists, match them to the tracks, and learn Track2Vec from them.

    Raises
    ------
    PlaylistError
        If there are no playlists, none of their tracks is here (with the report), or too few get a vector.
    """
    reading = read_playlists(spec.playlists, on_file=lambda done, total, _: on_progress("playlists", done, total))
    playlists = list(reading)
    matcher = Matcher(tracks.values())
    for playlist in playlists:
        matcher.match(playlist)
    matching = matcher.report
    spec.work.mkdir(parents=True, exist_ok=True)
    write_match_report(matching, spec.work / "matching.json")
    if not matching.matched_places:
        raise PlaylistError(
            f"none of the {matching.how.total()} different tracks in {matching.playlists} playlists was found among "
            f"{matching.files} files, such as {'; '.join(matching.unmatched_examples[:3])}",
            remedy="Name the music of these playlists, and look at its tags",
        )

    def on_plays(epoch: int, plays: int, total: int) -> None:
        on_progress(f"Track2Vec, pass {epoch + 1}", plays, total)

    teaching = teach(playlists, matcher.key_of, spec.work, heard=tracks.keys(), seed=spec.seed, on_plays=on_plays)
    return Own(tracks, teaching, reading.report, matching)


@dataclass(frozen=True, slots=True)
class Foretelling:
    """How well next tracks are foretold, in held-out playlists, and where the next track is of a held-out artist."""

    playlists: Foretold
    artists: Foretold

    def scores(self, name: str) -> dict[str, float]:
        """By the names that a card uses."""
        return {
            f"{name}_hit10": self.playlists.hit10,
            f"{name}_mrr": self.playlists.mrr,
            f"{name}_new_artists_hit10": self.artists.hit10,
            f"{name}_new_artists_mrr": self.artists.mrr,
        }


def foretellings(vectors: dict[str, Floats], teaching: Teaching, held_out: set[str]) -> Foretelling:
    """Ask for the next tracks of the held-out playlists, and, in all playlists, for those by held-out artists."""
    return Foretelling(
        foretell(vectors, teaching.held_out),
        foretell(vectors, (*teaching.learned, *teaching.held_out), only=held_out),
    )


def foretold_lines(before: Foretelling, after: Foretelling, *, names: tuple[str, str]) -> list[str]:
    """Both figures side by side, for people, and a plain word where nothing speaks for the second."""
    lines = []
    pairs = ((before.playlists, after.playlists), (before.artists, after.artists))
    for what, (was, now) in zip(("in held-out playlists", "by held-out artists"), pairs, strict=True):
        what = f"next tracks {what}"
        if not was.queries:
            lines.append(f"{what}: none to ask for")
            continue
        lines.append(
            f"{what} ({was.queries} among {was.candidates} tracks): hit@10 {names[0]} {was.hit10:.3f}, {names[1]} "
            f"{now.hit10:.3f}, chance {was.chance:.3f}; MRR {was.mrr:.3f} and {now.mrr:.3f}"
        )
    if not any(was.queries and now.hit10 > was.hit10 for was, now in pairs):
        lines.append(
            f"nothing shows that {names[1]} hears better than {names[0]}: give more playlists, or stay with it"
        )
    return lines


def _by_key(tracks: Iterator[LocalTrack]) -> dict[str, LocalTrack]:
    return {local_key(track): track for track in tracks}


def _scan_told(on_progress: OnProgress) -> Callable[[ScanProgress], None]:
    return lambda progress: on_progress(progress.phase, progress.done, progress.total)


def _log_error(error: FileAccessError) -> None:
    log.warning("left out: %s", error)
