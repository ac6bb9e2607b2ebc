"""Spotify as it answers in 2026, in the same process: its login (PKCE), playlists page by page, and its moods."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from tests.train.sources.answering import Answering

CLIENT_ID = "0123456789abcdef0123456789abcdef"


@dataclass
class FakePlaylist:
    """``rows`` as Spotify keeps them: a track's number, or a row of any shape; ``own`` means ours to read."""

    id: str
    rows: list[int | dict | None]
    own: bool = True
    snapshot: str = "AAAAAQ=="
    name: str = ""


def track_json(number: int) -> dict:
    """A track as the Web API gave it in November 2026, its longer parts cut off."""
    return {
        "album": {
            "album_type": "album",
            "artists": [{"id": "2CIMQHirSU0MQqyYHq0eOx", "name": f"Artist {number % 97}", "type": "artist"}],
            "id": f"album{number:017}",
            "images": [{"height": 640, "url": "https://i.scdn.co/image/ab67616d", "width": 640}],
            "name": f"Album {number % 1000}",
            "release_date": "2016-11-18",
            "total_tracks": 16,
            "type": "album",
        },
        "artists": [
            {"external_urls": {}, "id": "2CIMQHirSU0MQqyYHq0eOx", "name": f"Artist {number % 97}", "type": "artist"}
        ],
        "disc_number": 1,
        "duration_ms": 180_000 + number,
        "explicit": False,
        "external_ids": {"isrc": f"GBAYE{number:07}"},
        "id": f"{number:022}",
        "is_local": False,
        "name": f"Track {number}",
        "track_number": 1,
        "type": "track",
        "uri": f"spotify:track:{number:022}",
    }


@dataclass
class FakeSpotify:
    """Start it with ``with``; ``extended`` apps find rows of ``track`` at ``/tracks``, others ``item``."""

    playlists: list[FakePlaylist]
    extended: bool = False
    limited: float = 0.0  # share of requests that are answered 429
    broken: float = 0.0  # share of requests that are answered 500, 502 or 503
    retry_after: Callable[[], str] = lambda: "0"
    delay_s: float = 0.0
    scripted: list[tuple[int, dict[str, str], str]] = field(
        default_factory=list
    )  # answered first: status, headers, body
    token_s: int = 3600
    seed: int = 0
    log: list[str] = field(default_factory=list)
    answered: Counter = field(default_factory=Counter)
    too_early: int = 0
    pages: int = 0  # of playlists' rows that were given
    logins: int = 0
    refreshes: int = 0
    tokens: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)
        self._lock = threading.Lock()
        self._codes: dict[str, dict[str, str]] = {}
        self._refresh = ""
        self._not_before = 0.0
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.port = self._server.server_address[1]

    def __enter__(self) -> FakeSpotify:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def withdraw(self) -> None:
        """What happens when the user removes the app from the account."""
        self.tokens.clear()
        self._refresh = ""

    # The login

    def authorize(self, asked: dict[str, str]) -> str:
        """The address to which the browser of a user who agrees is sent."""
        assert asked["client_id"] == CLIENT_ID
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/callback", asked["redirect_uri"])
        code = f"code{len(self._codes)}"
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form: dict[str, str]) -> tuple[int, dict]:
        """A token for a code whose verifier fits, or for the refresh token of the last one."""
        if form["grant_type"] == "refresh_token":
            if form["refresh_token"] != self._refresh:
                return 400, {"error": "invalid_grant", "error_description": "Refresh token revoked"}
            self.refreshes += 1
        else:
            asked = self._codes.pop(form["code"], None)
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            fits = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if asked is None or asked["code_challenge"] != fits or asked["redirect_uri"] != form["redirect_uri"]:
                return 400, {"error": "invalid_grant", "error_description": "code_verifier was incorrect"}
            self.logins += 1
        number = self.logins + self.refreshes
        self._refresh = f"refresh-secret-{number}"
        self.tokens = {f"access-secret-{number}"}
        return 200, {
            "access_token": f"access-secret-{number}",
            "token_type": "Bearer",
            "expires_in": self.token_s,
            "refresh_token": self._refresh,
            "scope": "playlist-read-private playlist-read-collaborative",
        }

    # The Web API

    def mood(self) -> tuple[int, dict[str, str], str] | None:
        """What to answer instead of what was asked for."""
        with self._lock:
            if time.monotonic() < self._not_before:
                self.too_early += 1
            if self.scripted:
                return self.scripted.pop(0)
            dice = self._rng.random()
            if dice < self.limited:
                wait = self.retry_after()
                self._not_before = time.monotonic() + (float(wait) if wait.isdigit() else 0.0)
                return 429, {"Retry-After": wait}, "Too many requests"
            if dice < self.limited + self.broken:
                return self._rng.choice((500, 502, 503)), {}, json.dumps({"error": {"status": 500, "message": "Oops"}})
        return None

    def answer(self, path: str, asked: dict[str, str]) -> tuple[int, dict]:
        if path == "/v1/me/playlists":
            return 200, self._page(path, asked, [self._simplified(p) for p in self.playlists], most=50)
        found = re.fullmatch(r"/v1/playlists/(\w+)(/items|/tracks|)", path)
        playlist = next((p for p in self.playlists if found and p.id == found.group(1)), None)
        if found is None or playlist is None:
            return 404, _error(404, "Resource not found")
        if not found.group(2):
            return 200, filtered(self._simplified(playlist), asked.get("fields"))
        if found.group(2) == "/tracks" and not self.extended:
            return 403, _error(403, "Forbidden")
        if not playlist.own and not self.extended:
            return 403, _error(403, "Forbidden")
        if found.group(2) == "/items" and self.extended:
            return 404, _error(404, "Service not found")
        self.pages += 1
        rows = [self._row(row) for row in playlist.rows]
        page = self._page(path, asked, rows, most=100 if self.extended else 50)
        return 200, filtered(page, asked.get("fields"))

    def _simplified(self, playlist: FakePlaylist) -> dict:
        return {
            "collaborative": False,
            "id": playlist.id,
            "name": playlist.name or f"Playlist {playlist.id}",
            "owner": {"id": "me" if playlist.own else "someone"},
            "snapshot_id": playlist.snapshot,
            ("tracks" if self.extended else "items"): {"total": len(playlist.rows)},
            "type": "playlist",
        }

    def _row(self, row: int | dict | None) -> dict | None:
        if not isinstance(row, int):
            return row
        return {"added_at": "2026-01-15T10:30:00Z", "is_local": False, self._key: track_json(row)}

    @property
    def _key(self) -> str:
        return "track" if self.extended else "item"

    def _page(self, path: str, asked: dict[str, str], rows: list, *, most: int) -> dict:
        limit, offset = int(asked.get("limit", 20)), int(asked.get("offset", 0))
        assert 1 <= limit <= most
        going_on = {**asked, "limit": limit, "offset": offset + limit}
        return {
            "href": f"{self.url}{path}",
            "items": rows[offset : offset + limit],
            "limit": limit,
            "next": f"{self.url}{path}?{urlencode(going_on)}" if offset + limit < len(rows) else None,
            "offset": offset,
            "total": len(rows),
        }


def filtered(value: object, fields: str | None) -> dict:
    """What Spotify's ``fields`` leaves of an answer; names that are not there are passed over."""
    return _kept(value, _wanted(fields)) if fields else value


def _wanted(fields: str) -> dict[str, dict]:
    """``a,b(c)`` as ``{"a": {}, "b": {"c": {}}}``."""
    wanted: dict[str, dict] = {}
    stack = [wanted]
    name = ""
    for mark in re.findall(r"\w+|[(),]", fields):
        if mark == "(":
            stack.append(stack[-1][name])
        elif mark == ")":
            stack.pop()
        elif mark != ",":
            name = mark
            stack[-1][name] = {}
    assert len(stack) == 1
    return wanted


def _kept(value: object, wanted: dict[str, dict]) -> object:
    if isinstance(value, list):
        return [_kept(part, wanted) for part in value]
    if not isinstance(value, dict) or not wanted:
        return value
    return {name: _kept(value[name], more) for name, more in wanted.items() if name in value}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that was killed is no news."""


def _error(status: int, message: str) -> dict:
    return {"error": {"status": status, "message": message}}


def _handler(fake: FakeSpotify) -> type[Answering]:
    class Handler(Answering):
        def do_GET(self) -> None:  # noqa: N802 - as http.server calls it
            place = urlsplit(self.path)
            fake.log.append(self.path)
            if place.path == "/authorize":
                asked = {name: values[0] for name, values in parse_qs(place.query).items()}
                self.send(302, {"Location": fake.authorize(asked)}, "")
                return
            time.sleep(fake.delay_s)
            if (mood := fake.mood()) is not None:
                self.send(*mood)
            elif self.headers.get("Authorization", "").removeprefix("Bearer ") not in fake.tokens:
                self.send_json(401, _error(401, "The access token expired"))
            else:
                self.send_json(*fake.answer(place.path, dict(parse_qsl(place.query))))

        def do_POST(self) -> None:  # noqa: N802 - as http.server calls it
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            self.send_json(*fake.token(form))

        def send(self, status: int, headers: dict[str, str], body: str) -> None:
            fake.answered[status] += 1
            super().send(status, headers, body)

    return Handler
