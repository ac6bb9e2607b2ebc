"""Times of the week at which something holds: read from words such as "Sun 09:00-12:00", by the clock on the wall.

Nothing here asks what time it is: the time is an argument, a local one without a zone, as a clock shows it. Where
clocks are put back or forward, an hour comes twice or not at all, here as on the wall.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from segue.errors import ParameterError

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WEEK = frozenset(range(7))
_NAMED = {
    "daily": _WEEK,
    "every day": _WEEK,
    "weekdays": frozenset(range(5)),
    "weekends": frozenset((5, 6)),
    "weekend": frozenset((5, 6)),
}
_FULL = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_MINUTES = 24 * 60
_TIME = r"(\d{1,2})(?:[:.](\d{2}))?"
_SLOT = re.compile(rf"(?:(?P<days>[^\d]*?)\s+)?{_TIME}\s*(?:-|–|to)\s*{_TIME}", re.IGNORECASE)
_EXAMPLE = 'Say days and times as "Sun 09:00-12:00", "Mon-Fri 7-9", "Sat,Sun 22:00-02:00" or "daily 06:30-08:00"'


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """Days of the week (0 is Monday) on which something begins, and the minutes of the day from and until which.

    Where it ends no later than it begins it goes on past midnight; from and until the same minute it lasts a day.
    """

    days: tuple[int, ...]
    start_min: int
    end_min: int

    @property
    def length_min(self) -> int:
        """How long it lasts."""
        return (self.end_min - self.start_min - 1) % _DAY_MINUTES + 1

    def begins(self, when: dt.datetime) -> dt.datetime | None:
        """When it began, if it holds at a time; it still belongs to the day on which it began."""
        for back in (0, 1):
            day = when.date() - dt.timedelta(days=back)
            start = _at(day, self.start_min)
            if day.weekday() in self.days and start <= when < start + dt.timedelta(minutes=self.length_min):
                return start
        return None

    def next_after(self, when: dt.datetime) -> dt.datetime:
        """When it begins next, after a time."""
        days = (when.date() + dt.timedelta(days=ahead) for ahead in range(8))
        return next(start for day in days if day.weekday() in self.days and (start := _at(day, self.start_min)) > when)

    def __str__(self) -> str:
        return f"{_days_to_words(self.days)} {_clock(self.start_min)}-{_clock(self.end_min)}"


class Holding(NamedTuple):
    """What holds at a time, by which slot and until when; ``others`` would too, but are less specific."""

    name: str
    slot: Slot
    until: dt.datetime
    others: tuple[str, ...]


class Coming(NamedTuple):
    """What begins next."""

    name: str
    slot: Slot
    at: dt.datetime


def read_slot(text: str) -> Slot:
    """The slot that words say; raises ParameterError."""
    match = _SLOT.fullmatch(text.strip())
    if match is None:
        raise ParameterError(f"'{text}' is no time of the week", remedy=_EXAMPLE)
    start, end = (_minutes(text, *match.groups()[at : at + 2]) for at in (1, 3))
    if end == 0:
        end = _DAY_MINUTES  # "until 0:00" and "until 24:00" are the same midnight
    if start == _DAY_MINUTES:
        start = 0
    days = _NAMED.get(" ".join((match["days"] or "daily").casefold().split()))
    return Slot(tuple(sorted(days or _days(text, match["days"]))), start, end)


def holding(schedule: Mapping[str, Sequence[Slot]], when: dt.datetime) -> Holding | None:
    """What holds at a local time: of several the most specific, which is the shortest, then that of the fewest days."""
    found = [
        ((slot.length_min, len(slot.days), name), name, slot, start)
        for name, slots in schedule.items()
        for slot in slots
        if (start := slot.begins(when)) is not None
    ]
    if not found:
        return None
    _, name, slot, start = min(found)
    others = sorted({other for _, other, *_ in found} - {name})
    return Holding(name, slot, start + dt.timedelta(minutes=slot.length_min), tuple(others))


def coming(schedule: Mapping[str, Sequence[Slot]], when: dt.datetime) -> Coming | None:
    """What begins next after a local time; of several the most specific."""
    found = [
        (slot.next_after(when), slot.length_min, len(slot.days), name, slot)
        for name, slots in schedule.items()
        for slot in slots
    ]
    if not found:
        return None
    at, _, _, name, slot = min(found)
    return Coming(name, slot, at)


def _at(day: dt.date, minute: int) -> dt.datetime:
    return dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=minute)


def _minutes(text: str, hours: str, minutes: str | None) -> int:
    found = 60 * int(hours) + int(minutes or 0)
    if found > _DAY_MINUTES or int(minutes or 0) > 59:
        raise ParameterError(f"'{text}' names a time that no clock shows", remedy=_EXAMPLE)
    return found


def _days(text: str, words: str) -> frozenset[int]:
    """Days such as "Mon", "Mon-Fri" or "Fri, Sat and Sun"; a range may go over the end of the week."""
    found: set[int] = set()
    for part in re.split(r"\s*(?:,|\+|&|\band\b|\s)\s*", re.sub(r"\s*[-–]\s*", "-", words.strip())):
        if not part:
            continue
        first, _, last = part.partition("-")
        start, end = _day(text, first), _day(text, last or first)
        found |= {(start + step) % 7 for step in range((end - start) % 7 + 1)}
    if not found:
        raise ParameterError(f"'{text}' names no day of the week", remedy=_EXAMPLE)
    return frozenset(found)


def _day(text: str, word: str) -> int:
    """A day by its name or the beginning of it, of three letters at least."""
    plain = word.casefold().rstrip(".")
    for number, name in enumerate(_FULL):
        if len(plain) >= 3 and (name.startswith(plain) or plain == f"{name}s"):
            return number
    raise ParameterError(f"'{text}' names no day of the week by '{word}'", remedy=_EXAMPLE)


def _days_to_words(days: Sequence[int]) -> str:
    if len(days) == 7:
        return "daily"
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(_run_to_words(run) for run in runs)


def _run_to_words(run: Sequence[int]) -> str:
    joined = DAYS[run[0]], DAYS[run[-1]]
    return joined[0] if len(run) == 1 else ("-" if len(run) > 2 else ",").join(joined)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
