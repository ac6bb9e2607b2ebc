from __future__ import annotations

import pytest

from segue.play.mix.labels import Chapter, vorbis_chapters


@pytest.mark.parametrize(
    ("begin_s", "told"),
    [
        (0.0, "00:00:00.000"),
        (59.9994, "00:00:59.999"),
        (59.9996, "00:01:00.000"),
        (3599.9999, "01:00:00.000"),
        (36_061.25, "10:01:01.250"),
    ],
)
def test_a_chapter_begins_at_a_time_that_clocks_know(begin_s: float, told: str) -> None:
    """59.9996 s was "00:00:60.000"."""
    assert vorbis_chapters((Chapter(begin_s, begin_s + 60.0, "One"),)) == {"CHAPTER000": told, "CHAPTER000NAME": "One"}
