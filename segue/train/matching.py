"""Playlists' tracks to the user's own files: by place, MusicBrainz id, ISRC, then by artist and title."""

from __future__ import annotations

import json
import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from segue.config import PLAYLISTS
from segue.errors import PlaylistError, printable
from segue.files import atomic_write
from segue.train.local import LocalTrack
from segue.train.naming import first_artist, normal_artist, normal_title, track_key
from segue.train.sources.playlist import SourcePlaylist, SourceTrack

How = Literal["path", "mbid", "isrc", "name", "first artist", "file name", "unmatched"]


@dataclass(frozen=True, slots=True)
class Match:
    """The file that a playlist's track means, if any, how it was found, and how many would have done as well."""

    track: LocalTrack | None
    how: How
    candidates: int = 0


@dataclass(frozen=True, slots=True)
class MatchedPlaylist:
    """What of a playlist can be listened to, in its order; ``lost`` tracks are not here."""

    id: str
    name: str
    tracks: tuple[LocalTrack, ...]
    lost: int


@dataclass(slots=True)
class MatchReport:
    """How playlists' tracks were matched: each different track counts once, except in ``places``."""

    playlists: int = 0
    whole_playlists: int = 0  # every track was found
    unmatched_playlists: int = 0  # none was
    places: int = 0  # tracks in playlists, each time they stand there
    matched_places: int = 0
    how: Counter[str] = field(default_factory=Counter)  # different tracks, by what matched them
    files: int = 0  # of the user's
    files_in_playlists: int = 0
    ambiguous: int = 0  # several files would have done as well; the first one was taken
    unmatched_examples: list[str] = field(default_factory=list)  # those that stand in the most places first
    ambiguous_examples: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The report as JSON takes it."""
        return asdict(self) | {"how": dict(self.how.most_common())}

    def __str__(self) -> str:
        """Say it in lines for people."""
        tracks = self.how.total()
        ways = ", ".join(f"{count} by {how}" for how, count in self.how.most_common() if how != "unmatched")
        lines = [
            f"{tracks - self.how['unmatched']} of {tracks} different tracks were matched ({ways or 'none'})",
            f"{self.files_in_playlists} of {self.files} files stand in a playlist",
            f"{self.matched_places} of {self.places} places in {self.playlists} playlists can be heard; "
            f"{self.whole_playlists} playlists are whole, of {self.unmatched_playlists} nothing was found",
        ]
        for title, count, examples in (
            ("not found", self.how["unmatched"], self.unmatched_examples),
            ("could have been several files", self.ambiguous, self.ambiguous_examples),
        ):
            if count:
                lines += [f"{count} tracks {title}, such as:", *(f"  {example}" for example in examples)]
        return "\n".join(lines)


class LocalIndex:
    """The user's files by all that playlists may call them; each question costs a few look-ups."""

    def __init__(self, tracks: Iterable[LocalTrack]) -> None:
        self.tracks = tuple(tracks)
        self._found: dict[tuple[How, str], list[LocalTrack]] = {}
        for track in self.tracks:
            places = (track.path, *track.other_paths)
            for path in places:
                self._put("path", _place(path), track)
            for name in {_file_name(path) for path in places}:
                self._put("file name", name, track)
            self._put("mbid", track.ids.mbid, track)
            self._put("isrc", track.ids.isrc, track)
            title = normal_title(track.info.title)
            if title:
                self._put("name", f"{normal_artist(track.info.artist)}/{title}", track)
                self._put("first artist", f"{first_artist(track.info.artist)}/{title}", track)

    def find(self, wanted: SourceTrack) -> Match:
        """The file that a playlist's track means: the surest way that finds one counts."""
        for how, key in _keys(wanted):
            found = self._found.get((how, key), [])
            if how == "file name":
                found = _same_folders(found, wanted.path)
                found = found if len(found) == 1 else []  # every album has a 01.mp3: a name alone must be the only one
            elif how in ("name", "first artist"):
                found = _as_long(found, wanted)
                found = found if len(found) == 1 or not key.startswith("/") else []  # without an artist, the only one
            if found:
                return Match(found[0], how, len(found))
        return Match(None, "unmatched")

    def _put(self, how: How, key: str, track: LocalTrack) -> None:
        if key:
            self._found.setdefault((how, key), []).append(track)


class Matcher:
    """Matches playlists as they come, and keeps the report; a track that stands in many places is sought once."""

    def __init__(self, tracks: Iterable[LocalTrack]) -> None:
        self.index = LocalIndex(tracks)
        self._matches: dict[SourceTrack, Match] = {}
        self._places: Counter[SourceTrack] = Counter()
        self._playlists = Counter[str]()

    def find(self, track: SourceTrack) -> Match:
        """The file that a track means."""
        if track not in self._matches:
            self._matches[track] = self.index.find(track)
        return self._matches[track]

    def match(self, playlist: SourcePlaylist) -> MatchedPlaylist:
        """What of a playlist can be listened to."""
        self._places.update(playlist.tracks)
        found = tuple(match.track for track in playlist.tracks if (match := self.find(track)).track is not None)
        lost = len(playlist.tracks) - len(found)
        self._playlists["all"] += 1
        self._playlists["whole"] += not lost
        self._playlists["unmatched"] += not found
        return MatchedPlaylist(playlist.id, playlist.name, tuple(track for track in found if track is not None), lost)

    def key_of(self, track: SourceTrack) -> str:
        """The one word for a track: its file's where it has one, so that two names for a file are one word."""
        match = self.find(track)
        return track_key(track) if match.track is None else local_key(match.track)

    @property
    def files(self) -> dict[str, Path]:
        """The file of each track that was matched, by the word that `key_of` gives it."""
        found = (match.track for match in self._matches.values())
        return {local_key(track): track.path for track in found if track is not None}

    @property
    def report(self) -> MatchReport:
        """How it went so far."""
        matches, places = self._matches, self._places
        several = [track for track, match in matches.items() if match.candidates > 1]
        missing = [track for track, match in matches.items() if match.track is None]
        return MatchReport(
            playlists=self._playlists["all"],
            whole_playlists=self._playlists["whole"],
            unmatched_playlists=self._playlists["unmatched"],
            places=places.total(),
            matched_places=sum(count for track, count in places.items() if matches[track].track is not None),
            how=Counter(match.how for match in matches.values()),
            files=len(self.index.tracks),
            files_in_playlists=len(self.files),
            ambiguous=len(several),
            unmatched_examples=[_shown(track) for track in self._most(missing)],
            ambiguous_examples=[
                f"{_shown(track)}: {printable(found.path)} and {matches[track].candidates - 1} more"
                for track in self._most(several)
                if (found := matches[track].track) is not None
            ],
        )

    def _most(self, tracks: list[SourceTrack]) -> list[SourceTrack]:
        return sorted(tracks, key=lambda track: -self._places[track])[: PLAYLISTS.examples_shown]


def match_playlists(playlists: Iterable[SourcePlaylist], matcher: Matcher) -> Iterator[MatchedPlaylist]:
    """Yield what of each playlist can be listened to, playlists of which nothing was found left out.

    Raises
    ------
    PlaylistError
        In the end, if no track of any playlist was found: how many were sought, with examples.
    """
    some = False
    for playlist in playlists:
        matched = matcher.match(playlist)
        if matched.tracks:
            some = True
            yield matched
    if not some:
        report = matcher.report
        raise PlaylistError(
            f"none of {report.how.total()} tracks in {report.playlists} playlists was found among {report.files} files "
            f"({'; '.join(report.unmatched_examples[:3])})",
            remedy="Name the folder with the music of these playlists, and look at its tags",
        )


def write_match_report(report: MatchReport, path: Path) -> None:
    """Write the report as JSON; raises FileAccessError."""
    with atomic_write(path) as unfinished:
        text = json.dumps(report.as_json(), ensure_ascii=False, indent=2) + "\n"
        unfinished.write_bytes(text.encode("utf-8", "replace"))


def local_key(track: LocalTrack) -> str:
    """The one word for a file: the same wherever it lies if the library knows it, else its place."""
    return f"track:{track.track_id}" if track.track_id is not None else f"path:{printable(track.path)}"


def _keys(wanted: SourceTrack) -> Iterator[tuple[How, str]]:
    """What a track is sought by, the surest first."""
    yield "path", _place(wanted.path) if wanted.path is not None else ""
    yield "mbid", wanted.mbid
    yield "isrc", wanted.isrc
    title = normal_title(wanted.title)
    if title:
        yield "name", f"{normal_artist(wanted.artist)}/{title}"
        yield "first artist", f"{first_artist(wanted.artist)}/{title}"
    yield "file name", _file_name(wanted.path) if wanted.path is not None else ""


def _place(path: Path) -> str:
    """A path as it is compared; accented names come in two spellings, by the system that wrote them."""
    return unicodedata.normalize("NFC", printable(os.path.abspath(path)))  # noqa: PTH100 - links stay as they are


def _file_name(path: Path) -> str:
    return unicodedata.normalize("NFC", printable(path.name)).casefold()


def _as_long(found: list[LocalTrack], wanted: SourceTrack) -> list[LocalTrack]:
    """Files of the right name that may be the recording: of its length, and of its album if any is."""
    found = [track for track in found if _difference_s(track, wanted) <= PLAYLISTS.most_length_difference_s]
    found.sort(key=lambda track: _difference_s(track, wanted))
    album = normal_title(wanted.album)
    return [track for track in found if album and normal_title(track.info.album) == album] or found


def _difference_s(track: LocalTrack, wanted: SourceTrack) -> float:
    return abs(track.info.duration_s - wanted.duration_s) if track.info.duration_s and wanted.duration_s else 0.0


def _same_folders(found: list[LocalTrack], wanted: Path | None) -> list[LocalTrack]:
    """Of files with the same name, those that share the most folders above it: music moves, its folders seldom do."""
    if len(found) < 2 or wanted is None:
        return found
    shared = [max(_shared(path, wanted) for path in (track.path, *track.other_paths)) for track in found]
    return [track for track, count in zip(found, shared, strict=True) if count == max(shared)]


def _shared(path: Path, wanted: Path) -> int:
    pairs = zip(reversed(path.parts), reversed(wanted.parts), strict=False)
    return next((k for k, (a, b) in enumerate(pairs) if a.casefold() != b.casefold()), len(path.parts))


def _shown(track: SourceTrack) -> str:
    name = f"{track.artist} - {track.title}".strip(" -")
    return name or (printable(track.path) if track.path is not None else track_key(track))
