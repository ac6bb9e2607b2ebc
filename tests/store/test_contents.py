"""Files whose bytes are others now are the recordings that they were: to scans, other ears, and measuring."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from store_standins import EAR, OTHER_EAR, StandIn

from segue.config import SCAN
from segue.files import track_id_of
from segue.store.ingest import ScanOptions, scan
from segue.store.library import Library
from segue.store.measuring import measure_lacking
from segue.store.rehearing import hear_again
from segue.store.survey import stat_of
from segue.values import Track, TrackId

FIRST = ScanOptions(replace(SCAN, workers=1), listener=StandIn())
SECOND = ScanOptions(replace(SCAN, workers=1), listener=StandIn(OTHER_EAR.fingerprint))


@pytest.fixture
def song(music: Path, library: Library) -> Path:
    """One song of a scanned library, of which a little more than its sound was written since."""
    scan([music], library, ear=EAR, options=FIRST)
    path = music / "first" / "song 0.wav"
    track = library.find(path)[0]
    with path.open("ab") as file:
        file.write(b"LIST\4\0\0\0INFO")  # a RIFF chunk that holds nothing
    library.contents.expect(track_id_of(path), track.id, at_s=1.0)
    library.contents.rewrote(track.id, path, stat=stat_of(path), info=track.info)
    return path


def at(library: Library, path: Path) -> Track:
    (found,) = library.find(path)
    return found


def test_it_is_known_as_what_it_was_and_other_bytes_are_as_their_hash_says(library: Library, song: Path) -> None:
    track = at(library, song)
    assert track.id != track_id_of(song)
    assert library.contents.recording(track_id_of(song)) == track.id
    assert library.contents.recording(TrackId("0" * 16)) == "0" * 16
    assert library.contents.stat_at(song) == stat_of(song)
    assert library.contents.stat_at(song.with_name("nothing.wav")) is None


def test_a_scan_passes_it_over_and_finds_it_where_it_was_moved(library: Library, song: Path, music: Path) -> None:
    track_id = at(library, song).id
    assert scan([music], library, ear=EAR, options=FIRST).skipped == 6
    moved = song.rename(song.with_name("moved.wav"))
    report = scan([music], library, ear=EAR, options=FIRST)
    assert (report.scanned, report.attached, report.moved) == (0, 0, 1)
    assert at(library, moved).id == track_id
    library.forget_paths([moved])  # its drive was away for a while, say
    assert scan([music], library, ear=EAR, options=FIRST).scanned == 1
    assert at(library, moved).id == track_id
    assert library.counts().tracks == 6


def test_another_ear_hears_it_as_what_it_was(library: Library, song: Path) -> None:
    result = hear_again(library, OTHER_EAR, options=SECOND)
    assert (result.heard, len(result.changed)) == (6, 0)
    assert library.holds(at(library, song).id, OTHER_EAR.fingerprint)


def test_it_is_measured_as_what_it_was(library: Library, song: Path) -> None:
    assert measure_lacking(library, EAR.fingerprint, settings=replace(SCAN, workers=1)) == 6
    assert library.rhythm(at(library, song).id) is not None
