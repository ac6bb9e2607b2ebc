"""What a mix must know of each of its tracks, found in one decode and without a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from segue.config import MIX, SPECCY_MEL
from segue.errors import SilentError, TooShortError
from segue.files import track_id_of
from segue.listen.audio import iter_samples
from segue.listen.cues import Course
from segue.listen.grids import BeatGrid
from segue.listen.mel import iter_power
from segue.listen.rhythm import RhythmMeter
from segue.listen.tags import AlbumPlace, read_place, read_tags
from segue.play.fades import Span, sounding
from segue.values import Floats, Rhythm, TrackId, TrackInfo


@dataclass(frozen=True, slots=True, eq=False)
class TrackFacts:
    """A track that may be mixed.

    ``duration_s`` is the length that decodes. The grid is None where there are hardly any beats. ``why`` is what the
    track was chosen for, "" where it was asked for.
    """

    path: Path
    track_id: TrackId
    info: TrackInfo
    duration_s: float
    rhythm: Rhythm
    grid: BeatGrid | None
    course: Course
    place: AlbumPlace | None
    why: str = ""

    @property
    def span(self) -> Span:
        """What of it sounds."""
        return sounding(self.rhythm, self.duration_s)

    @property
    def sound_begins_s(self) -> float:
        """Where the silence at its beginning ends."""
        return self.span.begin_s

    @property
    def sound_ends_s(self) -> float:
        """Where the silence at its end begins."""
        return self.span.end_s

    @property
    def sound_s(self) -> float:
        """How long it sounds."""
        return self.span.length_s


@dataclass(frozen=True, slots=True)
class FactFinder:
    """Finds facts in a worker process."""

    def __call__(self) -> Callable[[Path], TrackFacts]:
        """Give the function that does it."""
        return facts_of


def facts_of(path: Path) -> TrackFacts:
    """Decode a file and find what a mix must know of it.

    Raises
    ------
    FileAccessError, AudioError
        See `segue.listen.audio.iter_samples`; also TooShortError and SilentError for what is no track.
    """
    meter, clock = RhythmMeter(), _Clock()

    def take(planes: Floats, rate_hz: int) -> None:
        clock.seconds += planes.shape[1] / rate_hz
        meter.take_native(planes, rate_hz)

    for power in iter_power(iter_samples(path, on_native=take), SPECCY_MEL):
        meter.take_power(power)
    rhythm = meter.result()
    _check(path, clock.seconds, rhythm)
    return TrackFacts(
        path,
        track_id_of(path),
        read_tags(path, duration_s=clock.seconds),
        clock.seconds,
        rhythm,
        meter.grid(rhythm),
        meter.course(),
        read_place(path),
    )


def _check(path: Path, duration_s: float, rhythm: Rhythm) -> None:
    """Refuse what is too short or too silent to be a track."""
    sounding_s = duration_s - rhythm.leading_silence_s - rhythm.trailing_silence_s
    if sounding_s <= 0.0:
        raise SilentError("it is silent from beginning to end", remedy="Leave it out, or export it anew", path=path)
    if sounding_s < MIX.shortest_track_s:
        raise TooShortError(
            f"only {sounding_s:.1f} s of it sound; {MIX.shortest_track_s:g} s are the least that can be mixed",
            remedy="Leave it out",
            path=path,
        )


@dataclass(slots=True)
class _Clock:
    seconds: float = 0.0
