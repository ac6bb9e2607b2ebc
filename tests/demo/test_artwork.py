"""Covers: one for each album, always the same, no two alike."""

from __future__ import annotations

import io
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from segue.demo.artwork import cover
from segue.demo.catalogue import STYLES


def seen(style, artist) -> np.ndarray:
    art = cover(style.name, artist.name, album=artist.album)
    assert len(art.data) < 200_000
    return np.asarray(Image.open(io.BytesIO(art.data)).convert("RGB").resize((50, 50)), np.float32)


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_albums_of_a_style_look_different(style):
    pictures = [seen(style, artist) for artist in style.artists]
    assert all(np.abs(a - b).mean() > 2 for a, b in combinations(pictures, 2))
    assert all(picture.std() > 12 for picture in pictures), "an empty cover"


def test_the_same_album_has_the_same_cover():
    style, artist = STYLES[0], STYLES[0].artists[0]
    first, again = (cover(style.name, artist.name, album=artist.album) for _ in range(2))
    assert first == again
