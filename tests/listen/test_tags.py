from __future__ import annotations

import base64
import os
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import mutagen
import pytest
from mutagen.asf import ASFByteArrayAttribute
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3, TDRC, TIT2, TPE1, TSRC, UFID
from mutagen.mp4 import MP4, MP4Cover
from mutagen.oggvorbis import OggVorbis

from segue.listen.tags import AlbumPlace, TrackNumbers, read_artwork, read_numbers, read_place, read_tags
from tests.listen.conftest import Encode, sweep, write_wav
from tests.torture.builders import id3, id3_frame, picture_frame, syncsafe

PNG = b"\x89PNG\r\n\x1a\n" + b"front" * 20
BACK = b"\xff\xd8\xff\xe0" + b"back" * 20
WORDS = {"title": "Été", "artist": "Sigur Rós", "album": "( )", "genre": "Post-Rock", "date": "2002-10-28"}
PLACE = {"track": "7/12", "disc": "2/3"}


def options() -> list[str]:
    return [word for key, value in (WORDS | PLACE).items() for word in ("-metadata", f"{key}={value}")]


@pytest.mark.ffmpeg
@pytest.mark.parametrize("name", ["t.mp3", "t.m4a", "t.flac", "t.ogg", "t.opus", "t.wma", "t.wv"])
def test_tags_of_every_container(encode: Encode, name: str) -> None:
    extra = {"t.ogg": ["-c:a", "libvorbis"], "t.wv": ["-c:a", "wavpack"]}.get(name, [])
    path = encode(name, *options(), *extra)
    info = read_tags(path, duration_s=12.0)
    assert (info.title, info.artist, info.album) == ("Été", "Sigur Rós", "( )")
    assert info.genre == "Post-Rock"
    assert info.duration_s == 12.0
    assert not info.has_artwork
    assert info.year == 2002
    assert read_place(path) == AlbumPlace(2, 7)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("07 Title.mp3", AlbumPlace(1, 7)),
        ("07 - Title.mp3", AlbumPlace(1, 7)),
        ("2-07 Title.mp3", AlbumPlace(2, 7)),
        ("1.12. Title.mp3", AlbumPlace(1, 12)),
        ("99 Luftballons.mp3", AlbumPlace(1, 99)),
        ("1999.mp3", None),
        ("Title.mp3", None),
    ],
)
def test_places_by_name(tmp_path: Path, name: str, place: AlbumPlace | None) -> None:
    (tmp_path / name).write_bytes(b"no tags")
    assert read_place(tmp_path / name) == place


def picture(kind: int, data: bytes) -> Picture:
    made = Picture()
    made.type, made.mime, made.data = kind, "image/jpeg", data
    return made


def put_mp3(path: Path) -> None:
    tags = ID3(path)
    tags.add(APIC(mime="image/jpeg", type=4, desc="back", data=BACK))
    tags.add(APIC(mime="image/jpeg", type=3, desc="front", data=PNG))
    tags.save()


def put_m4a(path: Path) -> None:
    file = MP4(path)
    file["covr"] = [MP4Cover(PNG, MP4Cover.FORMAT_JPEG)]
    file.save()


def put_flac(path: Path) -> None:
    file = FLAC(path)
    file.add_picture(picture(4, BACK))
    file.add_picture(picture(3, PNG))
    file.save()


def put_ogg(path: Path) -> None:
    file = OggVorbis(path)
    file["metadata_block_picture"] = ["not base64!", base64.b64encode(picture(3, PNG).write()).decode()]
    file.save()


def put_wma(path: Path) -> None:
    file = mutagen.File(path)
    words = "image/jpeg\0front\0".encode("utf-16-le")
    file["WM/Picture"] = [ASFByteArrayAttribute(struct.pack("<BI", 3, len(PNG)) + words + PNG)]
    file.save()


@pytest.mark.ffmpeg
@pytest.mark.parametrize(
    ("name", "put"),
    [("p.mp3", put_mp3), ("p.m4a", put_m4a), ("p.flac", put_flac), ("p.ogg", put_ogg), ("p.wma", put_wma)],
)
def test_the_front_cover_and_its_true_type(encode: Encode, name: str, put: object) -> None:
    path = encode(name, *(["-c:a", "libvorbis"] if name == "p.ogg" else []))
    put(path)  # type: ignore[operator]
    artwork = read_artwork(path)
    assert artwork is not None
    assert artwork.data == PNG
    assert artwork.mime == "image/png"  # the tags say JPEG
    assert read_tags(path).has_artwork


@pytest.mark.ffmpeg
def test_a_picture_cut_off_within_its_words(encode: Encode) -> None:
    """A StopIteration left the parser of WM/Picture and cost the whole song."""
    path = encode("cut.wma", "-metadata", "title=Still here")
    file = mutagen.File(path)
    file["WM/Picture"] = [ASFByteArrayAttribute(struct.pack("<BI", 3, 1000) + "image/jp".encode("utf-16-le"))]
    file.save()
    assert read_artwork(path) is None
    assert read_tags(path).title == "Still here"


@pytest.mark.parametrize(
    ("name", "artist", "title"),
    [
        ("03 - Boards of Canada - Roygbiv.wav", "Boards of Canada", "Roygbiv"),
        ("07. Just a title.wav", "", "Just a title"),
        ("99 Luftballons.wav", "", "Luftballons"),
        ("1999.wav", "", "1999"),
        ("under_scored_name.wav", "", "under scored name"),
        ("no extension at all", "", "no extension at all"),
    ],
)
def test_untagged_files_are_named_after_themselves(tmp_path: Path, name: str, artist: str, title: str) -> None:
    info = read_tags(write_wav(tmp_path / name, sweep(0.1)))
    assert (info.artist, info.title) == (artist, title)


@pytest.mark.ffmpeg
def test_odd_tags(encode: Encode) -> None:
    path = encode("odd.mp3")
    tags = ID3(path)
    tags.add(TPE1(text=["One\0Two", "Three"]))
    tags.add(TDRC(text=["no year 12345"]))
    tags.save()
    info = read_tags(path)
    assert info.artist == "One"
    assert info.year is None


def test_broken_tags_are_no_error(tmp_path: Path) -> None:
    path = tmp_path / "broken - tags.mp3"
    path.write_bytes(b"ID3\x04\x00\xff\x7f\x7f\x7f\x7f" + b"\xff" * 1000)
    assert read_tags(path).title == "tags"
    assert read_artwork(path) is None


@pytest.mark.ffmpeg
def test_tags_go_by_content_too(encode: Encode) -> None:
    """mutagen tried the MP3 parser alone on a FLAC named .mp3, and its tags were lost."""
    assert read_tags(encode("flac inside.mp3", "-f", "flac", *options())).title == "Été"


MBID, ISRC = "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae", "DEN960700093"


def number_id3(path: Path, mbid: bytes, isrc: str) -> None:
    tags = ID3(path)
    tags.add(UFID(owner="http://musicbrainz.org", data=mbid))
    tags.add(TSRC(text=[isrc]))
    tags.save()


def number_mp4(path: Path, mbid: bytes, isrc: str) -> None:
    file = MP4(path)
    file["----:com.apple.iTunes:MusicBrainz Track Id"] = [mbid]
    file["----:com.apple.iTunes:ISRC"] = [isrc.encode()]
    file.save()


def number_words(path: Path, mbid: bytes, isrc: str) -> None:
    file = mutagen.File(path)
    asf = path.suffix == ".wma"
    file["MusicBrainz/Track Id" if asf else "musicbrainz_trackid"] = [mbid.decode("latin-1")]
    file["WM/ISRC" if asf else "ISRC"] = [isrc]
    file.save()


@pytest.mark.ffmpeg
@pytest.mark.parametrize(
    ("name", "put"),
    [
        ("n.mp3", number_id3),
        ("n.m4a", number_mp4),
        ("n.flac", number_words),
        ("n.ogg", number_words),
        ("n.wma", number_words),
    ],
)
def test_ids_of_the_recording_in_every_container(encode: Encode, name: str, put: Callable[..., None]) -> None:
    path = encode(name, *(["-c:a", "libvorbis"] if name == "n.ogg" else []))
    assert read_numbers(path) == TrackNumbers()
    put(path, MBID.upper().encode(), "DE-N96-07-00093")
    assert read_numbers(path) == TrackNumbers(MBID, ISRC)
    put(path, b"not an id \xff", "nonsense")
    assert read_numbers(path) == TrackNumbers()


def test_no_ids_in_what_is_no_audio(tmp_path: Path) -> None:
    (tmp_path / "x.mp3").write_bytes(b"words")
    assert read_numbers(tmp_path / "x.mp3") == TrackNumbers()


@pytest.mark.parametrize("version", [3, 4])
def test_packed_frames_that_hold_too_much_are_not_unpacked(tmp_path: Path, version: int) -> None:
    """300 MB in 300 kB: mutagen unpacked them, and three times so much memory was gone, in the booth too."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(1_000_000)) for _ in range(100)) + packer.flush()
    size = syncsafe(4 + len(packed)) if version == 4 else struct.pack(">I", 4 + len(packed))
    flags = b"\0\x09" if version == 4 else b"\0\x80"
    bomb = id3(id3_frame(b"TIT2", b"\3x") + b"APIC" + size + flags + bytes(4) + packed, version=version)
    (tmp_path / "A - Bomb.mp3").write_bytes(bomb + b"\xff\xf3\x84\xc4" * 100)
    tracemalloc.start()
    info = read_tags(tmp_path / "A - Bomb.mp3")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (info.title, info.has_artwork) == ("Bomb", False)
    assert most < 10_000_000


@pytest.mark.ffmpeg
def test_a_packed_frame_of_usual_size_is_read(encode: Encode, tmp_path: Path) -> None:
    packed = zlib.compress(b"\3Packed title")
    frame = id3_frame(b"TIT2", syncsafe(13) + packed, flags=0x0009)
    song = tmp_path / "x.mp3"
    song.write_bytes(id3(frame) + encode("bare.mp3", "-id3v2_version", "0").read_bytes())
    assert read_tags(song).title == "Packed title"


@pytest.mark.parametrize("name", [b"CHAP", b"CTOC"])
def test_frames_in_frames_without_end(tmp_path: Path, name: bytes) -> None:
    """A RecursionError left the parser, and the song was not heard."""
    nested = b""
    for _ in range(3000):
        nested = id3_frame(name, b"c\0" + (bytes(16) if name == b"CHAP" else b"\3\0") + nested)
    (tmp_path / "deep.mp3").write_bytes(id3(nested) + b"\xff\xf3\x84\xc4" * 100)
    assert read_tags(tmp_path / "deep.mp3").title == "deep"


@pytest.mark.ffmpeg
def test_a_title_cannot_steer_a_terminal(encode: Encode) -> None:
    path = encode("red.mp3")
    tags = ID3(path)
    tags.add(TIT2(text=["\x1b[31mred\r\nbell\x07"]))
    tags.save()
    assert read_tags(path).title == "[31mred bell"


def test_a_tag_beyond_all_covers_is_not_read(tmp_path: Path) -> None:
    """250 MB of picture took a gigabyte of memory, in the booth too."""
    path = tmp_path / "A - Giant.mp3"
    path.write_bytes(id3(id3_frame(b"TIT2", b"\3x") + id3_frame(b"APIC", b"", claims=250_000_000), claims=250_000_100))
    os.truncate(path, 250_000_200)
    tracemalloc.start()
    info = read_tags(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (info.title, info.has_artwork) == ("Giant", False)
    assert most < 10_000_000


def test_a_large_cover_is_read_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.mp3"
    size = 20_000_000
    path.write_bytes(id3(picture_frame(b"\xff\xd8\xff" + bytes(size))) + b"\xff\xf3\x84\xc4" * 100)
    tracemalloc.start()
    artwork = read_artwork(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert artwork is not None
    assert len(artwork.data) == size + 3
    assert most < 6 * size
