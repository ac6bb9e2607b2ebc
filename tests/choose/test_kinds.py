from __future__ import annotations

from dataclasses import replace

import numpy as np

from segue.choose.catalogue import Catalogue
from segue.choose.index import Index
from segue.choose.kinds import kinds_of
from segue.values import TrackId, TrackInfo

IDS = [TrackId(f"{i:02d}") for i in range(30)]
INDEX = Index.build(IDS, np.random.default_rng(0).standard_normal((30, 5)))


def named(catalogue: Catalogue, heard: dict[TrackId, tuple[str, ...]]) -> dict[str, list[int]]:
    return {kind.name: np.flatnonzero(kind.members).tolist() for kind in kinds_of(catalogue, heard)}


def test_kinds_of_music_by_what_is_heard_written_and_measured() -> None:
    infos = {
        track_id: TrackInfo("", genre=" Free  Jazz" if i % 2 else "free jazz" if i < 10 else "", year=1980 + i)
        for i, track_id in enumerate(IDS)
    }
    catalogue = replace(
        Catalogue.plain(INDEX, infos),
        tempo_bpm=np.array([np.nan] * 3 + [60 + i for i in range(27)], np.float32),
        loudness_lufs=np.full(30, -10, np.float32),
    )
    found = named(catalogue, dict.fromkeys(IDS[:7], ("piano",)))
    assert found["piano"] == list(range(7))
    assert found["free jazz"] == sorted({*range(10), *range(1, 30, 2)})
    assert found["music of the 1990s"] == list(range(10, 20))
    assert found["slow songs (below 69 BPM)"] == list(range(3, 12))
    assert found["quick songs (above 77 BPM)"] == list(range(21, 30))
    assert not any("LUFS" in name for name in found)  # all are as loud as each other


def test_what_few_or_nearly_all_tracks_are_is_no_kind() -> None:
    catalogue = Catalogue.plain(INDEX, {})
    heard = {track_id: ("music", "tuba") if i < 4 else ("music",) for i, track_id in enumerate(IDS)}
    assert named(catalogue, heard) == {}
