"""Each kind of file: it decodes to what was composed, and its tags and cover read back."""

from __future__ import annotations

import base64
import io

import mutagen
import numpy as np
import pytest
from mutagen.flac import Picture
from PIL import Image

from segue.demo.catalogue import plans
from segue.demo.track import compose
from tests.demo.conftest import SEED
from tests.demo.listening import RATE_HZ, decoded

KINDS = ["mp3", "m4a", "flac", "ogg"]


def plan_by(kind):
    return [plan for plan in plans(SEED) if plan.style == "chiptune" and plan.extension == kind][-1]


@pytest.mark.parametrize("kind", KINDS)
def test_decodes_to_what_was_composed(one_of_each_kind, kind):
    samples, back = compose(plan_by(kind)), decoded(one_of_each_kind[kind])
    assert back.shape[1] == pytest.approx(samples.shape[1], abs=3000)  # padding of the codecs' frames
    assert np.abs(back).max() < 10 ** (-1 / 20)
    part = slice(10 * RATE_HZ, 11 * RATE_HZ)
    around = back[0, part.start - 4000 : part.stop + 4000]
    match = np.correlate(around, samples[0, part], "valid").max() / (samples[0, part] ** 2).sum()
    assert match == pytest.approx(1.0, abs=0.1)  # lossy codecs drop some of the top


@pytest.mark.parametrize("kind", KINDS)
def test_tags_read_back(one_of_each_kind, kind):
    tags, plan = mutagen.File(one_of_each_kind[kind], easy=True), plan_by(kind)
    assert tags["title"] == [plan.title]
    assert tags["artist"] == [plan.artist]
    assert tags["album"] == [plan.album]
    assert tags["genre"] == ["Chiptune"]
    assert tags["date"] == [str(plan.year)]
    assert tags["tracknumber"][0].split("/")[0] == str(plan.number)


def cover_of(path):
    file = mutagen.File(path)
    match path.suffix:
        case ".mp3":
            return file.tags.getall("APIC")[0].data
        case ".m4a":
            return bytes(file["covr"][0])
        case ".flac":
            return file.pictures[0].data
        case _:
            return Picture(base64.b64decode(file["metadata_block_picture"][0])).data


@pytest.mark.parametrize("kind", KINDS)
def test_the_cover_is_a_square_jpeg(one_of_each_kind, kind):
    picture = Image.open(io.BytesIO(cover_of(one_of_each_kind[kind])))
    assert (picture.format, picture.size) == ("JPEG", (500, 500))
