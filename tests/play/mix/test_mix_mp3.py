"""The MP3's first frame tells players what they need: how long it is, what to cut off, and where to seek."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mutagen.mp3 import MP3, BitrateMode

from segue.listen.stereo import StereoReader
from segue.play.mix.mp3 import Mp3Writer
from segue.play.mix.pcm import to_16_bits
from tests.play.mix.sounds import RATE_HZ, song


@pytest.mark.parametrize("vbr", [False, True])
@pytest.mark.parametrize("count", [1, 1152, 5 * RATE_HZ + 77])
def test_it_decodes_to_as_many_samples_at_their_places(tmp_path: Path, vbr: bool, count: int) -> None:
    path, sound = tmp_path / "a.mp3", song(120.0)[:, RATE_HZ : RATE_HZ + count]
    writer = Mp3Writer(path, head=b"", vbr=vbr)
    for number, at in enumerate(range(0, count, RATE_HZ)):
        writer.write(to_16_bits(sound[:, at : at + RATE_HZ], number=number))
    writer.finish()
    info = MP3(path).info
    assert info.length == pytest.approx(count / RATE_HZ, abs=1e-4)
    assert info.bitrate_mode == (BitrateMode.VBR if vbr else BitrateMode.CBR)
    with StereoReader(path, rate_hz=RATE_HZ) as reader:
        found = reader.read(count + 10_000)
    assert found.shape == (2, count)
    if count > RATE_HZ:
        likeness = np.corrcoef(found[0], sound[0])[0, 1]
        assert likeness > 0.97  # LAME leaves out what lies above 20 kHz; one sample aside it is 0.83
