"""Mixes that were ordered: in line, called off, deleted, and found again by the next start."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from segue.config import MIX
from segue.errors import MixError, ParameterError, UnknownMixError
from segue.mixes import Mix, Mixes
from segue.mixing import MixOrder, PlannedMix
from segue.play.mix.planning import MixSettings
from segue.play.tracklist import Wanted
from segue.services import Services
from segue.words import speak
from tests.play.mix.sounds import decoded, song, write_song

RATE_HZ = 44_100


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("songs")
    return [write_song(folder / f"{name}.flac", song(bpm)) for name, bpm in (("one", 120.0), ("two", 121.0))]


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    monkeypatch.setattr("segue.gathering.available_cores", lambda: 1)
    house = Services(tmp_path / "data", workers=1)
    yield house
    house.close()


def order(*paths: Path, title: str = "Evening") -> MixOrder:
    wanted = tuple(Wanted(line, path.name, path) for line, path in enumerate(paths, start=1))
    return MixOrder(wanted, MixSettings(title))


def ended(mixes: Mixes, mix_id: str) -> Mix:
    """The mix once nothing more happens to it."""
    for _ in range(1200):
        if (mix := mixes.get(mix_id)).has_ended:
            return mix
        threading.Event().wait(0.05)
    raise AssertionError(f"{mix_id} did not end")


class Gate:
    """Lets mixes begin only when it is opened, so that a test can look at the line."""

    def __init__(self, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open = threading.Event()
        plan = services.mixing.plan

        def planned(*args: Any, **options: Any) -> PlannedMix:
            self.open.wait(30)
            return plan(*args, **options)

        monkeypatch.setattr(services.mixing, "plan", planned)


def test_a_mix_is_made_and_found_again_by_the_next_start(services: Services, songs: list[Path]) -> None:
    mix = ended(services.mixes, services.mixes.order(order(*songs, title="Été: 1/2"), ending=".flac").id)
    assert (mix.state, mix.error) == ("done", "")
    assert mix.files[0] == "Été 1 2.flac"
    assert len(decoded(services.mixes.file(mix.id, mix.files[0]))[0]) / RATE_HZ == pytest.approx(mix.length_s, abs=0.1)
    assert [row["title"] for row in mix.tracks] == ["one", "two"]
    found = Mixes(services.mixing, services.data / "mixes").get(mix.id)
    assert (found.files, found.state, found.tracks) == (mix.files, "done", mix.tracks)


def test_what_is_wrong_is_said_and_leaves_nothing_but_the_note(services: Services, songs: list[Path]) -> None:
    gone = songs[0].with_name("gone.flac")
    mix = ended(services.mixes, services.mixes.order(order(songs[0], gone), ending=".mp3").id)
    assert mix.state == "failed"
    assert "line 2" in mix.problems[0]
    assert [path.name for path in (services.data / "mixes" / mix.id).iterdir()] == ["mix.json"]


def test_a_mix_fails_in_the_language_of_who_ordered_it(services: Services, songs: list[Path]) -> None:
    gone = songs[0].with_name("gone.flac")
    try:
        speak("de")
        mixes = [services.mixes.order(order(gone), ending=".mp3")]
        speak("en")
        mixes.append(services.mixes.order(order(gone), ending=".mp3"))
    finally:
        speak("en")
    german, english = (ended(services.mixes, mix.id).error or "" for mix in mixes)
    assert german
    assert english
    assert german != english


def test_one_renders_and_the_others_wait_and_may_be_called_off(
    services: Services, songs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(services, monkeypatch)
    first, second, third = (services.mixes.order(order(*songs), ending=".wav") for _ in range(3))
    services.mixes.cancel(third.id)
    assert services.mixes.get(third.id).state == "cancelled"
    with pytest.raises(MixError, match="on its way"):
        services.mixes.delete(second.id)
    gate.open.set()
    assert [ended(services.mixes, mix.id).state for mix in (first, second)] == ["done", "done"]
    services.mixes.delete(first.id)
    assert not (services.data / "mixes" / first.id).exists()
    with pytest.raises(UnknownMixError):
        services.mixes.get(first.id)


def test_one_on_its_way_is_called_off(services: Services, songs: list[Path]) -> None:
    mix = services.mixes.order(order(*songs), ending=".wav")
    while services.mixes.get(mix.id).state == "waiting":
        threading.Event().wait(0.01)
    services.mixes.cancel(mix.id)
    assert ended(services.mixes, mix.id).state == "cancelled"
    assert [path.name for path in (services.data / "mixes" / mix.id).iterdir()] == ["mix.json"]


def test_one_that_was_on_its_way_when_segue_ended_is_said_to_have_been_stopped(
    services: Services, songs: list[Path]
) -> None:
    mix = services.mixes.order(order(*songs), ending=".wav")
    services.mixes.close()
    (services.data / "mixes" / mix.id / "Evening.wav").write_bytes(b"half")
    found = Mixes(services.mixing, services.data / "mixes").get(mix.id)
    assert found.state == "stopped"
    assert [path.name for path in (services.data / "mixes" / mix.id).iterdir()] == ["mix.json"]


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"id": "x"}', "\xff"])
def test_a_damaged_note_is_passed_over(services: Services, songs: list[Path], text: str) -> None:
    whole = ended(services.mixes, services.mixes.order(order(songs[0]), ending=".wav").id)
    damaged = services.data / "mixes" / "0123456789abcdef"
    damaged.mkdir()
    (damaged / "mix.json").write_text(text, encoding="latin-1")
    assert [mix.id for mix in Mixes(services.mixing, services.data / "mixes").all()] == [whole.id]


def test_a_note_of_another_folder_or_with_wrong_parts_is_passed_over(services: Services, songs: list[Path]) -> None:
    whole = ended(services.mixes, services.mixes.order(order(songs[0]), ending=".wav").id)
    body = json.loads((services.data / "mixes" / whole.id / "mix.json").read_text(encoding="utf-8"))
    for place, change in (("a" * 16, {}), ("b" * 16, {"id": "b" * 16, "files": [1]})):
        folder = services.data / "mixes" / place
        folder.mkdir()
        (folder / "mix.json").write_text(json.dumps(body | change), encoding="utf-8")
    assert [mix.id for mix in Mixes(services.mixing, services.data / "mixes").all()] == [whole.id]


def test_what_cannot_be_ordered(services: Services, songs: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ParameterError, match="a mix of 0 songs"):
        services.mixes.order(order(), ending=".mp3")
    with pytest.raises(MixError, match=r"\.exe"):
        services.mixes.order(order(*songs), ending=".exe")
    assert services.mixes.all() == ()
    monkeypatch.setattr("segue.mixes.MIX", type("Few", (), {"most_wanted": MIX.most_wanted, "most_kept": 0}))
    with pytest.raises(ParameterError, match="0 mixes are kept already"):
        services.mixes.order(order(*songs), ending=".mp3")


@pytest.mark.parametrize("name", ["../mix.json", "mix.json", "/etc/passwd", "other.mp3", ""])
def test_only_its_own_files_are_given(services: Services, songs: list[Path], name: str) -> None:
    mix = ended(services.mixes, services.mixes.order(order(songs[0]), ending=".wav").id)
    with pytest.raises(UnknownMixError):
        services.mixes.file(mix.id, name)
