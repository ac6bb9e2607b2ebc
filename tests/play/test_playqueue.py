from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from segue.config import QUEUE
from segue.errors import ParameterError
from segue.play import playqueue as pq
from segue.play.playqueue import Entry, Queue, Song
from segue.values import EntryId, TrackId


def _song(number: int) -> Song:
    return Song(TrackId(f"{number:016x}"), "chosen" if number % 2 else "picked", f"because {number}")


def _queue(count: int, at: int | None = None) -> Queue:
    queue = pq.append(Queue(), [_song(i) for i in range(1, count + 1)])
    return queue if at is None else pq.jump(queue, EntryId(at))


def _ids(queue: Queue) -> list[int]:
    return [entry.id for entry in queue.entries]


def test_a_new_queue_plays_nothing_until_it_is_moved_on() -> None:
    queue = _queue(3)
    assert queue.current is None
    assert len(queue.upcoming) == 3
    queue = pq.go_next(queue)
    assert (queue.current_id, queue.played, len(queue.upcoming)) == (1, (), 2)
    assert queue.current == Entry(EntryId(1), TrackId(f"{1:016x}"), "chosen", "because 1")


def test_next_and_previous_stop_at_the_ends() -> None:
    queue = _queue(2, at=2)
    assert pq.go_next(queue) is queue
    queue = pq.go_previous(queue)
    assert queue.current_id == 1
    assert pq.go_previous(queue) is queue
    assert pq.go_next(Queue()) == Queue()


def test_the_same_track_may_stand_twice() -> None:
    queue = pq.append(Queue(), [_song(7), _song(7)])
    assert _ids(queue) == [1, 2]
    assert len(set(queue.track_ids)) == 1


def test_removing_what_plays_moves_on_to_the_one_in_its_place() -> None:
    assert pq.remove(_queue(3, at=2), EntryId(2)).current_id == 3
    assert pq.remove(_queue(3, at=3), EntryId(3)).current_id == 2
    assert pq.remove(_queue(1, at=1), EntryId(1)).current_id is None
    assert pq.remove(_queue(3, at=1), EntryId(3)).current_id == 1


def test_clearing_and_replacing_leave_what_played_and_plays() -> None:
    queue = _queue(4, at=2)
    assert _ids(pq.clear_upcoming(queue)) == [1, 2]
    assert _ids(pq.replace_upcoming(queue, [_song(9)])) == [1, 2, 5]


def test_undo_of_a_removal_restores_the_same_entry() -> None:
    queue = _queue(3, at=1)
    back = pq.undo(pq.remove(queue, EntryId(2)))
    assert back.entries == queue.entries
    assert pq.redo(back).entries == pq.remove(queue, EntryId(2)).entries


def test_undo_of_removing_what_plays_plays_it_again() -> None:
    assert pq.undo(pq.remove(_queue(3, at=2), EntryId(2))).current_id == 2


def test_undo_does_not_interrupt_what_plays_now() -> None:
    queue = pq.go_next(pq.remove(_queue(4, at=1), EntryId(2)))
    assert pq.undo(queue).current_id == 3


def test_undo_leaves_what_segue_added_meanwhile() -> None:
    queue = pq.remove(_queue(3, at=1), EntryId(2))
    queue = pq.append(queue, [_song(9)], undoable=False)
    back = pq.undo(queue)
    assert _ids(back) == [1, 2, 3, 4]
    assert _ids(pq.redo(back)) == [1, 3, 4]


def test_undo_and_redo_at_the_ends_change_nothing() -> None:
    assert pq.undo(Queue()) == Queue()
    assert pq.redo(_queue(2)) == _queue(2)


def test_changes_that_change_nothing_make_no_version() -> None:
    queue = _queue(3, at=3)
    assert pq.clear_upcoming(queue) is queue
    assert pq.append(queue, []) is queue
    assert pq.append(queue, [], undoable=False) is queue
    assert pq.jump(queue, EntryId(3)) is queue


def test_a_moved_entry_and_all_before_it_are_picks() -> None:
    queue = pq.go_next(pq.append(Queue(), [Song(TrackId(f"{n:016x}"), "chosen") for n in range(5)]))
    moved = pq.move(queue, EntryId(4), 1)
    assert [entry.track_id[-1] for entry in moved.entries] == ["0", "1", "3", "2", "4"]
    assert [entry.id for entry in moved.entries] == [1, 6, 7, 3, 5]
    assert [entry.origin for entry in moved.upcoming] == ["picked", "picked", "chosen", "chosen"]
    assert [entry.track_id[-1] for entry in pq.move(queue, EntryId(2), 99).entries] == ["0", "2", "3", "4", "1"]
    with pytest.raises(ParameterError, match="begun already"):
        pq.move(queue, EntryId(1), 2)


def test_undo_of_a_move_does_not_interrupt_a_song_that_it_gave_another_id() -> None:
    queue = pq.go_next(pq.append(Queue(), [Song(TrackId(f"{n:016x}"), "chosen") for n in range(5)]))
    moved = pq.go_next(pq.move(queue, EntryId(2), 2))
    assert moved.current is not None
    back = pq.undo(moved)
    assert back.current == moved.current
    assert back.track_ids == queue.track_ids
    assert pq.from_json(pq.to_json(back)) == back
    forth = pq.redo(back)
    assert (forth.current, forth.track_ids) == (moved.current, moved.track_ids)


def test_unknown_entries_are_refused() -> None:
    for change in (pq.remove, pq.jump):
        with pytest.raises(ParameterError, match="no entry 99"):
            change(_queue(2), EntryId(99))


def test_memory_is_bounded() -> None:
    queue = Queue()
    for i in range(QUEUE.undo_steps + 5):
        queue = pq.append(queue, [_song(i)])
    assert len(queue.undo_steps) == QUEUE.undo_steps


def test_an_endless_party_drops_the_oldest_that_played() -> None:
    queue = pq.jump(pq.append(Queue(), [_song(i) for i in range(QUEUE.longest_entries)]), EntryId(1500))
    longer = pq.append(queue, [_song(1)], undoable=False)
    assert len(longer.entries) == QUEUE.longest_entries
    assert longer.entries[0].id == 2
    assert longer.current_id == 1500
    with pytest.raises(ParameterError, match="more than 2000 entries"):
        pq.append(pq.jump(queue, EntryId(1)), [_song(1)])
    cleared = pq.append(pq.clear_upcoming(pq.jump(queue, EntryId(1))), [_song(1)], undoable=False)
    assert cleared.undo_steps == ()  # the full queue could not take the new song: it is forgotten
    assert pq.from_json(json.loads(json.dumps(pq.to_json(longer)))) == longer


def test_a_pick_that_names_a_long_title_is_cut() -> None:
    queue = pq.append(Queue(), [Song(TrackId("0" * 16), "chosen", "x" * 10_000)])
    assert len(queue.entries[0].why) == QUEUE.longest_why
    assert pq.from_json(pq.to_json(queue)) == queue


Change = Callable[[Queue], Queue]
edits = st.one_of(
    st.builds(lambda n: lambda q: pq.append(q, [_song(i) for i in range(n)]), st.integers(0, 3)),
    st.builds(lambda n: lambda q: pq.replace_upcoming(q, [_song(i) for i in range(n)]), st.integers(0, 3)),
    st.builds(
        lambda i: lambda q: pq.remove(q, q.entries[i % len(q.entries)].id) if q.entries else q, st.integers(0, 9)
    ),
    st.builds(
        lambda i, to: lambda q: pq.move(q, q.upcoming[i % len(q.upcoming)].id, to) if q.upcoming else q,
        st.integers(0, 9),
        st.integers(-1, 12),
    ),
)
moves = st.one_of(
    st.just(pq.go_next),
    st.just(pq.go_previous),
    st.builds(lambda i: lambda q: pq.jump(q, q.entries[i % len(q.entries)].id) if q.entries else q, st.integers(0, 9)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(edits, moves), max_size=12), edits)
def test_undo_is_the_inverse_and_redo_undoes_it(before: list[Change], edit: Change) -> None:
    queue = Queue()
    for change in before:
        queue = change(queue)
    edited = edit(queue)
    if edited is queue:
        return
    back = pq.undo(edited)
    assert (back.entries, back.current_id) == (queue.entries, queue.current_id)
    forth = pq.redo(back)
    assert (forth.entries, forth.current_id) == (edited.entries, edited.current_id)
    assert queue.version < edited.version < back.version < forth.version


class QueueMachine(RuleBasedStateMachine):
    """Any sequence of operations keeps the queue whole, and leaves every earlier state as it was."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = Queue()
        self.ever: set[EntryId] = set()

    def _do(self, change: Change) -> None:
        before, frozen = self.queue, copy.deepcopy(self.queue)
        self.queue = change(before)
        assert before == frozen
        assert self.queue.version == before.version + (self.queue is not before)

    @rule(change=st.one_of(edits, moves))
    def change(self, change: Change) -> None:
        self._do(change)

    @rule(count=st.integers(0, 3))
    def top_up(self, count: int) -> None:
        self._do(lambda q: pq.append(q, [_song(i) for i in range(count)], undoable=False))

    @rule()
    def undo(self) -> None:
        self._do(pq.undo)

    @rule()
    def redo(self) -> None:
        self._do(pq.redo)

    @invariant()
    def whole(self) -> None:
        ids = [entry.id for entry in self.queue.entries]
        assert len(set(ids)) == len(ids)
        assert all(i < self.queue.next_id for i in ids)
        assert self.queue.current_id is None or self.queue.current_id in ids
        played, upcoming = self.queue.played, self.queue.upcoming
        current = () if self.queue.current is None else (self.queue.current,)
        assert (*played, *current, *upcoming) == self.queue.entries

    @invariant()
    def survives_json(self) -> None:
        assert pq.from_json(json.loads(json.dumps(pq.to_json(self.queue)))) == self.queue


QueueMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestQueueMachine = QueueMachine.TestCase


def _spoilt(**changes: Any) -> dict[str, Any]:
    return {**json.loads(json.dumps(pq.to_json(pq.remove(_queue(3, at=1), EntryId(2))))), **changes}


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "{}",
        {},
        _spoilt(extra=1),
        _spoilt(format=2),
        _spoilt(version=-1),
        _spoilt(version=True),
        _spoilt(version=1.5),
        _spoilt(version=10**5000),
        _spoilt(next_id=1),
        _spoilt(current=2),
        _spoilt(current="1"),
        _spoilt(entries=[1, 1]),
        _spoilt(entries=[4]),
        _spoilt(entries=[[1]]),
        _spoilt(entries={"0": 1}),
        _spoilt(entries=list(range(1, QUEUE.longest_entries + 2))),
        _spoilt(table=[[1, "../../etc/passwd", "picked", ""]]),
        _spoilt(table=[[1, "0" * 16, "stolen", ""]]),
        _spoilt(table=[[1, "0" * 16, ["picked"], ""]]),
        _spoilt(table=[[1, "0" * 16, "picked", "x" * 501]]),
        _spoilt(table=[[1, "0" * 16, "picked", "\ud800"]]),
        _spoilt(table=[[1, "0" * 16, "picked"]]),
        _spoilt(table=[[1, "0" * 16 + "\n", "picked", ""]]),
        _spoilt(undo=[[[1], None]]),
        _spoilt(undo=[[[1], 3, None]]),
        _spoilt(undo=[[[1], None, 99]]),
        _spoilt(undo=[[[], None, None]] * (QUEUE.undo_steps + 1)),
    ],
)
def test_hostile_json_is_refused(value: object) -> None:
    with pytest.raises(ParameterError, match="the saved queue is damaged"):
        pq.from_json(value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(_spoilt())), json_values)
def test_whatever_the_browser_sends_is_a_queue_or_refused(part: str, value: object) -> None:
    try:
        queue = pq.from_json(_spoilt(**{part: value}))
    except ParameterError:
        return
    assert pq.from_json(json.loads(json.dumps(pq.to_json(queue)))) == queue
