from __future__ import annotations

import pytest

from segue.play.mix.plan import Part
from tests.play.mix.sounds import part_of, song, write_song


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[Part]:
    """Three songs at -14 LUFS, of which the second begins in its middle."""
    folder = tmp_path_factory.mktemp("songs")
    found = []
    for bpm, root, begin_s in ((120.0, 57, 0.4), (125.0, 60, 3.3), (118.0, 52, 0.4)):
        samples = song(bpm, root)
        found.append(part_of(write_song(folder / f"{bpm:g}.flac", samples), samples, begin_s=begin_s))
    return found
