"""Tempo and key corrected by hand: the listener's words become what is kept, and can be taken back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from segue.errors import ParameterError
from segue.listen.by_hand import Correction
from segue.listen.key import camelot_named
from segue.store.library import Library
from segue.values import TrackId

AS_HEARD = "heard"
TIMES: Mapping[str, float] = {"half": 0.5, "double": 2.0}
"""The words that count a tempo anew from what it is now."""

Before = Mapping[TrackId, Correction | None]
"""What had been set for some tracks before they were changed."""


class Correcting:
    """Corrects the tracks of a library. Safe from several threads."""

    def __init__(self, library: Library, clock: Callable[[], float] = time.time) -> None:
        self._library, self._clock = library, clock

    def change(self, tracks: Sequence[TrackId], *, tempo: str = "", key: str = "") -> Before:
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
        before = {track_id: self._library.corrections.of(self._library.track(track_id).id) for track_id in tracks}
        camelot = None if key.strip() in ("", AS_HEARD) else camelot_named(key)
        after: dict[TrackId, Correction | None] = {}
        for track_id, was in before.items():
            now = self._with_tempo(track_id, was or Correction(), tempo.strip())
            after[track_id] = replace(now, camelot=camelot) if key.strip() else now
        if tempo.strip() in TIMES and all((was or Correction()) == after[track] for track, was in before.items()):
            raise ParameterError("no tempo is known of it", remedy="Give one in BPM")
        self.put_back(after)
        return before

    def put_back(self, corrections: Before) -> None:
        """Let these hold, as they were before a change."""
        self._library.corrections.put(corrections, at_s=self._clock())

    def _with_tempo(self, track_id: TrackId, was: Correction, tempo: str) -> Correction:
        if not tempo:
            return was
        if tempo == AS_HEARD:
            return replace(was, tempo_bpm=None)
        if tempo not in TIMES:
            return replace(was, tempo_bpm=_bpm(tempo))
        rhythm = self._library.rhythm(track_id)
        known = None if rhythm is None else rhythm.tempo_bpm
        return was if known is None else replace(was, tempo_bpm=TIMES[tempo] * known)


def _bpm(text: str) -> float:
    try:
        return round(float(text.replace(",", ".")), 3)
    except ValueError as error:
        remedy = "Write it in BPM, such as 87 or 87.5"
        raise ParameterError(f"'{text[:40]}' is no tempo", remedy=remedy) from error
