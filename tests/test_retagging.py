"""Tags written into the files of a real library, seen by its next scans, and put back."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.cli.start import main
from segue.errors import LibraryError, ParameterError, UnknownTrackError
from segue.listen.tag_writing import TagFile, rewriting
from segue.listen.tags import read_tags
from segue.retagging import TagProgress, TagWishes
from segue.services import Services
from segue.store.tag_backups import Rewritten, TagBackups
from segue.values import ScanReport, Track, TrackId
from tests.command_line import answer, refusal
from tests.songs import write_song

ALL = TagWishes(("bpm", "key", "mood", "genre"))
BPM = TagWishes(("bpm",))


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a library in "data" of three songs in "music": an MP3, a FLAC that lies there twice, an M4A."""
    folder = tmp_path_factory.mktemp("retagging")
    (folder / "music").mkdir()
    for seed, name in enumerate(("one.mp3", "two.flac", "three.m4a")):
        source = write_song(folder / f"{seed}.wav", seed, seconds=6.0)
        command = ["ffmpeg", "-v", "error", "-i", str(source), "-metadata", f"title=Song {seed}"]
        subprocess.run([*command, str(folder / "music" / name)], check=True, stdin=subprocess.DEVNULL)
    shutil.copy(folder / "music" / "two.flac", folder / "music" / "twin.flac")
    return folder


@pytest.fixture
def services(scanned: Path, tmp_path: Path) -> Iterator[Services]:
    """The same, for one test, with tempo and key of each song set by hand: 120 and 8A, 121 and 9A, 122 and 10A."""
    shutil.copytree(scanned / "music", tmp_path / "music")
    opened = Services(tmp_path / "data", workers=1)
    opened.scan([tmp_path / "music"])
    for number in range(3):
        opened.correcting.change([song(opened, number).id], tempo=str(120 + number), key=f"{8 + number}A")
    yield opened
    opened.close()


def song(services: Services, number: int) -> Track:
    return next(track for track in services.library.tracks() if track.info.title == f"Song {number}")


def ids(services: Services) -> list[TrackId]:
    return [song(services, number).id for number in range(3)]


def tag(path: Path, name: str = "bpm") -> list[str] | None:
    file = TagFile(path)
    (found,) = file.stored([file.names[name]]).values()  # type: ignore[index]
    return found


def scan(services: Services, monkeypatch: pytest.MonkeyPatch) -> ScanReport:
    """Scan, and let nothing be heard."""
    monkeypatch.setattr("segue.store.workers._Worker._start", lambda self: pytest.fail("a worker"))
    return services.scan([services.data.parent / "music"])


def test_a_preview_says_what_would_change_and_writes_nothing(services: Services) -> None:
    music = services.data.parent / "music"
    before = {path: path.read_bytes() for path in music.iterdir()}
    wishes = TagWishes(("bpm", "key"), key_as="musical")
    found = {change.path.name: change for change in services.retagging.preview(ids(services), wishes)}
    assert set(found) == {"one.mp3", "two.flac", "twin.flac", "three.m4a"}
    assert [(f.field, f.old, f.new) for f in found["one.mp3"].fields] == [("bpm", "", "120"), ("key", "", "Am")]
    assert [f.new for f in found["twin.flac"].fields] == ["121", "Em"]
    assert len(services.retagging.preview(ids(services), wishes, most=2)) == 2
    assert {path: path.read_bytes() for path in music.iterdir()} == before
    assert services.retagging.backups() == ()


def test_what_is_written_is_neither_heard_again_nor_another_song(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both files of a recording are written; likes, queues and corrections go by its id, which stays."""
    before, version = ids(services), services.version
    seen: list[TagProgress] = []
    report = services.retagging.write(before, ALL, on_progress=seen.append)
    assert (report.written, report.unchanged, report.problems, report.cancelled) == (4, 0, (), False)
    assert seen[-1] == TagProgress(4, 4)
    music = services.data.parent / "music"
    assert {path.name: tag(path) for path in music.iterdir()} == {
        "one.mp3": ["120"], "two.flac": ["121"], "twin.flac": ["121"], "three.m4a": ["122"],
    }  # fmt: skip
    assert services.version > version
    scanned = scan(services, monkeypatch)
    assert (scanned.skipped, scanned.scanned, scanned.attached, scanned.removed) == (4, 0, 0, 0)
    (music / "one.mp3").rename(music / "moved.mp3")
    shutil.copy(music / "three.m4a", music / "four.m4a")
    scanned = scan(services, monkeypatch)
    assert (scanned.attached, scanned.scanned, scanned.moved) == (1, 0, 1)
    assert ids(services) == before
    assert len(song(services, 2).paths) == 2
    rhythm = services.rhythm(before[0])
    assert rhythm is not None
    assert rhythm.by_hand == ("tempo", "key")
    again = services.retagging.write(before, ALL)
    assert (again.written, again.unchanged, again.backup) == (0, 5, "")


def test_genre_and_mood_are_those_that_are_heard_and_the_library_takes_note(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the last song nothing is heard for certain, so that nothing is written."""
    known, quiet = services.tags.confident(), song(services, 2)
    monkeypatch.setattr(services.tags, "confident", lambda: known | {quiet.id: ()})
    found = services.retagging.preview(ids(services), TagWishes(("genre", "mood")))
    heard = services.tags.confident()
    says = {change.track.id: {f.field: f.new for f in change.fields} for change in found}
    genres = {track_id: said["genre"] for track_id, said in says.items() if "genre" in said}
    assert genres
    assert all(genre in heard[track_id] for track_id, genre in genres.items())
    services.retagging.write(ids(services), TagWishes(("genre",)))
    assert {track_id: services.track(track_id).info.genre for track_id in genres} == genres
    assert quiet.id not in genres
    assert (services.track(quiet.id).info.genre, tag(quiet.paths[0], "genre")) == ("", None)


def test_the_old_tags_are_put_back_and_then_forgotten(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    music = services.data.parent / "music"
    file = TagFile(music / "one.mp3")
    file.put({"TBPM": ["99", "100"]})
    file.save()
    services.scan([music])
    services.correcting.change([song(services, 0).id], tempo="120")
    first = services.retagging.write(ids(services), BPM)
    services.correcting.change([song(services, 0).id], tempo="130")
    second = services.retagging.write([song(services, 0).id], BPM)
    assert {(b.name, b.files) for b in services.retagging.backups()} == {(first.backup, 4), (second.backup, 1)}
    report = services.retagging.put_back(first.backup)
    assert (report.written, report.unchanged) == (3, 0)
    assert "one.mp3" in report.problems[0]
    assert "changed since" in report.problems[0]
    assert services.retagging.put_back(second.backup).written == 1
    report = services.retagging.put_back(first.backup)
    assert (report.written, report.problems) == (1, ())
    assert tag(music / "one.mp3") == ["99", "100"]
    assert tag(music / "twin.flac") is None
    assert services.retagging.backups() == ()
    assert scan(services, monkeypatch).skipped == 4
    with pytest.raises(ParameterError, match="no such backup"):
        services.retagging.put_back(first.backup)
    with pytest.raises(ParameterError, match="no such backup"):
        services.retagging.put_back("../../elsewhere")


def test_a_file_that_was_moved_is_put_back_where_it_lies(services: Services) -> None:
    music = services.data.parent / "music"
    report = services.retagging.write([song(services, 0).id], BPM)
    (music / "one.mp3").rename(music / "elsewhere.mp3")
    services.scan([music])
    assert services.retagging.put_back(report.backup).written == 1
    assert tag(music / "elsewhere.mp3") is None


def test_songs_that_changed_places_get_their_own_tags_back(services: Services) -> None:
    """The old tempo of one song was put into the other that lay at its path by then, and its backup was gone."""
    music = services.data.parent / "music"
    one, other = music / "one.mp3", music / "other.mp3"
    ffmpeg = ["ffmpeg", "-v", "error", "-i", str(music / "three.m4a"), "-metadata", "title=Song 3"]
    subprocess.run([*ffmpeg, str(other)], check=True, stdin=subprocess.DEVNULL)
    for path, bpm in ((one, "91"), (other, "92")):
        with rewriting(path, {"TBPM": [bpm]}):
            pass
    services.scan([music])
    both = [song(services, 0).id, song(services, 3).id]
    services.correcting.change(both, tempo="120")
    first, second = (services.retagging.write([track_id], BPM).backup for track_id in both)
    one.rename(music / "aside.mp3")
    other.rename(one)
    (music / "aside.mp3").rename(other)
    services.scan([music])
    assert [song(services, number).paths for number in (0, 3)] == [(other,), (one,)]
    assert services.retagging.put_back(first).written == 1
    assert (tag(other), tag(one)) == (["91"], ["120"])
    assert services.retagging.put_back(second).written == 1
    assert (tag(other), tag(one)) == (["91"], ["92"])


def test_what_the_library_no_longer_holds_stays_in_the_backup(services: Services) -> None:
    track = song(services, 0)
    report = services.retagging.write([track.id], BPM)
    services.library.forget_paths([track.paths[0]])
    with pytest.raises(UnknownTrackError):
        services.retagging.preview([track.id], BPM)
    assert "no track" in services.retagging.put_back(report.backup).problems[0]
    assert len(services.retagging.backups()) == 1


def test_files_that_cannot_be_written_are_named_and_the_rest_goes_on(services: Services) -> None:
    music = services.data.parent / "music"
    (music / "one.mp3").chmod(0o444)
    (music / "twin.flac").unlink()
    with (music / "two.flac").open("ab") as changed:
        changed.write(b"\0")
    problems = {change.path.name: change.problem for change in services.retagging.preview(ids(services), BPM)}
    assert "write-protected" in problems["one.mp3"]
    assert "not there" in problems["twin.flac"]
    assert "changed since it was heard" in problems["two.flac"]
    report = services.retagging.write(ids(services), BPM)
    assert (report.written, len(report.problems)) == (1, 3)
    assert set(problems.values()) - {""} == set(report.problems)
    assert tag(music / "three.m4a") == ["122"]
    (music / "one.mp3").chmod(0o644)
    assert tag(music / "one.mp3") is None
    with pytest.raises(UnknownTrackError):
        services.retagging.write([TrackId("0" * 16)], BPM)


def test_it_can_be_stopped_and_what_was_written_put_back(services: Services) -> None:
    stop = threading.Event()
    report = services.retagging.write(ids(services), BPM, on_progress=lambda _: stop.set(), cancel=stop)
    assert (report.written, report.cancelled) == (1, True)
    assert services.retagging.put_back(report.backup).written == 1


def test_in_the_background_one_at_a_time(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()
    keep = TagBackups.add

    def add(self: TagBackups, name: str, entry: Rewritten) -> None:
        begun.set()
        assert go_on.wait(60)
        keep(self, name, entry)

    monkeypatch.setattr(TagBackups, "add", add)
    services.retagging.start_write(ids(services), BPM)
    assert begun.wait(60)
    assert services.retagging.status.running
    with pytest.raises(LibraryError, match="being written already"):
        services.retagging.start_write(ids(services), BPM)
    go_on.set()
    services.retagging.close()
    assert services.retagging.status.running is False


def test_what_may_not_be_written_is_said(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services.retagging, "_is_scanning", lambda: True)
    with pytest.raises(LibraryError, match="a scan is running"):
        services.retagging.write(ids(services), BPM)
    with pytest.raises(LibraryError, match="a scan is running"):
        services.retagging.put_back("1-00000000")
    monkeypatch.undo()
    monkeypatch.setattr(services.retagging, "_is_demo", lambda path: True)
    assert all(
        change.problem.startswith("Demo songs stay as they are")
        for change in services.retagging.preview(ids(services), BPM)
    )
    assert len(services.retagging.write(ids(services), BPM).problems) == 4
    monkeypatch.undo()
    shut = Services(services.data, read_only=True)
    with pytest.raises(LibraryError, match="for reading only"):
        shut.retagging.write(ids(services), BPM)
    shut.close()
    assert tag(services.data.parent / "music" / "one.mp3") is None
    for fields, key_as in (((), "camelot"), (("title",), "camelot"), (("key",), "solfege")):
        with pytest.raises(ParameterError):
            TagWishes(fields, key_as)  # type: ignore[arg-type]


def test_a_damaged_backup_is_passed_over(tmp_path: Path) -> None:
    backups = TagBackups(tmp_path / "backups")
    assert backups.all() == ()
    entry = Rewritten(TrackId("1"), Path("/m/\udcff.mp3"), {"TBPM": None, "TCON": ["Ä", "\udcff"]}, {"TBPM": ["1"]})
    name = TagBackups.new_name(1_700_000_000.5)
    backups.add(name, entry)
    (tmp_path / "backups" / "notes.jsonl").write_text("mine")
    with (tmp_path / "backups" / f"{name}.jsonl").open("a") as file:
        file.write('{"track_id": "2"}\n[]\n{"track_id": "3", "path": "/m/3')  # as a kill leaves it
    assert backups.entries(name) == (entry,)
    assert [(b.name, b.at_s, b.files) for b in backups.all()] == [(name, 1_700_000_000.0, 1)]
    (tmp_path / "backups" / f"{name}.jsonl").write_bytes(b"\xff\xff")
    assert backups.all() == ()


def test_what_a_full_disk_broke_off_spoils_no_later_line(tmp_path: Path) -> None:
    """The next line was written on behind it, and then neither could be read."""
    backups = TagBackups(tmp_path / "backups")
    one, two = (Rewritten(TrackId(n), Path(f"/m/{n}.mp3"), {"TBPM": None}, {"TBPM": ["1"]}) for n in "12")
    name = TagBackups.new_name(1.0)
    backups.add(name, one)
    path = tmp_path / "backups" / f"{name}.jsonl"
    half = path.read_bytes()[:-20]
    with path.open("ab") as file:
        file.write(half)
    backups.add(name, two)
    backups.add(name, one)
    assert backups.entries(name) == (one, two, one)


def test_a_backup_that_grows_is_read_once_and_half_a_line_is_no_damage(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The pulse of a writing parsed every backup anew, and called a line that was being written damaged."""
    backups, other = TagBackups(tmp_path / "backups"), TagBackups(tmp_path / "backups")
    entry = Rewritten(TrackId("1"), Path("/m/1.mp3"), {"TBPM": None}, {"TBPM": ["1"]})
    name = TagBackups.new_name(1.0)
    path = tmp_path / "backups" / f"{name}.jsonl"
    other.add(name, entry)
    line = path.read_text()
    with path.open("a") as file:
        file.write(line[:20])
    assert [backup.files for backup in backups.all()] == [1]
    assert backups.entries(name) == (entry,)
    assert caplog.text == ""
    with path.open("a") as file:
        file.write(f"{line[20:]}[]\n")
    assert [backup.files for backup in (*backups.all(), *backups.all())] == [2, 2]
    assert caplog.text.count("damaged") == 1
    other.keep(name, [entry])
    assert [backup.files for backup in backups.all()] == [1]
    other.keep(name, [])
    assert backups.all() == ()


def test_the_command_previews_writes_lists_and_puts_back(
    services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    data, track = ("--data", services.data), song(services, 0)
    path = track.paths[0]
    assert main(["retag", track.id, "--dry-run", "--data", str(services.data)]) == 0
    assert f"{path}: bpm none -> 120; key none -> 8A" in capsys.readouterr().out
    assert tag(path) is None
    assert "Say --yes" in refusal_after_preview(capsys, "retag", track.id, *data)
    done = answer(capsys, "retag", track.id, "--write", "key", "--key-as", "musical", "--yes", *data, "--json")
    assert (done["changed"], done["problems"]) == (1, [])
    assert tag(path, "key") == ["Am"]
    listed = answer(capsys, "retag", "--backups", *data, "--json")
    assert [(row["name"], row["files"]) for row in listed] == [(done["backup"], 1)]
    back = ("retag", "--back", done["backup"], *data)
    assert answer(capsys, *back, "--yes", "--json")["changed"] == 1
    assert tag(path, "key") is None
    assert "--yes or --dry-run" in refusal(capsys, "retag", track.id, *data, "--json")
    dry = answer(capsys, "retag", track.id, "--write", "bpm", "--dry-run", *data, "--json")
    assert [row["tags"] for row in dry] == [{"bpm": {"old": "", "new": "120"}}]
    assert answer(capsys, "retag", "--all", "--write", "bpm", "--yes", *data, "--json")["changed"] == 4
    assert main(["retag", track.id, "--write", "bpm", "--data", str(services.data)]) == 0
    assert capsys.readouterr().out.endswith(": nothing to change\nThere is nothing to write.\n")
    assert "--back NAME" in refusal(capsys, "retag", *data)
    assert read_tags(path).title == "Song 0"
    path.unlink()
    failed = answer(capsys, "retag", track.id, "--yes", *data, "--json", code=1)
    assert "not there" in failed["problems"][0]


def test_a_putting_back_is_previewed_and_asked_about(
    services: Services, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--dry-run` wrote the old tags and deleted the backup, and nobody was asked."""
    path = song(services, 0).paths[0]
    name = services.retagging.write(ids(services)[:1], ALL).backup
    back = ["retag", "--back", name, "--data", services.data]
    capsys.readouterr()
    assert main([*map(str, back), "--dry-run"]) == 0
    assert f"{path}: bpm 120 -> none; key 8A -> none" in capsys.readouterr().out
    dry = answer(capsys, *back, "--dry-run", "--json")
    assert dry[0]["tags"]["bpm"] == {"old": "120", "new": ""}
    assert "--yes or --dry-run" in refusal(capsys, *back, "--json")
    assert "Say --yes" in refusal_after_preview(capsys, *back)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    asked: list[str] = []
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or "n")
    assert "Nothing is written" in refusal_after_preview(capsys, *back)
    assert asked == ["Put back the old tags of 1 file? [y/N] "]
    assert (tag(path), len(services.retagging.backups())) == (["120"], 1)
    with rewriting(path, {"TBPM": ["99"]}):
        pass
    services.scan([path.parent])
    assert "changed since" in answer(capsys, *back, "--dry-run", "--json")[0]["problem"]
    path.unlink()
    services.scan([path.parent])
    assert "no track" in answer(capsys, *back, "--dry-run", "--json")[0]["problem"]


def refusal_after_preview(capsys: pytest.CaptureFixture[str], *words: str | Path) -> str:
    capsys.readouterr()
    assert main([str(word) for word in words]) == 1
    return capsys.readouterr().err
