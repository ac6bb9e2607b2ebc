"""Times of the week: read, said again, and which of several holds."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.choose.schedule import Slot, coming, holding, read_slot
from segue.errors import ParameterError

SUNDAY = dt.date(2026, 11, 29)
slots = st.builds(
    Slot,
    st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
    st.integers(0, 1439),
    st.integers(1, 1440),
)
times = st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2027, 12, 31)).map(
    lambda t: t.replace(second=0, microsecond=0)
)


def at(clock: str, *, days: int = 0) -> dt.datetime:
    return dt.datetime.combine(SUNDAY + dt.timedelta(days=days), dt.time.fromisoformat(clock))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Sun 09:00-12:00", "Sun 09:00-12:00"),
        ("sunday 9-12", "Sun 09:00-12:00"),
        ("Mon-Fri 7:30 - 9", "Mon-Fri 07:30-09:00"),
        ("weekdays 7.30 to 9.15", "Mon-Fri 07:30-09:15"),
        ("Sat, Sun 22:00-02:00", "Sat,Sun 22:00-02:00"),
        ("fri sat and sun 20-0", "Fri-Sun 20:00-24:00"),
        ("Sat-Mon 8-9", "Mon,Sat,Sun 08:00-09:00"),
        ("mondays & Thurs 24-1", "Mon,Thu 00:00-01:00"),
        ("06:30-08:00", "daily 06:30-08:00"),
        ("Every  Day 00:00–24:00", "daily 00:00-24:00"),
    ],
)
def test_times_as_people_say_them(text: str, said: str) -> None:
    assert str(read_slot(text)) == said


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Sunday",
        "Sun 9",
        "Sun 25-26",
        "Sun 9:60-10",
        "So 9-12",
        "Su 9-12",
        "Sun-Blue 9-12",
        "9-12 Sun",
        "-9-12",
        ", 9-12",
    ],
)
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ParameterError) as caught:
        read_slot(text)
    assert "Mon-Fri 7-9" in caught.value.remedy


@given(slots)
def test_what_is_said_is_read_again(slot: Slot) -> None:
    assert read_slot(str(slot)) == slot


@given(slots, times)
def test_a_slot_holds_as_long_as_it_lasts(slot: Slot, when: dt.datetime) -> None:
    """By its definition, minute by minute back from the time."""
    begins = [
        when - dt.timedelta(minutes=back)
        for back in range(slot.length_min)
        if (day := when - dt.timedelta(minutes=back)).weekday() in slot.days
        and 60 * day.hour + day.minute == slot.start_min
    ]
    assert slot.begins(when) == (begins[0] if begins else None)
    assert 1 <= slot.length_min <= 1440


@given(slots, times)
def test_the_next_beginning_is_the_first_after_a_time(slot: Slot, when: dt.datetime) -> None:
    following = slot.next_after(when)
    assert when < following <= when + dt.timedelta(days=7)
    assert slot.begins(following) == following
    held = slot.begins(following - dt.timedelta(minutes=1))
    assert held is None or held < following


def test_over_midnight_it_belongs_to_the_day_on_which_it_began() -> None:
    night = {"night": [read_slot("Sat 22:00-02:00")]}
    for clock, days, holds in (("23:00", -1, True), ("01:59", 0, True), ("02:00", 0, False), ("23:00", 0, False)):
        assert (holding(night, at(clock, days=days)) is not None) == holds
    held = holding(night, at("01:00"))
    assert held is not None
    assert held.until == at("02:00")


def test_the_most_specific_holds_and_names_the_others() -> None:
    schedule = {
        "always": [read_slot("daily 0-24")],
        "mornings": [read_slot("daily 9-12")],
        "weekend": [read_slot("weekends 9-12")],
        "brunch": [read_slot("Sun 10-12"), read_slot("Tue 3-4")],
    }
    held = holding(schedule, at("11:00"))
    assert held is not None
    assert (held.name, str(held.slot), held.until) == ("brunch", "Sun 10:00-12:00", at("12:00"))
    assert held.others == ("always", "mornings", "weekend")
    fewer_days = holding(schedule, at("09:30"))
    assert fewer_days is not None
    assert fewer_days.name == "weekend"
    assert holding({}, at("09:30")) is None
    assert coming({}, at("09:30")) is None
    following = coming(schedule, at("09:30"))
    assert following is not None
    assert (following.name, following.at) == ("brunch", at("10:00"))
