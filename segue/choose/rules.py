"""What may follow what. A rule that refuses gives its reason in words that stand after "because"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from segue.config import CHOICE
from segue.values import TrackId, TrackInfo


@dataclass(frozen=True, slots=True)
class Candidate:
    """A track that might come next."""

    track_id: TrackId
    info: TrackInfo


@dataclass(frozen=True, slots=True)
class History:
    """What has been heard or queued, oldest first; a file from outside the library has no id."""

    songs: tuple[tuple[TrackId | None, TrackInfo], ...] = ()
    _last_place: Mapping[TrackId, int] = field(default_factory=dict, repr=False)
    _recordings: Mapping[str, tuple[tuple[int, float], ...]] = field(default_factory=dict, repr=False)
    _artists: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, songs: Iterable[tuple[TrackId | None, TrackInfo]]) -> History:
        """The history of these songs, with what the rules look up in it."""
        heard = tuple(songs)
        places: dict[TrackId, int] = {}
        recordings: dict[str, tuple[tuple[int, float], ...]] = {}
        for place, (track_id, info) in enumerate(heard):
            if track_id is not None:
                places[track_id] = place
            key = recording_key(info)
            if key:
                recordings[key] = (*recordings.get(key, ()), (place, info.duration_s))
        return cls(heard, places, recordings, tuple(artist_key(info) for _, info in heard))

    def then(self, candidate: Candidate) -> History:
        """This history with one more track at its end."""
        return History.of((*self.songs, (candidate.track_id, candidate.info)))

    def tracks_since(self, track_id: TrackId) -> int | None:
        """How many tracks came after this one last played, or None if it has not played."""
        place = self._last_place.get(track_id)
        return None if place is None else len(self.songs) - 1 - place

    def tracks_since_recording(self, info: TrackInfo) -> int | None:
        """How many tracks came after a song of the same artist, title and (where both are known) length."""
        heard = self._recordings.get(recording_key(info), ())
        places = [place for place, length_s in heard if _same_length(info.duration_s, length_s)]
        return len(self.songs) - 1 - max(places) if places else None

    def last_artists(self, count: int) -> tuple[str, ...]:
        """Keys of the artists of the last ``count`` songs, "" where unknown."""
        return self._artists[-count:] if count else ()


class Rule(Protocol):
    """One reason why a track may not come next."""

    @property
    def name(self) -> str:
        """What the rule is called where a pick says that it was relaxed."""
        ...

    def refusal(self, candidate: Candidate, history: History) -> str | None:
        """Why the candidate may not follow, as the end of "because ...", or None if it may."""
        ...

    def relaxed(self) -> Rule | None:
        """The next weaker form, to be tried where this one would leave nothing to play; None if it holds always."""
        ...


@dataclass(frozen=True, slots=True)
class NotRefused:
    """Tracks that the listener disliked, skipped or banned never come."""

    disliked: frozenset[TrackId] = frozenset()
    never: frozenset[TrackId] = frozenset()
    name: str = "not refused"

    def refusal(self, candidate: Candidate, history: History) -> str | None:  # noqa: ARG002 - one form for all rules
        """Refuse what the listener refused."""
        if candidate.track_id in self.disliked:
            return "you disliked it"
        return "you do not want to hear it" if candidate.track_id in self.never else None

    def relaxed(self) -> Rule | None:
        """Hold always."""
        return None


@dataclass(frozen=True, slots=True)
class HeardAs:
    """Only tracks that are confidently heard as one of some tags, and none that is heard as one of others."""

    heard: Mapping[TrackId, Collection[str]] = field(repr=False)
    only: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()
    name: str = "heard tags"

    def refusal(self, candidate: Candidate, history: History) -> str | None:  # noqa: ARG002 - one form for all rules
        """Refuse what is heard as something else, or as something unwanted."""
        tags = self.heard.get(candidate.track_id, ())
        for tag in tags:
            if tag in self.never:
                return f"it is heard as {tag}"
        if self.only and self.only.isdisjoint(tags):
            return f"it is not heard as {' or '.join(sorted(self.only))}"
        return None

    def relaxed(self) -> Rule | None:
        """Hold always: it was asked for in so many words."""
        return None


@dataclass(frozen=True, slots=True)
class NoRepeat:
    """A track comes once; with ``after_tracks`` above 0 it may come again after so many others."""

    after_tracks: int = CHOICE.repeat_after_tracks
    name: str = "no repeats"

    def refusal(self, candidate: Candidate, history: History) -> str | None:
        """Refuse what was heard or queued."""
        again = _may_come_again(history.tracks_since(candidate.track_id), self.after_tracks)
        return None if again else "it already played"

    def relaxed(self) -> Rule | None:
        """Hold always: fewer tracks are better than a repeat."""
        return None


@dataclass(frozen=True, slots=True)
class NoSecondCopy:
    """The same recording in another file (another encoding, a remaster's note in the title) counts as a repeat."""

    after_tracks: int = CHOICE.repeat_after_tracks
    name: str = "no second copy"

    def refusal(self, candidate: Candidate, history: History) -> str | None:
        """Refuse a song that was heard from another file."""
        again = _may_come_again(history.tracks_since_recording(candidate.info), self.after_tracks)
        return None if again else "another copy of it already played"

    def relaxed(self) -> Rule | None:
        """Hold always."""
        return None


@dataclass(frozen=True, slots=True)
class ArtistSpacing:
    """So many tracks between two by the same artist; where there is no choice one fewer, down to none."""

    tracks: int = CHOICE.artist_spacing
    name: str = "artist spacing"

    def refusal(self, candidate: Candidate, history: History) -> str | None:
        """Refuse an artist who has just played; an unknown artist is nobody's namesake."""
        artist = artist_key(candidate.info)
        if artist and artist in history.last_artists(self.tracks):
            return f"{candidate.info.artist or 'the artist'} has just played"
        return None

    def relaxed(self) -> Rule | None:
        """One track fewer between two by the same artist."""
        return ArtistSpacing(self.tracks - 1) if self.tracks > 0 else None


_FEATURED = re.compile(r"[(\[]?\b(?:feat|ft|featuring)\b\.?.*", re.IGNORECASE)
_TRACK_NUMBER = re.compile(r"^\d{1,3}(?:[-.]\d{1,2})?\s*(?:[-._]\s*|\s+)(?=\D)")
_NOTE_WORDS = r"re-?master(?:ed)?|mono|stereo|official|(?:album|single) version|explicit|lyrics?|audio|video"
_NOTE = re.compile(
    rf"[(\[][^)\]]*\b(?:{_NOTE_WORDS})\b[^)\]]*[)\]]"  # "(2011 Remaster)", "[Official Video]"
    r"|\s-\s[^-]*\bre-?master(?:ed)?\b.*$",  # "- Remastered 2009"
    re.IGNORECASE,
)
_DROPPED = frozenset("'’") | frozenset(map(chr, range(0x300, 0x370)))
"""Apostrophes and the accents of Latin letters; the marks of other scripts tell words apart and stay."""


def artist_key(info: TrackInfo) -> str:
    """The artist without case, accents, punctuation and guests; "" if unknown."""
    return _keys(info.artist, info.title)[0]


def recording_key(info: TrackInfo) -> str:
    """Artist and title as they are compared; "" unless both are known, for two songs may be called "Intro"."""
    return _keys(info.artist, info.title)[1]


@lru_cache(maxsize=200_000)  # a library's worth: the keys of a track are asked for at every pick
def _keys(artist: str, title: str) -> tuple[str, str]:
    """The artist's and the recording's key; a title such as "03 - Artist - Song" guesses what the tags left out."""
    title = _TRACK_NUMBER.sub("", title) if not artist else title
    if not artist and " - " in title:
        artist, title = title.split(" - ", 1)
    artist_words = _plain(_FEATURED.sub("", artist)) or _plain(artist)
    title_words = _plain(_FEATURED.sub("", _NOTE.sub("", title))) or _plain(title)
    return artist_words, f"{artist_words}\n{title_words}" if artist_words and title_words else ""


def _plain(text: str) -> str:
    """Letters and digits of any script, without case, Latin accents and punctuation, single spaces between."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    kept = (c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in decomposed if c not in _DROPPED)
    return " ".join("".join(kept).split())


def _may_come_again(since: int | None, after_tracks: int) -> bool:
    """Whether what was heard ``since`` tracks ago (None: never) may be heard again."""
    return since is None or 0 < after_tracks <= since


def _same_length(a_s: float, b_s: float) -> bool:
    """Whether two lengths could be of one recording; an unknown length (0) could be any."""
    return not (a_s and b_s) or abs(a_s - b_s) <= CHOICE.same_recording_s
