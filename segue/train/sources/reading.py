"""Playlists out of whatever files and folders are named: each file's kind is known by its content."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from segue.config import PLAYLISTS
from segue.errors import PlaylistError, SegueError, printable
from segue.train.sources.folders import iter_folder, iter_library
from segue.train.sources.itunes import iter_itunes
from segue.train.sources.lists import iter_jspf, iter_m3u, iter_xspf
from segue.train.sources.opening import SourceFile, Tell
from segue.train.sources.playlist import SourcePlaylist
from segue.train.sources.rekordbox import iter_rekordbox
from segue.train.sources.rows import iter_json, iter_json_lines
from segue.train.sources.tables import is_table, iter_table
from segue.train.sources.walking import find_files

Reader = Callable[[SourceFile, Tell], Iterator[SourcePlaylist]]
OnFile = Callable[[int, int, str], None]
"""Told, before each file, how many are done, of how many, and its name."""

_JSON_LINES = (".jsonl", ".ndjson", ".jl", ".listens")
_XML = re.compile(r"<(plist|dj_playlists|(?:\w+:)?playlist)\b", re.IGNORECASE)
_IS_JSON = re.compile(r"\{|\[\s*[\[\]{]")  # but not [playlist], with which a PLS file begins
_CAUSES_SHOWN = 5
_JSPF = re.compile(r'\A\s*\{\s*"playlist"\s*:\s*\{')


@dataclass(frozen=True, slots=True)
class SourceProblem:
    """Something that could not be read, or was passed over: where, what, how often, and the remedy."""

    where: str
    what: str
    remedy: str
    count: int = 1

    def __str__(self) -> str:
        times = f"{self.count} " if self.count > 1 else ""
        return f"{self.where}: {times}{self.what}. {self.remedy}"


@dataclass(slots=True)
class ReadingReport:
    """What was read, and what was left out."""

    files: int = 0
    failed_files: int = 0
    unknown_files: int = 0  # found in a folder or a zip, of no kind that holds playlists
    playlists: int = 0
    tracks: int = 0  # in the playlists, each time they stand there
    short_playlists: int = 0  # empty, or of fewer tracks than config.py asks for
    repeated_playlists: int = 0  # the same id with the same tracks, left out
    renamed_playlists: int = 0  # the same id with other tracks, kept under another id
    seen: int = 0  # playlists that the files hold, with those that were left out
    kinds: Counter[str] = field(default_factory=Counter)  # how many of these each kind of source held
    _problems: dict[tuple[str, str], SourceProblem] = field(default_factory=dict)

    @property
    def problems(self) -> list[SourceProblem]:
        """What could not be read or was passed over, in the order in which it was met."""
        return list(self._problems.values())

    def add_problem(self, where: str, what: str, remedy: str) -> None:
        """Note a problem; the same one in the same place is counted."""
        known = self._problems.get((where, what))
        problem = SourceProblem(where, what, remedy) if known is None else replace(known, count=known.count + 1)
        self._problems[where, what] = problem

    def add_error(self, error: SegueError, where: str = "") -> None:
        """Note a file that could not be read, or not to its end."""
        self.failed_files += 1
        self.add_problem(where or printable(error.path or ""), error.what, error.remedy)

    def __str__(self) -> str:
        """Say it in lines for people."""
        kinds = ", ".join(f"{kind} {count}" for kind, count in self.kinds.most_common())
        lines = [f"{self.playlists} playlists with {self.tracks} tracks from {self.files} files ({kinds or 'none'})"]
        for count, what in (
            (self.failed_files, "files could not be read"),
            (self.unknown_files, "files hold no playlists"),
            (self.short_playlists, f"playlists with fewer than {PLAYLISTS.fewest_tracks} tracks were left out"),
            (self.repeated_playlists, "playlists came twice and were left out the second time"),
            (self.renamed_playlists, "playlists had another one's id and were given their own"),
        ):
            lines += [f"{count} {what}"] if count else []
        return "\n".join([*lines, *map(str, self.problems)])


class PlaylistsRead:
    """The playlists of files and folders, one at a time: each iteration reads them anew; nothing is kept in memory.

    After an iteration has come to its end, ``report`` tells what was read. If it has given nothing at all, it ends
    with a PlaylistError that names the first causes.
    """

    def __init__(self, paths: Iterable[Path | str], on_file: OnFile | None = None) -> None:
        self.paths = tuple(Path(path) for path in paths)
        self.report = ReadingReport()
        self._on_file = on_file

    def __iter__(self) -> Iterator[SourcePlaylist]:
        report = self.report = ReadingReport()
        found = find_files(self.paths)
        for error in found.errors:
            report.add_error(error)
        jobs = [
            *(
                _Job(file.shown, partial(_read_file, file, report, is_named=file.path in self.paths))
                for file in found.files
            ),
            *(_Job(printable(folder), partial(_read_folder, folder, report)) for folder in found.folders),
            *(_Job(printable(folder), partial(_read_library, folder, report)) for folder in found.libraries),
        ]
        seen: set[bytes] = set()
        for done, job in enumerate(jobs):
            if self._on_file is not None:
                self._on_file(done, len(jobs), job.shown)
            for playlist in job.read():
                if (kept := _told_apart(playlist, seen, report)) is not None:
                    report.playlists += 1
                    report.tracks += len(kept.tracks)
                    yield kept
        if not report.playlists:
            raise _nothing(report, self.paths)


@dataclass(frozen=True, slots=True)
class _Job:
    """A file or a folder, and how it is read; what goes wrong with it goes into the report."""

    shown: str
    read: Callable[[], Iterator[SourcePlaylist]]


def _read_file(source: SourceFile, report: ReadingReport, *, is_named: bool) -> Iterator[SourcePlaylist]:
    try:
        known = reader_of(source)
    except SegueError as error:
        report.add_error(error, source.shown)
        return
    if known is None:
        report.unknown_files += 1
        if is_named:
            remedy = "docs/playlists.md shows what can be read, with examples"
            report.add_error(PlaylistError("it is of no kind that holds playlists", remedy=remedy), source.shown)
        return
    kind, reader = known
    yield from _guarded(kind, lambda tell: reader(source, tell), source.shown, report)


def _read_folder(folder: Path, report: ReadingReport) -> Iterator[SourcePlaylist]:
    yield from _guarded("folders and albums", lambda tell: iter_folder(folder, tell), printable(folder), report)


def _read_library(folder: Path, report: ReadingReport) -> Iterator[SourcePlaylist]:
    yield from _guarded("folders and albums", lambda _: iter_library(folder), printable(folder), report)


def _guarded(
    kind: str, read: Callable[[Tell], Iterator[SourcePlaylist]], where: str, report: ReadingReport
) -> Iterator[SourcePlaylist]:
    """The playlists of one place; what goes wrong there is reported, and the others are read all the same."""
    before = report.seen
    try:
        for playlist in read(lambda what, remedy: report.add_problem(where, what, remedy)):
            report.seen += 1
            report.kinds[kind] += 1
            yield playlist
    except SegueError as error:
        report.add_error(error, where)
        return
    report.files += 1
    if report.seen == before:
        report.add_problem(where, "there are no playlists in it", "Look whether it is what you meant to export")


def _told_apart(playlist: SourcePlaylist, seen: set[bytes], report: ReadingReport) -> SourcePlaylist | None:
    """The playlist under an id of its own; None if it is too short, or has come before."""
    if len(playlist.tracks) < PLAYLISTS.fewest_tracks:
        report.short_playlists += 1
        return None
    named = (f"{t.artist}\t{t.title}\t{t.mbid}{t.isrc}\t{t.uri}\t{t.path or ''}" for t in playlist.tracks)
    whole = _digest("\n".join([playlist.id, *named]))
    if whole in seen:
        report.repeated_playlists += 1
        return None
    identity = _digest(playlist.id)
    is_taken = identity in seen
    seen.update((whole, identity))
    report.renamed_playlists += is_taken
    return replace(playlist, id=f"{playlist.id}#{whole.hex()}") if is_taken else playlist


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _nothing(report: ReadingReport, paths: Iterable[Path]) -> PlaylistError:
    where = ", ".join(printable(path) for path in paths)
    causes = [str(problem) for problem in report.problems[:_CAUSES_SHOWN]]
    if report.short_playlists:
        causes.append(f"{report.short_playlists} playlists have fewer than {PLAYLISTS.fewest_tracks} tracks")
    if report.unknown_files:
        causes.append(f"{report.unknown_files} files are of no kind that holds playlists")
    return PlaylistError(
        f"no playlists were found in {where}" + "".join(f"; {cause.rstrip('.')}" for cause in causes),
        remedy="docs/playlists.md shows what can be read, with examples",
    )


def read_playlists(paths: Iterable[Path | str], *, on_file: OnFile | None = None) -> PlaylistsRead:
    """The playlists of files and folders of any kind that docs/playlists.md names; iterate over what is returned.

    A folder is searched for playlist files; one that holds songs and no playlist files gives its folders and albums
    as playlists, and so does a folder with a library in it. A bad file costs itself only, and is reported.

    Raises
    ------
    PlaylistError
        At once, if nothing is named or a named path is not there; in the end, if no playlist was found at all.
    """
    reading = PlaylistsRead(paths, on_file)
    if not reading.paths:
        raise PlaylistError("no playlists were named", remedy="Name files or folders that hold playlists")
    for path in reading.paths:
        if not os.path.exists(path):  # noqa: PTH110 - unlike Path.exists(), never an error itself
            raise PlaylistError("it is not there", remedy="Check the path", path=path)
    return reading


def reader_of(source: SourceFile) -> tuple[str, Reader] | None:
    """The kind of a file and its reader, by its content; None if it holds no playlists."""
    name = (source.member or source.path.name).lower().removesuffix(".gz")
    head = source.head()
    start = head.lstrip()
    if start.startswith("bplist00"):
        return "iTunes", iter_itunes
    if start.startswith("<"):
        tag = _XML.search(start)
        by_tag: dict[str, tuple[str, Reader]] = {
            "plist": ("iTunes", iter_itunes),
            "dj_playlists": ("Rekordbox", iter_rekordbox),
            "playlist": ("XSPF", iter_xspf),
        }
        return by_tag[tag[1].lower().rpartition(":")[2]] if tag else None
    if _IS_JSON.match(start):
        return _json_reader(start, name)
    if (
        start.startswith("#EXTM3U")
        or start.lower().startswith("[playlist]")
        or name.endswith((".m3u", ".m3u8", ".pls"))
    ):
        return "M3U", iter_m3u
    if "\0" not in start and is_table(start):
        return "table", iter_table
    return None


def _json_reader(start: str, name: str) -> tuple[str, Reader]:
    if start.startswith("{") and not name.endswith(".json"):
        first, _, rest = start.partition("\n")
        if name.endswith(_JSON_LINES) or (rest.lstrip().startswith("{") and _is_json(first)):
            return "JSON Lines", iter_json_lines
    if _JSPF.match(start):
        return "JSPF", iter_jspf
    first, _, rest = start.partition("\n")
    if rest.lstrip().startswith("{") and _is_json(first):
        return "JSON Lines", iter_json_lines
    return "JSON", iter_json


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
