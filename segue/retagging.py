"""What Segue knows of songs, written into the tags of their files when that is asked for, and taken back from there.

Nothing is written that was not asked for. What stood in a file before is kept beside the library first.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

from segue.embed.tagger import group_of
from segue.errors import (
    AudioError,
    FileAccessError,
    LibraryError,
    ModelError,
    ParameterError,
    SegueError,
    TagError,
    UnknownTrackError,
)
from segue.files import track_id_of
from segue.listen.key import short_key
from segue.listen.tag_writing import TAG_FIELDS, Stored, TagField, TagFile, rewriting
from segue.listen.tags import read_tags
from segue.store.library import Library
from segue.store.survey import stat_of
from segue.store.tag_backups import Rewritten, TagBackup, TagBackups
from segue.tagging import Tags
from segue.values import Track, TrackId
from segue.words import carried, later, say

log = logging.getLogger(__name__)

KeyStyle = Literal["camelot", "musical"]
KEY_STYLES: tuple[KeyStyle, ...] = get_args(KeyStyle)
_FAILS_ALONE = (FileAccessError, AudioError, TagError, UnknownTrackError)
"""What is wrong with one file, so that the others may go on."""


@dataclass(frozen=True, slots=True)
class TagWishes:
    """What is to be written: which fields, and the key as "8A" or as "Am". Raises ParameterError for anything else."""

    fields: tuple[TagField, ...]
    key_as: KeyStyle = "camelot"

    def __post_init__(self) -> None:
        if not self.fields or not set(self.fields) <= set(TAG_FIELDS):
            raise ParameterError(
                later("no tags were chosen that Segue writes"),
                remedy=say("Choose from {names}", names=", ".join(TAG_FIELDS)),
            )
        if self.key_as not in KEY_STYLES:
            raise ParameterError(
                say("a key written as '{key_as}'", key_as=self.key_as),
                remedy=say("Choose {key_styles}", key_styles=say(" or ").join(KEY_STYLES)),
            )


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of one file: what its tags say of it, "" for nothing, and what they are to say."""

    field: TagField
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file: what of its tags would change, or why they cannot be written."""

    track: Track
    path: Path
    fields: tuple[FieldChange, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class BackChange:
    """One file that was written: what of its tags would be put back, or why that cannot be."""

    path: Path
    fields: tuple[FieldChange, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class TagReport:
    """How many files were written and how many said it all already; what was wrong with others, each named.

    ``backup`` is the name by which what was written is put back, "" where nothing was; ``is_back`` says that this was
    such a putting back.
    """

    written: int = 0
    unchanged: int = 0
    problems: tuple[str, ...] = ()
    cancelled: bool = False
    backup: str = ""
    is_back: bool = False


@dataclass(frozen=True, slots=True)
class TagProgress:
    """How far a writing is, in files."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class TagStatus:
    """What is being written in the background, or how the last writing ended."""

    running: bool = False
    progress: TagProgress | None = None
    report: TagReport | None = None
    error: str | None = None


OnTagProgress = Callable[[TagProgress], None]
Work = Callable[[OnTagProgress, threading.Event], TagReport]


class Retagging:
    """Writes the tags of a library's files, one writing at a time. Safe from several threads."""

    def __init__(
        self,
        library: Library,
        tags: Tags,
        is_demo: Callable[[Path], bool],
        is_scanning: Callable[[], bool],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._library, self._tags, self._is_demo, self._clock = library, tags, is_demo, clock
        self._is_scanning = is_scanning
        self._backups = TagBackups(library.folder / "tag-backups")
        self._job = _Job()

    # What would be written --------------------------------------------------------------------------------------------

    def preview(self, tracks: Sequence[TrackId], wishes: TagWishes, *, most: int | None = None) -> list[FileChange]:
        """What would change in the files of these tracks, or in the first few of them; nothing is written.

        What is not known of a song is left as its file has it. Raises UnknownTrackError.
        """
        heard = self._heard(wishes)
        found: list[FileChange] = []
        for track, path in self._files(tracks):
            if most is not None and len(found) >= most:
                break
            found.append(self._change(track, path, self._says(track.id, wishes, heard)))
        return found

    def _change(self, track: Track, path: Path, says: Mapping[TagField, str]) -> FileChange:
        try:
            file = self._open(path)
        except _FAILS_ALONE as error:
            return FileChange(track, path, problem=str(error))
        fields = [FieldChange(name, _words(file, name), new) for name, new in says.items()]
        return FileChange(track, path, tuple(fields))

    def _files(self, tracks: Sequence[TrackId]) -> Iterator[tuple[Track, Path]]:
        for track_id in tracks:
            track = self._library.track(track_id)
            yield from ((track, path) for path in track.paths)

    def _open(self, path: Path) -> TagFile:
        if self._is_demo(path):
            raise TagError(later("Demo songs stay as they are"), remedy=later("Your own music can be written"))
        file = TagFile(path)
        if self._library.contents.stat_at(path) != stat_of(path):  # it may be another recording by now
            raise FileAccessError(
                later("it has changed since it was heard"), remedy=later("Scan its folder first"), path=path
            )
        return file

    def _heard(self, wishes: TagWishes) -> Mapping[TrackId, Sequence[str]]:
        if not {"mood", "genre"} & set(wishes.fields):
            return {}
        try:
            return self._tags.confident()
        except ModelError:  # an ear need not know tags
            return {}

    def _says(
        self, track_id: TrackId, wishes: TagWishes, heard: Mapping[TrackId, Sequence[str]]
    ) -> dict[TagField, str]:
        """What is known of a track for the fields that are wished for."""
        rhythm, names = self._library.rhythm(track_id), heard.get(track_id, ())
        tempo = None if rhythm is None else rhythm.tempo_bpm
        key, camelot = (None, None) if rhythm is None else (rhythm.key, rhythm.camelot)
        known: dict[TagField, str] = {
            "bpm": "" if tempo is None else f"{tempo:.0f}",
            "key": (camelot if wishes.key_as == "camelot" else key and short_key(key)) or "",
            "mood": ", ".join(name for name in names if group_of(name) == "mood"),
            "genre": next((name for name in names if group_of(name) == "genre"), ""),
        }
        return {name: known[name] for name in TAG_FIELDS if name in wishes.fields and known[name]}

    # Writing ----------------------------------------------------------------------------------------------------------

    def write(
        self,
        tracks: Sequence[TrackId],
        wishes: TagWishes,
        *,
        on_progress: OnTagProgress | None = None,
        cancel: threading.Event | None = None,
    ) -> TagReport:
        """Write the tags of all files of these tracks; a file that cannot be written is named, and the rest goes on.

        Raises
        ------
        UnknownTrackError
            If the library does not hold one of the tracks.
        LibraryError
            If a scan is running, or the library does not take note of what is written.
        """
        self._check_idle()
        heard = self._heard(wishes)
        files, name = list(self._files(tracks)), self._backups.new_name(self._clock())

        def write(at: int) -> bool:
            track, path = files[at]
            file, says = self._open(path), self._says(track.id, wishes, heard)
            after: Stored = {file.names[field]: [text] for field, text in says.items()}
            before = file.stored(after)
            if before == after:
                return False
            self._rewrite(track, path, after, lambda: self._backups.add(name, Rewritten(track.id, path, before, after)))
            return True

        report = _each(len(files), write, on_progress, cancel)
        return replace(report, backup=name if report.written else "")

    def _rewrite(self, track: Track, path: Path, tags: Stored, keep: Callable[[], None]) -> None:
        """Write one file, and let the library know it as the recording that it is."""
        with rewriting(path, tags) as copy:
            self._library.contents.expect(track_id_of(copy), track.id, at_s=self._clock())
            keep()
        info = read_tags(path, duration_s=track.info.duration_s)
        self._library.contents.rewrote(track.id, path, stat=stat_of(path), info=info)

    def _check_idle(self) -> None:
        if self._is_scanning():
            raise LibraryError(
                later("a scan is running, which reads the files"), remedy=later("Wait until it has ended, or stop it")
            )

    # Putting back -----------------------------------------------------------------------------------------------------

    def backups(self) -> tuple[TagBackup, ...]:
        """What was written and can be put back, the latest first."""
        return self._backups.all()

    def put_back(
        self, name: str, *, on_progress: OnTagProgress | None = None, cancel: threading.Event | None = None
    ) -> TagReport:
        """Give the files of a writing the tags that they had; what was put back is forgotten.

        A file whose tags were changed since is named and left alone. Raises LibraryError as `write` does, and
        ParameterError if there is no such writing.
        """
        self._check_idle()
        entries = self._entries(name)
        left = list(entries)

        def back(at: int) -> bool:
            is_changed = self._put_back(entries[at])
            left.remove(entries[at])
            return is_changed

        try:
            return replace(_each(len(entries), back, on_progress, cancel), is_back=True)
        finally:
            self._backups.keep(name, left)

    def preview_back(self, name: str) -> list[BackChange]:
        """What `put_back` would change; nothing is written. Raises ParameterError if there is no such writing."""
        return [self._change_back(entry) for entry in self._entries(name)]

    def _change_back(self, entry: Rewritten) -> BackChange:
        try:
            _, path = self._now_at(entry)
            file = self._unchanged(path, entry)
        except _FAILS_ALONE as error:
            return BackChange(entry.path, problem=str(error))
        was = {field: file.names[field] for field in TAG_FIELDS if file.names[field] in entry.before}
        fields = [FieldChange(field, _words(file, field), _said(entry.before[tag])) for field, tag in was.items()]
        return BackChange(path, tuple(fields))

    def _entries(self, name: str) -> tuple[Rewritten, ...]:
        entries = self._backups.entries(name)
        if not entries:
            raise ParameterError(later("there is no such backup of tags"), remedy=later("Choose one that is listed"))
        return entries

    def _put_back(self, entry: Rewritten) -> bool:
        track, path = self._now_at(entry)
        if self._unchanged(path, entry).stored(entry.before) == entry.before:
            return False
        self._rewrite(track, path, entry.before, lambda: None)
        return True

    def _unchanged(self, path: Path, entry: Rewritten) -> TagFile:
        """A file whose tags are those that were written, or those before; raises TagError for any others."""
        file = self._open(path)
        if file.stored(entry.before) not in (entry.before, entry.after):
            remedy = later("Set them by the program that changed them")
            raise TagError(later("its tags were changed since"), remedy=remedy, path=path)
        return file

    def _now_at(self, entry: Rewritten) -> tuple[Track, Path]:
        """The recording that was written, where it lies now; where it is gone, what lies at its path."""
        try:
            track = self._library.track(entry.track_id)
        except UnknownTrackError:
            return self._library.find(entry.path)[0], entry.path
        return track, entry.path if entry.path in track.paths else track.paths[0]

    # In the background ------------------------------------------------------------------------------------------------

    @property
    def status(self) -> TagStatus:
        """What is being written, or how that ended."""
        return self._job.status

    def start_write(self, tracks: Sequence[TrackId], wishes: TagWishes) -> None:
        """As `write`, in the background; raises LibraryError if that cannot be just now."""
        self._check_idle()
        self._job.start(lambda tell, cancel: self.write(tracks, wishes, on_progress=tell, cancel=cancel))

    def start_putting_back(self, name: str) -> None:
        """As `put_back`, in the background; raises LibraryError if that cannot be just now."""
        self._check_idle()
        self._job.start(lambda tell, cancel: self.put_back(name, on_progress=tell, cancel=cancel))

    def cancel(self) -> None:
        """Stop after the file that is being written; what was written stays, and can be put back."""
        self._job.cancelled.set()

    def close(self) -> None:
        """Stop, and wait for the file that is being written."""
        self._job.close()


@dataclass(slots=True)
class _Job:
    """At most one writing at a time, in a thread of its own."""

    status: TagStatus = TagStatus()
    cancelled: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None

    def start(self, work: Work) -> None:
        with self._lock:
            if self.status.running:
                raise LibraryError(
                    later("tags are being written already"), remedy=later("Wait until that is done, or stop it")
                )
            self.cancelled.clear()
            self.status = TagStatus(running=True)
            self._thread = threading.Thread(target=carried(self._run), args=(work,), name="tags", daemon=True)
            self._thread.start()

    def _run(self, work: Work) -> None:
        try:
            self.status = TagStatus(report=work(self._tell, self.cancelled))
        except SegueError as error:
            log.warning("the writing of tags stopped: %s", error)
            self.status = TagStatus(error=str(error))
        finally:
            if self.status.running:  # a fault of ours: threading's hook logs it, and the page must not wait for ever
                self.status = TagStatus(error=later("It stopped on a fault of Segue's own. The log has the details."))

    def _tell(self, progress: TagProgress) -> None:
        self.status = replace(self.status, progress=progress)

    def close(self) -> None:
        self.cancelled.set()
        if self._thread is not None:
            self._thread.join(timeout=60.0)


def _each(
    count: int, write: Callable[[int], bool], on_progress: OnTagProgress | None, cancel: threading.Event | None
) -> TagReport:
    """Write one file after another; ``write`` says whether there was anything to change."""
    changed = done = 0
    problems = []
    for at in range(count):
        if cancel is not None and cancel.is_set():
            break
        try:
            changed += write(at)
        except _FAILS_ALONE as error:
            log.info("tags are not written: %s", error)
            problems.append(str(error))
        done += 1
        if on_progress is not None:
            on_progress(TagProgress(done, count))
    return TagReport(changed, done - changed - len(problems), tuple(problems), cancelled=done < count)


def _words(file: TagFile, name: TagField) -> str:
    """What a file's tags say of a field."""
    (texts,) = file.stored([file.names[name]]).values()
    return _said(texts)


def _said(texts: list[str] | None) -> str:
    return ", ".join(texts or ())
