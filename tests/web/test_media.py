from __future__ import annotations

import io
import json
import struct
import threading
import zlib

import pytest
from flask.testing import FlaskClient
from PIL import Image

from segue.config import PLAYER, WebSpec
from segue.play import covers
from segue.play.covers import drawn, initials, scaled
from segue.values import Artwork, Track
from tests.web.stand_in import StandIn


def audio(track: Track) -> str:
    return f"/media/{track.id}/audio"


def cover(track: Track, size: int = 96) -> str:
    return f"/media/{track.id}/cover?size={size}"


def jpeg(side: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), (200, 60, 20)).save(out, "JPEG")
    return out.getvalue()


def png(width: int, height: int) -> bytes:
    """A black picture of one bit a pixel: a few kilobytes for millions of pixels."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((1 + (width + 7) // 8) * height), 9)
    parts = ((b"IHDR", head), (b"IDAT", rows), (b"IEND", b""))
    chunks = (struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_a_song_comes_whole_with_its_type(client: FlaskClient, shelf: tuple[Track, ...]) -> None:
    answer = client.get(audio(shelf[0]))
    assert (answer.status_code, answer.mimetype) == (200, "audio/wav")
    assert answer.data == shelf[0].paths[0].read_bytes()
    assert str(shelf[0].paths[0].parent) not in str(answer.headers)


@pytest.mark.parametrize(("asked", "first", "last"), [("0-0", 0, 0), ("1000-1999", 1000, 1999), ("5000-", 5000, None)])
def test_any_part_of_a_song_comes_alone(
    client: FlaskClient, shelf: tuple[Track, ...], asked: str, first: int, last: int | None
) -> None:
    whole = shelf[0].paths[0].read_bytes()
    answer = client.get(audio(shelf[0]), headers={"Range": f"bytes={asked}"})
    end = len(whole) - 1 if last is None else last
    assert answer.status_code == 206
    assert answer.headers["Content-Range"] == f"bytes {first}-{end}/{len(whole)}"
    assert answer.data == whole[first : end + 1]


def test_the_end_of_a_large_file_comes_without_the_rest(
    client: FlaskClient, services: StandIn, shelf: tuple[Track, ...]
) -> None:
    """Earlier programs put the whole file into the page."""
    large = services.data.parent / "large.flac"
    with large.open("wb") as file:
        file.truncate(50_000_000)
    services.shelf = (Track(shelf[0].id, (large,), shelf[0].info),)
    answer = client.get(audio(shelf[0]), headers={"Range": "bytes=49999000-"})
    assert (answer.status_code, len(answer.data)) == (206, 1000)
    assert answer.headers["Content-Range"] == "bytes 49999000-49999999/50000000"


def test_a_range_beyond_the_end_is_refused(client: FlaskClient, shelf: tuple[Track, ...]) -> None:
    assert client.get(audio(shelf[0]), headers={"Range": "bytes=999999999-"}).status_code == 416


def test_a_song_that_the_browser_has_is_not_sent_again(client: FlaskClient, shelf: tuple[Track, ...]) -> None:
    etag = client.get(audio(shelf[0])).headers["ETag"]
    assert client.get(audio(shelf[0]), headers={"If-None-Match": etag}).status_code == 304


@pytest.mark.parametrize("name", ["0" * 16, "nothing", "..%2F..%2Fetc%2Fpasswd", "A" * 16, "0" * 15, "0" * 17])
def test_what_is_no_track_is_not_found(client: FlaskClient, name: str) -> None:
    for what in ("audio", "cover"):
        answer = client.get(f"/media/{name}/{what}")
        assert answer.status_code == 404
        assert "Traceback" not in answer.text


def test_a_file_that_is_gone_says_so_in_one_line(
    client: FlaskClient, services: StandIn, shelf: tuple[Track, ...]
) -> None:
    gone = shelf[0].paths[0].with_name("gone.wav")
    services.shelf = (Track(shelf[0].id, (gone,), shelf[0].info),)
    answer = client.get(audio(shelf[0]))
    assert answer.status_code == 404
    assert answer.text.count("\n") == 1
    assert "it is not there any more. Scan its folder again" in answer.text


def test_an_embedded_cover_comes_at_the_size_of_its_place(
    client: FlaskClient, services: StandIn, shelf: tuple[Track, ...]
) -> None:
    services.artworks[shelf[0].id] = Artwork("image/jpeg", jpeg(1500))
    for size in (96, 512):
        answer = client.get(cover(shelf[0], size))
        assert answer.mimetype == "image/jpeg"
        assert max(Image.open(io.BytesIO(answer.data)).size) == size
    etag = client.get(cover(shelf[0])).headers["ETag"]
    again = client.get(cover(shelf[0]), headers={"If-None-Match": etag})
    assert (again.status_code, again.headers["Cache-Control"]) == (304, "private, max-age=86400")


def test_a_song_without_a_cover_gets_a_drawn_one(client: FlaskClient, shelf: tuple[Track, ...]) -> None:
    answer = client.get(cover(shelf[2]))
    assert answer.mimetype == "image/svg+xml"
    assert ">C</text>" in answer.text
    assert client.get(cover(shelf[2])).data == answer.data
    assert client.get(cover(shelf[3])).data != answer.data


def test_only_the_known_sizes_are_made(client: FlaskClient, shelf: tuple[Track, ...]) -> None:
    assert client.get(cover(shelf[0], 4000)).status_code == 404


@pytest.mark.parametrize("data", [b"", b"<svg onload=alert(1)>", jpeg(300)[:200], b"GIF89a"])
def test_a_picture_that_is_none_gives_way_to_a_drawn_one(shelf: tuple[Track, ...], data: bytes) -> None:
    assert scaled(Artwork("image/jpeg", data), 96) is None
    assert drawn(shelf[0]).mime == "image/svg+xml"


@pytest.mark.parametrize(("width", "height"), [(7_000, 6_000), (13_000, 13_000), (100_000, 100_000)])
def test_a_picture_of_too_many_pixels_is_not_decoded(
    client: FlaskClient, services: StandIn, shelf: tuple[Track, ...], width: int, height: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A PNG of 13000 x 13000 pixels in 0.65 MB took the server to 2 GB."""
    monkeypatch.setattr(covers, "_thumbnail", lambda *_: pytest.fail("it was decoded"))
    data = png(width, height if width < 100_000 else 1).replace(struct.pack(">I", 1), struct.pack(">I", height), 1)
    services.artworks[shelf[0].id] = Artwork("image/png", data)
    assert client.get(cover(shelf[0])).mimetype == "image/svg+xml"


def test_the_number_of_pixels_is_the_one_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(covers, "WEB", WebSpec(largest_cover_pixels=1_000_000))
    shown = scaled(Artwork("image/png", png(1000, 1000)), 96)
    assert shown is not None
    assert Image.open(io.BytesIO(shown.data)).size == (96, 96)
    assert scaled(Artwork("image/png", png(1000, 1001)), 96) is None


def test_covers_are_decoded_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page asks for fifty covers at once, and each was decoded beside the others."""
    inside, most = 0, 0
    real = Image.Image.convert

    def counted(image: Image.Image, mode: str) -> Image.Image:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        threading.Event().wait(0.02)
        done = real(image, mode)
        inside -= 1
        return done

    monkeypatch.setattr(Image.Image, "convert", counted)
    art = Artwork("image/jpeg", jpeg(600))
    threads = [threading.Thread(target=scaled, args=(art, 96)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_a_cover_that_lies_on_its_side_is_put_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter
    out = io.BytesIO()
    Image.new("RGB", (800, 400)).save(out, "JPEG", exif=exif)
    shown = scaled(Artwork("image/jpeg", out.getvalue()), 96)
    assert shown is not None
    assert Image.open(io.BytesIO(shown.data)).size == (48, 96)


def test_initials_are_of_the_artist_and_pass_over_articles(shelf: tuple[Track, ...]) -> None:
    assert [initials(track.info) for track in shelf[:4]] == ["AB", "BS", "C", "DN"]


def test_an_outline_comes_as_bytes_and_what_cannot_be_drawn_as_nothing(
    client: FlaskClient, services: StandIn, shelf: tuple[Track, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = client.get(f"/media/{shelf[0].id}/outline")
    assert (answer.status_code, len(answer.data), max(answer.data)) == (200, PLAYER.outline_columns, 255)
    assert client.get(f"/media/{'0' * 16}/outline").status_code == 404
    assert client.get("/media/nothing/outline").status_code == 404
    services.shelf = (Track(shelf[1].id, (shelf[1].paths[0].with_name("gone.wav"),), shelf[1].info),)
    assert (client.get(f"/media/{shelf[1].id}/outline").status_code) == 204
    monkeypatch.setattr(services.playing, "outline", lambda _: None)
    assert client.get(f"/media/{shelf[0].id}/outline").status_code == 202


def test_the_queue_is_saved_with_the_places_of_the_files(client: FlaskClient, shelf: tuple[Track, ...]) -> None:
    answer = client.post("/api/playlist.m3u8", json=[shelf[7].id, "0" * 16, shelf[0].id])
    lines = answer.data.decode("utf-8").splitlines()
    assert lines[0] == "#EXTM3U"
    assert [line for line in lines if not line.startswith("#")] == [str(shelf[i].paths[0]) for i in (7, 0)]
    assert "Ōsaka Rain" in answer.data.decode("utf-8")


@pytest.mark.parametrize("wanted", [{}, ["/etc/passwd"], [1], "x"])
def test_a_playlist_of_anything_but_ids_is_refused(client: FlaskClient, wanted: object) -> None:
    answer = client.post("/api/playlist.m3u8", data=json.dumps(wanted), content_type="application/json")
    assert answer.status_code == 400
