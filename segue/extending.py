"""A mix's tracks made more, fewer, or put in another order: led through the library, cut to a length, reordered."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from segue.choose.itinerary import Itinerary
from segue.choose.journey_stops import StopKind
from segue.choose.playlist import ContinueSpec, OutsideSeed
from segue.choose.reorder import ReorderSpec
from segue.choosing import Choosing
from segue.config import MIX
from segue.errors import ParameterError, SegueError, UnknownTrackError
from segue.gathering import Gatherer, MixProgress, OnMixProgress, Seeder
from segue.play.mix.facts import TrackFacts
from segue.play.mix.planning import MixSettings, plan_mix
from segue.values import TrackId
from segue.words import later, say

_ROUNDS = 4  # of coming nearer to a length


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a mix goes beyond its list.

    Between each two tracks come ``between`` others that lead from one to the next. ``minutes`` is about how long the
    mix is to be: a longer list loses its last tracks, a shorter one is led through more of the library; ``between``,
    where it is not 0, is then the most that come between two. ``reorder`` puts the list in the order in which it flows
    best; its first track stays first.
    """

    between: int = 0
    minutes: float | None = None
    reorder: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.between <= MIX.most_between:
            raise ParameterError(
                say("{between} tracks between two", between=self.between),
                remedy=say("Choose 0 to {most_between}", most_between=MIX.most_between),
            )
        if self.minutes is not None and not 1.0 <= self.minutes <= 24.0 * 60.0:
            raise ParameterError(
                say("a mix of {minutes} minutes", minutes=f"{self.minutes:g}"), remedy=later("Choose 1 minute to a day")
            )


@dataclass(frozen=True, slots=True)
class Arranged:
    """The tracks of a mix as they will play, and what is to be said of how they came to be these."""

    tracks: tuple[TrackFacts, ...]
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Extender:
    """Carries out an `Extent`, for one mix."""

    gatherer: Gatherer
    choosing: Choosing
    seed: Seeder
    settings: MixSettings
    on_progress: OnMixProgress
    cancel: threading.Event

    def arrange(self, tracks: Sequence[TrackFacts], extent: Extent) -> Arranged:
        """The tracks in order, with what comes between them.

        Raises
        ------
        EmptyLibraryError, UnknownTrackError, ModelError, AudioError
            If the library cannot be asked.
        MixCancelledError
            If it was called off.
        """
        arranged = Arranged(tuple(tracks))
        if extent.reorder and len(tracks) > 2:
            arranged = self._reordered(arranged)
        if extent.minutes is not None:
            return self._of_length(arranged, extent, 60.0 * extent.minutes)
        if extent.between and len(tracks) > 1:
            arranged = self._distinct(arranged)
            return self._led(arranged, (extent.between,) * (len(arranged.tracks) - 1))
        return arranged

    # ------------------------------------------------------------------------------------------------------------------

    def _reordered(self, arranged: Arranged) -> Arranged:
        found = self.choosing.reorder(self._songs(arranged.tracks), ReorderSpec(keep_first=True))
        tracks = tuple(arranged.tracks[song.was] for song in found.songs)
        moved = sum(song.was != place for place, song in enumerate(found.songs))
        return Arranged(tracks, (*arranged.notes, f"Reordered: {moved} of {len(tracks)} tracks have another place"))

    def _of_length(self, arranged: Arranged, extent: Extent, wanted_s: float) -> Arranged:
        """Cut or extended to about a length."""
        if self._length_s(arranged.tracks) > wanted_s:
            return self._cut(arranged, wanted_s)
        arranged = self._distinct(arranged)
        gaps = len(arranged.tracks) - 1
        most = gaps * (extent.between or MIX.most_between) if gaps else MIX.most_between
        best, more = arranged, self._missing(arranged.tracks, wanted_s)
        for _ in range(_ROUNDS):
            more = max(0, min(more, most))
            tried = self._led(arranged, _shared(more, gaps)) if gaps else self._gone_on(arranged, more)
            if abs(self._length_s(tried.tracks) - wanted_s) < abs(self._length_s(best.tracks) - wanted_s):
                best = tried
            change = self._missing(tried.tracks, wanted_s)
            if change == 0 or len(tried.tracks) - len(arranged.tracks) < more:
                break
            more += change
        lacking_s = wanted_s - self._length_s(best.tracks)
        if lacking_s > _mean_s(best.tracks):
            note = (
                f"It stays {lacking_s / 60.0:.0f} minutes shorter than was asked for: no more tracks may come between"
            )
            best = replace(best, notes=(*best.notes, note))
        return best

    def _cut(self, arranged: Arranged, wanted_s: float) -> Arranged:
        """The first tracks, as many as come nearest to a length."""
        ends = range(1, len(arranged.tracks) + 1)
        lengths = [abs(self._length_s(arranged.tracks[:end]) - wanted_s) for end in ends]
        end = ends[int(np.argmin(lengths))]
        left_out = len(arranged.tracks) - end
        notes = (f"Left out, as it would be longer: the last {left_out} of the list",) if left_out else ()
        return Arranged(arranged.tracks[:end], (*arranged.notes, *notes))

    def _missing(self, tracks: Sequence[TrackFacts], wanted_s: float) -> int:
        """How many tracks of about this length are missing, or too many where it is below 0."""
        return round((wanted_s - self._length_s(tracks)) / _mean_s(tracks))

    def _length_s(self, tracks: Sequence[TrackFacts]) -> float:
        return plan_mix(tracks, self.settings).length_s

    def _distinct(self, arranged: Arranged) -> Arranged:
        """Each recording once: a journey comes by nowhere twice."""
        tracks = tuple({facts.track_id: facts for facts in arranged.tracks}.values())
        lost = len(arranged.tracks) - len(tracks)
        notes = (f"Each recording comes once, though the list names {lost} again",) if lost else ()
        return Arranged(tracks, (*arranged.notes, *notes))

    def _led(self, arranged: Arranged, between: tuple[int, ...]) -> Arranged:
        """The tracks with others between that lead from each to the next."""
        if not any(between):
            return arranged
        journey = self.choosing.journey(
            self._songs(arranged.tracks), Itinerary(between=between, wishes=self.choosing.rules.wishes())
        )
        own = iter(arranged.tracks)
        stops = [next(own) if s.kind is StopKind.WAYPOINT else (s.track_id, s.why) for s in journey.stops]
        notes = (*arranged.notes, *((journey.ended,) if journey.ended else ()))
        return self._measured(stops, notes)

    def _gone_on(self, arranged: Arranged, count: int) -> Arranged:
        """One track, and others that follow it."""
        spec = ContinueSpec(count=count, wishes=self.choosing.rules.wishes())
        found = self.choosing.continue_queue(self._songs(arranged.tracks), spec, rng=np.random.default_rng(0))
        stops: list[TrackFacts | tuple[TrackId | None, str]]
        stops = [*arranged.tracks, *((pick.track_id, pick.why) for pick in found.picks)]
        notes = (*arranged.notes, *((found.ended,) if found.ended else ()))
        return self._measured(stops, notes)

    def _measured(self, stops: Sequence[TrackFacts | tuple[TrackId | None, str]], notes: tuple[str, ...]) -> Arranged:
        """The stops with all that is known of them; chosen ones that cannot be mixed are left out, and said."""
        places: dict[TrackId, Path | SegueError] = {}
        for stop in stops:
            if not isinstance(stop, TrackFacts) and stop[0] is not None:
                places[stop[0]] = self._place(stop[0])
        paths = [place for place in places.values() if isinstance(place, Path)]
        known = self.gatherer.measure(paths, on_progress=self.on_progress, cancel=self.cancel)
        tracks: list[TrackFacts] = []
        for stop in stops:
            if isinstance(stop, TrackFacts):
                tracks.append(stop)
                continue
            place = places[stop[0]] if stop[0] is not None else None
            found = known[place] if isinstance(place, Path) else place
            if isinstance(found, TrackFacts):
                tracks.append(replace(found, why=stop[1]))
            elif found is not None:
                notes = (*notes, f"Passed over: {found}")
        return Arranged(tuple(tracks), notes)

    def _place(self, track_id: TrackId) -> Path | SegueError:
        try:
            return self.gatherer.path_of(self.gatherer.library.track(track_id))
        except SegueError as error:
            return error

    def _songs(self, tracks: Sequence[TrackFacts]) -> list[TrackId | OutsideSeed]:
        """The tracks as the choice knows them; those that the library does not hold are heard for that."""
        index = self.choosing.catalogue().index
        outside = [facts for facts in tracks if facts.track_id not in index]
        songs: dict[TrackId, TrackId | OutsideSeed] = {}
        for done, facts in enumerate(outside):
            self.on_progress(MixProgress("hearing", done, len(outside), None, facts.path))
            found = self.seed(facts.path)
            if not isinstance(found, OutsideSeed) and found.id not in index:
                what = later("the library holds it, and the ear in use has not heard it yet")
                raise UnknownTrackError(
                    what, remedy=later("Let the scan of its folder come to its end"), path=facts.path
                )
            songs[facts.track_id] = found if isinstance(found, OutsideSeed) else found.id
        return [songs.get(facts.track_id, facts.track_id) for facts in tracks]


def _mean_s(tracks: Sequence[TrackFacts]) -> float:
    return max(1.0, sum(facts.sound_s for facts in tracks) / len(tracks))


def _shared(count: int, gaps: int) -> tuple[int, ...]:
    """So many tracks over the gaps, as evenly as can be."""
    return tuple((count * (gap + 1)) // gaps - (count * gap) // gaps for gap in range(gaps))
