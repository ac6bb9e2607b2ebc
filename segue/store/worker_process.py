"""What a worker process does: receive a starter, then a path at a time; give a sign of life while it is at work.

Nothing heavy is imported here, because a worker must limit its native threads before numpy is loaded.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from segue.errors import SegueError

_PULSE_S = 1.0  # how often a worker that is at work says so
_NICENESS = 5  # the booth stays prompt while its library is being scanned


@dataclass(frozen=True, slots=True)
class Unexpected:
    """An exception that a worker had no words for."""

    what: str
    trace: str


def serve(connection: Connection, memory_mb: int) -> None:
    """Work until the pipe is closed; a file may take so much memory more than the process has when it is ready."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    with suppress(EOFError, OSError):
        _Service(connection).run(memory_mb)


class _Service:
    """The messages: ready; value, error, memory or unexpected for each file; and a pulse while there is work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._speaking = threading.Lock()
        self._began_s: float | None = 0.0

    def run(self, memory_mb: int) -> None:
        threading.Thread(target=self._pulse, daemon=True).start()
        ready, work = _attempt(lambda: self._connection.recv()())
        _limit_memory(memory_mb)
        self._finish("ready" if ready == "value" else ready, None if ready == "value" else work)
        while ready == "value":
            path: Path = self._connection.recv()
            self._began_s = time.process_time()
            self._finish(*_attempt(partial(work, path)))

    def _finish(self, message: str, content: Any) -> None:
        with self._speaking:
            self._began_s = None
            self._connection.send((message, content))

    def _pulse(self) -> None:
        """Say how much computing time the present file has had; a process that is stopped cannot."""
        with suppress(OSError):
            while True:
                time.sleep(_PULSE_S)
                with self._speaking:
                    if self._began_s is not None:
                        self._connection.send(("pulse", time.process_time() - self._began_s))


def _attempt(step: Callable[[], Any]) -> tuple[str, Any]:
    try:
        return "value", step()
    except SegueError as error:
        return "error", error
    except MemoryError:
        return "memory", None
    except Exception as error:  # noqa: BLE001 - one file must not end the scan; the parent logs and counts it
        return "unexpected", Unexpected(f"{type(error).__name__}: {error}", traceback.format_exc())


def _limit_memory(more_mb: int) -> None:
    """Let this process take no more than so much beside what it holds now, where the system keeps it to that (Linux).

    The limit is on its private data, not on addresses, of which libraries and threads reserve many and use few.
    """
    if not more_mb or sys.platform != "linux":
        return
    import resource  # not on Windows

    data_pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
    most = data_pages * resource.getpagesize() + more_mb * 1_000_000
    _, highest = resource.getrlimit(resource.RLIMIT_DATA)
    if highest == resource.RLIM_INFINITY or most < highest:
        resource.setrlimit(resource.RLIMIT_DATA, (most, highest))


def _leave_with_parent() -> None:
    """End this process, whatever it is at, when the one that started it is gone."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
