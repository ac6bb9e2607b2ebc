"""What all tests share: the programs they drive, the real music, and loud words about what is left out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tools import find_browser, missing

ROOT = Path(__file__).parent.parent
IN_CI = os.environ.get("CI") == "true"
CHROMIUM = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
)  # fmt: skip


def _music() -> Path | None:
    folder = Path(os.environ.get("MUSIC_CACHE", ROOT / ".music"))
    return folder if (folder / "zaz-data").is_dir() else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what cannot run here, but never in CI, where a lack is a failure; begin with what takes long.

    A file that takes minutes would else be begun when nothing is left for the other processes to do.
    """
    long = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)
    lacks = set(missing())
    reasons = {
        "browser": "there is no Chromium" if "chromium" in lacks else None,
        "firefox": "there is no Firefox" if "firefox" in lacks else None,
        "ffmpeg": "there is no ffmpeg" if "ffmpeg" in lacks else None,
        "music": None if _music() else "the real music is not there; fetch it with `make music`",
    }
    for item in items:
        for marker, reason in reasons.items():
            if reason and item.get_closest_marker(marker):
                if IN_CI:
                    raise pytest.UsageError(f"{item.nodeid} cannot run: {reason}")
                item.add_marker(pytest.mark.skip(reason=f"LEFT OUT: {reason}"))


@pytest.fixture(scope="session")
def real_music() -> Path:
    """The folder that `make music` fills."""
    folder = _music()
    assert folder is not None
    return folder


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A real Chromium that may play without being clicked: one for each test process, for two cannot run in one."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=find_browser(), args=list(CHROMIUM))
        yield browser
        browser.close()
