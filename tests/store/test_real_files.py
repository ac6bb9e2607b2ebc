"""The scan with the real listener: real files, a real decoder, and a small real network, in real processes."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from store_standins import write_wav

from segue.config import SCAN
from segue.embed.encoder import Ear, Encoder, load_ear
from segue.embed.hearing import hear
from segue.store.ingest import ScanOptions, scan
from segue.store.library import Library
from tests.embed.conftest import write_ear

TWO = ScanOptions(replace(SCAN, workers=2))
PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n"


@pytest.fixture
def ear(tmp_path: Path) -> Ear:
    return load_ear(write_ear(tmp_path))


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """One song in four formats, two of them under misleading names, and four files that hold no song."""
    folder = tmp_path / "shelf"
    source = write_wav(tmp_path / "source.wav", 1, seconds=13)
    folder.mkdir()
    for name, form in (("song.mp3", "mp3"), ("flac called.mp3", "flac"), ("no extension", "ogg"), ("a.m4a", "mp4")):
        tags = ("-metadata", f"title=Song as {form}", "-metadata", "artist=Нет")
        command = ["ffmpeg", "-v", "error", "-i", str(source), *tags, "-f", form, f"file:{folder / name}"]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    (folder / "text.mp3").write_text("no song")
    (folder / "empty.ogg").write_bytes(b"")
    (folder / "stream.mp3").write_text(PLAYLIST)
    write_wav(folder / "short.wav", 2, seconds=1)
    return folder


@pytest.mark.ffmpeg
def test_a_shelf_of_real_files(shelf: Path, ear: Ear, library: Library) -> None:
    report = scan([shelf], library, ear=ear, options=TWO)
    assert report.scanned == 4
    assert {track.info.title for track in library.search("нет")} >= {"Song as mp3", "Song as mp4", "Song as ogg"}
    kinds = {failure.path.name: failure.kind for failure in report.failures}
    assert kinds == {
        "text.mp3": "NotAudioError",
        "empty.ogg": "NotAudioError",
        "stream.mp3": "PlaylistFileError",
        "short.wav": "TooShortError",
    }
    again = scan([shelf], library, ear=ear, options=TWO)
    assert (again.scanned, again.skipped, again.known_failures) == (0, 4, 4)


@pytest.mark.ffmpeg
def test_the_library_holds_what_one_hears(shelf: Path, ear: Ear, library: Library) -> None:
    scan([shelf], library, ear=ear, options=TWO)
    hearing = hear(shelf / "song.mp3", Encoder(ear))
    held = dict(library.iter_slice_vectors(ear.fingerprint))[hearing.track_id]
    assert held.shape == hearing.slice_vectors.shape == (2, ear.dimension)
    np.testing.assert_allclose(held, hearing.slice_vectors, atol=1e-3)  # float16 in between
    assert library.track(hearing.track_id).info == hearing.info
