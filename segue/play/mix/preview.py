"""Hear how the tracks hand over without hearing the mix: only the joins, some seconds before and after each."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from segue.config import MIX
from segue.errors import MixError
from segue.play.mix.crossfade import ramp
from segue.play.mix.encoding import Words
from segue.play.mix.labels import Chapter, Label, title_of
from segue.play.mix.plan import MixPlan, to_samples, to_seconds
from segue.play.mix.render import OnProgress, Rendered, Rendering, Sound, unheard
from segue.play.mix.timeline import iter_mix
from segue.values import Floats

_FADE_S = 0.5


def render_preview(
    plan: MixPlan,
    target: Path,
    *,
    label: Label | None = None,
    on_progress: OnProgress | None = None,
    cancel: threading.Event | None = None,
) -> Rendered:
    """Render ``MIX.preview_s`` before each join, the join, and as much after it, one after the other, a chapter each.

    Sounds as the mix does there. Parameters and errors are those of `segue.play.mix.render.render`; raises MixError for
    a mix of one track, which has no joins.
    """
    windows = _windows(plan)
    if not windows:
        raise MixError("a mix of one track has no joins to hear", remedy="Render the mix itself", path=target)
    sound = Sound("preview", lambda plan, begin: _from(_played(plan, windows), begin), sum(map(len, windows)))
    words = Words(f"{plan.title}: the joins", label or Label(), _chapters(plan, windows))
    return Rendering(plan, target, sound, words, vbr=False).run(on_progress or unheard, cancel or threading.Event())


def _windows(plan: MixPlan) -> list[range]:
    """The samples of the mix that are played for each join."""
    around = to_samples(MIX.preview_s)
    return [
        range(
            max(0, after.begin_samples - around),
            min(plan.length_samples, after.begin_samples + after.fade_in_samples + around),
        )
        for after in plan.placements[1:]
    ]


def _played(plan: MixPlan, windows: list[range]) -> Iterator[Floats]:
    for window in windows:
        edge = min(to_samples(_FADE_S), len(window) // 2)
        at = 0
        for block in iter_mix(plan, begin_samples=window.start, end_samples=window.stop):
            sound = block.copy()
            rising = ramp(edge)[at : at + sound.shape[1]]
            sound[:, : len(rising)] *= rising
            falling = ramp(edge)[::-1][
                max(0, at - len(window) + edge) : max(0, at + sound.shape[1] - len(window) + edge)
            ]
            sound[:, sound.shape[1] - len(falling) :] *= falling
            at += sound.shape[1]
            yield sound


def _from(blocks: Iterator[Floats], begin_samples: int) -> Iterator[Floats]:
    """What lies behind so many samples."""
    drop = begin_samples
    for block in blocks:
        if drop < block.shape[1]:
            yield block[:, drop:]
        drop = max(0, drop - block.shape[1])


def _chapters(plan: MixPlan, windows: list[range]) -> tuple[Chapter, ...]:
    found, at = [], 0
    for window, before, after in zip(windows, plan.parts, plan.parts[1:], strict=False):
        title = f"{title_of(before)} / {title_of(after)}"
        found.append(Chapter(to_seconds(at), to_seconds(at + len(window)), title))
        at += len(window)
    return tuple(found)
