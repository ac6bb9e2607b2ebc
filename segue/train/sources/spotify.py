"""Playlists from Spotify, through spotipy: those that a development-mode app may read, or an extended-quota one."""

from __future__ import annotations

import logging
import re
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import spotipy
from spotipy.cache_handler import CacheHandler
from spotipy.oauth2 import SpotifyOauthError, SpotifyPKCE

from segue.config import FETCH, FetchSpec
from segue.errors import FetchError, ParameterError, WithheldError
from segue.train.sources.collecting import FOLDER, Teller, claim, collect, iter_collected, publish
from segue.train.sources.fetching import STRANGER, FetchReport, OnProgress, PatientSession
from segue.train.sources.loopback import Loopback
from segue.train.sources.pages import Listed, Page, PageStore
from segue.train.sources.spotify_rows import row_to_track
from segue.train.sources.tokens import TokenFile, settings_folder

_SCOPES = "playlist-read-private,playlist-read-collaborative"
_TRACK = "type,uri,name,duration_ms,external_ids(isrc),artists(name),album(name),linked_from(uri)"
_FIELDS = f"next,total,items(item({_TRACK}),track({_TRACK}))"  # a page of 400 kB becomes one of 20 kB
_DASHBOARD = "https://developer.spotify.com/dashboard"
_AGAIN = "Run the same command again, and agree in the browser"


@dataclass(frozen=True, slots=True)
class SpotifySpec:
    """Which playlists to fetch, and where Spotify, its login and the browser are."""

    playlists: tuple[str, ...] = ()  # links, URIs or ids; empty means all playlists of the account
    market: str = ""  # country such as "DE"; empty means that of the account
    api_url: str = "https://api.spotify.com/v1/"
    authorize_url: str = "https://accounts.spotify.com/authorize"
    token_url: str = "https://accounts.spotify.com/api/token"  # noqa: S105 - an address
    token_folder: Path | None = None  # None means the user's own folder for settings
    open_browser: Callable[[str], object] = webbrowser.open
    on_login: Callable[[str], None] = lambda _: None  # told the address that the user has to open
    manners: FetchSpec = FETCH


def fetch_spotify(
    out: Path, *, client_id: str, spec: SpotifySpec | None = None, on_progress: OnProgress | None = None
) -> FetchReport:
    """Fetch playlists into ``out/playlists.jsonl``; what lies there already and has not changed is not fetched again.

    Raises
    ------
    FetchError
        If Spotify cannot be reached, refuses the login or this app, or gives no playlist at all.
    ParameterError
        If the client id, the market or a playlist's address cannot be right.
    """
    began_s = time.monotonic()
    spec = spec or SpotifySpec()
    if not re.fullmatch(r"[0-9A-Za-z]{1,64}", client_id):
        raise ParameterError(f"{client_id!r} is no client id", remedy=f"Copy that of your app from {_DASHBOARD}")
    if not re.fullmatch(r"|[A-Z]{2}|from_token", spec.market):
        raise ParameterError(f"{spec.market!r} is no country", remedy="Give two capital letters, such as DE")
    claim(out, "Spotify")
    store = PageStore(out / FOLDER / (spec.market or "home"))
    with _spotipy_is_silent(), PatientSession(spec=spec.manners) as session:
        teller = Teller(session, on_progress)
        account = _Account(session, spec, _log_in(client_id, session, spec))
        collected = collect(store, account.listing(), account.page, teller)
        return publish(out, iter_collected(store, collected), collected, session=session, began_s=began_s)


@contextmanager
def _spotipy_is_silent() -> Iterator[None]:
    """Keep spotipy from logging: at DEBUG it would write tokens, at ERROR every playlist that we pass over."""
    loggers = [logging.getLogger(name) for name in ("spotipy.client", "spotipy.oauth2", "spotipy.cache_handler")]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger, was in zip(loggers, before, strict=True):
            logger.disabled = was


class _Tokens(CacheHandler):  # type: ignore[misc]  # spotipy has no types
    """Keeps spotipy's login in a file of our own making."""

    def __init__(self, file: TokenFile) -> None:
        self.file = file

    def get_cached_token(self) -> dict[str, Any] | None:
        return self.file.load()

    def save_token_to_cache(self, token_info: dict[str, Any]) -> None:
        self.file.save(token_info)


def _log_in(client_id: str, session: PatientSession, spec: SpotifySpec) -> SpotifyPKCE:
    """The login of the last time, refreshed if need be, or a new one that the user agrees to in the browser."""
    tokens = TokenFile((spec.token_folder or settings_folder()) / f"spotify-{client_id}.json")
    auth = SpotifyPKCE(
        client_id=client_id,
        redirect_uri=f"http://127.0.0.1:{spec.manners.login_port}/callback",
        scope=_SCOPES,
        cache_handler=_Tokens(tokens),
        requests_session=session,
        requests_timeout=spec.manners.timeout_s,
        open_browser=False,
    )
    auth.OAUTH_AUTHORIZE_URL, auth.OAUTH_TOKEN_URL = spec.authorize_url, spec.token_url
    try:
        known = auth.validate_token(tokens.load())
    except SpotifyOauthError:  # the user has withdrawn it, or it is too old
        tokens.forget()
        known = None
    if known is None:
        _agree(auth, spec)
        if auth.validate_token(tokens.load()) is None:
            raise FetchError("the login does not let Segue read playlists", remedy=_AGAIN)
    return auth


def _agree(auth: SpotifyPKCE, spec: SpotifySpec) -> None:
    """Let the user agree in the browser, and trade what it brings back for a token."""
    with Loopback(spec.manners.login_port) as door:
        address = auth.get_authorize_url(state=door.state)
        spec.on_login(address)
        # A browser of the terminal would keep the call until it is closed.
        threading.Thread(target=spec.open_browser, args=(address,), daemon=True).start()
        code = door.wait_for_code(spec.manners.login_s)
    try:
        auth.get_access_token(code=code, check_cache=False)
    except SpotifyOauthError as error:
        raise FetchError(
            f"Spotify refuses the login ({error})",
            remedy=f"Compare client id and redirect URI ({auth.redirect_uri}) with your app at {_DASHBOARD}",
        ) from error


class _Account:
    """What Spotify shows to the user who logged in."""

    def __init__(self, session: PatientSession, spec: SpotifySpec, auth: SpotifyPKCE) -> None:
        self._spec = spec
        self._auth = auth
        self._api = spotipy.Spotify(
            auth_manager=auth, requests_session=session, requests_timeout=spec.manners.timeout_s
        )
        self._api.prefix = spec.api_url
        self._endings = ["items", "tracks"]  # of a playlist's address: since 2026, and before
        self._answered: set[str] = set()

    def listing(self) -> Iterator[Listed]:
        """Yield the playlists that were asked for, or all of the account's."""
        if self._spec.playlists:
            yield from (self._look_up(playlist_id(place)) for place in self._spec.playlists)
            return
        page = self._ask(lambda: self._api.current_user_playlists(limit=50))
        while page:
            rows = page.get("items") or []  # a playlist that is no more stands there as null
            yield from (_listed(row) for row in rows if isinstance(row, dict) and row.get("id"))
            where = self._next(page)
            page = self._go(where) if where else {}

    def page(self, item: Listed, where: str) -> Page:
        """The page of a playlist at a place; "" is its beginning."""
        found = self._go(where) if where else self._first_page(item.id)
        rows = found.get("items") or []
        tracks = [track for row in rows if (track := row_to_track(row)) is not None]
        return Page(tuple(tracks), len(rows) - len(tracks), self._next(found))

    def _look_up(self, identity: str) -> Listed:
        try:
            row = self._ask(lambda: self._api.playlist(identity, fields="id,name,snapshot_id"))
        except WithheldError:
            return Listed(identity, identity)  # its pages will be refused likewise, and say why
        return _listed({"id": identity, **row})

    def _first_page(self, identity: str) -> dict[str, Any]:
        """The first page at whichever address this app may use; one that never answers is soon left alone."""
        refusal: WithheldError | None = None
        for ending in tuple(self._endings):
            try:
                page = self._ask(partial(self._first_page_at, identity, ending))
            except WithheldError as error:
                refusal = refusal or error
            else:
                self._answered.add(ending)
                self._endings.sort(key=lambda other: other != ending)
                return page
        self._endings = [ending for ending in self._endings if ending in self._answered] or self._endings
        assert refusal is not None
        raise refusal

    def _first_page_at(self, identity: str, ending: str) -> Any:
        market = self._spec.market or None
        if ending == "items":
            return self._api.playlist_items(identity, fields=_FIELDS, limit=50, market=market)
        asked = {"fields": _FIELDS, "limit": 100, "additional_types": "track,episode", "market": market}
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        return self._api.next({"next": f"{self._api.prefix}playlists/{identity}/tracks?{query}"})

    def _next(self, page: dict[str, Any]) -> str:
        """Where a page goes on, without the server's name; "" at the end."""
        where = page.get("next") or ""
        if where and not where.startswith(self._api.prefix):
            raise FetchError("Spotify's answer leads to another server", remedy="Is something between you and Spotify?")
        return str(where.removeprefix(self._api.prefix))

    def _go(self, where: str) -> dict[str, Any]:
        return self._ask(lambda: self._api.next({"next": self._api.prefix + where}))

    def _ask(self, call: Callable[[], Any]) -> dict[str, Any]:
        """Make a call of spotipy's; its errors become words."""
        try:
            found = call()
        except spotipy.SpotifyException as error:
            if error.http_status == 401:
                self._auth.cache_handler.file.forget()
            raise _in_words(error) from error
        except SpotifyOauthError as error:
            self._auth.cache_handler.file.forget()
            raise FetchError("Spotify does not renew the login", remedy=_AGAIN) from error
        except AttributeError as error:  # spotipy stumbles over an error that is a mere text
            raise FetchError("Spotify's answer cannot be read", remedy="Try again later") from error
        if not isinstance(found, dict):
            raise FetchError("what answers in Spotify's place is not Spotify", remedy=STRANGER)
        return found


def playlist_id(place: str) -> str:
    """The id in a playlist's link or URI, or the id itself."""
    found = re.fullmatch(r"(?:.*[:/]playlist[:/])?([0-9A-Za-z]{1,64})(?:\?.*)?", place.strip())
    if found is None:
        raise ParameterError(f"{place!r} names no playlist of Spotify", remedy="Give its link, its URI or its id")
    return found.group(1)


def _listed(row: dict[str, Any]) -> Listed:
    return Listed(str(row["id"]), str(row.get("name") or row["id"]), str(row.get("snapshot_id") or ""))


def _in_words(error: spotipy.SpotifyException) -> FetchError:
    """What Spotify's refusal means, and what to do about it."""
    said = str(error.msg or "").rpartition("\n")[2].strip()[:200]
    if error.http_status == 401:
        return FetchError(f"Spotify does not accept the login any more ({said})", remedy=_AGAIN)
    if error.http_status == 403:
        more = "" if said in ("", "None", "Forbidden", "Forbidden.") else f" ({said})"
        return WithheldError(
            f"Spotify gives this app only playlists that you own or collaborate on{more}",
            remedy="The owner of the app needs Premium, and your account must be among the app's users: "
            f"see {_DASHBOARD}",
        )
    if error.http_status == 404:
        return WithheldError("Spotify does not give it, or does not know it", remedy="Check its address")
    return FetchError(f"Spotify answers {error.http_status} ({said})", remedy="Try again later")
