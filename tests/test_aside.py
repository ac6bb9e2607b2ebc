"""Long work in a process of its own: what it gives, what it refuses, and how it is given up."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

import pytest

from segue.aside import aside
from segue.errors import ParameterError

Told = Callable[[float], None]


def halves(number: int, *, on_share: Told) -> tuple[int, int]:
    on_share(0.25)
    on_share(0.75)
    return number // 2, os.getpid()


def refuse(*, on_share: Told) -> None:
    raise ParameterError(f"not {on_share is not None}", remedy="Do not ask")


def die(*, on_share: Told) -> None:
    os._exit(3)


def wait(*, on_share: Told) -> None:
    on_share(0.5)
    threading.Event().wait()


def test_it_is_done_elsewhere_and_tells_how_far_it_is() -> None:
    told: list[float] = []
    found = aside(halves, 14, stop=threading.Event(), on_share=told.append, name="test")
    assert found is not None
    assert found[0] == 7
    assert found[1] != os.getpid()
    assert told == [0.25, 0.75]


def held_back(*, on_share: Told) -> set[signal.Signals]:
    return signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_ctrl_c_is_not_its_to_handle() -> None:
    """It was hit while it was still importing, and printed a traceback over the one line of the command."""
    found = aside(held_back, stop=threading.Event(), on_share=lambda _: None, name="test")
    assert found is not None
    assert signal.SIGINT in found
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_what_it_refuses_is_refused_here() -> None:
    with pytest.raises(ParameterError, match="not True"):
        aside(refuse, stop=threading.Event(), on_share=lambda _: None, name="test")


def test_a_process_that_dies_gives_nothing() -> None:
    assert aside(die, stop=threading.Event(), on_share=lambda _: None, name="test") is None


def test_it_is_given_up_when_that_is_asked_for() -> None:
    stop = threading.Event()
    assert aside(wait, stop=stop, on_share=lambda _: stop.set(), name="test") is None
