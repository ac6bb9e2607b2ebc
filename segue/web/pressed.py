"""What brought a page to ask: of several components that changed at once, none is passed over."""

from __future__ import annotations

from typing import Any

from dash import ctx


def changed() -> list[tuple[Any, Any]]:
    """The id of each component that changed, and its new value; none where the page has just been entered.

    Dash gathers what changes while a page waits, and ``ctx.triggered_id`` names the first of it alone: a click that
    comes with a beat of the page's clock would be lost.
    """
    values = {one["prop_id"]: one["value"] for one in ctx.triggered}
    return [(component, values[prop]) for prop, component in ctx.triggered_prop_ids.items()]


def has_changed(*components: str) -> bool:
    """Whether one of these components is among those that changed."""
    return any(component in components for component, _ in changed())
