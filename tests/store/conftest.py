from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from store_standins import write_wav

from segue.store.library import Library


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "Pickles"


@pytest.fixture
def library(data: Path) -> Iterator[Library]:
    with Library.open(data) as opened:
        yield opened


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Six short songs in two folders."""
    folder = tmp_path / "music"
    for seed in range(6):
        write_wav(folder / ("first" if seed < 3 else "second") / f"song {seed}.wav", seed, seconds=4 + seed / 10)
    return folder


@pytest.fixture
def no_workers(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From here on nothing needs to be heard."""
    return lambda: monkeypatch.setattr("segue.store.workers._Worker._start", lambda self: pytest.fail("a worker"))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, which pytest's own is not."""
    folder = Path(tempfile.mkdtemp(prefix="segue-test-"))
    folder.chmod(0o755)
    yield folder
    for path in folder.rglob("*"):
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(folder)


@pytest.fixture
def ordinary_user() -> Callable[[], AbstractContextManager[None]]:
    """Without the superuser's right to read and write everything; the same as ever where tests run without it."""

    @contextmanager
    def acting() -> Iterator[None]:
        if os.geteuid() != 0:
            yield
            return
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)

    return acting
