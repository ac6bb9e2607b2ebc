"""What lies on disk: the files of folders that may hold audio, what cannot be read, and what is gone."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from segue.errors import FileAccessError
from segue.files import access_error, is_folder, is_gone, is_url, real_path, walk_audio
from segue.store.remote import survey_url
from segue.values import FileStat

_OWN_FOLDERS = ("cache", "demo")  # what Segue itself puts into a data folder is nobody's collection


@dataclass(slots=True)
class Survey:
    """What lies on disk: files that may hold audio, what could not be read, the folders asked for, and those read.

    ``vanished`` are places that were seen to go.
    """

    files: dict[Path, FileStat] = field(default_factory=dict)
    errors: list[FileAccessError] = field(default_factory=list)
    roots: list[Path] = field(default_factory=list)
    asked: set[Path] = field(default_factory=set)
    vanished: list[Path] = field(default_factory=list)


def survey(folders: Iterable[Path], data_folder: Path, *, changed: bool = False) -> Survey:
    """Look what lies in the folders; those of Segue itself are left out, unless they or something in them is named.

    ``changed`` where they are what a watch names: files and folders by the paths that a walk finds them under.
    """
    found = Survey()
    own = [real_path(data_folder / name) for name in _OWN_FOLDERS]
    for folder in folders:
        if is_url(folder):
            _survey_bucket(found, folder)
        elif not changed:
            found.asked.add(real_path(folder))
            _survey_place(found, real_path(folder), leave_out=own)
        elif is_gone(folder):
            found.vanished.append(folder)
        else:
            _survey_place(found, folder, leave_out=[*own, *folder.parents])  # a link in it may lead back up
    return found


def _survey_place(found: Survey, root: Path, *, leave_out: Iterable[Path]) -> None:
    """Add what lies in a folder, or a single file."""
    try:
        others = [place for place in leave_out if place != root]
        walk = walk_audio(root, on_error=found.errors.append, leave_out=others)
        files = [root] if root.is_file() else list(walk)
    except FileAccessError as error:
        found.errors.append(error)
        return
    except OSError as error:  # a folder above may not be entered, or the name is too long
        found.errors.append(access_error(error, root))
        return
    found.roots.append(root)
    for path in files:
        try:
            found.files[path] = stat_of(path)
        except FileAccessError as error:
            found.errors.append(error)


def _survey_bucket(found: Survey, place: Path) -> None:
    """Add what lies at a URL; a bucket that cannot be reached loses nothing by it."""
    found.asked.add(place)
    try:
        found.files.update(survey_url(place, on_error=found.errors.append))
    except FileAccessError as error:
        found.errors.append(error)
    else:
        found.roots.append(place)


def missing(found: Survey, known: Iterable[Path], failed: Iterable[Path]) -> list[Path]:
    """Paths that the library knows, or knows to have failed, in the folders surveyed and that are no longer there.

    Nothing is gone from a folder that could not be read, nor from one that is suddenly empty: a drive that is not
    connected leaves just that behind. Such folders are added to the survey's errors.
    """
    held, present = set(known), found.files.keys()
    if not found.asked:
        return _missing_of_changed(found, held.union(failed) - present)
    emptied, trusted = _sort_roots(found, held)
    lost = [path for path in held - present if trusted.of(path)]
    unread = _Above(error.path for error in found.errors if error.path is not None)
    emptied.update(empty_folders(path for path in lost if not unread.of(path)))
    for folder, count in sorted(emptied.items()):
        what = f"nothing is left in it, though the library knows {count} files there"
        remedy = "Is its drive connected? If the music is really gone, delete the folder and scan the one above it"
        found.errors.append(FileAccessError(what, remedy=remedy, path=folder))
    doubtful = _Above(emptied)
    absent = (path for path in held.union(failed) - present if trusted.of(path))
    return sorted(path for path in absent if not unread.of(path) and not doubtful.of(path))


def _missing_of_changed(found: Survey, absent: Iterable[Path]) -> list[Path]:
    """What is gone where a watch saw changes: all that was seen to go, and what another folder stands in place of."""
    seen, roots = _Above(found.vanished), _Above(found.roots)
    filled = _Above({root for path in found.files for root in roots.of(path)})
    unread = _Above(error.path for error in found.errors if error.path is not None)
    gone, replaced = set(), set()
    for path in absent:
        if seen.of(path):
            gone.add(path)
        elif filled.of(path) and not unread.of(path):
            replaced.add(path)
    doubtful = _Above(empty_folders(replaced))
    return sorted(gone.union(path for path in replaced if not doubtful.of(path)))


def _sort_roots(found: Survey, held: Iterable[Path]) -> tuple[Counter[Path], _Above]:
    """The folders surveyed: those that are suddenly empty, with how many files they miss, and the others."""
    roots = _Above(found.roots)
    before = Counter(root for path in held for root in roots.of(path))
    now = {root for path in found.files for root in roots.of(path)}
    emptied = Counter({root: count for root, count in before.items() if root not in now})
    return emptied, _Above(root for root in found.roots if root not in emptied)


class _Above:
    """Which of some folders a path is, or lies below. Of many paths, each folder above them is looked at once."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = {os.fspath(folder): folder for folder in folders}
        self._seen: dict[str, tuple[Path, ...]] = {}

    def of(self, path: Path) -> tuple[Path, ...]:
        """Those of the folders, outermost first."""
        text, trail = os.fspath(path), []
        while (found := self._seen.get(text)) is None:
            trail.append(text)
            above = os.path.dirname(text)  # noqa: PTH120 - ten times as fast
            if above == text:
                found = ()
                break
            text = above
        for text in reversed(trail):
            folder = self._folders.get(text)
            found = found if folder is None else (*found, folder)
            self._seen[text] = found
        return found


def stat_of(path: Path) -> FileStat:
    """Size and time of change of a file; raises FileAccessError."""
    try:
        status = path.stat()
    except OSError as error:
        raise access_error(error, path) from error
    return FileStat(status.st_size, status.st_mtime_ns)


def check_readable(path: Path) -> None:
    """Find out here, before a worker is started, that a file cannot be opened; a worker will see what a URL gives."""
    if is_url(path):
        return
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise access_error(error, path) from error


def empty_folders(missing: Iterable[Path]) -> Counter[Path]:
    """Folders above missing files that are still there, but empty or links to nowhere, and how many files they miss."""
    nearest: dict[Path, Path] = {}
    found: Counter[Path] = Counter()
    for path in missing:
        if is_url(path):
            continue
        if path.parent not in nearest:
            nearest[path.parent] = next(folder for folder in path.parents if not is_gone(folder))
        found[nearest[path.parent]] += 1
    return Counter({folder: count for folder, count in found.items() if _is_bare(folder)})


def _is_bare(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is None
    except FileNotFoundError:
        return folder.is_symlink()
    except OSError:
        return False


def is_there(path: Path) -> bool:
    """Whether a file, or a link to one, lies at a path; a folder was noted for an error that is over."""
    return not is_gone(path) and not is_folder(path)
