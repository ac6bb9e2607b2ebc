"""Tempo and key corrected by hand: the listener's words become what is kept, and can be taken back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from segue.errors import ParameterError, one_line
from segue.listen.by_hand import Correction
from segue.listen.key import camelot_named
from segue.store.corrections import Corrected
from segue.store.library import Library
from segue.values import Rhythm, Track, TrackId
from segue.words import later, say

AS_HEARD = "heard"
TIMES: Mapping[str, float] = {"half": 0.5, "double": 2.0}
"""The words that count a tempo anew from what it is now."""


class Correcting:
    """Corrects the tracks of a library. Safe from several threads."""

    def __init__(self, library: Library, clock: Callable[[], float] = time.time) -> None:
        self._library, self._clock = library, clock

    def change(self, tracks: Sequence[TrackId], *, tempo: str = "", key: str = "") -> Corrected:
        """Set what is said for these tracks, and return what was set before.

        ``tempo`` is BPM in digits, "half" or "double" of what it is now, or "heard", which takes back what was set;
        ``key`` is a key's name, its Camelot code, or "heard". An empty word leaves things as they are, and so does half
        or double where no tempo is known.

        Raises
        ------
        ParameterError
            If a word is none of these, a tempo is out of bounds, or no tempo is known of any of the tracks.
        UnknownTrackError
            If the library does not hold one of them.
        LibraryError
            If it does not take them.
        """
        tempo, key = tempo.strip(), key.strip()
        held = {track_id: self._library.track(track_id) for track_id in tracks}
        heard = {track_id: self._library.heard_rhythm(track_id) for track_id in tracks if tempo in TIMES}
        camelot = None if key in ("", AS_HEARD) else camelot_named(key)

        def anew(before: Corrected) -> Corrected:
            after: dict[TrackId, Correction | None] = {}
            for track_id, was in before.items():
                now = _with_tempo(was or Correction(), tempo, held[track_id], heard.get(track_id))
                after[track_id] = replace(now, camelot=camelot) if key else now
            if tempo in TIMES and all((was or Correction()) == after[track] for track, was in before.items()):
                raise ParameterError(later("no tempo is known of it"), remedy=later("Give one in BPM"))
            return after

        return self._library.corrections.change(tracks, anew, at_s=self._clock())

    def put_back(self, corrections: Corrected) -> None:
        """Let these hold, as they were before a change, for the tracks that the library still holds."""
        held = self._library.tracks_of(list(corrections))
        self._library.corrections.put({track.id: corrections[track.id] for track in held}, at_s=self._clock())


def _with_tempo(was: Correction, tempo: str, track: Track, heard: Rhythm | None) -> Correction:
    """A track's correction with the tempo that a word says; the rhythm is what was measured."""
    if not tempo:
        return was
    if tempo == AS_HEARD:
        return replace(was, tempo_bpm=None)
    if tempo not in TIMES:
        return replace(was, tempo_bpm=_bpm(tempo))
    now = was.tempo_bpm if was.tempo_bpm or heard is None else heard.tempo_bpm
    if now is None:
        return was
    try:
        return replace(was, tempo_bpm=TIMES[tempo] * now)
    except ParameterError as error:  # which one of many it is
        what = say("{what} for “{title}”", what=say(error.what), title=one_line(track.info.title))
        raise ParameterError(what, remedy=say("{remedy}, or leave it out", remedy=say(error.remedy))) from error


def _bpm(text: str) -> float:
    try:
        return round(float(text.replace(",", ".")), 3)
    except ValueError as error:
        remedy = later("Write it in BPM, such as 87 or 87.5")
        raise ParameterError(say("'{text}' is no tempo", text=text[:40]), remedy=remedy) from error
