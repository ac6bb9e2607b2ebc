"""Beat on beat: whether the end of one track can be laid on the beginning of another, bar by bar, and where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segue.config import MIX
from segue.listen.grids import BEATS_A_BAR, BeatGrid
from segue.play.mix.facts import TrackFacts
from segue.play.mix.plan import BeatPair, Join

_LENGTHS_BARS = (16, 8, 4, 2)
_UNKNOWN_BARS = 4  # an introduction or close of which nobody knows where it ends
_PHRASE_BARS = 8
_MOST_LEFT_OUT = 0.1  # of a track, whatever MIX.most_left_out_s allows
_EARLY_BEATS = 0.3  # a bar line may lie so far outside the sound
_LEAST_STRENGTH, _LEAST_SHARE = 0.3, 0.5  # of a beat that is played, and of such beats
_MOST_STRAY_S = 0.012
_STRAIGHT_S = 0.006  # beats that were found one by one, and not on a line, are seldom where they should be
_LEAST_LEAD = 0.8  # octaves; of the demo library's songs above, 2 of 44 have their beats half-way between
_NEARLY_ALL = 0.9


@dataclass(frozen=True, slots=True)
class Match:
    """Where A ends, where B begins, the join itself, and how long it is in bars of A."""

    a_ends_s: float
    b_begins_s: float
    join: Join
    bars: int
    double: bool  # one of them counts two beats where the other counts one


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why two tracks are not laid beat on beat."""

    reason: str


@dataclass(frozen=True, slots=True)
class Line:
    """A steady stretch of a grid: beat i of the grid falls at ``first_s + i * beat_s``."""

    first_s: float
    beat_s: float

    def at(self, beat: float) -> float:
        """When a beat falls, in seconds of the file."""
        return self.first_s + beat * self.beat_s


def match_beats(a: TrackFacts, b: TrackFacts, *, most_bars: int = _LENGTHS_BARS[0]) -> Match | Refusal:
    """Lay B's beginning on A's end, at most ``most_bars`` long, or say why that is not to be.

    Both tempi must be sure, no more than ``MIX.most_bend`` apart (half and double count as the same), and both grids
    steady and borne out by the sound throughout the overlap.
    """
    for facts in (a, b):
        if facts.grid is None or facts.rhythm.tempo_confidence < MIX.least_tempo:
            return Refusal(f"the beat of '{facts.info.title}' is not sure")
        if facts.grid.lead < _LEAST_LEAD:
            return Refusal(f"which half of the beat of '{facts.info.title}' is the beat is not sure")
    assert a.grid is not None
    assert b.grid is not None
    pace = _pace(_beat_s(a.grid, at_end=True), _beat_s(b.grid, at_end=False))
    if pace is None:
        return Refusal(f"{_apart(a, b)} apart, more than {_percent(MIX.most_bend)}")
    going, coming = _Side.of_end(a), _Side.of_beginning(b)
    unsteady = ""
    for bars in _lengths(going, coming, pace, most=most_bars):
        begins = going.begin_of_end(bars), coming.begin_of_beginning(bars * pace.b_bars // pace.a_bars, pace)
        if begins[0] is None or begins[1] is None:
            continue
        found = _lay(going, coming, begins, bars=bars, pace=pace)
        if isinstance(found, Match):
            return found
        unsteady = found.reason
    return Refusal(unsteady or f"'{min(a, b, key=lambda t: t.sound_s).info.title}' has no whole bars to spare there")


@dataclass(frozen=True, slots=True)
class _Pace:
    """How many bars of B go with how many of A, and by what share B is then bent."""

    a_bars: int
    b_bars: int
    bend: float

    @property
    def ease_s(self) -> float:
        """How long B takes to return to its own tempo: the longer the more it was bent."""
        return MIX.ease_s * max(self.bend / MIX.most_bend, 0.25)


def _apart(a: TrackFacts, b: TrackFacts) -> str:
    """How far two tempi are apart, in words; counted double or half where that is nearer."""
    a_bpm, b_bpm = a.rhythm.tempo_bpm or 1.0, b.rhythm.tempo_bpm or 1.0
    share, words = min(
        (abs(a_bpm * times / b_bpm - 1.0), words)
        for times, words in ((1.0, ""), (2.0, ", the first counted double,"), (0.5, ", the first counted half,"))
    )
    return f"{a_bpm:.1f} and {b_bpm:.1f} BPM{words} are {_percent(share)}"


def _percent(share: float) -> str:
    return f"{100.0 * share:.1f}".removesuffix(".0") + " %"


def _pace(a_beat_s: float, b_beat_s: float) -> _Pace | None:
    """The counting that bends B least, or None if even that is too much."""
    paces = [
        _Pace(a_bars, b_bars, abs(b_bars * b_beat_s / (a_bars * a_beat_s) - 1.0))
        for a_bars, b_bars in ((1, 1), (2, 1), (1, 2))
    ]
    pace = min(paces, key=lambda pace: pace.bend)
    return pace if pace.bend <= MIX.most_bend else None


def _beat_s(grid: BeatGrid, *, at_end: bool) -> float:
    part = grid.beats_s[-65:] if at_end else grid.beats_s[:65]
    return float(np.median(np.diff(part.astype(np.float64))))


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two tracks: its bar lines by number, and the bars that are to spare at its end or beginning."""

    facts: TrackFacts
    grid: BeatGrid
    beat_s: float
    cue_bar: int | None  # where the close begins, or the introduction ends

    @classmethod
    def of_end(cls, facts: TrackFacts) -> _Side:
        return cls._of(facts, facts.rhythm.outro_start_s, at_end=True)

    @classmethod
    def of_beginning(cls, facts: TrackFacts) -> _Side:
        return cls._of(facts, facts.rhythm.intro_end_s, at_end=False)

    @classmethod
    def _of(cls, facts: TrackFacts, cue_s: float | None, *, at_end: bool) -> _Side:
        assert facts.grid is not None
        beat_s = _beat_s(facts.grid, at_end=at_end)
        cue = None if cue_s is None else _nearest_bar(facts.grid, cue_s)
        return cls(facts, facts.grid, beat_s, cue)

    @property
    def bars(self) -> int:
        """How many bar lines there are."""
        return len(self.grid.beats_s[self.grid.first_bar :: BEATS_A_BAR])

    def bar_at(self, bar: int) -> float:
        """When a bar begins; beyond the last beat, where it would."""
        beat = self.grid.first_bar + BEATS_A_BAR * bar
        last = len(self.grid.beats_s) - 1
        return float(self.grid.beats_s[min(beat, last)]) + max(0, beat - last) * self.beat_s

    @property
    def early_s(self) -> float:
        """How far outside the sound a bar line may lie."""
        return _EARLY_BEATS * self.beat_s

    def spare_bars_at_end(self) -> int | None:
        """Whole bars from where the close begins; None where that is unknown."""
        if self.cue_bar is None:
            return None
        left_s = self.facts.sound_ends_s + self.early_s - self.bar_at(self.cue_bar)
        return int(left_s / (BEATS_A_BAR * self.beat_s))

    def spare_bars_at_beginning(self) -> int | None:
        """Whole bars up to where the introduction ends; None where that is unknown."""
        return None if self.cue_bar is None else self.cue_bar - self._first_sounding()

    def begin_of_end(self, bars: int) -> int | None:
        """The bar at which an overlap of so many bars begins; None where none fits.

        With the close where it is known, or a phrase or two later, so that no more than ``MIX.most_left_out_s`` of the
        track is left out; else as late as can be, by fours from where the bars are known.
        """
        ends_s = self.facts.sound_ends_s
        last_s = min(ends_s + self.early_s, self.facts.duration_s + MIX.short_s / 2.0)  # a little silence may follow
        fitting = [bar for bar in range(self.bars) if self.bar_at(bar + bars) <= last_s and self._may_end(bar)]
        if self.cue_bar is not None:
            step = min(bars, _PHRASE_BARS)
            phrased = [bar for bar in fitting if bar >= self.cue_bar and (bar - self.cue_bar) % step == 0]
            heard = [bar for bar in phrased if ends_s - self.bar_at(bar + bars) <= self._most_left_out_s]
            if phrased:
                return heard[0] if heard else phrased[-1]
        intro_s = self.facts.rhythm.intro_end_s
        known = 0 if intro_s is None else _nearest_bar(self.grid, intro_s)
        phrased = [bar for bar in fitting if (bar - known) % min(bars, _UNKNOWN_BARS) == 0]
        return phrased[-1] if phrased else None

    def begin_of_beginning(self, bars: int, pace: _Pace) -> int | None:
        """The bar that B is played from, so that its introduction ends with the overlap or whole phrases later."""
        first = self._first_sounding()
        starts = [first]
        if self.cue_bar is not None and self.cue_bar - bars >= first:
            phrased = range(self.cue_bar - bars, first - 1, -min(bars, _PHRASE_BARS))
            near = [bar for bar in phrased if self.bar_at(bar) - self.bar_at(first) <= self._most_left_out_s]
            starts = near or [phrased[-1]]
        limit_s = self.facts.sound_begins_s + MIX.most_share * self.facts.sound_s - pace.ease_s
        return next((bar for bar in starts if self.bar_at(bar + bars) <= limit_s), None)

    @property
    def _most_left_out_s(self) -> float:
        return min(MIX.most_left_out_s, _MOST_LEFT_OUT * self.facts.sound_s)

    def _first_sounding(self) -> int:
        begins_s = self.facts.sound_begins_s - self.early_s
        return next((bar for bar in range(self.bars) if self.bar_at(bar) >= begins_s), 0)

    def _may_end(self, bar: int) -> bool:
        return self.bar_at(bar) >= self.facts.sound_ends_s - MIX.most_share * self.facts.sound_s


def _nearest_bar(grid: BeatGrid, at_s: float) -> int:
    bars = grid.beats_s[grid.first_bar :: BEATS_A_BAR]
    return int(np.abs(bars - at_s).argmin()) if len(bars) else 0


def _lengths(going: _Side, coming: _Side, pace: _Pace, *, most: int) -> list[int]:
    """Lengths in bars of A that both have to spare, the longest first; two bars in any case."""
    out, into = going.spare_bars_at_end(), coming.spare_bars_at_beginning()
    into = None if into is None else into * pace.a_bars // pace.b_bars
    unknown = _UNKNOWN_BARS if out is None and into is None else 2 * _UNKNOWN_BARS
    room = min(unknown if out is None else out, unknown if into is None else into, most)
    whole = [bars for bars in _LENGTHS_BARS if bars % pace.a_bars == 0]
    bar_s = BEATS_A_BAR * going.beat_s
    return [bars for bars in whole if bars <= max(room, whole[-1]) and bars * bar_s <= MIX.longest_beat_s]


def _lay(
    going: _Side, coming: _Side, begins: tuple[int | None, int | None], *, bars: int, pace: _Pace
) -> Match | Refusal:
    """The join itself, if both grids are steady there."""
    a_bar, b_bar = (begin or 0 for begin in begins)
    b_bars = bars * pace.b_bars // pace.a_bars
    lines = []
    for side, bar, count in ((going, a_bar, bars), (coming, b_bar, b_bars)):
        line = steady_line(side.grid, side.bar_at(bar), side.bar_at(bar + count))
        if line is None:
            return Refusal(f"the beat of '{side.facts.info.title}' is not steady where they would meet")
        lines.append(line)
    a_line, b_line = lines
    a_beat, b_beat = (side.grid.first_bar + BEATS_A_BAR * bar for side, bar in ((going, a_bar), (coming, b_bar)))
    pairs = tuple(
        BeatPair(a_line.at(a_beat + BEATS_A_BAR * pace.a_bars * k), b_line.at(b_beat + BEATS_A_BAR * pace.b_bars * k))
        for k in range(bars // pace.a_bars + 1)
    )
    speed = b_line.beat_s * pace.b_bars / (a_line.beat_s * pace.a_bars)
    if abs(speed - 1.0) > MIX.most_bend:
        return Refusal(f"where they would meet, their beats are more than {_percent(MIX.most_bend)} apart")
    begins_s = max(0.0, pairs[0].b_s)
    overlap_s = bars * BEATS_A_BAR * a_line.beat_s
    join = Join("beat", overlap_s, speed=speed, ease_s=pace.ease_s, beats=pairs[1:])
    return Match(pairs[0].a_s + overlap_s, begins_s, join, bars, double=pace.a_bars != pace.b_bars)


def steady_line(grid: BeatGrid, from_s: float, to_s: float) -> Line | None:
    """The straight line that a stretch of a grid keeps to, as the sound has it; None where it keeps to none.

    At least half of its beats must be played, and nine of ten of these lie within 12 ms of the line; the grid itself
    must be straight.
    """
    half_s = 0.5 * float(np.median(np.diff(grid.beats_s)))
    number = np.flatnonzero((grid.beats_s >= from_s - half_s) & (grid.beats_s <= to_s + half_s))
    if len(number) < 2 * BEATS_A_BAR:
        return None
    there = grid.beats_s[number].astype(np.float64)
    played = grid.strength[number] > _LEAST_STRENGTH
    if played.mean() < _LEAST_SHARE or played.sum() < BEATS_A_BAR:
        return None
    heard = there + grid.stray_s[number]
    beat_s, first_s = (float(value) for value in np.polyfit(number[played], heard[played], 1))
    off = np.abs(heard[played] - (first_s + beat_s * number[played]))
    late = there - (first_s + beat_s * number)
    grid_off = np.abs(late - np.median(late))
    played_off_s, straight_off_s = (float(np.quantile(offs, _NEARLY_ALL)) for offs in (off, grid_off))
    return Line(first_s, beat_s) if played_off_s <= _MOST_STRAY_S and straight_off_s <= _STRAIGHT_S else None
