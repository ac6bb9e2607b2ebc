"""Made-up playlists of known structure: tracks in clusters, and each playlist keeps mostly to one of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from segue.train.sources.playlist import SourcePlaylist, SourceTrack

CLUSTERS = 8
TRACKS_A_CLUSTER = 20


def key_of(track: SourceTrack) -> str:
    """What names a track in these tests; the readers have a finer one."""
    return f"{track.artist}|{track.title}" if track.title else ""


def track(cluster: int, number: int) -> SourceTrack:
    """A track that tells its cluster."""
    return SourceTrack(artist=f"cluster {cluster}", title=f"song {number}")


def playlist(name: str, *titles: str, date: str = "") -> SourcePlaylist:
    """A playlist by one artist."""
    return SourcePlaylist(name, name, tuple(SourceTrack(artist="a", title=title) for title in titles), date)


def clustered(count: int = 300, *, seed: int = 0, in_order: bool = False) -> Iterator[SourcePlaylist]:
    """Playlists of ten tracks of one cluster and one stray; ``in_order``, a song is followed by the next number."""
    rng = np.random.default_rng(seed)
    for k in range(count):
        cluster = int(rng.integers(CLUSTERS))
        if in_order:
            numbers = (int(rng.integers(TRACKS_A_CLUSTER)) + np.arange(10)) % TRACKS_A_CLUSTER
        else:
            numbers = rng.choice(TRACKS_A_CLUSTER, 10, replace=False)
        tracks = [track(cluster, int(n)) for n in numbers]
        tracks.insert(int(rng.integers(11)), track(int(rng.integers(CLUSTERS)), int(rng.integers(TRACKS_A_CLUSTER))))
        yield SourcePlaylist(f"list {k}", f"list {k}", tuple(tracks), date=f"2020-{k % 12 + 1:02}-{k % 28 + 1:02}")
