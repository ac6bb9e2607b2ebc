"""What a mix must know of each of its tracks, found in one decode and without a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from segue.config import MIX, SPECCY_MEL
from segue.errors import SilentError, TooShortError
from segue.files import track_id_of
from segue.listen.audio import iter_samples
from segue.listen.by_hand import Correction, corrected
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
    """Finds facts in a worker process; ``by_hand`` is what the listener set for some of the files."""

    by_hand: Mapping[Path, Correction] = field(default_factory=dict)

    def __call__(self) -> Callable[[Path], TrackFacts]:
        """Give the function that does it."""
        return lambda path: facts_of(path, self.by_hand.get(path))


def facts_of(path: Path, by_hand: Correction | None = None) -> TrackFacts:
    """Decode a file and find what a mix must know of it, with the listener's word in the place of what it is about.

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
    heard = meter.result()
    _check(path, clock.seconds, heard)
    rhythm = heard if by_hand is None else corrected(heard, by_hand)
    return TrackFacts(
        path,
        track_id_of(path),
        read_tags(path, duration_s=clock.seconds),
        clock.seconds,
        rhythm,
        _grid(meter, heard, rhythm),
        meter.course(),
        read_place(path),
    )


def _grid(meter: RhythmMeter, heard: Rhythm, rhythm: Rhythm) -> BeatGrid | None:
    """What the sound says of the beats; of fewer than were heard, each is one of those and as surely a beat as they."""
    grid = meter.grid(rhythm)
    if grid is None or len(rhythm.beats_s) >= len(heard.beats_s):
        return grid
    measured = meter.grid(heard)
    return grid if measured is None else replace(grid, lead=measured.lead)


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
