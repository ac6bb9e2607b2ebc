"""What to play next, out of one library: the choice's pure functions over what the library holds now."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np

from segue.choose.catalogue import Catalogue, camelot_code
from segue.choose.expand import ExpandSpec, Expansion, expand
from segue.choose.index import Index, Neighbour
from segue.choose.itinerary import Itinerary, Waypoint
from segue.choose.journey import Journey, Kept, Reroll, journey, reroll, retold
from segue.choose.masks import refused
from segue.choose.playlist import Continuation, ContinueSpec, OutsideSeed, Seed, Table, continue_from
from segue.choose.reorder import Reordered, ReorderSpec, reorder
from segue.choose.rules import rules_for
from segue.choose.why import Explanation, explain
from segue.choose.wishes import Facts, Wishes
from segue.choose.wordlists import SPOKEN_TAGS
from segue.ears import InUse
from segue.errors import EmptyLibraryError, ModelError, UnknownTrackError
from segue.house_rules import HouseRules
from segue.listening import Listening
from segue.store.library import Library
from segue.tagging import Tags
from segue.values import Fingerprint, Floats, Track, TrackId
from segue.words import later

_DROPS_KEPT = 200  # seeds from outside the library; each takes a few hundred bytes
_REFRESH_S = 1.0  # while a scan adds tracks, the index is made anew no more often than this,
_REFRESH_SHARE = 10.0  # and stays in use for at least so many times as long as it took to make


@dataclass(frozen=True, slots=True, eq=False)
class _Snapshot:
    """The library as the choice sees it, at one version; no catalogue where it is empty."""

    version: int
    fingerprint: Fingerprint
    catalogue: Catalogue | None
    keep_until_s: float


class Choosing:
    """Every choice from one library, by the ear that it goes by. Safe from several threads.

    ``rules`` are the house's, for whoever asks without rules of their own.
    """

    def __init__(
        self,
        library: Library,
        ear_in_use: Callable[[], InUse],
        tags: Tags,
        listening: Listening,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._library = library
        self._ear_in_use = ear_in_use
        self._tags = tags
        self._listening = listening
        self._clock = clock
        self.rules = HouseRules(library.kept, tags.names, clock)
        self._lock = threading.RLock()
        self._snapshot: _Snapshot | None = None
        self._drops: OrderedDict[str, tuple[Fingerprint, OutsideSeed]] = OrderedDict()

    def keep(self, token: str, seed: OutsideSeed, fingerprint: Fingerprint) -> None:
        """Remember a song from outside the library by its token, as the ear of this fingerprint hears it."""
        with self._lock:
            self._drops[token] = (fingerprint, seed)
            self._drops.move_to_end(token)
            while len(self._drops) > _DROPS_KEPT:
                self._drops.popitem(last=False)

    def similar(self, track_id: TrackId, count: int) -> tuple[tuple[Track, float], ...]:
        """The nearest tracks and their cosine similarity, nearest first."""
        return self._with_tracks(self.catalogue().index.similar(track_id, count))

    def nearest(self, vector: Floats, count: int) -> tuple[tuple[Track, float], ...]:
        """As `similar`, for the vector of a song from anywhere."""
        return self._with_tracks(self.catalogue().index.nearest(vector, count))

    def continue_queue(
        self,
        seeds: Sequence[str | OutsideSeed],
        spec: ContinueSpec,
        *,
        rng: np.random.Generator,
        home: Sequence[str | OutsideSeed] | None = None,
    ) -> Continuation:
        """Choose what follows the seeds, oldest first: track ids, tokens of dropped files, or outside seeds.

        ``home`` is what it began with, where that is not all the seeds. Seeds that have left the library since are
        passed over; raises UnknownTrackError if none is left.
        """
        held = self._current()
        catalogue = self._catalogue_of(held)
        known = self._known(seeds, held.fingerprint, catalogue.index)
        began = None if home is None else [self._seed(seed, held.fingerprint) for seed in home]
        wishes, facts = self.facts(spec.wishes, catalogue)
        spec = replace(spec, wishes=wishes)
        return continue_from(catalogue, seeds=known, spec=spec, rng=rng, facts=facts, home=began)

    def anew(self, spec: ContinueSpec, *, rng: np.random.Generator) -> TrackId | None:
        """A track to begin with where no seed is left: any that the rules allow, and None where they allow none.

        Nothing tells one from another then, so it is drawn; raises EmptyLibraryError.
        """
        catalogue = self.catalogue()
        wishes, facts = self.facts(spec.wishes, catalogue)
        for level in rules_for(wishes, facts, disliked=spec.disliked, never=spec.never).levels():
            rows = np.flatnonzero(~refused(catalogue, level.standing))
            if len(rows):
                return catalogue.index.ids[int(rng.choice(rows))]
        return None

    def why(
        self, seeds: Sequence[str | OutsideSeed], track_id: TrackId, spec: ContinueSpec, *, rng: np.random.Generator
    ) -> Explanation:
        """Why a track would come after the seeds, or would not; raises UnknownTrackError."""
        held = self._current()
        catalogue = self._catalogue_of(held)
        wishes, facts = self.facts(spec.wishes, catalogue)
        known = self._known(seeds, held.fingerprint, catalogue.index)
        query, search = Table(catalogue, known, spec=replace(spec, wishes=wishes), facts=facts).ask(rng)
        return explain(search, track_id, query, rng=rng)

    def journey(
        self, waypoints: Sequence[str | OutsideSeed], itinerary: Itinerary, *, change: Reroll | Kept | None = None
    ) -> Journey:
        """Lead through waypoints: track ids, tokens of dropped files, or outside seeds; see `segue.choose.journey`.

        With a `Reroll`, only one stop of the journey that the itinerary led to is chosen anew; with `Kept`, none is.
        """
        catalogue, seeds = self._named(waypoints)
        wishes, facts = self.facts(itinerary.wishes, catalogue)
        asked = replace(itinerary, wishes=wishes)
        if isinstance(change, Kept):
            return retold(catalogue, seeds, asked, change, facts=facts)
        if change is not None:
            return reroll(catalogue, seeds, asked, change, facts=facts)
        return journey(catalogue, seeds, asked, facts=facts)

    def reorder(self, songs: Sequence[str | OutsideSeed], spec: ReorderSpec) -> Reordered:
        """Put a list in the order in which it flows best; see `segue.choose.reorder`."""
        catalogue, seeds = self._named(songs)
        return reorder(catalogue, seeds, spec)

    def expand(self, songs: Sequence[str | OutsideSeed], spec: ExpandSpec) -> Expansion:
        """Put further tracks into a list where they help most; see `segue.choose.expand`."""
        catalogue, seeds = self._named(songs)
        wishes, facts = self.facts(spec.wishes, catalogue)
        return expand(catalogue, seeds, replace(spec, wishes=wishes), facts=facts)

    def facts(self, wishes: Wishes, catalogue: Catalogue) -> tuple[Wishes, Facts]:
        """The wishes with the tags as the ear calls them, and what they are judged by now.

        Raises ParameterError for a tag that the ear does not know, and ModelError if it knows none.
        """
        only, never = (
            frozenset(self._tags.check(tags) if tags else ()) for tags in (wishes.only_tags, wishes.not_tags)
        )
        heard = self._tags.confident() if only or never or self._hears_speech(wishes) else {}
        now_s = self._clock()
        facts = Facts(
            banned=self._listening.bans(),
            disliked=frozenset(i for i, rating in self._listening.ratings().items() if rating == "disliked"),
            taste=self._listening.taste(catalogue),
            heard=heard,
            last_played_s=self._library.events.last_heard(now_s=now_s) if wishes.repeat_after_hours else {},
            now_s=now_s,
            today=dt.date.fromtimestamp(now_s),
        )
        return replace(wishes, only_tags=only, not_tags=never), facts

    def open_to(self, wishes: Wishes) -> int:
        """How many tracks may come by some wishes, whatever has played; raises EmptyLibraryError."""
        catalogue = self.catalogue()
        rules = rules_for(*self.facts(wishes, catalogue))
        return len(catalogue.index) - int(refused(catalogue, rules.standing).sum())

    def catalogue(self) -> Catalogue:
        """What the choice knows of the library now; raises EmptyLibraryError."""
        return self._catalogue_of(self._current())

    # ------------------------------------------------------------------------------------------------------------------

    def _hears_speech(self, wishes: Wishes) -> bool:
        """Whether speech is unwanted, and the ear can tell it."""
        try:
            return not wishes.spoken and not SPOKEN_TAGS.isdisjoint(self._tags.names())
        except ModelError:
            return False

    def _known(self, seeds: Sequence[str | OutsideSeed], fingerprint: Fingerprint, index: Index) -> list[Seed]:
        """The seeds that can be gone on from; raises UnknownTrackError where there are some, but none of these."""
        found = [self._seed(seed, fingerprint) for seed in seeds]
        known: list[Seed] = [seed for seed in found if not isinstance(seed, str) or seed in index]
        if seeds and not known:
            raise UnknownTrackError(
                later("none of these songs can be gone on from any more"), remedy=later("Pick another song")
            )
        return known

    def _named(self, songs: Sequence[str | OutsideSeed]) -> tuple[Catalogue, list[Waypoint]]:
        """What the choice knows now, and the songs as it knows them, those that have left the library too."""
        held = self._current()
        return self._catalogue_of(held), [self._seed(song, held.fingerprint) for song in songs]

    def _seed(self, seed: str | OutsideSeed, fingerprint: Fingerprint) -> Waypoint:
        """A dropped file is known only to the ear that heard it."""
        if isinstance(seed, OutsideSeed):
            return seed
        heard_by, dropped = self._drops.get(seed, (None, None))
        return dropped if dropped is not None and heard_by == fingerprint else TrackId(seed)

    def _with_tracks(self, near: Sequence[Neighbour]) -> tuple[tuple[Track, float], ...]:
        found = []
        for neighbour in near:
            try:
                found.append((self._library.track(neighbour.track_id), neighbour.similarity))
            except UnknownTrackError:  # it has left the library since
                continue
        return tuple(found)

    def _catalogue_of(self, held: _Snapshot) -> Catalogue:
        if held.catalogue is None:
            raise EmptyLibraryError(
                later("the library is empty"), remedy=later("Scan a folder first"), path=self._library.folder
            )
        return held.catalogue

    def _current(self) -> _Snapshot:
        with self._lock:
            held, fingerprint = self._snapshot, self._ear_in_use().fingerprint
            version = self._library.version()
            if (
                held is None
                or held.catalogue is None
                or held.fingerprint != fingerprint
                or (held.version != version and time.monotonic() >= held.keep_until_s)
            ):
                began_s = time.monotonic()
                catalogue = self._take(fingerprint)
                now_s = time.monotonic()
                keep_until_s = now_s + max(_REFRESH_S, _REFRESH_SHARE * (now_s - began_s))
                held = self._snapshot = _Snapshot(version, fingerprint, catalogue, keep_until_s)
            return held

    def _take(self, fingerprint: Fingerprint) -> Catalogue | None:
        songs, vectors = self._library.songs(), self._library.vectors(fingerprint)
        row_of = {track_id: row for row, track_id in enumerate(songs.ids)}
        kept = [track_id in row_of for track_id in vectors.ids]  # what came between the two readings comes next time
        if not any(kept):
            return None
        index = Index.build(tuple(compress(vectors.ids, kept)), vectors.matrix if all(kept) else vectors.matrix[kept])
        ends = self._library.ends.of(index.ids, fingerprint, dimension=index.dimension)
        rows = [row_of[track_id] for track_id in index.ids]
        return Catalogue(
            index,
            infos=dict(zip(songs.ids, songs.infos, strict=True)),
            tempo_bpm=songs.tempo_bpm[rows].astype(np.float32),
            camelot=np.array([camelot_code(songs.camelot[row] or None) for row in rows], np.int8),
            loudness_lufs=songs.loudness_lufs[rows].astype(np.float32),
            heads=ends.heads,
            tails=ends.tails,
            places=dict(zip(songs.ids, songs.folders, strict=True)),
        )
