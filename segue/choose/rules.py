"""What may follow what. A rule that refuses gives its reason in words that stand after "because"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np

from segue.choose.names import album_key, artist_key, recording_key, song_key
from segue.choose.standing import HeardAs, InFolder, Listed, NotLately, OfGenre, Says, StandingRule, Within
from segue.choose.wishes import Facts, Wishes
from segue.choose.wordlists import CHRISTMAS, SPOKEN, SPOKEN_TAGS
from segue.config import CHOICE
from segue.values import Floats, TrackId, TrackInfo
from segue.words import later, say

GIVES_WAY = (
    later("artist spacing"),
    later("album spacing"),
    later("versions"),
    later("same sound"),
    later("tempo range"),
    later("year range"),
    later("length limits"),
    later("hours between plays"),
    later("season"),
)
"""The rules that give way where nothing else is left to play, in this order; all others never do."""

YOU_BANNED, YOU_DISLIKED = later("you banned it"), later("you disliked it")
PLAYED = later("it has played or comes already")
SPACING = GIVES_WAY[:2]
"""Of these, the rules that give way step by step, and to closeness too: a song of another kind follows less well."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A track that might come next; ``vector`` (d,) is its unit vector, if that is known."""

    track_id: TrackId
    info: TrackInfo
    vector: Floats | None = field(default=None, repr=False, compare=False)


class Song(NamedTuple):
    """What has been heard or queued; a file from outside the library has no id, one that is gone no vector."""

    track_id: TrackId | None
    info: TrackInfo
    vector: Floats | None = None


_Heard = tuple[int, float]
"""Where a recording came, and how long it was."""


@dataclass(frozen=True, slots=True)
class History:
    """What has been heard or queued, oldest first, and what the rules look up in it."""

    songs: tuple[Song, ...] = ()
    _last_place: Mapping[TrackId, int] = field(default_factory=dict, repr=False)
    _recordings: Mapping[str, tuple[_Heard, ...]] = field(default_factory=dict, repr=False)
    _versions: Mapping[str, int] = field(default_factory=dict, repr=False)
    _vectors: Floats = field(default_factory=lambda: np.empty((0, 0), np.float32), repr=False, compare=False)

    @classmethod
    def of(cls, songs: Iterable[Song]) -> History:
        """The history of these songs."""
        heard = tuple(songs)
        places: dict[TrackId, int] = {}
        recordings: dict[str, tuple[_Heard, ...]] = {}
        versions: dict[str, int] = {}
        for place, song in enumerate(heard):
            _enter(song, place, places=places, recordings=recordings, versions=versions)
        dimension = max((len(song.vector) for song in heard if song.vector is not None), default=0)
        vectors = np.zeros((len(heard), dimension), np.float32)
        for row, song in zip(vectors, heard, strict=True):
            if song.vector is not None:
                row[:] = song.vector
        return cls(heard, places, recordings, versions, vectors)

    def then(self, song: Song) -> History:
        """This history with one more song at its end."""
        if song.vector is None or len(song.vector) != self._vectors.shape[1]:
            return History.of((*self.songs, song))
        places, recordings, versions = dict(self._last_place), dict(self._recordings), dict(self._versions)
        _enter(song, len(self.songs), places=places, recordings=recordings, versions=versions)
        return History((*self.songs, song), places, recordings, versions, np.vstack([self._vectors, song.vector]))

    def played(self, after_tracks: int) -> list[TrackId]:
        """What may not come again yet: all that was heard, or with ``after_tracks`` the last so many."""
        oldest = len(self.songs) - after_tracks if after_tracks else 0
        return [track_id for track_id, place in self._last_place.items() if place >= oldest]

    def tracks_since(self, track_id: TrackId) -> int | None:
        """How many tracks came after this one last played, or None if it has not played."""
        return self._since(self._last_place.get(track_id))

    def tracks_since_recording(self, info: TrackInfo) -> int | None:
        """How many tracks came after a song of the same artist, title and (where both are known) length."""
        heard = self._recordings.get(recording_key(info), ())
        places = [at for at, length_s in heard if _is_within(info.duration_s, length_s, CHOICE.same_recording_s)]
        return self._since(max(places, default=None))

    def tracks_since_version(self, info: TrackInfo) -> int | None:
        """How many tracks came after a song of the same artist and title, whatever the version."""
        return self._since(self._versions.get(song_key(info)))

    def tracks_since_sound(self, candidate: Candidate) -> int | None:
        """How many tracks came after one that sounds as this, from beginning to end and as long."""
        if candidate.vector is None or self._vectors.shape[1] != len(candidate.vector):
            return None
        alike = np.flatnonzero(self._vectors @ candidate.vector >= 1.0 - CHOICE.same_sound)
        length_s = candidate.info.duration_s
        places = [
            place
            for place in alike.tolist()
            if length_s and _is_within(length_s, self.songs[place].info.duration_s or np.inf, CHOICE.same_sound_s)
        ]
        return self._since(max(places, default=None))

    def last(self, count: int) -> tuple[TrackInfo, ...]:
        """The tags of the last ``count`` songs."""
        return tuple(song.info for song in self.songs[-count:]) if count else ()

    def _since(self, place: int | None) -> int | None:
        return None if place is None else len(self.songs) - 1 - place


def _enter(
    song: Song,
    place: int,
    *,
    places: dict[TrackId, int],
    recordings: dict[str, tuple[_Heard, ...]],
    versions: dict[str, int],
) -> None:
    """Note a song's place in what a history looks up."""
    if song.track_id is not None:
        places[song.track_id] = place
    if key := recording_key(song.info):
        recordings[key] = (*recordings.get(key, ()), (place, song.info.duration_s))
        versions[song_key(song.info)] = place


class Rule(Protocol):
    """One reason why a track may not come after what has played."""

    @property
    def name(self) -> str:
        """What the rule is called where a pick says that it was relaxed."""
        ...

    def refusal(self, candidate: Candidate, history: History) -> str | None:
        """Why the candidate may not follow, as the end of "because ...", or None if it may."""
        ...

    def relaxed(self) -> Rule | None:
        """The next weaker form of a rule that gives way step by step; None if there is none."""
        ...


@dataclass(frozen=True, slots=True)
class _Whole:
    """What holds as it is or, if it gives way, not at all."""

    def relaxed(self) -> Rule | None:
        """There is no weaker form."""
        return None


@dataclass(frozen=True, slots=True)
class NoRepeat(_Whole):
    """A track comes once; with ``after_tracks`` above 0 it may come again after so many others."""

    after_tracks: int = CHOICE.repeat_after_tracks
    name: str = later("no repeats")

    def refusal(self, candidate: Candidate, history: History) -> str | None:
        """Refuse what was heard or queued."""
        again = _may_come_again(history.tracks_since(candidate.track_id), self.after_tracks)
        return None if again else PLAYED


@dataclass(frozen=True, slots=True)
class NoSecondCopy(_Whole):
    """The same recording in another file (another encoding, a remaster's note in the title) counts as a repeat."""

    after_tracks: int = CHOICE.repeat_after_tracks
    name: str = later("no second copy")

    def refusal(self, candidate: Candidate, history: History) -> str | None:
        """Refuse a song that was heard from another file."""
        again = _may_come_again(history.tracks_since_recording(candidate.info), self.after_tracks)
        return None if again else later("another copy of it has played or comes already")


@dataclass(frozen=True, slots=True)
class SameSound(_Whole):
    """What sounds as a song that was heard, and is as long, is most likely the same recording under another name.

    But an ear may be unable to tell tracks apart that are different ones: it gives way.
    """

    after_tracks: int = CHOICE.repeat_after_tracks
    name: str = "same sound"

    def refusal(self, candidate: Candidate, history: History) -> str | None:
        """Refuse what cannot be told by ear from what was heard."""
        again = _may_come_again(history.tracks_since_sound(candidate), self.after_tracks)
        return None if again else later("it sounds the same as one that has played or comes already")


@dataclass(frozen=True, slots=True)
class OneVersion(_Whole):
    """Of a song that was heard live, remixed or acoustic, no other version comes."""

    after_tracks: int = CHOICE.repeat_after_tracks
    name: str = "versions"

    def refusal(self, candidate: Candidate, history: History) -> str | None:
        """Refuse another version of what was heard."""
        again = _may_come_again(history.tracks_since_version(candidate.info), self.after_tracks)
        return None if again else later("another version of it has played or comes already")


@dataclass(frozen=True, slots=True)
class ArtistSpacing:
    """So many tracks between two by the same artist; where there is no choice one fewer, down to none."""

    tracks: int = CHOICE.artist_spacing
    name: str = "artist spacing"

    def refusal(self, candidate: Candidate, history: History) -> str | None:
        """Refuse an artist who has just played; an unknown artist is nobody's namesake."""
        artist = artist_key(candidate.info) if self.tracks else ""
        if artist and artist in map(artist_key, history.last(self.tracks)):
            return say("{artist} comes just before", artist=candidate.info.artist or say("the artist"))
        return None

    def relaxed(self) -> Rule | None:
        """One track fewer between two by the same artist."""
        return ArtistSpacing(self.tracks - 1) if self.tracks > 0 else None


@dataclass(frozen=True, slots=True)
class AlbumSpacing:
    """So many tracks between two from the same album; where there is no choice one fewer, down to none."""

    tracks: int = CHOICE.album_spacing
    name: str = "album spacing"

    def refusal(self, candidate: Candidate, history: History) -> str | None:
        """Refuse an album that has just been played from; an unknown album is no other track's."""
        album = album_key(candidate.info) if self.tracks else ""
        if album and album in map(album_key, history.last(self.tracks)):
            return say("“{album}” comes just before", album=candidate.info.album)
        return None

    def relaxed(self) -> Rule | None:
        """One track fewer between two from the same album."""
        return AlbumSpacing(self.tracks - 1) if self.tracks > 0 else None


class RuleSet(NamedTuple):
    """The rules in force, those of each kind in the order in which they are asked; with ``strict`` none gives way."""

    standing: tuple[StandingRule, ...]
    history: tuple[Rule, ...]
    strict: bool = False

    def levels(self) -> list[RuleSet]:
        """These rules, and what is left of them as one more gives way each time, in the stated order."""
        names = {rule.name for rule in self.standing} | {rule.name for rule in self.history}
        soft = [] if self.strict else [name for name in GIVES_WAY if name in names and name not in SPACING]
        return [self._without(frozenset(soft[:dropped])) for dropped in range(len(soft) + 1)]

    def spacing(self) -> list[Rule]:
        """The rules that give way step by step, the last to do so first."""
        soft = [rule for rule in self.history if rule.name in SPACING and not self.strict]
        return sorted(soft, key=lambda rule: -SPACING.index(rule.name))

    def _without(self, names: frozenset[str]) -> RuleSet:
        standing = tuple(rule for rule in self.standing if rule.name not in names)
        return RuleSet(standing, tuple(rule for rule in self.history if rule.name not in names), self.strict)


def rules_for(
    wishes: Wishes, facts: Facts, *, disliked: frozenset[TrackId] = frozenset(), never: frozenset[TrackId] = frozenset()
) -> RuleSet:
    """The rules that wishes amount to."""
    asked = (
        Listed(facts.banned, YOU_BANNED, later("never again")) if facts.banned else None,
        Listed(disliked | facts.disliked, YOU_DISLIKED, later("disliked")) if disliked or facts.disliked else None,
        Listed(never) if never else None,
        HeardAs(facts.heard, wishes.only_tags, wishes.not_tags) if wishes.only_tags or wishes.not_tags else None,
        OfGenre(wishes.genres) if wishes.genres else None,
        OfGenre(wishes.not_genres, wanted=False) if wishes.not_genres else None,
        InFolder(wishes.folders) if wishes.folders else None,
        InFolder(wishes.not_folders, wanted=False) if wishes.not_folders else None,
        *_kinds(wishes, facts),
        _within("year range", wishes.first_year, wishes.last_year),
        _within("tempo range", wishes.slowest_bpm, wishes.fastest_bpm, octaves=wishes.octaves),
        _within("length limits", wishes.shortest_s, wishes.longest_s),
        NotLately(facts.last_played_s, wishes.repeat_after_hours, facts.now_s) if wishes.repeat_after_hours else None,
    )
    history = (
        NoRepeat(wishes.repeat_after_tracks),
        NoSecondCopy(wishes.repeat_after_tracks),
        SameSound(wishes.repeat_after_tracks),
        *(() if wishes.versions else (OneVersion(wishes.repeat_after_tracks),)),
        ArtistSpacing(wishes.artist_spacing),
        AlbumSpacing(wishes.album_spacing),
    )
    return RuleSet(tuple(rule for rule in asked if rule is not None), history, wishes.strict)


def _kinds(wishes: Wishes, facts: Facts) -> tuple[StandingRule | None, ...]:
    """The rules of spoken word and of the season."""
    is_season = facts.today is None or facts.today.month == 12
    christmas_is_off = wishes.christmas == "never" or (wishes.christmas == "december" and not is_season)
    return (
        None if wishes.spoken else Says(SPOKEN, later("spoken word"), later("it is spoken word")),
        None
        if wishes.spoken or not facts.heard
        else HeardAs(facts.heard, never=SPOKEN_TAGS, name=later("spoken word")),
        Says(CHRISTMAS, "season", later("it is Christmas music")) if christmas_is_off else None,
    )


def _within(name: str, low: float | None, high: float | None, *, octaves: bool = False) -> Within | None:
    return None if low is None and high is None else Within(name, low, high, octaves)


def _may_come_again(since: int | None, after_tracks: int) -> bool:
    """Whether what was heard ``since`` tracks ago (None: never) may be heard again."""
    return since is None or 0 < after_tracks <= since


def _is_within(a_s: float, b_s: float, limit_s: float) -> bool:
    """Whether two lengths could be of one recording; an unknown length (0) could be any."""
    return not (a_s and b_s) or abs(a_s - b_s) <= limit_s
