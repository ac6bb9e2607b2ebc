"""Files as such: walking a folder, naming a file by its content, and writing so that nothing is ever half there."""

from __future__ import annotations

import codecs
import errno
import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from segue.errors import FileAccessError
from segue.values import TrackId
from segue.words import later

# Files that need not be opened to know that nobody can listen to them. All others are judged by content.
NOT_AUDIO = frozenset(
    """
    .jpg .jpeg .png .gif .bmp .webp .svg .tif .tiff .ico .psd .txt .md .rst .nfo .log .pdf .doc .docx .odt
    .rtf .epub .html .htm .css .js .json .xml .yaml .yml .toml .ini .cfg .conf .csv .tsv .sql .db .sqlite
    .db-wal .db-shm .cue .m3u .m3u8 .pls .xspf .jspf .wpl .asx .sfv .md5 .sha1 .ffp .accurip .lrc .srt .zip
    .rar .7z .gz .bz2 .xz .tar .iso .exe .dll .so .py .pyc .sh .bat .lnk .url .torrent .part .crdownload
    .tmp .ds_store .npy .npz .p .pickle .onnx .mid .midi .sf2 .ttf .otf .po .mo
    """.split()  # noqa: SIM905 - a hundred quotes would hide the words
)

URL = re.compile(r"([A-Za-z][A-Za-z0-9+-]+):/+(.+)", re.DOTALL)  # a drive of Windows has one letter


def track_id_of(path: Path) -> TrackId:
    """Name a recording by the BLAKE2b hash of its bytes, as 16 hexadecimal digits."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, partial(hashlib.blake2b, digest_size=8))
    except OSError as error:
        raise access_error(error, path) from error
    return TrackId(digest.hexdigest())


def access_error(error: OSError, path: Path) -> FileAccessError:
    """Put an operating system's refusal into words, with what to do about it."""
    what, remedy = {
        errno.ENOENT: (later("it is not there"), later("Check the path; was it moved, or is its drive not connected?")),
        errno.EACCES: (
            later("permission denied"),
            later("Give your user the right to read it (and to write, for a data folder)"),
        ),
        errno.EPERM: (later("the system does not permit it"), later("Check the file's owner and protection")),
        errno.EROFS: (later("the file system is read-only"), later("Choose a folder that can be written to")),
        errno.ENOSPC: (later("the disk is full"), later("Free some space, or choose another disk")),
        errno.EDQUOT: (later("your disk quota is used up"), later("Free some space, or choose another disk")),
        errno.EISDIR: (later("it is a folder, not a file"), later("Name a file")),
        errno.EEXIST: (later("a file, not a folder, is in its place already"), later("Choose another place")),
        errno.ENOTDIR: (later("it is a file, not a folder"), later("Name a folder")),
        errno.ELOOP: (later("its symbolic links go in a circle"), later("Remove the link")),
        errno.ENAMETOOLONG: (later("its name is too long"), later("Shorten the name")),
    }.get(error.errno or 0, (error.strerror or str(error), later("Check the disk and try again")))
    return FileAccessError(what, remedy=remedy, path=path)


def real_path(path: Path | str) -> Path:
    """The absolute path without symbolic links; unlike Path.resolve(), links that go in a circle stay as they are."""
    return Path(os.path.realpath(path))


def expanded(text: str) -> Path:
    """A path that a user typed, with ``~`` for a home; unlike Path.expanduser(), a user nobody knows stays as typed."""
    try:
        return Path(os.path.expanduser(text))  # noqa: PTH111
    except UnicodeError:  # nor is anybody called by half a character
        return Path(text)


def is_url(path: Path) -> bool:
    """Whether a path stands for a URL: Path makes ``s3:/bucket/song.mp3`` of one; see `segue.store.remote`."""
    return URL.fullmatch(path.as_posix()) is not None


def is_file(path: Path | str) -> bool:
    """Whether a file is there to be seen; unlike Path.is_file(), no place that may not be asked about is an error."""
    return os.path.isfile(path)  # noqa: PTH113


def is_folder(path: Path) -> bool:
    """Whether a folder is there to be seen; as `is_file`, it never raises."""
    return os.path.isdir(path)  # noqa: PTH112


def is_gone(path: Path) -> bool:
    """Whether nothing lies at a path, not even a link; where that cannot be seen (a locked folder), it is not gone."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def is_nameless_text(path: Path) -> bool:
    """Whether a file is plainly text and has no ending that says otherwise, like README or LICENSE."""
    if path.suffix:
        return False
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError:
        return False
    if b"\0" in start:
        return False
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(start)  # the last character may be cut in two
    except UnicodeDecodeError:
        return False
    return bool(text) and all(character.isprintable() or character.isspace() for character in text)


def written_bytes(path: Path) -> int:
    """How much of a file was ever written; the rest of it are holes, as a download that was broken off leaves them.

    Where the file system knows nothing of holes that is the file's size. Raises OSError.
    """
    if not hasattr(os, "SEEK_DATA"):
        return path.stat().st_size
    with path.open("rb") as file:
        handle, at, written = file.fileno(), 0, 0
        size = os.fstat(handle).st_size
        while at < size:
            try:
                start = os.lseek(handle, at, os.SEEK_DATA)
            except OSError as error:
                if error.errno == errno.ENXIO:  # a hole up to the end
                    return written
                raise
            at = os.lseek(handle, start, os.SEEK_HOLE)
            written += at - start
    return written


def check_folder(folder: Path) -> None:
    """Raise FileAccessError if ``folder`` is not there, is no folder, or cannot be read."""
    try:
        with os.scandir(folder):
            return
    except OSError as error:
        raise access_error(error, folder) from error


def walk_audio(
    folder: Path, *, on_error: Callable[[FileAccessError], None], leave_out: Iterable[Path] = ()
) -> Iterator[Path]:
    """Yield every file below ``folder`` that may hold audio, in sorted order, each folder once.

    Symbolic links are followed, a circle of them is not; hidden files and folders are passed over, and so are the
    folders to leave out, by whatever way they are reached.
    A folder that cannot be read is reported to ``on_error`` and the walk goes on.

    Raises
    ------
    FileAccessError
        If ``folder`` itself is not there, is no folder, or cannot be read.
    """
    seen = {identity for place in leave_out if (identity := _identity(place)) is not None}
    try:
        stack = [iter(_entries(folder, seen))]  # a stack of its own: Python's ends after a thousand nested folders
    except OSError as error:
        raise access_error(error, folder) from error
    while stack:
        entry = next(stack[-1], None)
        if entry is None:
            stack.pop()
            continue
        path = Path(entry.path)
        try:
            if entry.is_dir():
                stack.append(iter(_entries(path, seen)))
            elif entry.is_file() and path.suffix.lower() not in NOT_AUDIO:
                yield path
        except OSError as error:
            on_error(access_error(error, path))


def _identity(folder: Path) -> tuple[int, int] | None:
    """What two paths to the same folder share; None where there is none."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _entries(folder: Path, seen: set[tuple[int, int]]) -> list[os.DirEntry[str]]:
    """What is not hidden in a folder, in sorted order; nothing the second time."""
    status = folder.stat()
    if (status.st_dev, status.st_ino) in seen:
        return []
    seen.add((status.st_dev, status.st_ino))
    with os.scandir(folder) as entries:
        return sorted(
            (entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: os.fsencode(entry.name)
        )


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give a temporary path in the same folder; when the block ends well it takes the place of ``path``.

    What lay there hands its rights and its owner on.

    Raises
    ------
    FileAccessError
        If the folder cannot be written to, or the disk is full; ``path`` is then as it was.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".segue-", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        _settle_rights(temporary, path)
        temporary.replace(path)
    except OSError as error:
        raise access_error(error, path) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _settle_rights(temporary: Path, path: Path) -> None:
    """Give a file the rights and the owner of the one that it replaces, or of a new one; mkstemp's are for secrets."""
    try:
        before = path.stat()
    except OSError:
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        return
    temporary.chmod(stat.S_IMODE(before.st_mode))
    if hasattr(os, "chown"):
        with suppress(PermissionError):  # only the superuser may give files away
            os.chown(temporary, before.st_uid, before.st_gid)
