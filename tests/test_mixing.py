"""From a list to a finished mix, by the command and by the service, on real files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from segue.cli import mix as mix_command
from segue.cli.start import main
from segue.correcting import Correcting
from segue.errors import MixError, ParameterError
from segue.extending import Extent
from segue.gathering import Gatherer
from segue.mixing import MixOrder, PlannedMix
from segue.play.mix.beatmatch import Refusal, match_beats, steady_line
from segue.play.mix.facts import TrackFacts
from segue.play.mix.listing import tracklist
from segue.play.mix.outputs import Outputs
from segue.play.mix.plan import MixPlan, plan_from_json
from segue.play.mix.planning import MixSettings
from segue.play.tracklist import Wanted
from segue.services import Services
from segue.store.library import Library
from segue.values import TrackInfo
from tests.play.mix.sounds import LEAD_S, chapters, decoded, ebur128, song, write_song
from tests.songs import write_song as write_wav
from tests.store_heard import add, heard
from tests.store_heard import number as track_number

RATE_HZ = 44_100
SONGS = {"one": (120.0, 57), "two": (121.5, 57), "three": (98.0, 60), "four": (122.5, 52), "five": (121.0, 59)}


@pytest.fixture(scope="module", autouse=True)
def one_worker() -> Iterator[None]:
    """Worker processes take longer to start than these songs to be measured."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("segue.gathering.available_cores", lambda: 1)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five songs of known beats, and a list of them."""
    made = tmp_path_factory.mktemp("mixing")
    for name, (bpm, root) in SONGS.items():
        write_song(made / f"{name}.flac", song(bpm, root))
    (made / "evening.txt").write_text("".join(f"{name}.flac\n" for name in SONGS), encoding="utf-8")
    return made


def run(folder: Path, *words: str | Path) -> int:
    return main(["mix", *map(str, words), "--data", str(folder / "no library")])


@pytest.fixture(scope="module")
def mixed(folder: Path) -> MixPlan:
    """The plan that --plan prints of the list, and the MP3 that --plan-file makes of it, with all that lies beside."""
    printed: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("builtins.print", lambda text, **_: printed.append(text))
        assert run(folder, folder / "evening.txt", "--plan") == 0
    (folder / "plan.json").write_text(printed[-1], encoding="utf-8")
    extras = ("--picture", folder / "evening.png", "--picture", folder / "evening.html")
    assert run(folder, "--plan-file", folder / "plan.json", folder / "evening.mp3", *extras) == 0
    return plan_from_json(printed[-1])


@pytest.mark.ffmpeg
def test_a_mix_is_what_was_planned(folder: Path, mixed: MixPlan) -> None:
    loudness, peak = ebur128(folder / "evening.mp3")
    assert loudness == pytest.approx(-14.0, abs=0.5)
    assert peak < -1.0
    sound = decoded(folder / "evening.mp3")
    assert sound.shape[1] / RATE_HZ == pytest.approx(mixed.length_s, abs=0.02)
    begins = [placed.lead_s for placed in mixed.placements]
    found = chapters(folder / "evening.mp3")
    assert [begin_s for begin_s, _ in found] == pytest.approx(begins, abs=0.002)
    level = np.sqrt(np.mean(sound[:, : sound.shape[1] // 4410 * 4410].reshape(2, -1, 4410) ** 2, axis=(0, 2)))
    for number in range(len(mixed.joins)):
        from_s, to_s = mixed.joined_at_s(number)
        around = level[int((from_s - 2.0) * 10) : int((to_s + 2.0) * 10)]
        runs = "".join("x" if value < 0.003 else " " for value in around).split()
        assert max(map(len, runs), default=0) <= 5  # tenths of a second


def test_beats_are_laid_on_beats(mixed: MixPlan) -> None:
    """The songs' beats are known: they fall on whole numbers of beats after half a second."""
    tempi = dict(zip(SONGS, (bpm for bpm, _ in SONGS.values()), strict=True))
    beats = [
        (tempi[before.path.stem], tempi[after.path.stem], pair)
        for join, before, after in zip(mixed.joins, mixed.parts, mixed.parts[1:], strict=False)
        for pair in join.beats
    ]
    assert {join.style for join in mixed.joins} == {"beat", "eq"}
    for a_bpm, b_bpm, pair in beats:
        for at_s, bpm in ((pair.a_s, a_bpm), (pair.b_s, b_bpm)):
            beat = (at_s - LEAD_S) * bpm / 60.0
            assert abs(beat - round(beat)) * 60.0 / bpm < 0.008


def test_what_lies_beside_a_mix(folder: Path, mixed: MixPlan) -> None:
    cue = (folder / "evening.cue").read_text(encoding="utf-8")
    assert cue.startswith(
        'TITLE "evening"\nPERFORMER "Segue"\nFILE "evening.mp3" MP3\n  TRACK 01 AUDIO\n    TITLE "one"\n'
    )
    times = [tuple(map(int, found)) for found in re.findall(r"INDEX 01 (\d+):(\d\d):(\d\d)", cue)]
    assert [m * 60 + s + f / 75 for m, s, f in times[1:]] == pytest.approx(
        [placed.lead_s for placed in mixed.placements[1:]], abs=1 / 75
    )
    text = (folder / "evening.tracklist.txt").read_text(encoding="utf-8")
    for part, join in zip(mixed.parts, mixed.joins, strict=False):
        assert f"  {part.info.title}  [" in text
        assert join.why in text
    with Image.open(folder / "evening.png") as picture:
        assert picture.size == (1990, 900)
        assert len(picture.getcolors(1 << 20) or []) > 50
    page = (folder / "evening.html").read_text(encoding="utf-8")
    assert "one" in page
    assert not re.search(r"<(?:script|link|img)[^>]*(?:src|href)=[\"']?(?:https?:)?//", page)


def test_joins_alone_and_the_list_in_other_forms(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "two.m3u8").write_text(f"{folder}/one.flac\n{folder}/two.flac\n", encoding="utf-8")
    lists = ("--tracklist", tmp_path / "two.md", "--tracklist", tmp_path / "two.json")
    assert run(folder, tmp_path / "two.m3u8", tmp_path / "two.wav", *lists, "--json", "--style", "fade") == 0
    told = json.loads(capsys.readouterr().out)
    assert [Path(name).name for name in told["files"]] == ["two.wav", "two.cue", "two.md", "two.json"]
    assert json.loads((tmp_path / "two.json").read_text(encoding="utf-8"))["tracks"] == told["tracks"]
    assert "| 0:00 | one | 120.0 |" in (tmp_path / "two.md").read_text(encoding="utf-8")
    assert run(folder, tmp_path / "two.m3u8", tmp_path / "joins.flac", "--preview", "--style", "fade") == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "joins.flac",
        *sorted(("two.m3u8", "two.wav", "two.cue", "two.md", "two.json")),
    ]


# Bad input -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def bad_list(folder: Path, tmp_path: Path) -> Path:
    """A list in which most is wrong."""
    write_wav(tmp_path / "short.wav", 1, seconds=1.0)
    (tmp_path / "text.mp3").write_text("no music\n" * 100, encoding="utf-8")
    whole = (folder / "one.flac").read_bytes()
    (tmp_path / "broken.flac").write_bytes(whole[:3000] + bytes(len(whole) - 3000))
    lines = [
        folder / "one.flac",
        "gone.mp3",
        "short.wav",
        "text.mp3",
        "broken.flac",
        "Nobody - Nothing",
        ".",
        "http://a/b.mp3",
    ]
    (tmp_path / "bad.txt").write_text("".join(f"{line}\n" for line in [*lines, folder / "two.flac"]), encoding="utf-8")
    return tmp_path / "bad.txt"


def test_all_that_is_wrong_is_named_at_once_and_nothing_is_rendered(
    folder: Path, bad_list: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mix = bad_list.with_name("mix.mp3")
    assert run(folder, bad_list, mix) == 1
    said = capsys.readouterr().err
    for line, what in (
        (2, "gone.mp3: it is not there"),
        (3, "s of it sound; 5 s are the least that can be mixed"),
        (4, "text.mp3: "),
        (5, "broken.flac: "),
        (6, "Nobody - Nothing: there is no such file, and no track of the library holds these words"),
        (7, "it is a folder, not a file"),
        (8, "http://a/b.mp3: it is no file of this machine"),
    ):
        assert re.search(rf"^segue: line {line}: .*{re.escape(what)}", said, re.MULTILINE), line
    assert "7 of 9 tracks cannot be mixed" in said
    assert "--skip-bad" in said
    assert "Traceback" not in said
    assert not mix.exists()
    assert run(folder, bad_list, mix, "--skip-bad") == 0
    assert "2 tracks" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "said"), [("# nothing\n\n", "there is no track in the list"), ("gone.mp3\n", "none is left")]
)
def test_lists_of_which_nothing_is_left(
    folder: Path, tmp_path: Path, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "list.txt").write_text(text, encoding="utf-8")
    assert run(folder, tmp_path / "list.txt", tmp_path / "mix.mp3", "--skip-bad") == 1
    assert said in capsys.readouterr().err


def test_one_track_is_a_mix_without_joins(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "one.txt").write_text(f"{folder}/one.flac\n", encoding="utf-8")
    assert run(folder, tmp_path / "one.txt", tmp_path / "one.flac") == 0
    assert "There is one track only" in capsys.readouterr().err


def _other_outputs(folder: Path, tmp_path: Path) -> dict[str, tuple[Path, str]]:
    (tmp_path / "there.mp3").write_bytes(b"mine")
    (tmp_path / "link.flac").hardlink_to(folder / "one.flac")
    return {
        "ending": (tmp_path / "mix.xyz", "no mix can be written as '.xyz'. Let its name end in .mp3"),
        "none": (tmp_path / "mix", "no mix can be written as 'mix'"),
        "input": (folder / "one.flac", "it is one of the files that the mix is made of"),
        "link": (tmp_path / "link.flac", "it is one of the files that the mix is made of"),
        "list": (folder / "evening.txt", "it is one of the files that the mix is made of"),
        "there": (tmp_path / "there.mp3", "Choose another name, or say that it may be replaced (--force)"),
        "folder": (tmp_path / "no" / "mix.mp3", "there is no such folder"),
    }  # fmt: skip


@pytest.mark.parametrize("case", ["ending", "none", "input", "link", "list", "there", "folder"])
def test_what_cannot_be_written_is_said_before_anything_is_heard(
    folder: Path, tmp_path: Path, case: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, said = _other_outputs(folder, tmp_path)[case]
    monkeypatch.setattr("segue.mixing.Mixing.plan", lambda *_, **__: pytest.fail("it was planned"))
    before = out.read_bytes() if out.exists() else None
    assert run(folder, folder / "evening.txt", out) == 1
    assert said in " ".join(capsys.readouterr().err.split("\n"))
    assert (out.read_bytes() if out.exists() else None) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no list is named"),
        (("a.txt",), "no mix is named"),
        (("--plan-file", "p.json", "a.txt", "b.mp3"), "two mixes"),
        (("--plan-file", "p.json", "b.mp3", "--style", "cut", "--reorder"), "--reorder, --style would change nothing"),
        (("EVENING", "b.mp3", "--preview", "--picture", "b.png"), "joins alone have no picture"),
        (("EVENING", "--plan", "--preview", "--vbr"), "--plan renders nothing, and --preview, --vbr would change"),
        (("EVENING", "b.flac", "--vbr"), "--vbr is said of an MP3, and the mix ends in '.flac'"),
    ],
)
def test_places_that_are_missing(
    folder: Path, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    named = (str(folder / "evening.txt") if word == "EVENING" else word for word in words)
    assert run(folder, *named) == 2
    assert said in capsys.readouterr().err


def test_places_may_stand_anywhere_among_the_options(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`LIST --between 2 MIX` was "unrecognized arguments: MIX", as argparse gave both places to LIST."""
    assert run(folder, folder / "gone.txt", "--fade-s", "4", folder / "b.mp3", "--style", "fade") == 1
    assert "gone.txt" in capsys.readouterr().err


def test_interrupted_it_leaves_no_mix_and_goes_on_where_it_was(
    folder: Path, mixed: MixPlan, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Ctrl+C does it, after more than the minute that is kept; then the same bytes as by the printed plan."""
    show = mix_command._Bar.show
    told: list[float] = []

    def interrupted(bar: Any, progress: Any) -> None:
        told.append(progress.done if progress.phase == "rendering" else 0.0)
        if told[-1] >= 65.0:
            raise KeyboardInterrupt
        show(bar, progress)

    with monkeypatch.context() as patch:
        patch.setattr(mix_command._Bar, "show", interrupted)
        assert run(folder, folder / "evening.txt", tmp_path / "mix.mp3") == 130
    assert "the same command goes on where it was" in capsys.readouterr().err
    assert [path for path in tmp_path.iterdir() if not path.name.startswith(".")] == []
    began: list[float] = []
    with monkeypatch.context() as patch:
        patch.setattr(mix_command._Bar, "show", lambda _, p: began.append(p.done) if p.phase == "rendering" else None)
        assert run(folder, folder / "evening.txt", tmp_path / "mix.mp3", "--title", "evening") == 0
    assert began[0] > 60.0
    assert (tmp_path / "mix.mp3").read_bytes() == (folder / "evening.mp3").read_bytes()


# The library ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def services(folder: Path, tmp_path: Path) -> Any:
    with Library.open(tmp_path / "data") as library:
        for number, name in enumerate(SONGS, start=1):
            info = TrackInfo(name.capitalize(), "Band" if number < 4 else "Other")
            add(library, replace(heard(number, info)), str(folder / f"{name}.flac"))
        add(library, heard(9, TrackInfo("One", "Cover Band")), str(folder / "gone.flac"))
    opened = Services(tmp_path / "data", read_only=True)
    yield opened
    opened.close()


def _order(*words: str) -> MixOrder:
    return MixOrder(tuple(Wanted(number, one, words=one) for number, one in enumerate(words, start=1)))


def test_tracks_by_words(services: Services, folder: Path) -> None:
    planned = services.mixing.plan(_order("band - one", "Two", "other fivé"))
    assert [part.path.name for part in planned.plan.parts] == ["one.flac", "two.flac", "five.flac"]


def test_words_that_mean_several_are_asked_about_or_refused(services: Services, folder: Path) -> None:
    with pytest.raises(MixError) as refused:
        services.mixing.plan(_order("band", "one"))
    said = " ".join(refused.value.problems)  # type: ignore[attr-defined]
    assert "it may be 4 tracks: Band - One" in said
    assert "it may be 2 tracks: Band - One" in said
    asked: list[int] = []

    def choose(words: str, candidates: Any) -> Any:
        asked.append(len(candidates))
        return next(track for track in candidates if track.info.artist == "Band")

    planned = services.mixing.plan(_order("one", "two"), choose=choose)
    assert [part.path.name for part in planned.plan.parts] == ["one.flac", "two.flac"]
    assert asked == [2]
    with pytest.raises(MixError) as near:
        services.mixing.plan(_order("otehr four"))
    assert "it is not in the library; near: Other - Four" in " ".join(near.value.problems)  # type: ignore[attr-defined]


def test_what_was_set_by_hand_is_what_a_mix_goes_by(services: Services, folder: Path, tmp_path: Path) -> None:
    """A tempo that is halved keeps its beat grid, every second beat of it, which is as sure as it was."""
    with Library.open(tmp_path / "data") as library:
        gatherer = Gatherer(library, workers=1)
        path = folder / "one.flac"
        heard_facts = gatherer.measure([path])[path]
        Correcting(library).change([track_number(1)], tempo="60", key="1A")
        halved = gatherer.measure([path])[path]
        Correcting(library).change([track_number(1)], tempo="100")
        other = gatherer.measure([path])[path]
        other_song = gatherer.measure([folder / "two.flac"])[folder / "two.flac"]
    assert isinstance(heard_facts, TrackFacts)
    assert isinstance(halved, TrackFacts)
    assert isinstance(other, TrackFacts)
    assert isinstance(other_song, TrackFacts)
    assert heard_facts.grid is not None
    assert halved.grid is not None
    assert (halved.rhythm.tempo_bpm, halved.rhythm.tempo_confidence, halved.rhythm.camelot) == (60.0, 1.0, "1A")
    assert halved.grid.lead == heard_facts.grid.lead
    assert set(halved.grid.beats_s) < set(heard_facts.grid.beats_s)
    line = steady_line(halved.grid, 4.0, 20.0)
    assert line is not None
    assert line.beat_s == pytest.approx(1.0, abs=1e-3)
    assert other.grid is None  # where the beats would fall at that tempo, nobody knows
    assert isinstance(match_beats(other, other_song), Refusal)


def test_a_mix_in_the_background(services: Services, folder: Path, tmp_path: Path) -> None:
    wanted = tuple(Wanted(n, name, path=folder / f"{name}.flac") for n, name in enumerate(("one", "two"), start=1))
    job = services.mixing.start(MixOrder(wanted), Outputs.beside(tmp_path / "mix.flac"))
    status = job.wait(120.0)
    assert (status.running, status.error, status.cancelled) == (False, None, False)
    assert [path.name for path in status.files] == ["mix.flac", "mix.cue", "mix.tracklist.txt"]
    assert status.progress is not None
    assert status.planned is not None
    failed = services.mixing.start(
        MixOrder((Wanted(1, "x", path=folder / "gone.mp3"),)), Outputs(tmp_path / "no.mp3")
    ).wait(60.0)
    assert failed.error is not None
    assert "gone.mp3" in failed.problems[0]
    stopped = services.mixing.start(MixOrder(wanted), Outputs(tmp_path / "stopped.mp3"))
    stopped.cancel(wait=True)
    assert stopped.status.cancelled
    assert not (tmp_path / "stopped.mp3").exists()


def _planned_by(services: Services, folder: Path, names: str, extent: Extent) -> PlannedMix:
    wanted = tuple(Wanted(n, name, path=folder / f"{name}.flac") for n, name in enumerate(names.split(), start=1))
    return services.mixing.plan(MixOrder(wanted, extent=extent))


def names_of(planned: PlannedMix) -> list[str]:
    return [part.path.stem for part in planned.plan.parts]


def test_others_of_the_library_lead_from_track_to_track(services: Services, folder: Path) -> None:
    planned = _planned_by(services, folder, "one two", Extent(between=2))
    assert len(names_of(planned)) == 4
    assert (names_of(planned)[0], names_of(planned)[-1]) == ("one", "two")
    assert len(set(names_of(planned))) == 4
    assert [bool(part.why) for part in planned.plan.parts] == [False, True, True, False]
    assert f"chosen: {planned.plan.parts[1].why}" in tracklist(planned.plan, ".txt")
    twice = _planned_by(services, folder, "one two one", Extent(between=1))
    assert (len(names_of(twice)), len(set(names_of(twice)))) == (3, 3)
    assert "Each recording comes once, though the list names 1 again" in twice.notes


def test_a_mix_of_about_a_length(services: Services, folder: Path) -> None:
    """The songs last 24 s each, and overlap by some seconds."""
    cut = _planned_by(services, folder, "one two three four five", Extent(minutes=1.0))
    assert names_of(cut) == ["one", "two", "three"]
    assert "Left out, as it would be longer: the last 2 of the list" in cut.notes
    for names in ("one two", "one"):
        longer = _planned_by(services, folder, names, Extent(minutes=1.0))
        assert longer.plan.length_s == pytest.approx(60.0, abs=12.0)
        assert names_of(longer)[0] == "one"
    all_there_is = _planned_by(services, folder, "one two", Extent(minutes=10.0))
    assert len(names_of(all_there_is)) == 5
    assert any("shorter than was asked for" in note for note in all_there_is.notes)


def test_a_list_in_another_order(services: Services, folder: Path) -> None:
    planned = _planned_by(services, folder, "one three two four five", Extent(reorder=True))
    assert names_of(planned)[0] == "one"
    assert sorted(names_of(planned)) == sorted(SONGS)
    assert any(note.startswith("Reordered: ") for note in planned.notes)


def test_numbers_out_of_range() -> None:
    for lufs in (14.0, float("nan"), -90.0):
        with pytest.raises(ParameterError, match=f"a mix of {lufs:g} LUFS"):
            MixSettings(target_lufs=lufs)
    with pytest.raises(ParameterError, match="101 tracks between two"):
        Extent(between=101)
    with pytest.raises(ParameterError, match="a mix of 0 minutes"):
        Extent(minutes=0.0)


def test_a_title_of_any_bytes(folder: Path, tmp_path: Path) -> None:
    """Bytes that are no text ended in a traceback when the file was begun."""
    (tmp_path / "one.txt").write_text(str(folder / "one.flac"), encoding="utf-8")
    assert run(folder, tmp_path / "one.txt", tmp_path / "mix.m4a", "--title", 'a\udcff"b') == 0
    assert (tmp_path / "mix.cue").read_text(encoding="utf-8").startswith('TITLE "a\ufffd\'b"')
