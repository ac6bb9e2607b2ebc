"""What Segue makes of how it is listened to: events, ratings, bans, and a taste learnt of them, if it helps."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from segue.choose.catalogue import Catalogue
from segue.choose.kinds import kinds_of
from segue.choose.taste import Fit, Lessons, Taste, Verdict, fit, judge, leaning, lessons_of, pull_of, taste_of
from segue.config import TASTE, TasteSpec
from segue.ears import InUse
from segue.errors import ModelError
from segue.store.events import Event, EventKind, Rating, Switch
from segue.store.library import Library
from segue.tagging import Tags
from segue.values import Fingerprint, Origin, TrackId
from segue.words import number, percent, say

_SAID = 5  # kinds of music named as favoured, and as avoided
_PROBABLY, _SURELY = 0.9, 0.975
_LITTLE, _STRONGLY = 1.5, 3.0  # odds


@dataclass(frozen=True, slots=True)
class Learnt:
    """A kind of music that the taste leans to or from: see `taste.Leaning`; ``tracks`` are of that kind."""

    name: str
    kind: str
    tracks: int
    odds: float
    sure: float

    @property
    def how(self) -> str:
        """How strongly and how surely, in plain words."""
        odds = max(self.odds, 1.0 / self.odds)
        sure = say("surely") if self.sure >= _SURELY else say("probably")
        if odds < _LITTLE:
            return say("a little, {sure}", sure=sure)
        return say("strongly, {sure}", sure=sure) if odds >= _STRONGLY else sure


@dataclass(frozen=True, slots=True)
class TasteReport:
    """Where learning stands: what there is to learn from, whether it helps, whether it is in force and why.

    ``strangers`` are events about songs that are not in the library, ``damaged`` rows that cannot be read.
    """

    switch: Switch
    in_force: bool
    why: str
    events: int
    lessons: int
    strangers: int
    damaged: int
    verdict: Verdict | None
    favours: tuple[Learnt, ...]
    avoids: tuple[Learnt, ...]
    liked: int
    disliked: int
    banned: int

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        verdict = None
        if self.verdict is not None and self.verdict.is_judged:
            verdict = {name: round(value, 4) for name, value in self.verdict._asdict().items()}
        said = {name: [asdict(one) for one in getattr(self, name)] for name in ("favours", "avoids")}
        return {**asdict(self), **said, "verdict": verdict}


class _Taught(NamedTuple):
    """What was learnt, of which events and in which space of vectors."""

    last_id: int
    fingerprint: Fingerprint
    catalogue: Catalogue
    lessons: Lessons
    verdict: Verdict | None = None
    found: Fit | None = None
    taste: Taste | None = None


class Listening:
    """The listener's side of one library. Safe from several threads.

    ``clock`` gives the time in seconds since 1970.
    """

    def __init__(
        self, library: Library, tags: Tags, ear_in_use: Callable[[], InUse], clock: Callable[[], float] = time.time
    ) -> None:
        self._library = library
        self._tags = tags
        self._ear_in_use = ear_in_use
        self._clock = clock
        self._lock = threading.RLock()
        self._taught: _Taught | None = None
        self._ratings: tuple[int, Mapping[TrackId, Rating]] | None = None

    # What happens ----------------------------------------------------------------------------------------------------

    def note(
        self,
        kind: EventKind,
        track_id: TrackId,
        *,
        before_id: TrackId | None = None,
        heard_share: float | None = None,
        origin: Origin = "picked",
    ) -> None:
        """Keep that something happened to a track just now."""
        self._library.events.add(Event(self._clock(), kind, track_id, before_id, heard_share, origin))

    def rate(self, track_id: TrackId, rating: Rating | None, *, before_id: TrackId | None = None) -> None:
        """Like or dislike a track, or take either back; what is said already is not said again."""
        if self.ratings().get(track_id) != rating:
            self.note(rating or "unrated", track_id, before_id=before_id)

    def ratings(self) -> Mapping[TrackId, Rating]:
        """What is liked and disliked."""
        with self._lock:
            last_id = self._library.events.last_id()
            if self._ratings is None or self._ratings[0] != last_id:
                self._ratings = last_id, self._library.events.ratings()
            return self._ratings[1]

    def liked_at(self) -> Mapping[TrackId, float]:
        """When each track that is liked was, in seconds since 1970."""
        ratings = self.ratings()
        times = self._library.events.last_liked()
        return {track_id: at_s for track_id, at_s in times.items() if ratings.get(track_id) == "liked"}

    def last_heard(self) -> Mapping[TrackId, float]:
        """When each track was last heard, in whole or in part, in seconds since 1970."""
        return self._library.events.last_heard(now_s=self._clock())

    def ban(self, track_id: TrackId, *, on: bool = True) -> bool:
        """Never choose a track again, or let it be chosen again; whether that changed anything."""
        if on == (track_id in self.bans()):
            return False
        if on:
            self._library.bans.put(track_id, at_s=self._clock())
        else:
            self._library.bans.drop(track_id)
        self.note("banned" if on else "unbanned", track_id)
        return True

    def bans(self) -> frozenset[TrackId]:
        """Tracks that are never to be chosen."""
        return self._library.bans.all()

    def forget(self) -> int:
        """Delete all events, and with them ratings and what was learnt; bans stay. Returns how many there were."""
        with self._lock:
            self._taught = self._ratings = None
            return self._library.events.forget()

    # What is learnt of it --------------------------------------------------------------------------------------------

    def switch(self, to: Switch) -> None:
        """Let the taste count always, never, or where it is shown to help."""
        self._library.events.set_switch(to)

    def taste(self, catalogue: Catalogue) -> Taste | None:
        """The taste to choose by in this library, or None where the ear is to choose alone."""
        switch = self._library.events.switch()
        if switch == "off":
            return None
        taught = self._learn(catalogue, patience=TASTE.relearn_after)
        return taught.taste if switch == "on" or (taught.verdict and taught.verdict.helps) else None

    def report(self, catalogue: Catalogue | None) -> TasteReport:
        """Where learning stands, with what it learnt in words; ``catalogue`` is None for an empty library."""
        taught = None if catalogue is None else self._learn(catalogue, patience=1)
        log, ratings = self._library.events.all(), list(self.ratings().values())
        switch = self._library.events.switch()
        in_force, why = _standing(switch, taught)
        favours, avoids = self._leanings(taught)
        return TasteReport(
            switch=switch,
            in_force=in_force,
            why=why,
            events=len(log.events),
            lessons=0 if taught is None else len(taught.lessons.track),
            strangers=0 if taught is None else taught.lessons.strangers,
            damaged=log.damaged,
            verdict=None if taught is None else taught.verdict,
            favours=favours,
            avoids=avoids,
            liked=ratings.count("liked"),
            disliked=ratings.count("disliked"),
            banned=len(self.bans()),
        )

    # ------------------------------------------------------------------------------------------------------------------

    def _learn(self, catalogue: Catalogue, *, patience: int) -> _Taught:
        """What the events teach: learnt anew where ``patience`` more have come, some have gone, or the ear is another.

        Tracks that a scan adds leave the directions of the ear's space as they are, so what was learnt still holds.
        """
        fingerprint = self._ear_in_use().fingerprint
        with self._lock:
            held, last_id = self._taught, self._library.events.last_id()
            if (
                held is None
                or held.fingerprint != fingerprint
                or not 0 <= last_id - held.last_id < patience
                or (patience == 1 and held.catalogue is not catalogue)
            ):
                lessons = lessons_of(self._library.events.all().events, catalogue.index)
                held = self._taught = _taught(_Taught(last_id, fingerprint, catalogue, lessons))
            return held

    def _leanings(self, taught: _Taught | None) -> tuple[tuple[Learnt, ...], tuple[Learnt, ...]]:
        """The kinds of music that the taste most surely favours and avoids, strongest first."""
        if taught is None or taught.found is None:
            return (), ()
        catalogue = taught.catalogue
        by_name: dict[str, Learnt] = {}  # what is both stated and heard is named once
        for kind in kinds_of(catalogue, self._heard()):
            lean = leaning(catalogue.index.vectors, taught.found, kind.members)
            learnt = Learnt(kind.name, kind.by, int(kind.members.sum()), lean.odds, lean.sure)
            if lean.sure >= max(_PROBABLY, by_name.get(kind.name, learnt).sure):
                by_name[kind.name] = learnt
        found = sorted(by_name.values(), key=lambda learnt: (-abs(math.log(learnt.odds)), learnt.name))
        favours = [learnt for learnt in found if learnt.odds > 1.0]
        avoids = [learnt for learnt in found if learnt.odds < 1.0]
        return tuple(favours[:_SAID]), tuple(avoids[:_SAID])

    def _heard(self) -> Mapping[TrackId, Collection[str]]:
        """What each track is confidently heard as; nothing where the ear has no tags."""
        try:
            return self._tags.confident()
        except ModelError:
            return {}


def ending(
    heard_s: float, duration_s: float, *, ended: bool, spec: TasteSpec = TASTE
) -> tuple[EventKind, float | None]:
    """What it means that a song is over after so much of it was heard, and the share that was.

    A song that ended of itself was played, unless hardly any of it was heard on the way. One that was left is skipped
    early before ``early_skip_s`` or ``early_skip_share`` of it, unless more than half of a short one was heard.
    """
    share = min(max(heard_s / duration_s, 0.0), 1.0) if duration_s > 0.0 else None
    if share is None:
        return ("played" if ended else "skipped_late" if heard_s >= spec.early_skip_s else "skipped_early"), None
    if ended:
        return ("played" if share >= spec.early_skip_share else "skipped_late"), share
    early = share < spec.early_skip_share or (heard_s < spec.early_skip_s and share < 0.5)
    return ("skipped_early" if early else "skipped_late"), share


def _taught(base: _Taught) -> _Taught:
    """What the lessons teach, and whether that helps; nothing as long as there are too few."""
    vectors, lessons = base.catalogue.index.vectors, base.lessons
    if len(lessons.track) < TASTE.fewest_lessons:
        return base
    found = fit(vectors, lessons)
    taste = taste_of(found.space, pull_of(vectors, found))
    return base._replace(verdict=judge(vectors, lessons), found=found, taste=taste)


def _standing(switch: Switch, taught: _Taught | None) -> tuple[bool, str]:
    """Whether the taste counts, and why, in one sentence."""
    count = 0 if taught is None else len(taught.lessons.track)
    if switch == "off":
        return False, say("It is switched off.")
    if taught is None or taught.taste is None or taught.verdict is None:
        line = say(
            "Nothing is learnt before {fewest} songs were heard, skipped or rated; so far {count}.",
            fewest=TASTE.fewest_lessons,
            count=count,
        )
        return False, line
    verdict = taught.verdict
    if not verdict.is_judged:
        line = say(
            "Of the newest {count} songs too few were heard to their end, or too few were skipped, to tell whether it "
            "helps",
            count=verdict.held_out,
        )
        return switch == "on", say("{line}, but you switched it on.", line=line) if switch == "on" else f"{line}."
    said = say(
        "Of the newest {count} songs the ear alone ranks {ear} of the pairs rightly, your taste {taste} ({low} to "
        "{high} points)",
        count=verdict.held_out,
        ear=percent(verdict.ear),
        taste=percent(verdict.taste),
        low=_points(verdict.low),
        high=_points(verdict.high),
    )
    if verdict.helps:
        return True, say("It helps. {proof}.", proof=said)
    if switch == "on":
        return True, say("It is not shown to help, but you switched it on. {proof}.", proof=said)
    return False, say("It is not shown to help, and stays off until it is. {proof}.", proof=said)


def _points(share: float) -> str:
    """A difference of shares in points, with its sign."""
    points = number(100 * share)
    return points if points.startswith("\N{MINUS SIGN}") else f"+{points}"
