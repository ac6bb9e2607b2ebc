"""How good a library's playlists are: made by the hundred, as the booth makes them, and measured."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from segue.choose.catalogue import Catalogue
from segue.choose.continuity import Coverage, Kinds, Steps, artist_spread, coverage, drift, kinds, plays, rising, steps
from segue.choose.hubness import handicaps_of, occurrences
from segue.choose.itinerary import Itinerary
from segue.choose.journey import journey
from segue.choose.names import artist_key
from segue.choose.playlist import ContinueSpec, continue_from
from segue.choose.retrieval import skewness
from segue.config import EVALUATION
from segue.embed.encoder import Ear
from segue.errors import ParameterError
from segue.evaluation import Question, heard_tracks, labelling_of
from segue.store.library import Library
from segue.values import TrackId

_PLACES = (10, 50, 100)  # songs after the first at which drift is told

OnPlaylist = Callable[[int, int], None]
"""Told how many playlists are made, and of how many."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Which playlists to make: how to go on, how many, and for which weights of the hubs (see ``ChoiceSpec``)."""

    spec: ContinueSpec = field(default_factory=ContinueSpec)
    hub_weights: tuple[float, ...] = (0.0, 0.5)
    playlists: int = EVALUATION.playlists


@dataclass(frozen=True, slots=True)
class PlaylistRow:
    """How playlists do at one weight of the hubs; ``kinds`` is None without labels, ``artists`` without artists.

    ``drift`` is the cosine to the first song so many songs later, ``hubness`` the skewness of how often a track is
    among the ten that are chosen first after another.
    """

    hub_weight: float
    steps: Steps | None
    kinds: Kinds | None
    artists: float | None
    coverage: Coverage
    hubness: float
    drift: dict[int, float]


@dataclass(frozen=True, slots=True)
class JourneyRow:
    """How journeys between two tracks do: the share of their steps that lead on towards the end, and all steps."""

    rising: float | None
    steps: Steps | None


@dataclass(frozen=True, slots=True)
class PlaylistReport:
    """What was measured: on how many tracks and lists, by which labels, one row for each weight, and journeys."""

    ear: str
    tracks: int
    playlists: int
    labelled_by: str | None
    rows: tuple[PlaylistRow, ...]
    journeys: JourneyRow
    seconds: float = field(default=0.0, compare=False)

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        return {**_rounded(asdict(self)), "seconds": round(self.seconds, 2)}


def evaluate_playlists(
    library: Library,
    ear: Ear,
    catalogue: Catalogue,
    *,
    question: Question,
    trial: Trial,
    on_progress: OnPlaylist | None = None,
) -> PlaylistReport:
    """Make playlists from tracks drawn at random, the same for each weight of the hubs, and measure them.

    Labels are wanted, not needed: without any, what goes by them is left out. Raises ParameterError where a table or
    a tag that was asked for gives none.
    """
    began, tell = time.monotonic(), on_progress or (lambda _done, _total: None)
    labels, source = _labels(library, ear, question)
    count = trial.playlists + EVALUATION.long_playlists
    firsts = np.random.default_rng(0).integers(len(catalogue.index), size=count).tolist()
    rows = []
    for at, weight in enumerate(trial.hub_weights):
        rng, made = np.random.default_rng(1), list[list[TrackId]]()
        for number, first in enumerate(firsts):
            songs = EVALUATION.playlist_tracks if number < trial.playlists else EVALUATION.long_tracks
            weighted = replace(trial.spec, hub_weight=weight, count=songs)
            made.append(_playlist(catalogue, catalogue.index.ids[first], weighted, rng=rng))
            tell(at * count + number + 1, len(trial.hub_weights) * count)
        rows.append(_row(catalogue, weight, labels, short=made[: trial.playlists], long=made[trial.playlists :]))
    journeys = _journeys(catalogue)
    seconds = time.monotonic() - began
    return PlaylistReport(ear.name, len(catalogue.index), trial.playlists, source, tuple(rows), journeys, seconds)


def _row(
    catalogue: Catalogue,
    weight: float,
    labels: dict[TrackId, str],
    *,
    short: list[list[TrackId]],
    long: list[list[TrackId]],
) -> PlaylistRow:
    """The figures of the lists that were made at one weight."""
    artists = {track_id: artist_key(info) for track_id, info in catalogue.infos.items()}
    handicaps = handicaps_of(catalogue, weight)
    hubs = occurrences(catalogue.index.vectors, handicaps, neighbours=EVALUATION.hub_neighbours)
    return PlaylistRow(
        weight,
        steps(catalogue.index, short),
        kinds(labels, short),
        artist_spread(artists, short),
        coverage(plays(catalogue.index, short)),
        skewness(hubs.astype(np.float64)),
        drift(catalogue.index, long, _PLACES),
    )


def _journeys(catalogue: Catalogue) -> JourneyRow:
    """Journeys between tracks drawn at random, measured."""
    index, rng, made = catalogue.index, np.random.default_rng(2), list[list[TrackId]]()
    for _ in range(EVALUATION.journeys if len(index) > 1 else 0):
        ends = [index.ids[row] for row in rng.choice(len(index), 2, replace=False).tolist()]
        found = journey(catalogue, ends, Itinerary(between=EVALUATION.journey_tracks))
        made.append([stop.track_id for stop in found.stops if stop.track_id is not None])
    return JourneyRow(rising(index, made), steps(index, made))


def _labels(library: Library, ear: Ear, question: Question) -> tuple[dict[TrackId, str], str | None]:
    """The tracks' labels and where they come from, or none."""
    try:
        labelling = labelling_of(heard_tracks(library, ear), question)
    except ParameterError:
        if question.table is not None or question.label_by != "auto":
            raise
        return {}, None
    return {track_id: label.name for track_id, label in labelling.labels.items()}, labelling.source


def _playlist(catalogue: Catalogue, first: TrackId, spec: ContinueSpec, *, rng: np.random.Generator) -> list[TrackId]:
    """A track and what goes on from it."""
    return [first, *(pick.track_id for pick in continue_from(catalogue, seeds=[first], spec=spec, rng=rng).picks)]


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(item) for item in value]
    return round(value, 4) if isinstance(value, float) else value
