"""Pooling the whole library, when anything has changed since that was last done."""

from __future__ import annotations

from collections.abc import Callable

from segue.embed.encoder import Ear
from segue.embed.pooling import pool_for
from segue.store.library import Library


def pool_library(library: Library, ear: Ear, *, on_begin: Callable[[], None]) -> None:
    """Pool all that an ear has heard, unless that is done already; ``on_begin`` is told before the work."""
    if is_pooled(library, ear) or ear.fingerprint not in library.fingerprints():
        return
    on_begin()
    content = library.content()
    slices = dict(library.iter_slice_vectors(ear.fingerprint))
    library.set_track_vectors(pool_for(ear, slices), ear.fingerprint, recipe=_recipe(ear), content=content)


def is_pooled(library: Library, ear: Ear) -> bool:
    """Whether the ear's track vectors are pooled as its card says, over all that it has heard."""
    return library.is_pooled(ear.fingerprint, _recipe(ear))


def _recipe(ear: Ear) -> str:
    return f"{ear.pooling} {ear.epsilon:g} smooth"
