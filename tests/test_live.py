"""Listening to a stream over a real library: songs known by construction, through a simulated room."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from segue.choose.wishes import Wishes
from segue.errors import EmptyLibraryError, ParameterError
from segue.listen.accord import Accord
from segue.live import LiveSession, LiveSettings, Moment
from segue.services import Services
from segue.train.rooms import Room, through_room
from tests.songs import RATE_HZ, band_song, tone_song, write_samples
from tests.voices import voice

SONGS = range(8)
ANY_LENGTH = Wishes(shortest_s=0.0)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of eight songs of 36 seconds."""
    folder = tmp_path_factory.mktemp("live")
    for seed in SONGS:
        write_samples(folder / "music" / f"Band {seed} - Song {seed}.wav", band_song(seed))
    services = Services(folder / "data", workers=1)
    assert services.scan([folder / "music"]).scanned == 8
    services.close()
    return folder / "data"


@pytest.fixture
def services(data: Path) -> Iterator[Services]:
    opened = Services(data, read_only=True)
    yield opened
    opened.close()


def listen(session: LiveSession, samples: np.ndarray, *, piece: int = 4_410) -> list[Moment]:
    pieces = (samples[start : start + piece] for start in range(0, len(samples), piece))
    return [moment for part in pieces for moment in session.push(part, RATE_HZ)]


def test_a_song_is_recognised_and_is_not_suggested_itself(services: Services) -> None:
    session = services.live.session(LiveSettings(count=3, wishes=ANY_LENGTH, in_room=False))
    last = listen(session, band_song(2)[3 * RATE_HZ :])[-1]
    assert last.kind == "music"
    assert last.playing is not None
    assert "Song 2" in last.playing.title
    assert len(last.next) == 3
    assert last.playing.track_id not in [suggestion.track_id for suggestion in last.next]
    assert [s.score for s in last.next] == pytest.approx(sorted((s.score for s in last.next), reverse=True), abs=0.02)


def test_through_a_loudspeaker_and_a_room_it_is_still_found(services: Services) -> None:
    places = []
    for seed in SONGS:
        session = services.live.session(LiveSettings(wishes=ANY_LENGTH))
        listen(session, through_room(band_song(seed), Room(), rng=np.random.default_rng(seed))[4 * RATE_HZ :])
        ranking = session._recogniser.ranking(session._memory, services.choosing.catalogue(), Accord(session._traces))
        found = [services.track(fit.track_id).paths[0].stem for fit in ranking]
        places.append(1 + found.index(f"Band {seed} - Song {seed}"))
    assert sum(place == 1 for place in places) >= 7, places  # by chance it would be 1


def test_speech_and_silence_are_said_and_change_nothing(services: Services) -> None:
    session = services.live.session(LiveSettings(wishes=ANY_LENGTH))
    music = listen(session, band_song(1, seconds=16.0))
    talk = listen(session, voice(5, seconds=16.0))
    assert {moment.kind for moment in talk[1:]} == {"speech"}
    quiet = listen(session, np.zeros(16 * RATE_HZ, np.float32))
    assert quiet[-1].kind == "silence"
    assert music[-1].next
    assert quiet[-1].heard_s <= music[-1].heard_s + 2 * session.window_s  # a window of both may count as music
    begun = listen(session, tone_song(1, seconds=16.0, bright=True))
    assert any(moment.new_song for moment in begun)
    assert begun[-1].heard_s <= 3.1 * session.window_s


def test_the_sizes_of_the_pieces_do_not_matter(services: Services) -> None:
    song = through_room(tone_song(0, seconds=26.0), Room(), rng=np.random.default_rng(9))
    small, large = (
        listen(services.live.session(LiveSettings(wishes=ANY_LENGTH)), song, piece=piece) for piece in (777, 200_000)
    )
    assert [moment.to_json() for moment in small] == [moment.to_json() for moment in large]


def test_memory_does_not_grow_with_the_hours(services: Services) -> None:
    """Twelve minutes, of which the last ten add nothing; what is held is counted, not guessed."""
    session = services.live.session(LiveSettings(wishes=ANY_LENGTH))
    song = tone_song(0, seconds=20.0)
    minutes = np.concatenate([song, tone_song(3, seconds=20.0, bright=True), song])
    for _ in range(2):
        listen(session, minutes, piece=44_100)
    tracemalloc.start()
    try:
        listen(session, minutes, piece=44_100)
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(9):
            listen(session, minutes, piece=44_100)
        assert tracemalloc.get_traced_memory()[0] - before < 300_000
    finally:
        tracemalloc.stop()


def test_an_empty_library_and_wrong_settings_are_refused(tmp_path: Path) -> None:
    empty = Services(tmp_path / "data")
    with pytest.raises(EmptyLibraryError, match="Scan a folder"):
        empty.live.session()
    empty.close()
    with pytest.raises(ParameterError, match="count is 0"):
        LiveSettings(count=0)
    with pytest.raises(ParameterError, match="head_weight is 2"):
        LiveSettings(head_weight=2.0)
