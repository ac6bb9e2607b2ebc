"""Which folders may be chosen: whatever is tried, none that lies outside of those that were named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segue import reach as reaching
from segue.errors import FileAccessError, SegueError
from segue.reach import Reach


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Music beside what is nobody's business, with links from the one into the other."""
    for name in ("music/Rock/Live", "music/jazz", "music/.hidden", "secret/letters", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("music/Rock/a.mp3", "music/Rock/b.FLAC", "music/Rock/cover.jpg", "music/one.ogg", "music/.x.mp3"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "music" / "to secret").symlink_to(tmp_path / "secret")
    (tmp_path / "music" / "to jazz").symlink_to(tmp_path / "music" / "jazz")
    (tmp_path / "music" / "circle").symlink_to(tmp_path / "music" / "circle")
    (tmp_path / "secret" / "back").symlink_to(tmp_path / "music" / "jazz")
    return tmp_path


@pytest.fixture
def reach(house: Path) -> Reach:
    return Reach((house / "music",), usual=False)


def test_a_look_shows_folders_with_their_songs_and_nothing_that_is_hidden_or_outside(reach: Reach, house: Path) -> None:
    look = reach.look(house / "music")
    assert [(folder.path.name, folder.songs) for folder in look.folders] == [("jazz", 0), ("Rock", 2), ("to jazz", 0)]
    assert (look.songs, look.more) == (1, 0)
    assert [path.name for path in reach.look(house / "music" / "Rock" / "Live").way] == ["music", "Rock", "Live"]
    assert reach.look(house / "music" / "to jazz").way[-1] == house / "music" / "jazz"


@pytest.mark.parametrize(
    "way", ["", "secret", "music/../secret", "music/to secret", "music/to secret/letters", "music2", "music/Rock/../.."]
)
def test_what_lies_outside_is_refused_with_the_remedy(reach: Reach, house: Path, way: str) -> None:
    for ask in (reach.within, reach.look, lambda path: reach.typed(str(path))):
        with pytest.raises(FileAccessError, match=r"outside the folders that may be chosen.*--allow"):
            ask(house / way)


def test_a_way_through_the_outside_that_comes_back_is_inside(reach: Reach, house: Path) -> None:
    assert reach.within(house / "secret" / "back") == house / "music" / "jazz"
    assert reach.typed(f'  "{house}/music/Rock" ') == house / "music" / "Rock"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(
    parts=st.lists(
        st.sampled_from(["..", ".", "Rock", "to secret", "circle", "back", "/", "~", "\0", "\ud800"]), max_size=7
    )
)
def test_no_way_leads_out(reach: Reach, house: Path, parts: list[str]) -> None:
    for text in ("/".join([str(house / "music"), *parts]), "/".join(parts)):
        try:
            found = reach.typed(text)
        except SegueError:
            continue
        assert Path(os.path.realpath(found)).is_relative_to(house / "music")


def test_nothing_tells_whether_something_lies_outside(reach: Reach, house: Path) -> None:
    said = []
    for name in ("letters", "nothing"):
        with pytest.raises(FileAccessError) as refused:
            reach.look(house / "secret" / name)
        said.append(str(refused.value).replace(f"/{name}:", ""))
    assert said[0] == said[1]


def test_what_is_typed_is_a_full_path(reach: Reach) -> None:
    for text, words in (
        ("", "No folder"),
        ("  ", "No folder"),
        ("music", "not a full path"),
        ("~nobody-at-all/x", "not a full"),
        ("~root", "not a full"),
    ):
        with pytest.raises(FileAccessError, match=words):
            reach.typed(text)


def test_home_is_typed_by_whoever_runs_segue_alone(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others learnt from the answer to "~root" where a user's home lies, and which users there are."""
    monkeypatch.setenv("HOME", str(house))
    assert Reach().typed("~/music") == house / "music"
    for reach, text in ((Reach((house,), usual=False), "~/music"), (Reach(), "~\ud800"), (Reach(), "~nobody-at-all")):
        with pytest.raises(FileAccessError, match="not a full path"):
            reach.typed(text)


def test_a_folder_that_is_gone_or_a_file_is_said(reach: Reach, house: Path) -> None:
    with pytest.raises(FileAccessError, match="not there"):
        reach.look(house / "music" / "gone")
    with pytest.raises(FileAccessError, match="not a folder"):
        reach.look(house / "music" / "one.ogg")
    away = Reach((house / "drive",), usual=False)
    assert [folder.problem for folder in away.places()] == ["Nothing is there"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read_is_said(reach: Reach, house: Path) -> None:
    (house / "music" / "Rock").chmod(0)
    problems = {folder.path.name: folder.problem for folder in reach.look(house / "music").folders}
    (house / "music" / "Rock").chmod(0o700)
    assert problems["Rock"] == "permission denied"


def test_a_huge_folder_is_shown_in_part_and_counted_in_part(
    reach: Reach, house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaching, "_LOOKED_THROUGH", 3)
    monkeypatch.setattr(reaching, "FOLDERS_LISTED", 2)
    for number in range(9):
        (house / "music" / "jazz" / f"{number}.mp3").write_bytes(b"")
    look = reach.look(house / "music")
    assert (len(look.folders), look.more) == (2, 1)
    assert look.folders[1].songs is None


def test_the_usual_places_are_home_and_the_desktops_own_folder_of_music(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(house))
    monkeypatch.setattr(reaching, "_DRIVES", (str(house / "secret"), str(house / "elsewhere")))
    (house / ".config").mkdir()
    (house / ".config" / "user-dirs.dirs").write_text('XDG_DESKTOP_DIR="$HOME/x"\nXDG_MUSIC_DIR="$HOME/music"\n')
    assert [folder.path for folder in Reach().places()] == [house / "music", house, house / "secret"]
    assert Reach((house / "music" / "jazz",)).places()[0].path.name == "jazz"
    assert Reach(usual=False).places() == ()
    monkeypatch.setenv("HOME", "/")
    assert [folder.path for folder in Reach().places()] == [house / "secret"]
