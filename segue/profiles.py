"""Saved ways of choosing, as a radio has programmes: songs to begin from, settings and wishes, and their times."""

from __future__ import annotations

import datetime as dt
import difflib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from segue.choose.playlist import Continuation, ContinueSpec
from segue.choose.schedule import Coming, Holding, Slot, coming, holding, read_slot
from segue.choosing import Choosing
from segue.errors import ParameterError, UnknownTrackError, one_line
from segue.play.playqueue import is_track_id
from segue.store.profiles import Profiles
from segue.store.rows import storable
from segue.values import Track, TrackId
from segue.words import later, number, say

_FORMAT = 1
LONGEST_NAME = 80
_MOST_SEEDS = 10_000
_PARTS = {"format", "seeds", "spec", "times"}


@dataclass(frozen=True, slots=True)
class Beginning:
    """A song that a profile begins from, and how it was called: it may leave the library."""

    track_id: TrackId
    name: str


@dataclass(frozen=True, slots=True)
class Profile:
    """A saved way of choosing: what it begins from, how it goes on, and when it holds by itself."""

    seeds: tuple[Beginning, ...]
    spec: ContinueSpec
    times: tuple[Slot, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The profile as plain JSON values."""
        return {
            "format": _FORMAT,
            "seeds": [[seed.track_id, seed.name] for seed in self.seeds],
            "spec": self.spec.to_json(),
            "times": [str(slot) for slot in self.times],
        }


class Begins(NamedTuple):
    """A profile's name and settings, the songs that it begins from, and those of them that have left the library.

    The settings lack the tags that the ear in use does not know: these are ``unheard``.
    """

    name: str
    spec: ContinueSpec
    seeds: tuple[Track, ...]
    gone: tuple[str, ...]
    unheard: frozenset[str]


class Played(NamedTuple):
    """What a profile chose, and how it began."""

    chosen: Continuation
    began: Begins


class Shelf(NamedTuple):
    """The profiles by name, and what is wrong with those that cannot be read."""

    profiles: Mapping[str, Profile]
    damaged: Mapping[str, str]

    @property
    def schedule(self) -> dict[str, Sequence[Slot]]:
        """The times of those that have any."""
        return {name: profile.times for name, profile in self.profiles.items() if profile.times}


class ProfileShelf:
    """The profiles of one library. Safe from several threads."""

    def __init__(self, profiles: Profiles, track: Callable[[TrackId], Track], choosing: Choosing) -> None:
        self._profiles = profiles
        self._track = track
        self._choosing = choosing

    def all(self) -> Shelf:
        """Every profile, and which cannot be read and why."""
        held = self._profiles.all()
        profiles: dict[str, Profile] = {}
        damaged = dict.fromkeys(held.damaged, later("it is no JSON object"))
        for name, body in held.bodies.items():
            try:
                profiles[name] = profile_of(body)
            except ParameterError as error:
                damaged[name] = error.what
        return Shelf(profiles, damaged)

    def get(self, name: str) -> Profile:
        """A profile by its name, whatever the case; raises ParameterError if there is none, or it cannot be read."""
        return self.find(name)[1]

    def find(self, name: str) -> tuple[str, Profile]:
        """A profile and its name as it was saved; raises ParameterError."""
        shelf = self.all()
        held = self._named(name, [*shelf.profiles, *shelf.damaged])
        if held in shelf.damaged:
            remedy = say("Save it again, or drop it: segue profile remove '{held}'", held=one_line(held))
            raise ParameterError(
                say(
                    "the profile '{held}' is damaged: {damaged}", held=one_line(held), damaged=say(shelf.damaged[held])
                ),
                remedy=remedy,
            )
        return held, shelf.profiles[held]

    def save(self, name: str, profile: Profile) -> str:
        """Keep a profile under a name; one of the same name gives way, but hands on its times. Returns the name."""
        plain = checked_name(name)
        if not 0 < len(profile.seeds) <= _MOST_SEEDS:
            raise ParameterError(
                say("a profile that begins from {seeds} songs", seeds=number(len(profile.seeds))),
                remedy=say(
                    "Choose 1 to {most_seeds}; the last few of them set the direction", most_seeds=number(_MOST_SEEDS)
                ),
            )
        shelf = self.all()
        held = next((other for other in shelf.profiles if other.casefold() == plain.casefold()), None)
        if held is not None:
            profile = profile if profile.times else replace(profile, times=shelf.profiles[held].times)
        self._profiles.put(plain, profile.to_json())
        if held is not None and held != plain:
            self._profiles.drop(held)
        return plain

    def remove(self, name: str) -> str:
        """Delete a profile, readable or not, and return its name; raises ParameterError if there is none."""
        shelf = self.all()
        held = self._named(name, [*shelf.profiles, *shelf.damaged])
        self._profiles.drop(held)
        return held

    def rename(self, name: str, new: str) -> str:
        """Call a profile otherwise and return its name; raises ParameterError where another one is called so."""
        held, profile = self.find(name)
        plain, shelf = checked_name(new), self.all()
        others = {*shelf.profiles, *shelf.damaged} - {held}
        if plain.casefold() in {other.casefold() for other in others}:
            raise ParameterError(
                say("another profile is called '{plain}'", plain=one_line(plain)), remedy=later("Choose another name")
            )
        self._profiles.put(plain, profile.to_json())
        if plain != held:
            self._profiles.drop(held)
        return plain

    def set_times(self, name: str, times: Sequence[Slot]) -> str:
        """Say when a profile holds by itself; no times let it hold only when it is asked for. Returns its name."""
        held, profile = self.find(name)
        self._profiles.put(held, replace(profile, times=tuple(times)).to_json())
        return held

    def now(self, when: dt.datetime) -> Holding | None:
        """Which profile holds at a local time."""
        return holding(self.all().schedule, when)

    def next(self, when: dt.datetime) -> Coming | None:
        """Which profile begins next after a local time."""
        return coming(self.all().schedule, when)

    def begins(self, name: str) -> Begins:
        """A profile as it begins now; raises ParameterError if there is none of that name or it cannot be read.

        Raises UnknownTrackError if all the songs that it begins from have left the library.
        """
        held, profile = self.find(name)
        tracks, gone = [], []
        for seed in profile.seeds:
            try:
                tracks.append(self._track(seed.track_id))
            except UnknownTrackError:
                gone.append(seed.name)
        if not tracks:
            what = say(
                "all that “{held}” begins from has left the library ({gone})", held=one_line(held), gone="; ".join(gone)
            )
            raise UnknownTrackError(what, remedy=later("Scan its folder again, or save it with other songs"))
        rules, wishes = self._choosing.rules, profile.spec.wishes
        spec = replace(profile.spec, wishes=rules.heard(wishes))
        return Begins(held, spec, tuple(tracks), tuple(gone), rules.unheard(wishes))

    def play(self, name: str, *, count: int | None, rng: np.random.Generator) -> Played:
        """Choose what a profile plays, ``count`` songs or as many as it was saved with; raises as `begins` does."""
        begins = self.begins(name)
        spec = begins.spec if count is None else replace(begins.spec, count=count)
        chosen = self._choosing.continue_queue([track.id for track in begins.seeds], spec, rng=rng)
        return Played(chosen, begins)

    def _named(self, name: str, held: Sequence[str]) -> str:
        wanted = " ".join(name.split()).casefold()
        for other in held:
            if other.casefold() == wanted:
                return other
        near = difflib.get_close_matches(wanted, [other.casefold() for other in held], n=1, cutoff=0.5)
        meant = [other for other in held if other.casefold() in near]
        if meant:
            remedy = say("Did you mean '{meant}'?", meant=one_line(meant[0]))
        elif held:
            remedy = say("Choose from: {names}", names=", ".join(one_line(other) for other in held))
        else:
            remedy = later("Save one first: segue profile save NAME SONG ...")
        raise ParameterError(say("no profile is called '{name}'", name=one_line(name)), remedy=remedy)


def checked_name(name: str) -> str:
    """A name that a profile may have, with single spaces; raises ParameterError."""
    plain = " ".join(storable(name).split())
    if not plain or len(plain) > LONGEST_NAME or any(unicodedata.category(c) == "Cc" for c in plain):
        raise ParameterError(
            say("'{name}' is no name to save under", name=one_line(name[:LONGEST_NAME])),
            remedy=say(
                "Choose one of 1 to {longest_name} characters, such as 'Sunday morning'", longest_name=LONGEST_NAME
            ),
        )
    return plain


def profile_of(body: Mapping[str, Any]) -> Profile:
    """The profile that `Profile.to_json` gave; raises ParameterError for anything else."""
    if set(body) != _PARTS or body["format"] != _FORMAT:
        raise ParameterError(later("it has other parts than a profile has"), remedy=later("Save it again"))
    seeds: Any = body["seeds"]
    times: Any = body["times"]
    if not isinstance(seeds, list) or not 0 < len(seeds) <= _MOST_SEEDS or not all(map(_is_seed, seeds)):
        raise ParameterError(later("what it begins from is no list of songs"), remedy=later("Save it again"))
    if not isinstance(times, list) or not all(isinstance(time, str) for time in times):
        raise ParameterError(later("its times are no list of texts"), remedy=later("Save it again"))
    begins = tuple(Beginning(TrackId(track_id), name) for track_id, name in seeds)
    return Profile(begins, ContinueSpec.from_json(body["spec"]), tuple(read_slot(time) for time in times))


def _is_seed(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and is_track_id(value[0]) and isinstance(value[1], str)
