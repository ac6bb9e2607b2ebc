"""The mix as one stream of sound: each part alone, then the overlap with the next, sample for sample as planned."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from segue.config import MIX
from segue.errors import DamagedAudioError
from segue.listen.stereo import StereoReader
from segue.play.mix.crossfade import crossfaded, ramp
from segue.play.mix.plan import MixPlan, Placement, to_samples, to_seconds
from segue.play.mix.stretch import MARGIN_SAMPLES, bent
from segue.values import Floats

_PIECE = MIX.sample_rate_hz


def iter_mix(plan: MixPlan, *, begin_samples: int = 0, end_samples: int | None = None) -> Iterator[Floats]:
    """The mix from one sample to another, gains applied and not limited, in blocks ``(2, n)`` float32 of any length.

    The same samples come wherever it begins: parts that are heard then are decoded from their own beginning. No more
    than two files are open at once.

    Raises
    ------
    AudioError, FileAccessError
        When a file cannot be read to where the plan plays it; it is named.
    """
    end = plan.length_samples if end_samples is None else end_samples
    with ExitStack() as opened:
        voices = [_Voice(placement) for placement in plan.placements]
        for voice in voices:
            opened.callback(voice.abandon)
        for step in _steps(plan):
            if step.end_samples <= begin_samples:
                step.skip(voices)
                continue
            at = step.begin_samples
            for block in step.play(voices):
                wanted = block[:, max(0, begin_samples - at) : max(0, end - at)]
                at += block.shape[1]
                if wanted.shape[1]:
                    yield wanted
                if at >= end:
                    return


@dataclass(frozen=True, slots=True)
class _Step:
    """A stretch of the mix in which one part sounds alone, or two together."""

    number: int
    begin_samples: int
    length_samples: int
    join: bool
    plan: MixPlan

    @property
    def end_samples(self) -> int:
        return self.begin_samples + self.length_samples

    def skip(self, voices: list[_Voice]) -> None:
        """Pass over it."""
        voices[self.number].skip(self.length_samples)
        if self.join:
            voices[self.number + 1].skip(self.length_samples)

    def play(self, voices: list[_Voice]) -> Iterator[Floats]:
        """Its sound."""
        if not self.join:
            for at in range(0, self.length_samples, _PIECE):
                yield voices[self.number].read(min(_PIECE, self.length_samples - at))
        elif self.length_samples:
            tail, head = (voice.read(self.length_samples) for voice in voices[self.number : self.number + 2])
            yield crossfaded(tail, head, style=self.plan.joins[self.number].style)


def _steps(plan: MixPlan) -> Iterator[_Step]:
    for number, placed in enumerate(plan.placements):
        alone = placed.length_samples - placed.fade_in_samples - placed.fade_out_samples
        begin = placed.begin_samples + placed.fade_in_samples
        yield _Step(number, begin, alone, join=False, plan=plan)
        if number < len(plan.joins):
            yield _Step(number, begin + alone, placed.fade_out_samples, join=True, plan=plan)


class _Voice:
    """One part as it sounds in the mix: opened when it is first heard, bent, at its gain, its cut edges rounded."""

    def __init__(self, placed: Placement) -> None:
        self._placed = placed
        self._gain = np.float32(10.0 ** (placed.part.gain_db / 20.0))
        self._reader: StereoReader | None = None
        self._bent: Floats = np.zeros((2, 0), np.float32)
        self._ahead: Floats = np.zeros((2, 0), np.float32)
        self._at = 0
        self._read_samples = 0

    def skip(self, count: int) -> None:
        """Pass over so many samples; nothing is decoded until something is wanted."""
        if self._reader is None:
            self._at += count
        else:
            self._next(count)

    def read(self, count: int) -> Floats:
        """The next ``(2, count)`` samples."""
        if self._reader is None:
            self._open()
        return self._next(count)

    def abandon(self) -> None:
        """Close the file whatever is wrong with it."""
        if self._reader is not None:
            self._reader.abandon()

    def _open(self) -> None:
        part, bend = self._placed.part, self._placed.bend
        self._reader = StereoReader(part.path, rate_hz=MIX.sample_rate_hz, begin_samples=to_samples(part.begin_s))
        passed, self._at = self._at, 0
        if bend is not None:
            held = self._source(min(bend.part_samples + MARGIN_SAMPLES, part.length_samples))
            self._bent = bent(held, bend)
            self._ahead = held[:, bend.part_samples :].copy()  # not all of what was held
        for at in range(0, passed, _PIECE):
            self._next(min(_PIECE, passed - at))

    def _next(self, count: int) -> Floats:
        """The next samples as they sound."""
        bent_now = self._bent[:, self._at : self._at + count]
        ahead, self._ahead = np.split(self._ahead, [max(0, count - bent_now.shape[1])], axis=1)
        source = self._source(count - bent_now.shape[1] - ahead.shape[1])
        sound: Floats = np.concatenate([bent_now, ahead, source], axis=1) * self._gain
        self._round_edges(sound)
        self._at += count
        if self._at == self._placed.length_samples:
            self._close()
        return sound

    def _close(self) -> None:
        """Close the file at the part's end; raises if too much of what was read of it was damaged."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
            self._ahead = self._bent = np.zeros((2, 0), np.float32)

    def _source(self, count: int) -> Floats:
        """The next samples of the file; a little that it lacks at its end is silence."""
        assert self._reader is not None
        found = self._reader.read(count)
        self._read_samples += found.shape[1]
        missing = count - found.shape[1]
        if missing == 0:
            return found
        part = self._placed.part
        at_s = part.begin_s + to_seconds(self._read_samples)
        if part.end_s - at_s > MIX.short_s:
            raise DamagedAudioError(
                f"it ends after {at_s:.1f} s, and the mix plays it to {part.end_s:.1f} s",
                remedy="Plan the mix anew, or replace the file with a whole copy",
                path=part.path,
            )
        return np.pad(found, ((0, 0), (0, missing)))

    def _round_edges(self, sound: Floats) -> None:
        """Fade within milliseconds, in place, where the part begins or ends at once and nothing runs on there."""
        placed = self._placed
        edge = min(to_samples(MIX.edge_s), placed.length_samples // 2)
        if not placed.fade_in_samples and not placed.runs_in and self._at < edge:
            rising = ramp(edge)[self._at : self._at + sound.shape[1]]
            sound[:, : len(rising)] *= rising
        to_end = placed.length_samples - self._at
        if not placed.fade_out_samples and not placed.runs_out and to_end - sound.shape[1] < edge:
            falling = ramp(edge)[::-1]
            places = np.arange(sound.shape[1]) - (to_end - edge)
            near = places >= 0
            sound[:, near] *= falling[places[near]]
