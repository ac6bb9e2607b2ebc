"""What the JSON API may be asked with: each field once, for checking what comes and for telling what may come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from segue.errors import ParameterError
from segue.play.playqueue import is_track_id
from segue.values import TrackId

Kind = Literal["integer", "number", "string", "songs"]

SONG = {"type": "string", "pattern": "^[0-9a-f]{16}$", "description": "The id of a song"}


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a request may say; ``least`` and ``most`` bound numbers, and lengths of texts and lists.

    What must be said has None for its default.
    """

    name: str
    kind: Kind
    doc: str
    default: float | str | None = None
    least: float = 0
    most: float = 0

    def schema(self) -> dict[str, Any]:
        """The field as JSON Schema."""
        if self.kind == "songs":
            listed = {"type": "array", "items": SONG, "minItems": int(self.least), "maxItems": int(self.most)}
            return {**listed, "description": self.doc}
        bounds = ("minLength", "maxLength") if self.kind == "string" else ("minimum", "maximum")
        said = {"type": self.kind, "description": self.doc, bounds[0]: self.least, bounds[1]: self.most}
        return said if self.default is None else {**said, "default": self.default}

    def read(self, value: Any) -> Any:
        """A value that came, checked; raises ParameterError."""
        if self.kind == "songs":
            fits = isinstance(value, list) and all(map(is_track_id, value)) and self._is_within(len(value))
        elif self.kind == "string":
            fits = isinstance(value, str) and self._is_within(len(value))
        else:
            kinds = int if self.kind == "integer" else (int, float)
            fits = isinstance(value, kinds) and not isinstance(value, bool) and self._is_within(cast("float", value))
        if not fits:
            raise ParameterError(f"'{self.name}' is {_shown(value)}", remedy=f"Give {self._wanted()}")
        return value

    def from_text(self, text: str) -> Any:
        """As `read`, for a value that stands in an address."""
        if self.kind == "string":
            return self.read(text)
        try:
            return self.read(int(text) if self.kind == "integer" else float(text))
        except ValueError:
            raise ParameterError(f"'{self.name}' is {_shown(text)}", remedy=f"Give {self._wanted()}") from None

    def _is_within(self, number: float) -> bool:
        return self.least <= number <= self.most

    def _wanted(self) -> str:
        nouns = {
            "songs": "a list of {} ids of songs",
            "string": "a text of {} characters",
            "integer": "a whole number, {}",
        }
        return nouns.get(self.kind, "a number, {}").format(f"{self.least:.15g} to {self.most:.15g}")


def read_all(fields: Sequence[Field], given: Mapping[str, Any], *, as_text: bool) -> dict[str, Any]:
    """Every field of a request, as it came or as it is where nothing is said; raises ParameterError."""
    strangers = sorted(given.keys() - {field.name for field in fields})
    if strangers:
        known = ", ".join(field.name for field in fields) or "nothing"
        raise ParameterError(f"there is no '{strangers[0][:40]}' here", remedy=f"This takes {known}")
    values: dict[str, Any] = {}
    for field in fields:
        if field.name in given:
            values[field.name] = (field.from_text if as_text else field.read)(given[field.name])
        elif field.default is None:
            raise ParameterError(f"'{field.name}' is missing", remedy=f"It is {field.doc[0].lower()}{field.doc[1:]}")
        else:
            values[field.name] = field.default
    return values


def track_ids(values: Mapping[str, Any], name: str) -> list[TrackId]:
    """A list of songs that was read."""
    return [TrackId(track_id) for track_id in values[name]]


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
