"""Playlists from ListenBrainz: what a user played, cut into sessions, and the playlists that the user made."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import quote

from segue.config import FETCH, FetchSpec
from segue.errors import FetchError, ParameterError, WithheldError
from segue.play.xspf import parse_jspf
from segue.train.sources.collecting import FOLDER, Collected, Teller, claim, collect, iter_collected, publish
from segue.train.sources.fetching import FetchReport, OnProgress, PatientSession
from segue.train.sources.fields import day_of, mbid_of, text_of
from segue.train.sources.opening import SourceFile
from segue.train.sources.pages import Listed, Page, PageStore
from segue.train.sources.playlist import SourcePlaylist, SourceTrack
from segue.train.sources.plays import Histories

TOKEN_NAME = "LISTENBRAINZ_TOKEN"  # noqa: S105 - the name of an environment variable
_MOST_LISTENS = 1000  # that ListenBrainz gives at once
_MOST_PLAYLISTS = 100
_ABOUT_PLAYLIST = "https://musicbrainz.org/doc/jspf#playlist"
_KEPT_OF_TRACK = ("artist_name", "track_name", "release_name")
_KEPT_OF_MORE = ("recording_mbid", "isrc", "duration_ms", "duration", "spotify_id", "origin_url")


@dataclass(frozen=True, slots=True)
class ListenBrainzSpec:
    """What to fetch of a user, and where ListenBrainz is; only what is private needs a token."""

    listens: bool = True
    playlists: bool = True
    token: str | None = field(default=None, repr=False)  # None means that of the environment, if there is one
    api_url: str = "https://api.listenbrainz.org/1/"
    manners: FetchSpec = FETCH


def fetch_listenbrainz(
    out: Path, *, user: str, spec: ListenBrainzSpec | None = None, on_progress: OnProgress | None = None
) -> FetchReport:
    """Fetch a user's sessions and playlists into ``out/playlists.jsonl``; what lies there already is not fetched again.

    Raises
    ------
    FetchError
        If ListenBrainz cannot be reached, does not know the user, or refuses the token; if there is nothing to fetch.
    ParameterError
        If the user's name or the token cannot be right.
    """
    began_s = time.monotonic()
    spec = spec or ListenBrainzSpec()
    if not user.strip() or len(user) > 200:
        raise ParameterError(f"{user!r} is no name of a user", remedy="Give the name as ListenBrainz shows it")
    user = user.strip()
    claim(out, f"{user} at ListenBrainz")
    store = PageStore(out / FOLDER)
    with PatientSession(spec=spec.manners) as session:
        _introduce(session, spec)
        teller = Teller(session, on_progress)
        account = _Account(session, spec.api_url, user)
        total = account.listen_count()
        collected = Collected((), 0, ())
        if spec.playlists:
            collected = collect(store.within("playlists"), account.listing(), account.page, teller)
        sessions: Iterator[SourcePlaylist] = iter(())
        if spec.listens:
            sessions = _sessions(store.within("listens"), account, teller, total)
        everything = chain(
            iter_collected(store.within("playlists"), collected), ((playlist, 0) for playlist in sessions)
        )
        return publish(out, everything, collected, session=session, began_s=began_s)


def _introduce(session: PatientSession, spec: ListenBrainzSpec) -> None:
    token = (os.environ.get(TOKEN_NAME, "") if spec.token is None else spec.token).strip()
    if not re.fullmatch(r"[!-~]*", token):
        raise ParameterError(
            "the ListenBrainz token holds characters that no token has",
            remedy=f"Copy it anew from https://listenbrainz.org/settings/ into {TOKEN_NAME}",
        )
    if token:
        session.headers["Authorization"] = f"Token {token}"


class _Account:
    """What ListenBrainz shows of a user."""

    def __init__(self, session: PatientSession, api_url: str, user: str) -> None:
        self._session = session
        self._api = api_url
        self._user = user
        self._of_user = f"{api_url}user/{quote(user, safe='')}"

    def listen_count(self) -> int:
        """How many plays there are; also the question whether there is such a user."""
        try:
            found = self._session.get_json(f"{self._of_user}/listen-count")
        except WithheldError as error:
            raise FetchError(f"ListenBrainz does not know the user {self._user!r}", remedy="Check the name") from error
        count = _dict(found.get("payload")).get("count")
        return count if isinstance(count, int) else 0

    def listens(self, before: int | None) -> list[dict[str, Any]]:
        """The latest plays before a second, newest first; the latest of all where none is named."""
        asked = {"count": _MOST_LISTENS} | ({} if before is None else {"max_ts": before})
        found = _dict(self._session.get_json(f"{self._of_user}/listens", asked).get("payload")).get("listens")
        whole = [_shortened(listen) for listen in found or [] if isinstance(_dict(listen).get("listened_at"), int)]
        return sorted(
            (listen for listen in whole if before is None or listen["listened_at"] < before),
            key=lambda listen: -listen["listened_at"],
        )

    def listing(self) -> Iterator[Listed]:
        """Yield the playlists that the user made."""
        start, more = 0, True
        while more:
            asked = {"count": _MOST_PLAYLISTS, "offset": start}
            page = self._session.get_json(f"{self._of_user}/playlists", asked)
            rows = page.get("playlists") or []
            for row in rows:
                about = _dict(_dict(row).get("playlist"))
                if identity := mbid_of(text_of(about.get("identifier"))):
                    changed = _dict(_dict(about.get("extension")).get(_ABOUT_PLAYLIST)).get("last_modified_at")
                    date = day_of(text_of(about.get("date")))
                    yield Listed(identity, text_of(about.get("title")), text_of(changed), date)
            start += len(rows)
            count = page.get("playlist_count")
            more = bool(rows) and isinstance(count, int) and start < count

    def page(self, item: Listed, _: str) -> Page:
        """A playlist, which ListenBrainz gives as a whole."""
        found = self._session.get_json(f"{self._api}playlist/{item.id}")
        try:
            _name, songs = parse_jspf(json.dumps(found))
        except ValueError as error:
            raise FetchError(f"the playlist {item.name!r} is no JSPF ({error})", remedy="Try again later") from error
        tracks = [
            SourceTrack(
                artist=song.artist,
                title=song.title,
                album=song.album,
                mbid=next((mbid_of(text) for text in song.identifiers if mbid_of(text)), ""),
                duration_s=song.duration_s or None,
            )
            for song in songs
        ]
        named = tuple(track for track in tracks if track.title or track.mbid)
        return Page(named, len(tracks) - len(named))


def _sessions(store: PageStore, account: _Account, teller: Teller, total: int) -> Iterator[SourcePlaylist]:
    histories = Histories()
    done = 0
    teller.tell(0, total, "plays")
    for listens in iter_listens(store, account.listens):
        for listen in listens:
            histories.add(listen)
        done += len(listens)
        teller.tell(done, max(total, done), "plays")
    yield from histories.iter_sessions(SourceFile(store.folder, id="listenbrainz"))


def iter_listens(store: PageStore, ask: Callable[[int | None], list[dict[str, Any]]]) -> Iterator[list[dict[str, Any]]]:
    """Yield all plays in blocks, newest first, each play once; a block that is on disk is not asked for again.

    A block holds every play with ``from <= listened_at < to``. The plays of the oldest second of an answer may go on in
    the next answer, so that the block ends one second above it. The newest block is always asked for.
    """
    spans = sorted((block["to"], block["from"]) for value in store.values() if (block := _whole(value)))
    before: int | None = None
    while before is None or before > 0:
        to = None if before is None else next((to for to, since in spans if to >= before > since), None)
        block = None if to is None else _whole(store.read(str(to)))
        if block is None:
            listens = ask(before)
            if not listens:
                return
            block = _block(listens, before)
            store.write(str(block["to"]), block)
        yield [listen for listen in block["listens"] if before is None or listen["listened_at"] < before]
        before = block["from"]


def _block(listens: list[dict[str, Any]], before: int | None) -> dict[str, Any]:
    newest, oldest = listens[0]["listened_at"], listens[-1]["listened_at"]
    since = oldest if newest == oldest else oldest + 1  # a second with more plays than an answer holds is cut short
    return {
        "to": newest + 1 if before is None else before,
        "from": since,
        "listens": [listen for listen in listens if listen["listened_at"] >= since],
    }


def _whole(value: Any) -> dict[str, Any] | None:
    """A block as it was written; None if it is damaged."""
    block = _dict(value)
    return block if all(isinstance(block.get(key), int) for key in ("to", "from")) and "listens" in block else None


def _shortened(listen: dict[str, Any]) -> dict[str, Any]:
    """A play without what is of no use here, about a tenth of it."""
    track = _dict(listen.get("track_metadata"))
    more, mapped = _dict(track.get("additional_info")), _dict(track.get("mbid_mapping"))
    return {
        "listened_at": listen["listened_at"],
        "user_name": listen.get("user_name"),
        "track_metadata": {
            **{key: track[key] for key in _KEPT_OF_TRACK if key in track},
            "additional_info": {key: more[key] for key in _KEPT_OF_MORE if key in more},
            "mbid_mapping": {"recording_mbid": mapped.get("recording_mbid")},
        },
    }


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
