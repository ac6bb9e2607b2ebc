"""Names that break shells, terminals and databases; and what has a file's name but is no file."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.torture.kinds import BadFile, kind
from tests.torture.seeds import Seeds

NAMES: tuple[str | bytes, ...] = (
    "-i.mp3",
    "--json.mp3",
    "-.mp3",
    "AC:DC x.mp3",
    "concat:a|b.mp3",
    "http:x.mp3",
    "file:x.mp3",
    "pipe:1.mp3",
    "data:,x.mp3",
    "subfile,,start,0,end,0,,:x.mp3",
    "cache:x.mp3",
    "line\nbreak.mp3",
    "tab\tin.mp3",
    "return\rhere.mp3",
    "bell\x07.mp3",
    "red\x1b[31m.mp3",
    'double "quote".mp3',
    "single 'quote'.mp3",
    "back`tick`.mp3",
    "$(touch x).mp3",
    "$HOME.mp3",
    "a;b.mp3",
    "a|b.mp3",
    "a&b.mp3",
    "<b>bold.mp3",
    "100 %s %d %n.mp3",
    "{0} {name}.mp3",
    "back\\slash.mp3",
    "[a-z]*?.mp3",
    "~.mp3",
    "#hash.mp3",
    "'; DROP TABLE tracks; --.mp3",
    " leading.mp3",
    "trailing .mp3 ",
    "dot..mp3",
    "no extension",
    "CON.mp3",
    "NUL.mp3",
    "a" * 251 + ".mp3",
    "夜" * 83 + ".mp3",
    "café.mp3",
    "cafe\u0301.mp3",
    "أغنية.mp3",
    "שיר.mp3",
    "\u202egnp.mp3",
    "zero\u200bwidth.mp3",
    "🎵🎶.mp3",
    "👩‍👩‍👧.mp3",
    "\u2028line.mp3",
    "\x7f.mp3",
    "UPPER.MP3",
    "two.mp3.MP3",
    "%2e%2e%2fetc.mp3",
    "&amp;.mp3",
    "\ufeffmark.mp3",
    b"caf\xe9.mp3",
    b"\xff\xfe\xfd.mp3",
    b"half \xe5\xa4.mp3",
    b"surrogate \xed\xa0\x80.mp3",
)


@kind("names")
def names(seeds: Seeds) -> Iterator[BadFile]:
    song = seeds["song.mp3"]
    for number, name in enumerate(NAMES):
        yield BadFile(name, song + number.to_bytes(4, "big"), "heard")
    for number, name in enumerate(NAMES[:12] + NAMES[-4:]):
        yield BadFile(
            (b"bad " + name) if isinstance(name, bytes) else f"bad {name}", b"words" * (number + 1), "refused"
        )


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as there:
        here = Path.cwd()
        os.chdir(path.parent)  # such addresses take a hundred characters
        try:
            there.bind(path.name)
        finally:
            os.chdir(here)


def _link_to(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


def _folder(path: Path) -> None:
    path.mkdir()
    (path / "inside.txt").write_text("words", encoding="utf-8")


def _sparse(path: Path, head: bytes, size: int) -> None:
    path.write_bytes(head)
    os.truncate(path, size)


@kind("no file, but named like one")
def no_files(seeds: Seeds) -> Iterator[BadFile]:
    yield BadFile("pipe.mp3", _fifo, "passed over")
    yield BadFile("socket.mp3", _socket, "passed over")
    yield BadFile("folder.mp3", _folder, "passed over")
    yield BadFile("device.mp3", _link_to("/dev/zero"), "passed over")
    yield BadFile("dangling.mp3", _link_to("gone.mp3"), "passed over")
    yield BadFile("circle.mp3", _link_to("circle.mp3"), "refused")
    yield BadFile("circle of folders", _link_to("."), "passed over")


def _unreadable(path: Path) -> None:
    path.write_bytes(b"ID3" + bytes(5000))
    path.chmod(0)


@kind("no right to read")
def unreadable(seeds: Seeds) -> Iterator[BadFile]:
    if os.geteuid() != 0:  # root may read all
        yield BadFile("locked.mp3", _unreadable, "refused")


@kind("20 GB of which hardly anything was written")
def sparse(seeds: Seeds) -> Iterator[BadFile]:
    for number, seed in enumerate(("song.mp3", "song.wav", "song.flac", "tail.m4a", "vorbis.ogg")):
        half = seeds[seed][: len(seeds[seed]) // 2]
        size = 20_000_000_000 + 1000 * number
        yield BadFile(seed, partial(_sparse, head=half, size=size), "refused")
        yield BadFile(f"nothing of {seed}", partial(_sparse, head=b"", size=size + 1), "refused")
