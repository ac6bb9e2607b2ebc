"""How far a beat grid is borne out by the sound, beat by beat: what a mix must know before it lays beat on beat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segue.listen.beats import LOW_SHARE, Fine, lead_over_off_beats, sharpened
from segue.listen.cues import bar_lines
from segue.listen.tempo import FRAME_S, Bands, Onsets
from segue.values import Floats

BEATS_A_BAR = 4


@dataclass(frozen=True, slots=True, eq=False)
class BeatGrid:
    """A track's beats, and what the sound says of each.

    ``beats_s`` ``(k,)`` float32 rises; ``stray_s`` ``(k,)`` float32 is by how much the onsets around a beat come later
    than the grid says (sooner where negative, within 45 ms); ``strength`` ``(k,)`` float32 is how strongly something
    begins there, about 1 where it matters and near 0 where nothing does. Beat ``first_bar`` is the first that begins a
    bar of four. ``lead`` says how much more like beats they all are than the middles between them; around 0, the beat
    may be there as well.
    """

    beats_s: Floats
    stray_s: Floats
    strength: Floats
    first_bar: int
    lead: float


def grid_of(beats_s: Floats, found: Onsets, *, fine: Fine, bands: Bands) -> BeatGrid | None:
    """Ask the sound of a track what it says to its beats.

    Parameters
    ----------
    beats_s : (k,) float32
        The beats; a grid goes on through breaks in which nobody plays them.
    found, fine, bands :
        What the beats were found in; see `segue.listen.beats.track_beats`.

    Returns
    -------
    BeatGrid or None
        None where there are fewer than two bars of beats.
    """
    if len(beats_s) < 2 * BEATS_A_BAR:
        return None
    times = beats_s.astype(np.float64)
    curve = (found.full + LOW_SHARE * found.low) / (1.0 + LOW_SHARE)
    frames = np.round(times / FRAME_S).astype(np.intp)
    strength = np.maximum.reduce([curve[np.clip(frames + d, 0, len(curve) - 1)] for d in (-1, 0, 1)])
    stray = sharpened(times, fine) - times
    bars = bar_lines(beats_s, bands, beats_a_bar=BEATS_A_BAR)
    first = int(np.abs(times - bars[0]).argmin()) if len(bars) else 0
    return BeatGrid(
        beats_s, stray.astype(np.float32), strength.astype(np.float32), first, lead_over_off_beats(found, times)
    )
