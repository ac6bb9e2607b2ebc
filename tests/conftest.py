"""What all tests share: the programs they drive, the real music, and loud words about what is left out."""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.browsing import Patient, launch
from tests.tools import missing

ROOT = Path(__file__).parent.parent
BROWSERS = ("browser", "firefox")
IN_CI = os.environ.get("CI") == "true"


def _music() -> Path | None:
    folder = Path(os.environ.get("MUSIC_CACHE", ROOT / ".music"))
    return folder if (folder / "zaz-data").is_dir() else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what cannot run here, but never in CI, where a lack is a failure; begin with what takes long.

    A file that takes minutes would else be begun when nothing is left for the other processes to do. What a browser
    fails in is tried once more, for it hangs on the clock of a machine that does other things too; both are told.
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
        if any(item.get_closest_marker(name) for name in BROWSERS):
            item.add_marker(pytest.mark.flaky(reruns=1))
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
def chromium() -> Iterator[Patient]:
    """One browser for each test process, for two cannot run in one."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = launch(driver.chromium)
        yield browser
        browser.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell what every thread was at when a page failed, since the booth is served from the same process."""
    report = yield
    if report.failed and any(item.get_closest_marker(name) for name in BROWSERS):
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        stacks = (
            f"{names.get(ident, ident)}:\n{''.join(traceback.format_stack(frame, limit=12))}"
            for ident, frame in sys._current_frames().items()
            if ident != threading.get_ident()
        )
        report.sections.append(("Threads at the time of the failure", "\n".join(stacks)))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell of each first try that failed what a failure is told with."""
    for report in terminalreporter.getreports("rerun"):
        terminalreporter.section(f"Tried once more: {report.nodeid}")
        for heading, text in [("", report.longreprtext), *report.sections]:
            terminalreporter.write_line(f"{heading}\n{text}")
