"""Files that are no song at all, whatever they are called; and songs that go by the wrong name."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterator

import numpy as np

from tests.torture.builders import box, id3, id3_frame, replaced
from tests.torture.kinds import BadFile, kind
from tests.torture.seeds import CONTAINERS, Seeds

_TARGET = "http://127.0.0.1:9/x"


@kind("no audio, but called so")
def strangers(seeds: Seeds) -> Iterator[BadFile]:
    rng = np.random.default_rng(7)
    zipped, tarred = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("song.mp3", seeds["song.mp3"])
    with tarfile.open(fileobj=tarred, mode="w") as archive:
        member = tarfile.TarInfo("song.mp3")
        member.size = len(seeds["song.mp3"])
        archive.addfile(member, io.BytesIO(seeds["song.mp3"]))
    contents = {
        "empty": b"",
        "one byte": b"\0",
        "two bytes": b"\xff\xfb",
        "newline": b"\n",
        "zeros": bytes(1_000_000),
        "ones": b"\xff" * 1_000_000,
        "noise": rng.bytes(1_000_000),
        "little noise": rng.bytes(100),
        "text": b"The words of a song, not the song.\n" * 3000,
        "html": b"<!DOCTYPE html><html><body>404</body></html>",
        "jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF\0\1" + rng.bytes(60_000),
        "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + rng.bytes(9000),
        "gif": b"GIF89a\1\0\1\0\0\0\0;",
        "pdf": b"%PDF-1.7\n%\xe2\xe3\n" + rng.bytes(5000),
        "elf": b"\x7fELF\2\1\1" + rng.bytes(9000),
        "exe": b"MZ\x90\0" + rng.bytes(9000),
        "gzip": gzip.compress(seeds["song.mp3"]),
        "database": b"SQLite format 3\0" + bytes(4000),
        "midi": b"MThd\0\0\0\6\0\1\0\1\0\x60MTrk\0\0\0\4\0\xff\x2f\0",
        "utf-16": "Words".encode("utf-16") * 2000,
        "base64": b"UklGRiQAAABXQVZF" * 500,
        "json": b'{"songs": []}',
        "pickle": b"\x80\x04\x95\x0b\0\0\0\0\0\0\0\x8c\x07os.path\x94.",
        "torrent": b"d8:announce35:udp://x",
        "swf": b"FWS\x09" + rng.bytes(900),
        "font": b"\0\1\0\0\0\x0f" + rng.bytes(900),
        "script": b"#!/bin/sh\ntouch /tmp/never\n",
        "ini": b"[General]\nTitle=x\n",
        "id3 and text": id3(id3_frame(b"TIT2", b"\3x")) + b"words " * 1000,
        "id3 alone": id3(id3_frame(b"TIT2", b"\3x")),
        "tag alone": b"TAG" + bytes(125),
        "riff of a picture": b"RIFF\x24\0\0\0WEBPVP8 " + rng.bytes(24),
    }
    for name, data in contents.items():
        yield BadFile(f"{name}.mp3", data, "refused" if len(data) < 900_000 else "either")
    for suffix in ("wav", "flac", "ogg", "m4a", "wma", "mka", "aiff", "opus", "ape", "mpc", "dsf", "tta", "it", "xm"):
        yield BadFile(f"noise.{suffix}", rng.bytes(20_000), "refused")
        yield BadFile(f"words.{suffix}", b"words, words\n" * 500, "refused")
    yield BadFile("archive.mp3", tarred.getvalue())
    yield BadFile("packed archive.mp3", zipped.getvalue())


@kind("playlists and other pointers to elsewhere")
def playlists(seeds: Seeds) -> Iterator[BadFile]:
    texts = {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{_TARGET}.ts\n#EXT-X-ENDLIST\n",
        "hls of a file": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n/etc/passwd\n#EXT-X-ENDLIST\n",
        "m3u": f"{_TARGET}.mp3\n/etc/passwd\n",
        "pls": f"[playlist]\nFile1={_TARGET}\n",
        "concat": f"ffconcat version 1.0\nfile {_TARGET}\n",
        "dash": f'<?xml version="1.0"?>\n<MPD><BaseURL>{_TARGET}</BaseURL></MPD>',
        "xspf": "<playlist><trackList/></playlist>",
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio 5000 RTP/AVP 0\n",
        "asx": "<ASX><ENTRY/></ASX>",
        "smil": "<smil><body/></smil>",
        "cue": 'FILE "x.wav" WAVE\n TRACK 01 AUDIO\n',
        "ffmetadata": ";FFMETADATA1\ntitle=x\n",
        "imf": "<AssetMap></AssetMap>",
        "lrc": "[00:01.00]words\n",
        "rtsp": "[Reference]\nRef1=http://127.0.0.1:9/\n",
    }
    for name, text in texts.items():
        yield BadFile(f"{name}.mp3", text.encode(), "refused")
        yield BadFile(f"{name} with mark.mp3", b"\xef\xbb\xbf\r\n" + text.encode(), "refused")
        yield BadFile(f"{name} after a tag.mp3", id3(id3_frame(b"TIT2", b"\3x")) + text.encode(), "refused")
    alias = box(b"alis", bytes(4) + bytes(10) + b"\x0b/etc/passwd" + bytes(100))
    data = seeds["aac.m4a"]
    yield BadFile("reference.mov", replaced(data, b"url ", alias[4:20]))


@kind("protected")
def protected(seeds: Seeds) -> Iterator[BadFile]:
    data, wma = seeds["aac.m4a"], bytearray(seeds["song.wma"])
    yield BadFile("fairplay.m4p", data.replace(b"mp4a", b"drms", 1), "refused")
    yield BadFile("common.m4a", data.replace(b"mp4a", b"enca", 1), "refused")
    yield BadFile("audible.aax", data.replace(b"mp4a", b"aavd", 1), "refused")
    wma[30:46] = bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e")
    yield BadFile("windows.wma", bytes(wma), "refused")


@kind("the wrong extension")
def misnamed(seeds: Seeds) -> Iterator[BadFile]:
    for number, seed in enumerate(CONTAINERS):
        suffix = (".mp3", ".flac", ".wav", ".m4a", ".ogg", "", ".dat", ".wma")[number % 8]
        yield BadFile(f"{seed.replace('.', ' ')}{suffix}", seeds[seed], "heard")
