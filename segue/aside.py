"""Long work that is done aside: by a process of its own, which gives way to all else and can be given up."""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from segue.errors import SegueError
from segue.processes import interrupts_held_back

_log = logging.getLogger(__name__)

_NICENESS = 10  # the booth and a scan go first
_SPAWN = multiprocessing.get_context("spawn")
_BLINK_S = 0.2

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class AsideStatus:
    """Whether work is being done, how much of it is, from 0 to 1, and what went wrong the last time."""

    running: bool = False
    share: float = 0.0
    error: str = ""


def aside(
    work: Callable[..., _Result], *given: Any, stop: threading.Event, on_share: Callable[[float], None], name: str
) -> _Result | None:
    """What ``work(*given, on_share=...)`` gives, done in another process; None where it was given up, or died.

    ``work`` is a function of a module, and what it takes and gives can be pickled. Raises the SegueError that it
    raises.
    """
    here, there = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_do, args=(there,), daemon=True, name=f"segue-{name}")
    with interrupts_held_back():
        process.start()
    there.close()
    try:
        here.send((work, given))
        while not stop.is_set():
            if not here.poll(_BLINK_S):
                if process.is_alive():
                    continue
                return None
            kind, told = here.recv()
            if kind == "failed":
                raise told
            if kind == "done":
                result: _Result = told
                return result
            on_share(told)
    except (EOFError, BrokenPipeError):
        _log.warning("the process of the %s has ended", name)
    finally:
        here.close()
        process.terminate()
        process.join()
    return None


def _do(connection: Connection) -> None:
    """The process: take the work, tell how far it is, give what came of it."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    with suppress(EOFError, BrokenPipeError):
        work, given = connection.recv()
        try:
            result = work(*given, on_share=lambda share: connection.send(("share", share)))
        except SegueError as error:
            connection.send(("failed", error))
        else:
            connection.send(("done", result))
