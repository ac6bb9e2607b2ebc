"""What limiting takes off a track's loudness, and the gain that gives it back.

A track of sharp peaks that is brought to the target is limited for many decibels, and is then not as loud as it was to
be. How much it lacks is measured on its own sound before the mix is rendered: as it would be, and as it would come out
of the limiter at several gains.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from segue.listen.loudness import LevelMeter, integrated_lufs
from segue.listen.stereo import StereoReader
from segue.play.mix.limiter import BLOCK_SAMPLES, Limiter
from segue.play.mix.plan import MixPlan, Part, to_samples
from segue.values import Floats

_HARMLESS_DB = 0.5  # peaks above the ceiling by less take hardly a tenth of a unit off; by 2, drums lose 0.9
_UNHEARD_LU = 0.1
_TRIED_DB = (0.0, 1.5, 3.0, 6.0)
_HEARD_S, _OF_S = 4, 10  # so many seconds of each ten tell enough of a difference


def levelled(plan: MixPlan, *, ceiling_dbtp: float, on_share: Callable[[float], None]) -> MixPlan:
    """The plan with more gain where limiting takes loudness away; ``on_share`` is told what share of the parts is done.

    Raises
    ------
    AudioError, FileAccessError
        If a file cannot be read.
    """
    lacking: dict[Part, float] = {}
    for number, part in enumerate(plan.parts, start=1):
        if part not in lacking:
            lacking[part] = lacking_db(part, ceiling_dbtp=ceiling_dbtp) if _is_hot(part, ceiling_dbtp) else 0.0
        on_share(number / len(plan.parts))
    parts: list[Part] = []
    for run in _runs(plan):  # no step in level where the sound runs on
        more_db = sum(lacking[part] for part in run) / len(run)
        parts += [replace(part, gain_db=part.gain_db + more_db) for part in run]
    return replace(plan, parts=tuple(parts))


def _runs(plan: MixPlan) -> list[list[Part]]:
    """The parts, those together that follow each other without a gap."""
    runs = [[plan.parts[0]]]
    for join, part in zip(plan.joins, plan.parts[1:], strict=True):
        if join.gapless:
            runs[-1].append(part)
        else:
            runs.append([part])
    return runs


def lacking_db(part: Part, *, ceiling_dbtp: float) -> float:
    """By how many dB the gain must rise for the limited part to be as loud as the part is unlimited."""
    gain = 10.0 ** (part.gain_db / 20.0)
    gains = [np.float32(gain * 10.0 ** (tried_db / 20.0)) for tried_db in _TRIED_DB]
    limiters = [Limiter(ceiling_dbtp) for _ in gains]
    plain, *limited = [LevelMeter(BLOCK_SAMPLES, 2, on_spectra=_unpitched) for _ in range(len(gains) + 1)]
    begin = to_samples(part.begin_s)
    before = np.zeros((2, BLOCK_SAMPLES), np.float32)  # a limiter gives each block when it has the next one
    with StereoReader(part.path, rate_hz=BLOCK_SAMPLES, begin_samples=begin) as reader:
        for number in range(part.length_samples // BLOCK_SAMPLES):
            block = reader.read(BLOCK_SAMPLES)
            if block.shape[1] < BLOCK_SAMPLES:
                break
            if number % _OF_S < _HEARD_S:
                plain.take(before * gains[0])
                before = block
                for meter, limiter, louder in zip(limited, limiters, gains, strict=True):
                    meter.take(limiter.take(block * louder))
    wanted, *found = [integrated_lufs(meter.finish().weighted) for meter in (plain, *limited)]
    if wanted is None or found[0] is None or wanted - found[0] < _UNHEARD_LU:
        return 0.0
    return float(np.interp(wanted, np.array(found, np.float64), _TRIED_DB))


def _is_hot(part: Part, ceiling_dbtp: float) -> bool:
    """Whether the limiter may take so much that it is heard; unknown peaks may."""
    return part.true_peak_dbtp is None or part.true_peak_dbtp + part.gain_db > ceiling_dbtp + _HARMLESS_DB


def _unpitched(_: Floats, __: float) -> None:
    """Pitches are of no interest here."""
