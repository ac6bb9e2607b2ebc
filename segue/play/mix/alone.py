"""One rendering at a time for each target: two would write into the same kept sound, or delete each other's."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from segue.errors import FileAccessError


@contextmanager
def held_alone(folder: Path, target: Path, *, others: str) -> Iterator[None]:
    """Make a folder and hold it until the block ends; delete those beside it that match ``others``.

    What a killed process held is free. Windows and some network drives lock no folders: there nothing is held.

    Raises
    ------
    FileAccessError
        If somebody else holds the folder, or one of the others.
    """
    folder.mkdir(parents=True, exist_ok=True)
    held = _hold(folder, target)
    try:
        for other in folder.parent.glob(others):
            if other != folder:
                held_other = _hold(other, target)
                shutil.rmtree(other, ignore_errors=True)
                _let_go(held_other)
        yield
    finally:
        with suppress(OSError):
            folder.rmdir()  # it stays where there is something in it
        _let_go(held)


def _hold(folder: Path, target: Path) -> int | None:
    if sys.platform == "win32":
        return None
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        remedy = "Wait until it is done, or choose another name"
        raise FileAccessError("a mix is being made there already", remedy=remedy, path=target) from error
    except OSError:  # a network drive that knows no locks
        pass
    return handle


def _let_go(handle: int | None) -> None:
    if handle is not None:
        os.close(handle)
