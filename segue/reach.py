"""Which folders may be chosen in the booth, and what lies in them: nothing outside of them is shown or taken."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from segue.errors import FileAccessError, ParameterError
from segue.files import access_error, expanded, is_folder, real_path
from segue.words import later

FOLDERS_LISTED = 500
_LOOKED_THROUGH = 20_000  # entries of subfolders in one look; the music in those beyond is not counted
_DRIVES = ("/Volumes",) if sys.platform == "darwin" else ("/media", "/run/media", "/mnt")
_MUSIC = frozenset(
    """
    .aac .aif .aifc .aiff .alac .ape .au .caf .dff .dsf .flac .it .m4a .m4b .mka .mod .mp2 .mp3 .mp4 .mpc .oga .ogg
    .opus .s3m .spx .tta .wav .weba .wma .wv .xm
    """.split()  # noqa: SIM905 - thirty quotes would hide the words
)  # by name alone, since a look may not open files; a scan judges by content


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder in a list; ``songs`` counts the music files right in it, and is None where nobody looked."""

    path: Path
    songs: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What lies in a folder. ``way`` leads to it from the outermost that may be chosen, itself included.

    Of more than 500 folders ``more`` are left out.
    """

    way: tuple[Path, ...]
    folders: tuple[Folder, ...]
    more: int = 0
    songs: int = 0


@dataclass(frozen=True, slots=True)
class Reach:
    """The folders that were named when Segue was started, and with ``usual`` those where one's music tends to lie."""

    named: tuple[Path, ...] = ()
    usual: bool = True

    def places(self) -> tuple[Folder, ...]:
        """The outermost folders that may be chosen, those that were named first."""
        roots = dict.fromkeys([*map(real_path, self.named), *(map(real_path, _usual()) if self.usual else ())])
        return tuple(Folder(root, problem="" if is_folder(root) else later("Nothing is there")) for root in roots)

    def within(self, folder: Path) -> Path:
        """The real path of a folder; raises FileAccessError where it lies outside, whether or not anything is there."""
        try:
            real = real_path(folder)
        except ValueError as error:  # no path holds a zero byte, or half a character
            raise ParameterError(later("this is no path"), remedy=later("Choose a folder from the list")) from error
        if not any(real.is_relative_to(place.path) for place in self.places()):
            remedy = later("Choose another, or start Segue with it: segue serve --allow DIR")
            raise FileAccessError(later("it lies outside the folders that may be chosen"), remedy=remedy, path=folder)
        return real

    def typed(self, text: str) -> Path:
        """As `within`, of a folder that somebody typed, which must be named in full."""
        text = text.strip().strip('"')
        if not text or "\0" in text:
            raise FileAccessError(
                later("No folder is named"), remedy=later("Type its full path, such as /home/you/Music")
            )
        folder = expanded(text) if self.usual else Path(text)  # to whoever is elsewhere, users are nobody's business
        if not folder.is_absolute():
            remedy = later("Begin at the root, such as /home/you/Music")
            raise FileAccessError(later("this is not a full path"), remedy=remedy, path=folder)
        return self.within(folder)

    def look(self, folder: Path) -> Look:
        """What lies in a folder that may be chosen; hidden folders, and links that lead outside, are left out.

        Raises FileAccessError where it lies outside, is not there, or cannot be read.
        """
        real, places = self.within(folder), [place.path for place in self.places()]
        try:
            with os.scandir(real) as entries:
                seen = [entry for entry in entries if not entry.name.startswith(".")]
        except OSError as error:
            raise access_error(error, real) from error
        inside = sorted(_folders_of(seen, places), key=lambda path: path.name.casefold())
        outermost = min((place for place in places if real.is_relative_to(place)), key=lambda place: len(place.parts))
        way = [path for path in reversed((real, *real.parents)) if path.is_relative_to(outermost)]
        listed = tuple(_counted(inside[:FOLDERS_LISTED]))
        return Look(tuple(way), listed, len(inside) - len(listed), sum(map(_is_music, seen)))


def _usual() -> Iterator[Path]:
    """The folder of music, the home and the drives of whoever runs Segue, as far as they are there."""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - unlike Path.home(), no home is no error
    if is_folder(home) and len(home.parts) > 1:  # the home of a system's user may be the root
        yield from filter(is_folder, [_music_of(home)])
        yield home
    yield from (drive for drive in map(Path, _DRIVES) if _holds_folders(drive))


def _music_of(home: Path) -> Path:
    """The folder that the desktop knows as the one of music, whatever its language calls it."""
    try:
        said = (home / ".config" / "user-dirs.dirs").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        said = ""
    found = re.search(r'^XDG_MUSIC_DIR="\$HOME/([^"]+)"', said, re.MULTILINE)
    return home / (found[1] if found else "Music")


def _holds_folders(drive: Path) -> bool:
    try:
        with os.scandir(drive) as entries:
            return any(entry.is_dir() for entry in entries)
    except OSError:
        return False


def _folders_of(entries: list[os.DirEntry[str]], places: list[Path]) -> Iterator[Path]:
    for entry in entries:
        try:
            if not entry.is_dir():
                continue
        except OSError:  # links that go in a circle
            continue
        path = Path(entry.path)
        if not entry.is_symlink() or any(real_path(path).is_relative_to(place) for place in places):
            yield path


def _counted(folders: list[Path]) -> Iterator[Folder]:
    """The folders with their songs, until so many files have been looked through that the listener would wait."""
    left = _LOOKED_THROUGH
    for folder in folders:
        try:
            with os.scandir(folder) as entries:
                seen = list(islice(entries, left))
        except OSError as error:
            yield Folder(folder, problem=access_error(error, folder).what)
            continue
        left -= len(seen)
        yield Folder(folder, sum(map(_is_music, seen)) if left > 0 else None)


def _is_music(entry: os.DirEntry[str]) -> bool:
    return not entry.name.startswith(".") and Path(entry.name).suffix.lower() in _MUSIC
