"""Facts of tracks that nobody has recorded: beats, cues and levels as a test wants them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from segue.listen.cues import Course
from segue.listen.grids import BeatGrid
from segue.listen.tags import AlbumPlace
from segue.play.mix.facts import TrackFacts
from segue.values import Rhythm, TrackId, TrackInfo


def rhythm(
    *,
    bpm: float | None = 124.0,
    sure: float = 0.8,
    beats_s: np.ndarray | None = None,
    camelot: str | None = "8A",
    lufs: float | None = -10.0,
    peak_dbtp: float | None = -0.5,
    silence_s: tuple[float, float] = (0.0, 0.0),
    intro_s: float | None = None,
    outro_s: float | None = None,
) -> Rhythm:
    return Rhythm(
        tempo_bpm=bpm,
        tempo_confidence=sure if bpm else 0.0,
        tempo_alternatives=(),
        beats_s=np.zeros(0, np.float32) if beats_s is None else beats_s,
        key=None,
        camelot=camelot,
        key_confidence=0.9 if camelot else 0.0,
        loudness_lufs=lufs,
        true_peak_dbtp=peak_dbtp,
        leading_silence_s=silence_s[0],
        trailing_silence_s=silence_s[1],
        intro_end_s=intro_s,
        intro_confidence=0.8 if intro_s else 0.0,
        outro_start_s=outro_s,
        outro_confidence=0.8 if outro_s else 0.0,
    )


def grid(bpm: float, *, length_s: float, first_s: float = 0.0, lead: float = 2.0, off_s: float = 0.0) -> BeatGrid:
    """Beats of a steady tempo, all of them played; the first begins a bar. The sound is ``off_s`` off by turns."""
    beats = np.arange(first_s, length_s, 60.0 / bpm).astype(np.float32)
    stray = np.where(np.arange(len(beats)) % 2 == 0, off_s, -off_s).astype(np.float32)
    return BeatGrid(beats, stray, np.ones(len(beats), np.float32), 0, lead)


def facts(
    title: str = "A",
    *,
    length_s: float = 240.0,
    heard: Rhythm | None = None,
    beats: BeatGrid | None = None,
    course: Course | None = None,
    album: str = "",
    number: int = 0,
) -> TrackFacts:
    return TrackFacts(
        path=Path(f"/music/{title}.flac"),
        track_id=TrackId(f"{abs(hash(title)) % 16**16:016x}"),
        info=TrackInfo(title, "Somebody", album, duration_s=length_s),
        duration_s=length_s,
        rhythm=heard or rhythm(),
        grid=beats,
        course=course or Course(0.0, length_s, 0.0, -60.0),
        place=AlbumPlace(1, number) if number else None,
    )


def dance_track(
    title: str,
    bpm: float,
    *,
    bars: int = 128,
    intro_bars: int | None = 16,
    outro_bars: int | None = 16,
    **known: object,
) -> TrackFacts:
    """A track of whole bars from its first sample to its last."""
    bar_s = 240.0 / bpm
    length_s = bars * bar_s
    beats = grid(bpm, length_s=length_s)
    heard = rhythm(
        bpm=bpm,
        beats_s=beats.beats_s,
        intro_s=None if intro_bars is None else intro_bars * bar_s,
        outro_s=None if outro_bars is None else length_s - outro_bars * bar_s,
        **known,  # type: ignore[arg-type]
    )
    return facts(title, length_s=length_s, heard=heard, beats=beats)
