"""Finding tracks by words: what each is found by lies in memory, so that an answer comes while somebody types."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from segue.errors import UnknownTrackError
from segue.store.database import Connection
from segue.store.track_rows import ORDER
from segue.store.typos import SHORTEST, other_spellings
from segue.values import Track, TrackId

_BEGINS, _HOLDS = 4, 2
"""What a word counts that begins a word of the tags, or stands in one. In the path alone it counts 1, only heard 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Wording:
    """What every track is found by, in the order of artist, album and path; item i of each list belongs to ``ids[i]``.

    ``texts`` are the words of its tags and then of its paths, folded, of which the first ``tag_lengths`` letters are of
    the tags; ``heard`` are the words of its confident tags by any ear, "" where there are none.
    """

    ids: tuple[TrackId, ...]
    texts: Sequence[str] = field(repr=False)
    tag_lengths: Sequence[int] = field(repr=False)
    heard: Sequence[str] = field(repr=False)

    def rows(self, words: Sequence[str], *, by_sound: bool = True) -> Iterator[int]:
        """Yield the rows of the tracks that hold every word, folded; ``by_sound`` or are heard as what it says."""
        rows: Iterator[int] = iter(range(len(self.ids)))
        for word in words:
            sounds = {heard for heard in set(self.heard) if f" {word}" in heard} if by_sound else set()
            rows = self._holding(rows, word, sounds)
        return rows

    def _holding(self, rows: Iterator[int], word: str, sounds: set[str]) -> Iterator[int]:
        texts, heard = self.texts, self.heard
        return (row for row in rows if word in texts[row] or heard[row] in sounds)

    def find(self, words: Sequence[str], *, limit: int | None, by_sound: bool = True) -> list[TrackId]:
        """The tracks that hold every word, best first; see `segue.store.library.Library.search`."""
        found = self._best(words, limit, by_sound)
        if found or max(map(len, words), default=0) < SHORTEST:
            return found
        known = set("".join(self.texts).split())  # each word comes after a space
        near = (self._best(spelt, limit, by_sound) for spelt in other_spellings(words, known))
        return list(islice(dict.fromkeys(chain.from_iterable(near)), limit))

    def _best(self, words: Sequence[str], limit: int | None, by_sound: bool) -> list[TrackId]:
        """Those with most points, equals in the order of the rows; who has all there are is not looked beyond."""
        by_points: dict[int, list[int]] = {}
        for row in self.rows(words, by_sound=by_sound):
            points = sum(self._points(row, word) for word in words)
            alike = by_points.setdefault(points, [])
            alike.append(row)
            if points == _BEGINS * len(words) and len(alike) == limit:
                break
        best = chain.from_iterable(by_points[points] for points in sorted(by_points, reverse=True))
        return [self.ids[row] for row in islice(best, limit)]

    def _points(self, row: int, word: str) -> int:
        text, end = self.texts[row], self.tag_lengths[row]
        if text.find(f" {word}", 0, end) >= 0:
            return _BEGINS
        return _HOLDS if text.find(word, 0, end) >= 0 else int(word in text)


def read_wording(db: Connection) -> Wording:
    """What every track is found by now; linear in the tracks."""
    heard: dict[str, str] = {}
    for track_id, words in db.execute("SELECT track_id, words FROM heard_tags WHERE words <> ''"):
        heard[track_id] = heard.get(track_id, "") + words
    found = db.execute(f"SELECT id, all_words, length(tag_words) FROM tracks ORDER BY {ORDER}").fetchall()
    same: dict[str, str] = {}  # a few hundred ways to sound, each of many tracks
    sounds = [same.setdefault(text, text) for text in (heard.get(row[0], "") for row in found)]
    ids = tuple(TrackId(sys.intern(row[0])) for row in found)
    return Wording(ids, [row[1] for row in found], [row[2] for row in found], sounds)


def only_one(found: Sequence[Track], what: str) -> Track:
    """The one track of those that words fit, or the one of just that title; raises UnknownTrackError for several."""
    exact = [track for track in found if track.info.title.casefold() == what.casefold()]
    left = exact if len(found) > 1 and len(exact) == 1 else found
    if len(left) > 1:
        some = "; ".join(f"{t.id} {' - '.join(filter(None, (t.info.artist, t.info.title)))}" for t in left[:5])
        some += f", and {len(left) - 5} more" if len(left) > 5 else ""
        raise UnknownTrackError(f"'{what}' fits {len(left)} tracks: {some}", remedy="Give one id, a path or more words")
    return left[0]
