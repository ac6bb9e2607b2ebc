"""What the library is heard as: the ear's genre and mood tags, reckoned from what is stored, without any audio."""

from __future__ import annotations

import difflib
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from segue.ears import InUse
from segue.embed.encoder import Ear
from segue.embed.tagger import Tagger, find_tagger
from segue.errors import ModelError, ParameterError
from segue.store.heard_tags import TagRow
from segue.store.library import Library
from segue.values import Fingerprint, Floats, HeardTag, TrackId
from segue.words import later, say

log = logging.getLogger(__name__)

_TRACKS_AT_ONCE = 500  # five megabytes of slice vectors, and a transaction of some milliseconds
_SIMILAR_NAMES = 3


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """The confident tags of all tracks, at one version of the library."""

    version: int
    fingerprint: Fingerprint
    confident: dict[TrackId, tuple[str, ...]]


class Tags:
    """The heard tags of a library, of the ear that it goes by. Safe from several threads."""

    def __init__(self, library: Library, ear_in_use: Callable[[], InUse], *, read_only: bool) -> None:
        self._library = library
        self._ear_in_use = ear_in_use
        self._read_only = read_only
        self._lock = threading.RLock()
        self._taggers: dict[Fingerprint, Tagger | None] = {}
        self._held: _Held | None = None

    def renew(self, ear: Ear, *, cancel: threading.Event | None = None) -> int:
        """Reckon and keep the tags of all tracks that lack them, and return how many those were.

        An ear without tags has none to keep; damaged ones are no reason to lose a scan over, and are logged.
        """
        try:
            tagger = self._tagger_of(ear)
        except ModelError as error:
            log.warning("no genre and mood tags: %s", error)
            return 0
        if tagger is None:
            return 0
        count = 0
        for batch in self._lacking(ear.fingerprint, tagger):
            names = tagger.confident_each(np.stack([found for _, found in batch]))
            rows = {i: TagRow(found, own) for (i, found), own in zip(batch, names, strict=True)}
            self._library.heard_tags.put(rows, ear.fingerprint, tagger.fingerprint)
            count += len(rows)
            if cancel is not None and cancel.is_set():
                break
        return count

    def names(self) -> tuple[str, ...]:
        """The tags that the ear in use can hear; raises ModelError if it has none."""
        return self._tagger()[1].names

    def of(self, track_id: TrackId) -> tuple[HeardTag, ...]:
        """What one track is heard as, surest first; empty for a track that the ear in use has not heard.

        Raises ModelError if the ear has no tags.
        """
        ear, tagger = self._tagger()
        self._catch_up(ear)
        found = self._library.heard_tags.of(track_id, ear.fingerprint, tagger.fingerprint)
        if found is None and self._read_only:
            found = dict(self._all(ear.fingerprint, tagger)).get(track_id)
        return () if found is None else tagger.heard(found)

    def kept(self, track_id: TrackId) -> tuple[str, ...]:
        """The confident tags of one track, surest first, as far as they are kept; none are reckoned now.

        Raises ModelError if the ear has no tags.
        """
        ear, tagger = self._tagger()
        found = self._library.heard_tags.of(track_id, ear.fingerprint, tagger.fingerprint)
        return () if found is None else tagger.confident(found)

    def confident(self) -> dict[TrackId, tuple[str, ...]]:
        """The confident tags of every track, surest first; raises ModelError if the ear has no tags."""
        ear, tagger = self._tagger()
        self._catch_up(ear)
        version = self._library.version()
        with self._lock:
            held = self._held
            if held is None or (held.version, held.fingerprint) != (version, ear.fingerprint):
                held = self._held = _Held(version, ear.fingerprint, self._confident(ear.fingerprint, tagger))
            return held.confident

    def counts(self) -> tuple[tuple[str, int], ...]:
        """How many tracks are confidently of each tag, commonest first; raises ModelError if the ear has no tags."""
        counted = Counter(name for names in self.confident().values() for name in names)
        return tuple(sorted(((n, counted[n]) for n in self.names()), key=lambda item: (-item[1], item[0])))

    def top(self, name: str, count: int) -> tuple[tuple[TrackId, float], ...]:
        """The tracks in which a tag is most probable, and how probable; raises ParameterError for an unknown tag."""
        (wanted,) = self.check([name])
        ear, tagger = self._tagger()
        self._catch_up(ear)
        column = tagger.names.index(wanted)
        found = [(track_id, float(p[column])) for track_id, p in self._all(ear.fingerprint, tagger)]
        return tuple(sorted(found, key=lambda item: (-item[1], item[0]))[:count])

    def check(self, names: Iterable[str]) -> tuple[str, ...]:
        """The tags as the ear calls them, whatever the case; raises ParameterError for one that it does not know."""
        known = self.names()
        return tuple(_known(name, known) for name in names)

    # ------------------------------------------------------------------------------------------------------------------

    def _confident(self, fingerprint: Fingerprint, tagger: Tagger) -> dict[TrackId, tuple[str, ...]]:
        found: dict[TrackId, tuple[str, ...]] = {}
        same: dict[tuple[str, ...], tuple[str, ...]] = {}  # many tracks sound alike
        every = self._all(fingerprint, tagger)
        while batch := list(islice(every, _TRACKS_AT_ONCE)):
            names = tagger.confident_each(np.stack([probabilities for _, probabilities in batch]))
            found |= {i: same.setdefault(own, own) for (i, _), own in zip(batch, names, strict=True)}
        return found

    def _tagger(self) -> tuple[Ear, Tagger]:
        ear = self._ear_in_use().the_ear
        tagger = self._tagger_of(ear)
        if tagger is None:
            what = say("the ear {ear} has no genre and mood tags", ear=ear.name)
            remedy = later("Ask by one that has (--ear speccy), or choose it (segue models select speccy)")
            raise ModelError(what, remedy=remedy, path=ear.network)
        return ear, tagger

    def _tagger_of(self, ear: Ear) -> Tagger | None:
        with self._lock:
            if ear.fingerprint not in self._taggers:
                self._taggers[ear.fingerprint] = find_tagger(ear)
            return self._taggers[ear.fingerprint]

    def _catch_up(self, ear: Ear) -> None:
        if not self._read_only:
            self.renew(ear)

    def _lacking(self, fingerprint: Fingerprint, tagger: Tagger) -> Iterator[Sequence[tuple[TrackId, Floats]]]:
        """The tracks without tags, some at a time, with the probabilities that they should have."""
        last = TrackId("")
        while batch := self._library.heard_tags.lacking(
            fingerprint, tagger.fingerprint, after=last, limit=_TRACKS_AT_ONCE
        ):
            last = batch[-1][0]
            yield [(track_id, tagger.probabilities(vectors)) for track_id, vectors in batch]

    def _all(self, fingerprint: Fingerprint, tagger: Tagger) -> Iterator[tuple[TrackId, Floats]]:
        """The probabilities of every track: those kept, and in a library that is only read those that are not."""
        yield from self._library.heard_tags.items(fingerprint, tagger.fingerprint)
        if self._read_only:
            for batch in self._lacking(fingerprint, tagger):
                yield from batch


def _known(name: str, known: Sequence[str]) -> str:
    plain = " ".join(name.split()).casefold()
    if plain in known:
        return plain
    near = difflib.get_close_matches(plain, known, n=_SIMILAR_NAMES, cutoff=0.5)
    remedy = (
        say("Did you mean {names}?", names=say(" or ").join(near))
        if near
        else say("Choose from: {names}", names=", ".join(sorted(known)))
    )
    raise ParameterError(say("the ear knows no tag '{name}'", name=name), remedy=remedy)
