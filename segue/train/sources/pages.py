"""Fetched playlists on disk, page by page: a kill costs the page in flight, and what has not changed stays here."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segue.errors import FetchError
from segue.files import access_error, atomic_write
from segue.train.sources.jsonl import playlist_to_line, row_to_playlist
from segue.train.sources.playlist import SourcePlaylist, SourceTrack

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listed:
    """A playlist in the server's list: ``version`` changes with its tracks, and is "" where the server names none."""

    id: str
    name: str
    version: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a playlist; ``left_out`` rows held no track, ``next`` is where it goes on, "" at its end."""

    tracks: tuple[SourceTrack, ...]
    left_out: int = 0
    next: str = ""


class PageStore:
    """JSON on disk under any keys; each key has a file or a folder of its own, and a kill leaves whole files only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def within(self, key: str) -> PageStore:
        """The store in the folder of a key."""
        return PageStore(self.folder / _name(key))

    def read(self, key: str) -> Any:
        """What was written under a key; None if nothing was, or if it cannot be read any more."""
        path = self.folder / f"{_name(key)}.json"
        try:
            return json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:
            log.warning("%s is damaged and is fetched again", path)
            return None
        except OSError as error:
            raise access_error(error, path) from error

    def write(self, key: str, value: Any) -> None:
        """Keep a value under a key."""
        with atomic_write(self.folder / f"{_name(key)}.json") as beside:
            beside.write_text(json.dumps(value), encoding="utf-8")

    def values(self) -> Iterator[Any]:
        """All that was written here, in no order; files that cannot be read any more are passed over."""
        for path in sorted(self.folder.glob("*.json")):
            try:
                yield json.loads(path.read_bytes())
            except ValueError:
                log.warning("%s is damaged and is fetched again", path)

    def forget(self, *, but: str = "") -> None:
        """Delete the folders of all keys, but for one."""
        if self.folder.is_dir():
            for other in self.folder.iterdir():
                if other.is_dir() and not (but and other.name == _name(but)):
                    shutil.rmtree(other, ignore_errors=True)


def _name(key: str) -> str:
    """A file name for a key: a server may call its playlists what it likes."""
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()


def bring(store: PageStore, item: Listed, ask: Callable[[str], Page]) -> bool:
    """Fetch the pages of a playlist that are not on disk; ``ask("")`` gives the first. Whether all were there already.

    Raises
    ------
    FetchError
        If a page names an earlier one as the next.
    """
    versions = store.within(item.id)
    versions.forget(but=item.version)
    pages = versions.within(item.version)
    where, been, asked = "", {""}, False
    for number in range(1_000_000):
        page = _read(pages, number)
        if page is None:
            page, asked = ask(where), True
            pages.write(str(number), _page_to_json(page))
        where = page.next
        if not where:
            break
        if where in been:
            raise FetchError(f"page {number + 1} of the playlist {item.name!r} leads back", remedy="Try again later")
        been.add(where)
    return not asked


def stored(store: PageStore, item: Listed) -> tuple[SourcePlaylist, int]:
    """A playlist that was brought, and how many of its rows hold no track."""
    pages = store.within(item.id).within(item.version)
    tracks: list[SourceTrack] = []
    left_out, number = 0, 0
    while page := _read(pages, number):
        tracks += page.tracks
        left_out += page.left_out
        number += 1
        if not page.next:
            break
    return SourcePlaylist(item.id, item.name or item.id, tuple(tracks), item.date), left_out


def _page_to_json(page: Page) -> dict[str, Any]:
    line = playlist_to_line(SourcePlaylist("", "", page.tracks))
    return {"tracks": json.loads(line)["tracks"], "left_out": page.left_out, "next": page.next}


def _read(pages: PageStore, number: int) -> Page | None:
    """A page on disk; None if there is none, or if it is not as it was written."""
    found = pages.read(str(number))
    try:
        tracks = row_to_playlist({"tracks": found["tracks"]}).tracks
        return Page(tracks, int(found["left_out"]), str(found["next"]))
    except (TypeError, KeyError, ValueError):
        return None
