"""Files that lie in a bucket or on a server (s3://, gs://, ...), as fsspec reaches them; its one home.

The library keeps ``s3://bucket/song.mp3`` as ``Path("s3:/bucket/song.mp3")``, which is what Path makes of it. Paths on
disk are kept whole, from the root, so the two are never mistaken for each other.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from segue.errors import FileAccessError, ParameterError, SegueError, printable
from segue.files import NOT_AUDIO, URL, is_url
from segue.values import FileStat

_log = logging.getLogger(__name__)

T = TypeVar("T")

_LOCAL = ("file", "local")
# What file systems call the mark that changes with a file, best first.
_MARKS = (
    "ETag", "etag", "md5Hash", "content_md5", "LastModified", "last_modified", "updated", "mtime", "modificationTime",
    "modified", "created",
)  # fmt: skip
_SPARE = 1.1  # a fetched file may fill no more than the rest of the disk
_INSTALL = "pip install 'segue-dj[cluster]'"


def url_of(path: Path) -> str:
    """The URL that a path stands for; raises ParameterError if it stands for none."""
    parts = URL.fullmatch(path.as_posix())
    if parts is None:
        raise ParameterError(f"'{path}' is no URL", remedy="Write it as s3://bucket/folder")
    if parts[1].lower() in _LOCAL:
        raise ParameterError(f"'{path}' is a place on this machine", remedy=f"Name the folder: /{parts[2]}")
    return f"{parts[1]}://{parts[2]}"


def survey_url(place: Path, *, on_error: Callable[[FileAccessError], None]) -> dict[Path, FileStat]:
    """Every file below a URL (or the file at it) that may hold audio, in order, and what changes with it.

    Hidden files are passed over. One whose name no path can hold is told to ``on_error``.

    Raises
    ------
    FileAccessError
        If the place cannot be listed, or nothing is there.
    ParameterError
        If fsspec, or the library for this kind of URL, is not installed.
    """
    url = url_of(place)
    files: dict[Path, FileStat] = {}
    with _explained(place):
        system, root = _system(url)
        for name, info in sorted(_find(system, root).items()):
            below = (name[len(root) :] if name.startswith(root) else name).removeprefix("/")  # "" for a single file
            path = place / below.lstrip("/")
            if below.endswith("/"):  # how some tools mark a folder in a bucket
                continue
            if path.suffix.lower() in NOT_AUDIO or any(part.startswith(".") for part in PurePosixPath(below).parts):
                continue
            if below and path.as_posix() != f"{place.as_posix()}/{below}":
                remedy = "Rename it: no '//', '/./' or '/../', please"
                on_error(FileAccessError("its name cannot be written as a path", remedy=remedy, path=path))
                continue
            told = info or system.info(name)
            files[path] = FileStat(int(told.get("size") or 0), _mark(told))
        if not files and not system.exists(root):
            raise FileAccessError("there is nothing at this address", remedy="Check the address", path=place)
    return files


def _find(system: Any, root: str) -> dict[str, dict[str, Any]]:
    """Every file below a place. Whatever cannot be listed is an error, for the library would take it for gone."""
    from fsspec.asyn import AsyncFileSystem
    from fsspec.spec import AbstractFileSystem

    # Buckets list all at once, and raise; the general way goes from folder to folder, and leaves out unless told.
    ways = (AsyncFileSystem._find, AbstractFileSystem.find)  # noqa: SLF001 - the one that the others override
    general = getattr(type(system), "_find", type(system).find) in ways
    found: dict[str, dict[str, Any]] = system.find(root, detail=True, **({"on_error": "raise"} if general else {}))
    return found


def _mark(info: dict[str, Any]) -> int:
    """A number that changes when the file does; 0 where its server says nothing but the size."""
    said = next((info[key] for key in _MARKS if info.get(key)), None)
    if said is None:
        return 0
    return int.from_bytes(hashlib.blake2b(str(said).encode(), digest_size=7).digest(), "big")


def fetching(work: Callable[[Path], T]) -> Callable[[Path], T]:
    """Give a function that fetches what lies at a URL before it works on it; paths on disk go to it as they are."""
    return partial(_work_at_hand, work)


def _work_at_hand(work: Callable[[Path], T], path: Path) -> T:
    if not is_url(path):
        return work(path)
    with _fetched(path) as copy:
        try:
            return work(copy)
        except SegueError as error:  # the copy's name means nothing to anybody
            raise type(error)(error.what, remedy=error.remedy, path=path) from error


@contextmanager
def _fetched(path: Path) -> Iterator[Path]:
    """A copy on this machine under the same name, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="segue-fetched-") as folder:
        copy = Path(folder) / path.name
        with _explained(path):
            system, name = _system(url_of(path))
            size, free = int(system.info(name).get("size") or 0), shutil.disk_usage(folder).free
            if size * _SPARE > free:
                what = f"it has {size / 1e6:.0f} MB, and {folder} on the machine that hears it {free / 1e6:.0f} MB free"
                raise FileAccessError(what, remedy="Free some space there, or set TMPDIR to a larger disk", path=path)
            system.get_file(name, str(copy))
        yield copy


def _system(url: str) -> tuple[Any, str]:
    """The file system of a URL, and what it calls the place."""
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise ParameterError(f"{url} needs fsspec, which is not installed", remedy=_INSTALL) from error
    try:
        system, name = url_to_fs(url, use_listings_cache=False)
    except ImportError as error:  # says itself which library to install
        raise ParameterError(f"{url} cannot be reached ({error})", remedy=_INSTALL_BACKEND) from error
    except ValueError as error:
        raise ParameterError(f"{url} cannot be reached ({error})", remedy="Write it as s3://bucket/folder") from error
    return system, str(name)


_INSTALL_BACKEND = "pip install s3fs for s3://, gcsfs for gs://; on every machine that hears"


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Put what a file system refuses into Segue's words."""
    try:
        yield
    except SegueError:
        raise
    except FileNotFoundError as error:
        remedy = "Check the address; was it moved or deleted?"
        raise FileAccessError("there is nothing at this address", remedy=remedy, path=path) from error
    except PermissionError as error:
        remedy = "Give this machine the right to read it, as the library for such addresses wants it"
        raise FileAccessError("its server does not permit it", remedy=remedy, path=path) from error
    except Exception as error:
        _log.info("%s: %s: %s", printable(path), type(error).__name__, error)
        what = f"its server could not be asked ({type(error).__name__}: {error})"
        remedy = "Check the network, the address and the right to read it (credentials)"
        raise FileAccessError(what, remedy=remedy, path=path) from error
