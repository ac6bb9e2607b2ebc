"""What the listener knows better than was measured: a tempo, a key, and what of the beats holds at that tempo."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from segue.errors import ParameterError
from segue.listen.key import key_of_camelot
from segue.values import Floats, Rhythm
from segue.words import say

SLOWEST_BPM, FASTEST_BPM = 20.0, 400.0  # what anybody would count; hearing itself tells 40 to 235
_SAME = 0.02  # tempi that differ by no more than this share are the same beat
_MOST_TIMES = 4


@dataclass(frozen=True, slots=True)
class Correction:
    """Tempo in BPM and key as a Camelot code such as "8A", each None where what was measured holds.

    Raises ParameterError for a tempo that is out of bounds, and for what is no Camelot code.
    """

    tempo_bpm: float | None = None
    camelot: str | None = None

    def __post_init__(self) -> None:
        if self.tempo_bpm is not None and not SLOWEST_BPM <= self.tempo_bpm <= FASTEST_BPM:
            remedy = say(
                "Give {slowest_bpm} to {fastest_bpm}", slowest_bpm=f"{SLOWEST_BPM:g}", fastest_bpm=f"{FASTEST_BPM:g}"
            )
            raise ParameterError(say("a tempo of {tempo_bpm} BPM", tempo_bpm=f"{self.tempo_bpm:g}"), remedy=remedy)
        if self.camelot is not None:
            key_of_camelot(self.camelot)

    def __bool__(self) -> bool:
        return self.tempo_bpm is not None or self.camelot is not None


def corrected(heard: Rhythm, correction: Correction) -> Rhythm:
    """What was heard of a track, with the listener's word in the place of what it is about, and wholly sure."""
    bpm, camelot = correction.tempo_bpm, correction.camelot
    if bpm is not None:
        heard = replace(
            heard,
            tempo_bpm=bpm,
            tempo_confidence=1.0,
            tempo_alternatives=(),
            beats_s=beats_at(heard, bpm),
            by_hand=(*heard.by_hand, "tempo"),
        )
    if camelot is not None:
        name, by_hand = key_of_camelot(camelot), (*heard.by_hand, "key")
        heard = replace(heard, key=name, camelot=camelot, key_confidence=1.0, by_hand=by_hand)
    return heard


def beats_at(heard: Rhythm, bpm: float) -> Floats:
    """The beats of a track, counted at another tempo.

    Parameters
    ----------
    heard : Rhythm
        What was measured.
    bpm : float
        The tempo that the beats are to have.

    Returns
    -------
    (k,) float32
        Times in seconds, rising. At 2, 3 or 4 times the measured tempo each beat is parted evenly; at a half, a third
        or a quarter every second, third or fourth beat stays, in step with the bar line that a cue point lies on. Empty
        at any other tempo, for then nobody knows where the beats fall.
    """
    beats = heard.beats_s
    if heard.tempo_bpm is None or not len(beats):
        return beats[:0]
    ratio = bpm / heard.tempo_bpm
    for times in range(1, _MOST_TIMES + 1):
        if abs(ratio / times - 1.0) <= _SAME:
            places = np.arange((len(beats) - 1) * times + 1) / times
            return np.interp(places, np.arange(len(beats)), beats).astype(np.float32)
        if abs(ratio * times - 1.0) <= _SAME:
            return beats[_on_bar(heard) % times :: times]
    return beats[:0]


def _on_bar(heard: Rhythm) -> int:
    """The number of a beat that begins a bar, as cue points do; 0 where there are none."""
    cue_s = heard.intro_end_s if heard.intro_end_s is not None else heard.outro_start_s
    return 0 if cue_s is None else int(np.abs(heard.beats_s - cue_s).argmin())
