"""Tags written into real files of every kind: they are there, everything else stays, and it can be put back."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import mutagen
import pytest
from mutagen.id3 import COMM, ID3, TALB, TBPM, TCON, TDRC, TIT2, TPE1, TXXX, TYER, PairedTextFrame
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4
from mutagen.wave import WAVE

from segue.errors import AudioError, FileAccessError, TagError
from segue.listen.tag_writing import TAG_FIELDS, Stored, TagFile, rewriting
from segue.listen.tags import read_tags
from tests.listen.conftest import Encode

KINDS = {
    "song.mp3": ("-c:a", "libmp3lame"),
    "song.flac": (),
    "song.ogg": ("-c:a", "libvorbis"),
    "song.opus": ("-c:a", "libopus"),
    "song.oga": ("-c:a", "flac"),
    "song.m4a": ("-c:a", "aac"),
    "song.aiff": ("-write_id3v2", "1"),
    "song.wav": (),
}
TAGS = ("-metadata", "title=Sinnerman", "-metadata", "artist=Nina Simone", "-metadata", "genre=Jazz")
SAYS = {"bpm": "143", "key": "8A", "mood": "mellow, cafè", "genre": "soul"}


@pytest.fixture(params=KINDS)
def song(request: pytest.FixtureRequest, encode: Encode, tmp_path: Path) -> Path:
    """A tagged song of one kind."""
    made = Path(shutil.copy(encode(request.param, *KINDS[request.param], *TAGS), tmp_path / request.param))
    if made.suffix == ".wav":  # FFmpeg writes no ID3 there
        file = WAVE(made)
        file.add_tags()
        for frame in (TIT2(3, "Sinnerman"), TPE1(3, "Nina Simone"), TCON(3, "Jazz")):
            file.tags.add(frame)
        file.save()
    return made


def pcm_of(path: Path) -> bytes:
    """What the file sounds like, to the sample."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:a", "-f", "md5", "-"]
    return subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout


def wanted(path: Path) -> Stored:
    names = TagFile(path).names
    return {names[field]: [SAYS[field]] for field in TAG_FIELDS}


def write(path: Path, tags: Stored) -> None:
    with rewriting(path, tags):
        pass


def all_tags(path: Path) -> dict[str, str]:
    return {key: str(value) for key, value in dict(mutagen.File(path).tags).items()}


def test_tags_are_written_the_sound_stays_to_the_sample_and_the_old_ones_can_be_put_back(song: Path) -> None:
    sound, untouched, tags = pcm_of(song), all_tags(song), wanted(song)
    before = TagFile(song).stored(tags)
    write(song, tags)
    assert TagFile(song).stored(tags) == tags
    assert pcm_of(song) == sound
    info = read_tags(song)
    assert (info.title, info.artist, info.genre) == ("Sinnerman", "Nina Simone", "soul")
    write(song, before)
    assert pcm_of(song) == sound
    assert all_tags(song) == untouched
    assert [path.name for path in song.parent.iterdir()] == [song.name]


def test_other_programs_read_them(song: Path) -> None:
    """By FFmpeg's names for them, which are those of the format where it has none."""
    if song.suffix == ".wav":
        pytest.skip("FFmpeg reads no ID3 behind the sound of a WAV")
    write(song, wanted(song))
    command = ["ffprobe", "-v", "error", "-show_entries", "format_tags:stream_tags", "-of", "default=nk=0", str(song)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout.lower()
    assert "cafè" in said
    assert "=8a" in said
    assert "=soul" in said
    if song.suffix != ".m4a":  # a number, which FFmpeg does not tell
        assert "=143" in said


def test_a_song_without_any_tags(song: Path) -> None:
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(song), "-map", "0:a", "-map_metadata", "-1", "-c", "copy"]
    bare = song.with_name(f"bare{song.suffix}")
    subprocess.run([*command, str(bare)], check=True, stdin=subprocess.DEVNULL)
    sound, tags = pcm_of(bare), wanted(bare)
    before = TagFile(bare).stored(tags)
    assert set(before.values()) == {None}
    write(bare, tags)
    assert TagFile(bare).stored(tags) == tags
    write(bare, before)
    assert TagFile(bare).stored(tags) == before
    assert pcm_of(bare) == sound


@pytest.fixture
def mp3(encode: Encode, tmp_path: Path) -> Path:
    made = encode("bare.mp3", "-c:a", "libmp3lame", "-map_metadata", "-1", "-id3v2_version", "0")
    return Path(shutil.copy(made, tmp_path / "song.mp3"))


@pytest.mark.parametrize(("version", "mood"), [(3, "TXXX:MOOD"), (4, "TMOO")])
def test_the_version_of_an_id3_tag_and_its_other_frames_stay(mp3: Path, version: int, mood: str) -> None:
    tags = ID3()
    tags.add(TIT2(1, ["One", "Other"]))
    tags.add(TYER(0, ["1999"]) if version == 3 else TDRC(3, ["1999-12-31"]))
    tags.add(COMM(1, "eng", "note", ["Grüße"]))
    tags.add(TXXX(1, "energy", ["7"]))
    tags.save(mp3, v2_version=version, v23_sep=None)
    write(mp3, wanted(mp3))
    after = ID3(mp3, translate=False)
    assert after.version == (2, version, 0)
    assert after["TIT2"].text == ["One", "Other"]
    assert str(after["TYER" if version == 3 else "TDRC"].text[0]) == ("1999" if version == 3 else "1999-12-31")
    assert (after["COMM:note:eng"].text, after["TXXX:energy"].text) == (["Grüße"], ["7"])
    assert after[mood].text == ["mellow, cafè"]
    assert not any(isinstance(frame, PairedTextFrame) for frame in after.values())


def test_an_old_tag_at_the_end_stays_byte_for_byte(mp3: Path) -> None:
    end = b"TAG" + b"Only here".ljust(125, b"\0")
    mp3.write_bytes(mp3.read_bytes() + end)
    tags = ID3()
    tags.add(TALB(3, ["Newer"]))
    tags.save(mp3, v1=0)
    mp3.write_bytes(mp3.read_bytes().removesuffix(end) + end)
    write(mp3, wanted(mp3))
    assert mp3.read_bytes().endswith(end)
    assert ID3(mp3)["TALB"].text == ["Newer"]


def test_what_only_the_old_tag_says_is_in_the_new_one_too(mp3: Path) -> None:
    mp3.write_bytes(mp3.read_bytes() + b"TAG" + b"Only here".ljust(125, b"\0"))
    assert read_tags(mp3).title == "Only here"
    write(mp3, wanted(mp3))
    assert read_tags(mp3).title == "Only here"
    assert TagFile(mp3).stored(["TBPM", "TKEY"]) == {"TBPM": ["143"], "TKEY": ["8A"]}


def test_odd_values_are_put_back_as_they_were(mp3: Path) -> None:
    tags = ID3()
    tags.add(TBPM(3, ["128.02", "64"]))
    tags.save(mp3)
    before = TagFile(mp3).stored(["TBPM", "TKEY"])
    assert before == {"TBPM": ["128.02", "64"], "TKEY": None}
    write(mp3, wanted(mp3))
    write(mp3, before)
    assert TagFile(mp3).stored(before) == before


def test_freeform_bytes_of_an_m4a_come_back(encode: Encode, tmp_path: Path) -> None:
    path = Path(shutil.copy(encode("song.m4a", "-c:a", "aac"), tmp_path / "song.m4a"))
    name = "----:com.apple.iTunes:initialkey"
    file = MP4(path)
    file.tags[name] = [b"A\xff", "Ä".encode()]
    file.tags["tmpo"] = [64, 65_535]
    file.save()
    before = TagFile(path).stored([name, "tmpo"])
    write(path, {name: ["8A"], "tmpo": ["120"]})
    write(path, before)
    again = MP4(path).tags
    assert [bytes(value) for value in again[name]] == [b"A\xff", "Ä".encode()]
    assert again["tmpo"] == [64, 65_535]


def test_a_link_stays_a_link_and_rights_stay(song: Path) -> None:
    song.chmod(0o640)
    link = song.with_name(f"link{song.suffix}")
    link.symlink_to(song)
    write(link, wanted(link))
    assert link.is_symlink()
    assert song.stat().st_mode & 0o777 == 0o640
    assert TagFile(song).stored(wanted(song)) == wanted(song)


def refused(path: Path, kind: type[Exception], match: str) -> None:
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(kind, match=match):
        write(path, {"TBPM": ["120"]})
    assert (path.read_bytes() if path.exists() else None) == before
    assert [left.name for left in path.parent.iterdir() if left.name.startswith(".segue")] == []


def test_what_cannot_be_written_is_named_and_left_as_it_is(mp3: Path, encode: Encode, tmp_path: Path) -> None:
    refused(tmp_path / "gone.mp3", FileAccessError, "it is not there")
    (tmp_path / "text.mp3").write_text("no song at all")
    refused(tmp_path / "text.mp3", TagError, "this kind of file")
    refused(Path(shutil.copy(encode("song.wv"), tmp_path / "song.wv")), TagError, "this kind of file")
    (tmp_path / "half.flac").write_bytes(b"fLaC" + bytes(20))
    refused(tmp_path / "half.flac", TagError, "kind of file|cannot be read")
    mp3.chmod(0o444)
    refused(mp3, FileAccessError, "write-protected")
    mp3.chmod(0o644)
    with pytest.raises(FileAccessError, match="on a server"):
        write(Path("s3:/bucket/song.mp3"), {"TBPM": ["120"]})
    with pytest.raises(TagError, match="does not hold"):
        write(mp3, {"TBPM": []})
    tag_alone = ID3()
    tag_alone.add(TIT2(3, ["No sound"]))
    tag_alone.save(tmp_path / "alone.mp3")
    with pytest.raises((TagError, AudioError)):
        write(tmp_path / "alone.mp3", {"TBPM": ["120"]})


def test_a_file_that_changes_meanwhile_is_not_overwritten(mp3: Path) -> None:
    with pytest.raises(FileAccessError, match="it changed while"), rewriting(mp3, {"TBPM": ["120"]}):
        mp3.write_bytes(mp3.read_bytes() + b"\0")
    assert "TBPM" not in (MP3(mp3).tags or {})


def test_where_the_block_fails_the_file_stays(mp3: Path) -> None:
    before = mp3.read_bytes(), mp3.stat().st_mtime_ns
    with pytest.raises(KeyError), rewriting(mp3, {"TBPM": ["120"]}) as copy:
        MP3(copy).tags["TBPM of a copy"]
    assert (mp3.read_bytes(), mp3.stat().st_mtime_ns) == before
