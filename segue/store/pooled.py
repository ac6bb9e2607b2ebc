"""Pooling the whole library, when anything has changed since that was last done."""

from __future__ import annotations

from collections.abc import Callable

from segue.embed.encoder import Ear
from segue.embed.pooling import pool_for
from segue.store.library import Library


def pool_library(library: Library, ear: Ear, *, on_begin: Callable[[], None]) -> None:
    """Pool all that an ear has heard, unless that is done already; ``on_begin`` is told before the work."""
    recipe = f"{ear.pooling} {ear.epsilon:g} smooth"
    if library.is_pooled(ear.fingerprint, recipe) or ear.fingerprint not in library.fingerprints():
        return
    on_begin()
    content = library.content()
    slices = dict(library.iter_slice_vectors(ear.fingerprint))
    library.set_track_vectors(pool_for(ear, slices), ear.fingerprint, recipe=recipe, content=content)
