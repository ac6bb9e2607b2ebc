"""The real Chromium that tests, pictures and measurements drive."""

from __future__ import annotations

from typing import Any

from tests.tools import find_browser

_PATIENCE_MS = 60_000  # a machine that is busy with something else for half a minute breaks no promise of the page's
_ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
)  # fmt: skip


class Patient:
    """A browser whose pages are waited for: its own 30 s are too few where every core is at work on something else."""

    def __init__(self, browser: Any) -> None:
        self._browser = browser
        self.browser_type = browser.browser_type

    def new_context(self, **options: Any) -> Any:
        """A visitor with a memory of its own."""
        context = self._browser.new_context(**options)
        context.set_default_timeout(_PATIENCE_MS)
        return context

    def new_page(self, **options: Any) -> Any:
        """The only page of such a visitor."""
        page = self._browser.new_page(**options)
        page.set_default_timeout(_PATIENCE_MS)
        return page

    def close(self) -> None:
        """End it and all its pages."""
        self._browser.close()


def launch(browser_type: Any, *more: str) -> Patient:
    """A browser that may play without being clicked."""
    return Patient(browser_type.launch(executable_path=find_browser(), args=[*_ARGUMENTS, *more]))
