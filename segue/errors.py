"""The one exception tree. A message names the file, what was wrong with it, and the remedy.

SegueError
|-- ParameterError          a setting or an argument is out of its range
|   `-- UsageError          a command was called wrongly: words that contradict each other, or name nothing
|-- FileAccessError         a file or folder is missing, unreadable, or not writable
|-- AudioError              a file cannot be listened to
|   |-- NotAudioError       no decodable audio in it (text, a picture, nothing at all)
|   |-- DamagedAudioError   it starts as audio but too little of it decodes
|   |-- ProtectedAudioError it is encrypted (DRM)
|   |-- PlaylistFileError   it is a playlist (HLS, M3U, concat, DASH) under the name of a song
|   |-- UnsupportedAudioError  audio that this installation has no decoder for
|   |-- TooShortError       less than one whole slice
|   |-- TooLongError        longer than the limit, or endless
|   `-- SilentError         digital silence, or non-finite samples, throughout
|-- TagError                a file's tags cannot be written
|-- MicrophoneError         there is no microphone, it may not be used, or it is gone
|-- ModelError              an ear is missing, damaged, or has another fingerprint
|-- LibraryError            the library cannot be opened, read or written
|   |-- EmptyLibraryError   nothing has been scanned yet
|   |-- UnknownTrackError   no such track id, path or words
|   `-- UnknownBoothError   no booth of that id is kept
|-- PlaylistError           a playlist file cannot be read or written
|-- FetchError              a server cannot be reached, refuses, or answers what cannot be read
|   `-- WithheldError       one playlist is not given; the others may be
|-- MixError                a mix cannot be planned or rendered
|   |-- MixCancelledError   its rendering was called off
|   |-- UnknownMixError     no mix of that id is kept
|   `-- BadTracksError      some of its tracks are missing, unreadable, or no music
|-- WorkerError             a worker process died or ran out of time on a file
`-- ClusterError            a cluster cannot be reached, is lost, or does not fit this Segue
"""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import ClassVar

from segue.words import later, say


class SegueError(Exception):
    """Anything Segue can explain to its user: what was wrong, where, and what to do about it."""

    exit_code: ClassVar[int] = 1
    """What a command ends with that this error ends."""

    def __init__(self, what: str, *, remedy: str, path: Path | str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.path = None if path is None else Path(path)

    def __str__(self) -> str:
        where = "" if self.path is None else f"{one_line(self.path)}: "
        return f"{where}{say(self.what)}. {say(self.remedy)}"

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the keyword-only parts when a worker process hands the error back."""
        return (_rebuild, (type(self), self.what, self.remedy, self.path))


def _rebuild(kind: type[SegueError], what: str, remedy: str, path: Path | None) -> SegueError:
    return kind(what, remedy=remedy, path=path)


def printable(path: Path | str) -> str:
    """A path as text that any terminal, JSON or database accepts (undecodable bytes become U+FFFD)."""
    text = str(path)
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    except UnicodeEncodeError:  # half a character that stands for no byte, as requests may hold it
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def one_line(path: Path | str) -> str:
    """A path as people read it: what would break the line, or steer the terminal, is shown as an escape."""
    return "".join(c.encode("unicode_escape").decode() if _is_steering(c) else c for c in printable(path))


def _is_steering(character: str) -> bool:
    """Control characters, ends of lines and paragraphs, and what turns the direction of writing."""
    return unicodedata.category(character) in ("Cc", "Zl", "Zp") or unicodedata.bidirectional(character) in _TURNS


_TURNS = frozenset("LRE RLE PDF LRO RLO LRI RLI FSI PDI".split())  # noqa: SIM905 - as Unicode names them


class ParameterError(SegueError):
    """A setting or an argument is out of its range."""


class UsageError(ParameterError):
    """A command was called wrongly: its words contradict each other, or name nothing."""

    exit_code = 2


class FileAccessError(SegueError):
    """A file or folder is missing, unreadable, or not writable."""


class AudioError(SegueError):
    """A file cannot be listened to."""


class NotAudioError(AudioError):
    """There is no decodable audio in the file."""


class DamagedAudioError(AudioError):
    """The file starts as audio, but too little of it decodes."""


class ProtectedAudioError(AudioError):
    """The file is encrypted (DRM)."""


class PlaylistFileError(AudioError):
    """A playlist stands under the name of a song."""


class UnsupportedAudioError(AudioError):
    """This installation has no decoder for the file."""


class TooShortError(AudioError):
    """Less than one whole slice of audio."""


class TooLongError(AudioError):
    """Longer than the limit, or endless."""


class SilentError(AudioError):
    """Digital silence, or non-finite samples, throughout."""


class TagError(SegueError):
    """The tags of a file cannot be read in full, or not be written."""


class MicrophoneError(SegueError):
    """There is no microphone, it may not be used, or it is gone."""


class ModelError(SegueError):
    """An ear is missing, damaged, or has another fingerprint."""


class LibraryError(SegueError):
    """The library cannot be opened, read or written."""


class EmptyLibraryError(LibraryError):
    """Nothing has been scanned yet."""


class UnknownTrackError(LibraryError):
    """No track has that id, path or name."""


class UnknownBoothError(LibraryError):
    """No booth of that id is kept."""


class PlaylistError(SegueError):
    """A playlist file cannot be read or written."""


class FetchError(SegueError):
    """A server cannot be reached, refuses, or answers what cannot be read."""


class WithheldError(FetchError):
    """A server does not give one playlist; it may give the others."""


class MixError(SegueError):
    """A mix cannot be planned or rendered."""


class MixCancelledError(MixError):
    """The rendering of a mix was called off; nothing of it is left."""


class UnknownMixError(MixError):
    """No mix of that id is kept, or it has no such file."""


class BadTracksError(MixError):
    """Some of a mix's tracks are missing, unreadable, or no music; ``problems`` says of each what is wrong."""

    def __init__(
        self, what: str, *, remedy: str, path: Path | str | None = None, problems: tuple[str, ...] = ()
    ) -> None:
        super().__init__(what, remedy=remedy, path=path)
        self.problems = problems


class WorkerError(SegueError):
    """A worker process died or ran out of time on a file."""


class ClusterError(SegueError):
    """A cluster cannot be reached, is lost, or does not fit this Segue."""


_KINDS = {
    "NotAudioError": later("hold no audio that can be decoded"),
    "DamagedAudioError": later("are damaged"),
    "ProtectedAudioError": later("are copy-protected"),
    "PlaylistFileError": later("are playlists under the name of a song"),
    "UnsupportedAudioError": later("need a decoder that is not installed"),
    "TooShortError": later("are too short"),
    "TooLongError": later("are too long, or endless"),
    "SilentError": later("are silent"),
    "FileAccessError": later("cannot be read"),
    "WorkerError": later("made their decoder crash, or took too long"),
}


def kind_words(kind: str) -> str:
    """What is so with files of which listening raised an error of this name, as words after "3 files"."""
    return say(_KINDS[kind]) if kind in _KINDS else say("could not be heard")
