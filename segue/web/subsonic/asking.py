"""What an app asks: the parameters of a request to the Subsonic protocol, each checked once."""

from __future__ import annotations

from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from segue.play.playqueue import is_track_id
from segue.values import TrackId
from segue.web.subsonic.answers import MISSING, NOT_FOUND, OTHER, RefusedError

MOST = 500
"""Entries of one page of a list, as the protocol bounds them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of a request, from its address or its form."""

    values: MultiDict[str, str]

    @property
    def as_json(self) -> bool:
        """Whether the answer is to be JSON rather than XML."""
        return self.values.get("f") == "json"

    def text(self, name: str, default: str | None = None) -> str:
        """A parameter as it stands; raises RefusedError where it is missing and must not be."""
        value = self.values.get(name, default)
        if value is None:
            raise RefusedError(f"the parameter '{name}' is missing", remedy="Say it too", code=MISSING)
        return value

    def number(self, name: str, default: int, *, most: int = MOST) -> int:
        """A whole number from 0 on; more than ``most`` is as much."""
        text = self.values.get(name, str(default))
        if not (text.isascii() and text.isdigit() and len(text) < 12):
            raise RefusedError(f"'{name}' is '{text[:40]}'", remedy="Give a whole number from 0 on", code=OTHER)
        return min(int(text), most)

    def offset(self, name: str = "offset") -> int:
        """How many entries of a list to pass over."""
        return self.number(name, 0, most=10_000_000)

    def many(self, name: str) -> list[str]:
        """All values of a parameter that may be given several times."""
        return self.values.getlist(name)

    def track_id(self, name: str = "id") -> TrackId:
        """The id of a song."""
        return checked(self.text(name))


def checked(text: str) -> TrackId:
    """An id of a song; raises RefusedError for anything else."""
    if not is_track_id(text):
        raise RefusedError(f"no song has the id '{text[:40]}'", remedy="Look for it again", code=NOT_FOUND)
    return TrackId(text)
