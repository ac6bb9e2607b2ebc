"""What the listener wants to hear, and does not: plain values that can be kept as JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Self, TypeVar, get_args

from segue.choose.names import plain_words
from segue.choose.taste import Taste
from segue.config import CHOICE
from segue.errors import ParameterError
from segue.values import TrackId

Christmas = Literal["december", "always", "never"]
_LONGEST_LIST = 100_000
_PLAIN = {"int": int, "float": float}
_Spec = TypeVar("_Spec")


@dataclass(frozen=True, slots=True)
class Wishes:
    """Which tracks may come. None is no limit, an empty set no wish; see ``ChoiceSpec`` for the numbers.

    ``genres`` and the like are words of the file's genre, ``folders`` absolute paths or names of folders, ``only_tags``
    and ``not_tags`` what a track is heard as. Of several that are wanted, one is enough. ``versions`` says whether
    another version of a song that has played may come, ``spoken`` whether spoken word may. With ``strict`` no rule
    gives way.
    """

    artist_spacing: int = CHOICE.artist_spacing
    album_spacing: int = CHOICE.album_spacing
    repeat_after_tracks: int = CHOICE.repeat_after_tracks
    repeat_after_hours: float = CHOICE.repeat_after_hours
    versions: bool = True
    shortest_s: float | None = CHOICE.shortest_s
    longest_s: float | None = CHOICE.longest_s
    first_year: int | None = None
    last_year: int | None = None
    slowest_bpm: float | None = None
    fastest_bpm: float | None = None
    octaves: bool = False
    genres: frozenset[str] = frozenset()
    not_genres: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    not_folders: frozenset[str] = frozenset()
    only_tags: frozenset[str] = frozenset()
    not_tags: frozenset[str] = frozenset()
    spoken: bool = False
    christmas: Christmas = "december"
    strict: bool = False

    def __post_init__(self) -> None:
        in_range(self, "artist_spacing", 0, 100)
        in_range(self, "album_spacing", 0, 100)
        in_range(self, "repeat_after_tracks", 0, 1_000_000)
        in_range(self, "repeat_after_hours", 0.0, 1_000_000.0)
        for low, high, most in (
            ("shortest_s", "longest_s", 1e6), ("first_year", "last_year", 9999), ("slowest_bpm", "fastest_bpm", 1000.0),
        ):  # fmt: skip
            in_range(self, low, 0, most)
            in_range(self, high, 0, most)
            if (getattr(self, low) or 0) > (most if getattr(self, high) is None else getattr(self, high)):
                raise ParameterError(
                    f"{low} is {getattr(self, low)}, but {high} only {getattr(self, high)}", remedy="Swap the two"
                )
        for word in self.genres | self.not_genres:
            if not plain_words(word):
                raise ParameterError(f"'{word}' is no genre", remedy="Say a word that stands in it, such as jazz")
        if not all(map(str.strip, self.folders | self.not_folders)):
            raise ParameterError("a folder has no name", remedy="Say its path or its name")
        if self.christmas not in get_args(Christmas):
            raise ParameterError(f"christmas is {self.christmas!r}", remedy=f"Say {' or '.join(get_args(Christmas))}")

    def to_json(self) -> dict[str, Any]:
        """The wishes as plain JSON values."""
        return to_json(self)

    @classmethod
    def from_json(cls, value: object) -> Self:
        """The wishes that `to_json` gave; what is not said is as usual. Raises ParameterError."""
        return from_json(cls, value)


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What is so at the moment of choosing, and stands in no tag: bans, taste, what is heard in the tracks, the time.

    ``taste`` is None where the ear is to choose alone; ``disliked`` are tracks that are refused, but push nothing away.
    ``last_played_s`` and ``now_s`` count from 1970. Where ``today`` is None, nothing is said of the season.
    """

    banned: frozenset[TrackId] = frozenset()
    disliked: frozenset[TrackId] = frozenset()
    taste: Taste | None = field(default=None, repr=False)
    heard: Mapping[TrackId, Collection[str]] = field(default_factory=dict, repr=False)
    last_played_s: Mapping[TrackId, float] = field(default_factory=dict, repr=False)
    now_s: float = 0.0
    today: dt.date | None = None


NO_FACTS = Facts()


def in_range(spec: object, name: str, low: float, high: float) -> None:
    """Refuse a number of a spec that is out of its range; None is none."""
    value = getattr(spec, name)
    if value is not None and not low <= value <= high:
        raise ParameterError(f"{name} is {value}", remedy=f"Choose between {low} and {high}")


def to_json(spec: Any) -> dict[str, Any]:
    """A frozen spec as plain JSON values: sets become sorted lists, specs in it objects."""
    return {f.name: _plain(getattr(spec, f.name)) for f in fields(spec)}


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    return value.to_json() if hasattr(value, "to_json") else value


def from_json(cls: type[_Spec], value: object) -> _Spec:
    """A spec out of what `to_json` gave, by the types of its defaults.

    Raises ParameterError for what is no object, for names that the spec does not have, and for values of another type
    or out of range.
    """
    if not isinstance(value, dict):
        raise ParameterError("the settings are no JSON object", remedy="Save them again")
    defaults = cls()
    unknown = sorted(str(name) for name in value.keys() - {f.name for f in fields(cls)})  # type: ignore[arg-type]
    if unknown:
        raise ParameterError(f"no setting is called '{unknown[0]}'", remedy="Save the settings again")
    types = {f.name: str(f.type) for f in fields(cls)}  # type: ignore[arg-type]
    return cls(**{name: _typed(name, v, types[name], getattr(defaults, name)) for name, v in value.items()})


def _typed(name: str, value: Any, annotation: str, default: Any) -> Any:
    """A value as its field has it, or ParameterError."""
    if hasattr(default, "from_json"):
        return type(default).from_json(value)
    if annotation.startswith("frozenset"):
        if isinstance(value, list) and len(value) <= _LONGEST_LIST and all(isinstance(item, str) for item in value):
            return frozenset(value)
    elif isinstance(value, bool) or annotation == "bool":
        if isinstance(value, bool) and annotation == "bool":
            return value
    elif annotation.startswith("float") and isinstance(value, int):
        return float(value)
    elif (
        isinstance(value, _PLAIN.get(annotation.split(" ")[0], ()))
        or (value is None and "None" in annotation)
        or (isinstance(value, str) and isinstance(default, str))
    ):
        return value
    raise ParameterError(f"the setting '{name}' cannot be {str(value)[:50]!r}", remedy="Save the settings again")
