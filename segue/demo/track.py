"""One demo track from its plan to its file: composed, mastered, coded, tagged."""

from __future__ import annotations

import importlib
from pathlib import Path

from segue.demo import artwork, catalogue, effects, writer
from segue.demo.song import Plan
from segue.files import atomic_write
from segue.values import Floats


def compose(plan: Plan) -> Floats:
    """The finished samples of a track, ``(2, n)`` float32 at 44.1 kHz, -14 LUFS, peaks below -3 dBFS."""
    module = importlib.import_module(f"segue.demo.styles.{plan.style}")
    mix: Floats = module.compose(plan)
    return effects.mastered(mix)


def make(plan: Plan, folder: Path) -> int:
    """Compose, encode and tag one track; the file appears under its name only when it is whole.

    Returns
    -------
    int
        Samples a channel.

    Raises
    ------
    FileAccessError
        If the folder cannot be written to, or the disk is full.
    """
    samples = compose(plan)
    art = artwork.cover(plan.style, plan.artist, album=plan.album)
    genre = catalogue.genre_of(plan.style)
    label = writer.Label(plan.title, plan.artist, plan.album, genre, plan.year, plan.number, 2, art)
    with atomic_write(folder / plan.file) as temporary:
        writer.write_audio(temporary, samples, extension=plan.extension)
        writer.write_tags(temporary, label, extension=plan.extension)
    return int(samples.shape[1])
