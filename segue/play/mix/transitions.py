"""How each track of a mix hands over to the next: where, for how long and in which style, and why so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from segue.config import MIX
from segue.errors import ParameterError
from segue.play.fades import agreement, is_next_on_album, room_s
from segue.play.mix.beatmatch import Match, match_beats
from segue.play.mix.facts import TrackFacts
from segue.play.mix.plan import Join, JoinStyle

StyleWish = Literal["auto", "cut", "fade", "eq", "beat"]

_CLASH_BARS = 4  # keys that clash are not heard together for longer
_LEVEL_DB = 12.0  # what runs on is about as loud before and after
_SOUNDING_DB = -30.0  # at its very end or beginning, against the track: what rings out or fades is softer
_LEAST_FADE_S = 0.5  # a shorter one is a cut


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a listener asks of the joins: a style for all of them, and how long tracks sound together."""

    style: StyleWish = "auto"
    fade_s: float | None = None

    def __post_init__(self) -> None:
        if self.fade_s is not None and not 0.0 < self.fade_s <= MIX.longest_overlap_s:
            raise ParameterError(
                f"two tracks cannot sound together for {self.fade_s:g} s",
                remedy=f"Choose more than 0 and up to {MIX.longest_overlap_s:g} s, or the style cut",
            )


@dataclass(frozen=True, slots=True)
class Transition:
    """Where A is left, where B is entered, in seconds of their files, and the join between."""

    a_ends_s: float
    b_begins_s: float
    join: Join


def transition(a: TrackFacts, b: TrackFacts, wishes: Wishes) -> Transition:
    """How A hands over to B.

    Tracks of an album that run on into each other stay as they are. Else beat on beat, where both beats are sure and
    steady there; by fade with the low end handed over, where both have a beat; by an even fade. Whatever style is
    wished for, beats are laid on each other only where that can be.
    """
    if wishes.style in ("auto", "cut") and runs_on(a, b):
        album = a.info.album
        why = (
            f"cut: '{a.info.title}' and '{b.info.title}' follow each other on '{album}' without a gap; left as they are"
        )
        return Transition(a.duration_s, 0.0, Join("cut", gapless=True, why=why))
    if wishes.style == "cut":
        return _cut(a, b, "cuts were asked for")
    keys = _Keys.of(a, b)
    refusal = ""
    if wishes.style in ("auto", "beat"):
        found = match_beats(a, b, most_bars=_most_bars(a, keys, wishes))
        if isinstance(found, Match):
            return _beat(a, b, found, keys)
        refusal = found.reason
    return _fade(a, b, _style(a, b, wishes), wishes, keys=keys, reason=refusal or f"{wishes.style} was asked for")


def runs_on(a: TrackFacts, b: TrackFacts) -> bool:
    """Whether B follows A on the same album, and sound goes on from the one into the other."""
    sounding = min(a.course.ends_db, b.course.starts_db) >= _SOUNDING_DB
    level = abs(a.course.ends_db - b.course.starts_db) <= _LEVEL_DB
    return is_next_on_album(a, b) and sounding and level


@dataclass(frozen=True, slots=True)
class _Keys:
    """How the keys of two tracks go together, in words; nothing where one of them is not sure."""

    clash: bool
    words: str

    @classmethod
    def of(cls, a: TrackFacts, b: TrackFacts) -> _Keys:
        one, other = a.rhythm.camelot, b.rhythm.camelot
        agree = agreement(one, other)
        if agree is None:
            return cls(clash=False, words="")
        both = f"both are in {one}" if one == other else f"keys {one} and {other} {_verb(agree)}"
        return cls(clash=agree < 0.0, words=f"; {both}")


def _verb(agree: float) -> str:
    return "agree" if agree > 0.5 else "go together" if agree >= 0.0 else "clash"


def _most_bars(a: TrackFacts, keys: _Keys, wishes: Wishes) -> int:
    """No longer than keys and wishes allow."""
    bars = 16
    if keys.clash:
        bars = _CLASH_BARS
    if wishes.fade_s is not None and a.rhythm.tempo_bpm:
        bars = min(bars, max(2, int(wishes.fade_s * a.rhythm.tempo_bpm / 240.0)))
    return bars


def _style(a: TrackFacts, b: TrackFacts, wishes: Wishes) -> JoinStyle:
    if wishes.style in ("fade", "eq"):
        return "eq" if wishes.style == "eq" else "fade"
    return "eq" if a.rhythm.tempo_bpm is not None and b.rhythm.tempo_bpm is not None else "fade"


def _beat(a: TrackFacts, b: TrackFacts, found: Match, keys: _Keys) -> Transition:
    tempi = f"{a.rhythm.tempo_bpm:.1f} to {b.rhythm.tempo_bpm:.1f} BPM"
    counted = ", one counted double," if found.double else ","
    apart = f"{100.0 * abs(found.join.speed - 1.0):.1f} % apart"
    why = f"beat over {found.bars} bars: {tempi}{counted} {apart}, both grids sure and steady there{keys.words}"
    return Transition(found.a_ends_s, found.b_begins_s, replace(found.join, why=why))


def _cut(a: TrackFacts, b: TrackFacts, reason: str) -> Transition:
    return Transition(a.sound_ends_s, b.sound_begins_s, Join("cut", why=f"cut: {reason}"))


def _fade(a: TrackFacts, b: TrackFacts, style: JoinStyle, wishes: Wishes, *, keys: _Keys, reason: str) -> Transition:
    overlap_s = fade_length_s(a, b, clash=keys.clash) if wishes.fade_s is None else wishes.fade_s
    overlap_s = min(overlap_s, MIX.most_share * min(a.sound_s, b.sound_s))
    if overlap_s < _LEAST_FADE_S:
        return _cut(a, b, f"they are too short to be heard together; {reason}")
    why = f"{style} over {overlap_s:.1f} s: {reason}{keys.words}"
    return Transition(a.sound_ends_s, b.sound_begins_s, Join(style, overlap_s, why=why))


def fade_length_s(a: TrackFacts, b: TrackFacts, *, clash: bool) -> float:
    """How long A's end and B's beginning sound together.

    No longer than A's close and B's introduction bear; but at least until A has died away and B has come up, so that
    there is no hole between.
    """
    quiet_s = max(0.0, a.sound_ends_s - a.course.loud_to_s) + max(0.0, b.course.loud_from_s - b.sound_begins_s)
    bearable_s = room_s(a.rhythm, a.span, b.rhythm, b.span, clash=clash)
    return float(np.clip(max(bearable_s, quiet_s), MIX.shortest_fade_s, MIX.longest_fade_s))
