"""How one song goes over into the next: where the one ends, where the other begins, how long both may sound, how loud.

The mix and the booth's player share these rules. The mix knows more of a song, since it decodes it; the player goes by
what the library holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from segue.choose.catalogue import camelot_code
from segue.choose.joins import key_agreement
from segue.config import MIX
from segue.listen.tags import AlbumPlace
from segue.values import Rhythm, TrackInfo

_CLASH_S = 4.0  # keys that clash are not heard together for longer
_RUNS_ON_S = 0.2  # a song with more silence than this at its end or beginning does not run on there


@dataclass(frozen=True, slots=True)
class Span:
    """Where a song begins to sound and where it has ended, in seconds of its file."""

    begin_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        """How long it sounds."""
        return self.end_s - self.begin_s


class OnAlbum(Protocol):
    """What tells whether a song follows another on an album."""

    @property
    def path(self) -> Path: ...  # noqa: D102 - the class says it

    @property
    def info(self) -> TrackInfo: ...  # noqa: D102

    @property
    def place(self) -> AlbumPlace | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """A song as the player joins it to another; ``only_s`` where no more than its first seconds are played."""

    path: Path
    info: TrackInfo
    rhythm: Rhythm | None = None
    place: AlbumPlace | None = None
    only_s: float | None = None

    @property
    def camelot(self) -> str | None:
        """Its key, where that is sure."""
        return None if self.rhythm is None else self.rhythm.camelot

    @property
    def span(self) -> Span:
        """What of it is played: all that sounds, as far as that is known."""
        span = sounding(self.rhythm, self.info.duration_s)
        return span if self.only_s is None else Span(span.begin_s, min(span.end_s, span.begin_s + self.only_s))


@dataclass(frozen=True, slots=True)
class Fade:
    """From a song to the next.

    The one has ended at ``end_s`` of its file, None at the end of it; the other begins at ``start_s``; for up to
    ``fade_s`` both may sound. ``gapless`` songs of an album run on: both are left as they are.
    """

    end_s: float | None
    start_s: float
    fade_s: float
    gapless: bool = False


@dataclass(frozen=True, slots=True)
class Sound:
    """How a song is played: its gain, the most that its peaks bear, its cue points, and where it is broken off."""

    gain_db: float = 0.0
    most_gain_db: float = 0.0
    intro_end_s: float | None = None
    outro_start_s: float | None = None
    ends_s: float | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """The song that plays, the one that comes, and how the one goes over into the other."""

    this: Sound = Sound()
    next: Sound | None = None
    fade: Fade | None = None


def sounding(rhythm: Rhythm | None, duration_s: float) -> Span:
    """What of a song sounds: a little earlier than it seems, for soft attacks, and a little later, for what rings.

    All of it where that is not known, or where nothing does.
    """
    if rhythm is None or rhythm.leading_silence_s + rhythm.trailing_silence_s >= duration_s:
        return Span(0.0, duration_s)
    return Span(
        max(0.0, rhythm.leading_silence_s - MIX.attack_s),
        min(duration_s, duration_s - rhythm.trailing_silence_s + MIX.attack_s),
    )


def room_s(a: Rhythm | None, a_span: Span, b: Rhythm | None, b_span: Span, *, clash: bool) -> float:
    """How long A's close and B's introduction may sound together.

    No longer than either lasts, of which an unknown one counts as some seconds, since somebody may sing there; shorter
    where the keys clash.
    """
    outro_start_s = None if a is None else a.outro_start_s
    intro_end_s = None if b is None else b.intro_end_s
    out_s = 0.0 if outro_start_s is None else a_span.end_s - outro_start_s
    in_s = 0.0 if intro_end_s is None else intro_end_s - b_span.begin_s
    out_s, in_s = (length_s if length_s > 0.0 else MIX.unknown_end_s for length_s in (out_s, in_s))
    return min(out_s, in_s, _CLASH_S if clash else MIX.longest_fade_s)


def agreement(one: str | None, other: str | None) -> float | None:
    """How well two keys, as Camelot codes, go together: below 0 they clash; None where one is not sure."""
    if one is None or other is None:
        return None
    codes = (np.array([camelot_code(camelot)], np.int8) for camelot in (one, other))
    return float(key_agreement(*codes)[0])


def same_album(a: TrackInfo, b: TrackInfo) -> bool:
    """Whether both name the same album."""
    return a.album != "" and a.album.casefold() == b.album.casefold()


def is_next_on_album(a: OnAlbum, b: OnAlbum) -> bool:
    """Whether B is the track after A on the same record."""
    if a.place is None or b.place is None or not same_album(a.info, b.info):
        return False
    same_source = a.path.parent == b.path.parent or (a.info.artist != "" and a.info.artist == b.info.artist)
    return same_source and b.place.disc == a.place.disc and b.place.number == a.place.number + 1


def fade_between(a: Side, b: Side) -> Fade:
    """How the player goes from A to B.

    As long as close and introduction bear, but no more than ``MIX.most_share`` of either song; not at all where B
    follows A on an album and neither has silence between.
    """
    if is_next_on_album(a, b) and _runs_on(a.rhythm, b.rhythm) and a.only_s is None:
        return Fade(None, 0.0, 0.0, gapless=True)
    a_span, b_span = a.span, b.span
    keys = agreement(a.camelot, b.camelot)
    longest_s = MIX.most_share * min(a_span.length_s, b_span.length_s)
    fade_s = min(room_s(a.rhythm, a_span, b.rhythm, b_span, clash=keys is not None and keys < 0.0), longest_s)
    is_known = a.rhythm is not None or a.only_s is not None
    wanted_s = max(fade_s, min(MIX.shortest_fade_s, longest_s))
    return Fade(a_span.end_s if is_known else None, b_span.begin_s, max(0.0, wanted_s))


def sound_of(side: Side) -> Sound:
    """How a song is played: at the mix's loudness as far as its peaks bear that, for nothing limits them here.

    A song of unknown loudness is left as it is, and one of unknown peaks is made softer but not louder.
    """
    rhythm, ends_s = side.rhythm, None if side.only_s is None else side.span.end_s
    if rhythm is None:
        return Sound(ends_s=ends_s)
    peak, lufs = rhythm.true_peak_dbtp, rhythm.loudness_lufs
    most_db = 0.0 if peak is None else min(MIX.ceiling_dbtp - peak, MIX.most_gain_db)
    gain_db = 0.0 if lufs is None else min(MIX.target_lufs - lufs, most_db)
    return Sound(gain_db, most_db, rhythm.intro_end_s, rhythm.outro_start_s, ends_s)


def _runs_on(a: Rhythm | None, b: Rhythm | None) -> bool:
    return a is not None and b is not None and max(a.trailing_silence_s, b.leading_silence_s) <= _RUNS_ON_S
