"""What the player must know of songs: turns from one to the next, and outlines that are made once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from segue import playing
from segue.config import PLAYER, PlayerSpec
from segue.errors import FileAccessError, TooLongError
from segue.play.fades import Turn
from segue.values import Track, TrackId
from tests.play.mix.known_facts import rhythm
from tests.web.stand_in import StandIn, make_shelf


@pytest.fixture
def house(tmp_path: Path) -> Iterator[StandIn]:
    with closing(StandIn(tmp_path / "data", make_shelf(tmp_path, seconds=4.0))) as services:
        yield services


def test_a_turn_says_how_both_are_played(house: StandIn) -> None:
    one, two = (track.id for track in house.shelf[:2])
    house.rhythms[one] = rhythm(lufs=-20.0, peak_dbtp=-12.0, silence_s=(0.0, 1.0))
    turn = house.playing.turn(one, two)
    assert turn.this.gain_db == pytest.approx(6.0)
    assert turn.next is not None
    assert turn.fade is not None
    assert turn.fade.end_s == pytest.approx(3.03)
    assert house.playing.turn(one, None) == Turn(turn.this)
    assert house.playing.turn(None, None) == Turn()
    assert house.playing.turn(TrackId("0" * 16), two).fade is None


def test_an_album_is_known_by_its_numbers(house: StandIn) -> None:
    pair = []
    for track, name in zip(house.shelf[:2], ("01 - One.wav", "02 - Two.wav"), strict=True):
        path = track.paths[0].rename(track.paths[0].with_name(name))
        pair.append(Track(track.id, (path,), replace(track.info, album="One record")))
        house.rhythms[track.id] = rhythm()
    house.shelf = tuple(pair)
    turn = house.playing.turn(pair[0].id, pair[1].id)
    assert turn.fade is not None
    assert turn.fade.gapless
    back = house.playing.turn(pair[1].id, pair[0].id)
    assert back.fade is not None
    assert not back.fade.gapless


def test_an_outline_is_made_once_and_kept(house: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    track = house.shelf[0]
    found = house.playing.outline(track.id)
    assert found is not None
    assert len(found) == PLAYER.outline_columns
    monkeypatch.setattr(playing, "outline_of", lambda _: pytest.fail("it was drawn again"))
    assert house.playing.outline(track.id) == found
    kept = house.data / "outlines" / f"{track.id}.outline"
    kept.write_bytes(b"torn")
    with pytest.raises(pytest.fail.Exception, match="drawn again"):
        house.playing.outline(track.id)


def test_songs_are_drawn_one_at_a_time_and_nobody_waits_for_long(
    house: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playing, "PLAYER", PlayerSpec(outline_wait_s=0.05))
    began, go_on = threading.Event(), threading.Event()
    real = playing.outline_of

    def slow(path: Path) -> object:
        began.set()
        assert go_on.wait(10)
        return real(path)

    monkeypatch.setattr(playing, "outline_of", slow)
    thread = threading.Thread(target=house.playing.outline, args=(house.shelf[0].id,))
    thread.start()
    assert began.wait(10)
    assert house.playing.outline(house.shelf[1].id) is None
    go_on.set()
    thread.join(10)
    assert house.playing.outline(house.shelf[1].id) is not None


def test_a_full_disk_costs_the_keeping_and_not_the_outline(house: StandIn) -> None:
    (house.data / "outlines").write_text("a file stands where the folder should")
    assert house.playing.outline(house.shelf[0].id) is not None


def test_what_cannot_be_drawn_says_so(house: StandIn) -> None:
    track = house.shelf[0]
    house.shelf = (Track(track.id, track.paths, replace(track.info, duration_s=9000.0)),)
    with pytest.raises(TooLongError):
        house.playing.outline(track.id)
    house.shelf = (track,)
    track.paths[0].unlink()
    with pytest.raises(FileAccessError):
        house.playing.outline(track.id)
