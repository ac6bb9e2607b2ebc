"""The booths that browsers open to each other: what each holds is kept, what it plays just now is remembered.

A browser is known by a secret of its own, others know it by a hash of that: who can see a booth cannot change it.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from segue.errors import ParameterError, UnknownBoothError
from segue.store.kept import Kept
from segue.values import EntryId, TrackId
from segue.words import later, say

_KEY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class BoothsSpec:
    """How many booths are kept and for how long, and when one that says nothing has closed."""

    most_kept: int = 50  # the one that was silent longest gives way
    kept_s: float = 30 * 86_400.0
    silent_s: float = 90.0  # browsers let a page in the background speak once a minute
    noted_every_s: float = 20.0  # how often its position is written down
    longest_name: int = 40
    most_asked: int = 20
    follower_silent_s: float = 12.0
    most_followers: int = 200


BOOTHS = BoothsSpec()


@dataclass(frozen=True, slots=True)
class Playing:
    """What a player plays: the entry of its queue, its track, where it is in it, and whether it sounds."""

    entry_id: EntryId | None = None
    track_id: TrackId | None = None
    at_s: float = 0.0
    sounds: bool = False


@dataclass(frozen=True, slots=True)
class Face:
    """What others see of a booth. ``stamp`` changes with its queue; ``playing`` is as of now, or as it was left."""

    id: str
    name: str
    takes: bool
    is_open: bool
    playing: Playing
    seen_s: float
    stamp: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What an open booth learns: the songs it was asked for since it last spoke, and how many follow."""

    id: str
    asked: tuple[TrackId, ...]
    followers: int


@dataclass(slots=True)
class _Presence:
    """What is known of an open booth, of which only a part is kept."""

    playing: Playing
    heard_at_s: float
    noted_at_s: float = 0.0
    stamp: str = field(default_factory=lambda: secrets.token_hex(4))
    asked: list[TrackId] = field(default_factory=list)
    followers: dict[str, float] = field(default_factory=dict)


class Booths:
    """The booths of one library. Safe from several threads."""

    def __init__(self, kept: Kept, *, now_s: Callable[[], float] = time.time) -> None:
        self._kept = kept
        self._now_s = now_s
        self._lock = threading.RLock()
        self._open: dict[str, _Presence] = {}

    def hold(self, key: str, name: str, playing: Playing, *, takes: bool) -> Report:
        """Open a booth, or say that it is still open and what it plays; ``takes`` lets others ask it for songs.

        Raises ParameterError for a key or a name that is none.
        """
        booth_id, name = id_of(key), _checked_name(name)
        with self._lock:
            now_s = self._now_s()
            presence = self._open.setdefault(booth_id, _Presence(playing, now_s))
            presence.playing, presence.heard_at_s = playing, now_s
            body = self._kept.get("booth", booth_id)
            if body is None:
                self._make_room(now_s)
            new = {**(body or {}), "name": name, "takes": takes}
            if new != body or now_s - presence.noted_at_s > BOOTHS.noted_every_s:
                self._note(booth_id, presence, new)
            asked, presence.asked = tuple(presence.asked), []
            return Report(booth_id, asked, len(self._following(presence, now_s)))

    def keep(self, key: str, queue: Mapping[str, Any]) -> None:
        """Keep what an open booth holds; nothing, where it is not open."""
        booth_id = id_of(key)
        with self._lock:
            presence = self._open.get(booth_id)
            body = self._kept.get("booth", booth_id)
            if presence is None or body is None:
                return
            presence.stamp = secrets.token_hex(4)
            self._note(booth_id, presence, {**body, "queue": queue})

    def close(self, key: str) -> None:
        """Close a booth; what it held is kept."""
        booth_id = id_of(key)
        with self._lock:
            presence = self._open.pop(booth_id, None)
            body = self._kept.get("booth", booth_id)
            if presence is not None and body is not None:
                self._note(booth_id, presence, body)

    def all(self) -> tuple[Face, ...]:
        """Every booth that is kept, the open ones first, then those that were seen last."""
        with self._lock:
            faces = [self._face(booth_id, body) for booth_id, body in self._kept.all("booth").items()]
        lasting = [face for face in faces if self._now_s() - face.seen_s < BOOTHS.kept_s]
        return tuple(sorted(lasting, key=lambda face: (not face.is_open, -face.seen_s)))

    def get(self, booth_id: str, *, follower: str = "") -> Face:
        """One booth, for somebody who follows it or only looks; raises UnknownBoothError."""
        with self._lock:
            presence = self._open.get(booth_id)
            if presence is not None and follower:
                following = self._following(presence, self._now_s())
                presence.followers = dict([*following.items(), (follower, self._now_s())][-BOOTHS.most_followers :])
            return self._face(booth_id, self._body(booth_id))

    def queue_of(self, booth_id: str) -> Any:
        """What a booth holds, as it was kept; None where it has held nothing yet. Raises UnknownBoothError."""
        return self._body(booth_id).get("queue")

    def ask(self, booth_id: str, track_id: TrackId) -> None:
        """Ask an open booth for a song; raises ParameterError where it takes none, or has too many to answer."""
        with self._lock:
            face, presence = self._face(booth_id, self._body(booth_id)), self._open.get(booth_id)
            if presence is None or not face.is_open:
                raise ParameterError(say("“{name}” has closed", name=face.name), remedy=later("Follow another"))
            if not face.takes:
                raise ParameterError(
                    say("“{name}” takes no songs", name=face.name), remedy=later("Ask whoever stands there")
                )
            if len(presence.asked) >= BOOTHS.most_asked:
                raise ParameterError(
                    say("“{name}” is asked for too many songs", name=face.name), remedy=later("Try again in a moment")
                )
            presence.asked.append(track_id)

    def _body(self, booth_id: str) -> dict[str, Any]:
        body = self._kept.get("booth", booth_id)
        if body is None:
            raise UnknownBoothError(later("this booth is not kept any more"), remedy=later("Choose another"))
        return body

    def _face(self, booth_id: str, body: Mapping[str, Any]) -> Face:
        presence, now_s, seen_s = self._open.get(booth_id), self._now_s(), _number(body.get("seen_s"))
        is_open = presence is not None and now_s - presence.heard_at_s < BOOTHS.silent_s
        playing = Playing(at_s=_number(body.get("at_s")))
        if presence is not None and is_open:
            playing, seen_s = presence.playing, presence.heard_at_s
            if playing.sounds:
                playing = replace(playing, at_s=playing.at_s + now_s - presence.heard_at_s)
        stamp = "" if presence is None else presence.stamp
        return Face(booth_id, str(body.get("name", "")), body.get("takes") is True, is_open, playing, seen_s, stamp)

    def _note(self, booth_id: str, presence: _Presence, body: Mapping[str, Any]) -> None:
        presence.noted_at_s = self._now_s()
        noted = {**body, "at_s": presence.playing.at_s, "seen_s": presence.heard_at_s}
        self._kept.put("booth", booth_id, noted, at_s=presence.noted_at_s)

    def _make_room(self, now_s: float) -> None:
        self._kept.drop_older("booth", than_s=now_s - BOOTHS.kept_s)
        seen = {booth_id: _number(body.get("seen_s")) for booth_id, body in self._kept.all("booth").items()}
        for booth_id in sorted(seen, key=seen.__getitem__)[: max(0, len(seen) - BOOTHS.most_kept + 1)]:
            self._kept.drop("booth", booth_id)
            self._open.pop(booth_id, None)

    @staticmethod
    def _following(presence: _Presence, now_s: float) -> dict[str, float]:
        return {who: at_s for who, at_s in presence.followers.items() if now_s - at_s < BOOTHS.follower_silent_s}


def id_of(key: str) -> str:
    """What others know a browser by; raises ParameterError for what is no key."""
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise ParameterError(
            later("this page named itself in a way Segue does not know"), remedy=later("Reload the page")
        )
    return hashlib.sha256(key.encode("ascii")).hexdigest()[:16]


def _checked_name(name: str) -> str:
    words = " ".join(name.split())
    if not words or len(words) > BOOTHS.longest_name or not words.isprintable():
        remedy = say("Give it a name of at most {longest_name} letters", longest_name=BOOTHS.longest_name)
        raise ParameterError(later("a booth that is open to others needs a name"), remedy=remedy)
    return words


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
