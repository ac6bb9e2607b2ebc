"""ListenBrainz as it answers: a user's plays by time, and playlists in JSPF."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.train.sources.answering import Answering

USER = "rob / ü"
ABOUT = "https://musicbrainz.org/doc/jspf#playlist"


def mbid(number: int) -> str:
    return f"e8f9b188-f819-4e43-ab0f-{number:012x}"


def listen_json(when: int, number: int) -> dict:
    """A listen as the API gave it in November 2026, some of its parts cut off."""
    return {
        "inserted_at": when + 40,
        "listened_at": when,
        "recording_msid": mbid(10_000 + number),
        "track_metadata": {
            "additional_info": {
                "duration_ms": 200_000,
                "isrc": f"GBAYE{number:07}",
                "media_player": "Rhythmbox",
                "recording_msid": mbid(10_000 + number),
                "submission_client": "Rhythmbox ListenBrainz Plugin",
                "tags": [],
            },
            "artist_name": f"Artist {number}",
            "mbid_mapping": {"artist_mbids": [mbid(7)], "recording_mbid": mbid(number), "recording_name": "x"},
            "release_name": f"Album {number}",
            "track_name": f"Track {number}",
        },
        "user_name": USER,
    }


def playlist_json(number: int, tracks: list[int], *, changed: str) -> dict:
    """A playlist as the API gave it in November 2026."""
    return {
        "annotation": "",
        "creator": USER,
        "date": "2024-03-05T10:11:12.345678+00:00",
        "extension": {ABOUT: {"creator": USER, "last_modified_at": changed, "public": True}},
        "identifier": f"https://listenbrainz.org/playlist/{mbid(number)}",
        "title": f"List {number}",
        "track": [
            {
                "album": f"Album {track}",
                "creator": f"Artist {track}",
                "duration": 200_000,
                "extension": {"https://musicbrainz.org/doc/jspf#track": {"added_by": USER}},
                "identifier": [f"https://musicbrainz.org/recording/{mbid(track)}"],
                "title": f"Track {track}",
            }
            for track in tracks
        ],
    }


@dataclass
class FakeListenBrainz:
    """Start it with ``with``; ``most`` listens an answer, whatever is asked for."""

    listens: list[dict]
    playlists: list[dict] = field(default_factory=list)
    most: int = 1000
    most_playlists: int = 2
    scripted: list[tuple[int, dict[str, str], str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)  # of every answer
    log: list[str] = field(default_factory=list)
    seen_tokens: set[str | None] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/1/"

    def __enter__(self) -> FakeListenBrainz:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, asked: dict[str, int]) -> tuple[int, dict]:
        parts = [unquote(part) for part in path.split("/")[2:]]
        if parts[0] == "playlist":
            found = next((p for p in self.playlists if p["identifier"].endswith(parts[1])), None)
            return (200, {"playlist": found}) if found else (404, {"code": 404, "error": "Cannot find playlist"})
        if parts[:2] != ["user", USER]:
            return 404, {"code": 404, "error": f"Cannot find user: {parts[1]}"}
        if parts[2] == "listen-count":
            return 200, {"payload": {"count": len(self.listens)}}
        if parts[2] == "playlists":
            start = asked.get("offset", 0)
            rows = self.playlists[start : start + self.most_playlists]
            bare = [{"playlist": {**row, "track": []}} for row in rows]
            count = {"count": len(bare), "offset": start, "playlist_count": len(self.playlists)}
            return 200, {**count, "playlists": bare}
        assert parts[2] == "listens"
        before = asked.get("max_ts", 1 << 40)
        newest_first = sorted(self.listens, key=lambda listen: -listen["listened_at"])
        rows = [listen for listen in newest_first if listen["listened_at"] < before]
        rows = rows[: min(self.most, asked.get("count", 25))]
        return 200, {"payload": {"count": len(rows), "user_id": USER, "listens": rows}}


def _handler(fake: FakeListenBrainz) -> type[Answering]:
    class Handler(Answering):
        def do_GET(self) -> None:  # noqa: N802 - as http.server calls it
            place = urlsplit(self.path)
            fake.log.append(self.path)
            fake.seen_tokens.add(self.headers.get("Authorization"))
            if fake.scripted:
                self.send(*fake.scripted.pop(0))
                return
            status, body = fake.answer(place.path, {name: int(value) for name, value in parse_qsl(place.query)})
            self.send_json(status, body, fake.headers)

    return Handler
