"""Songs sent to an MPD by the real client, over real sockets."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from segue.errors import FetchError, ParameterError
from segue.sending import SENDING, Daemon, Sending, Sent, checked_daemon, daemon_of
from segue.store.library import Library
from tests.mpd_stand_in import MpdStandIn, listening

ROOT = Path("/music/mine")
PATHS = [ROOT / "Can" / "01 Halleluhwah.mp3", ROOT / "Can" / 'A "B" \\ C.mp3', ROOT / "Neu!" / "01 Hallogallo.mp3"]
SONGS = [[path] for path in PATHS]
NAMES = [str(path.relative_to(ROOT)) for path in PATHS]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "data") as library:
        yield library


@pytest.fixture
def sending(library: Library) -> Sending:
    return Sending(library.kept, lambda: [Path("/music"), ROOT], now_s=lambda: 1.0)


def test_songs_take_the_place_of_what_was_there_and_play(sending: Sending) -> None:
    mpd = MpdStandIn({*NAMES, "old.mp3"})
    mpd.queue = ["old.mp3"] * 2
    with listening(mpd) as place:
        assert sending.send(SONGS, daemon_of(place), replace=True) == Sent(3, ())
    assert (mpd.queue, mpd.playing) == (NAMES, 0)


def test_songs_are_added_behind_what_is_there_and_nothing_else_changes(sending: Sending) -> None:
    mpd = MpdStandIn({*NAMES, "old.mp3"})
    mpd.queue = ["old.mp3"]
    with listening(mpd) as place:
        sending.send(SONGS, daemon_of(place), replace=False)
    assert (mpd.queue, mpd.playing) == (["old.mp3", *NAMES], None)


@pytest.mark.parametrize("below", ["/", "/music", "/music/mine", "/music/mine/Can/.."])
def test_the_music_directory_may_lie_above_the_folder_that_was_scanned(sending: Sending, below: str) -> None:
    names = [str(path.relative_to(Path(below.removesuffix("/Can/..")))) for path in PATHS]
    mpd = MpdStandIn(set(names))
    with listening(mpd) as place:
        sending.send(SONGS, daemon_of(place), replace=True)
    assert mpd.queue == names
    assert mpd.asked[-2:] == names[-2:]  # what the first song was called by is tried first for the others


def test_the_music_directory_may_lie_below_it(library: Library) -> None:
    mpd = MpdStandIn(set(NAMES))
    sending = Sending(library.kept, lambda: [Path("/music")], now_s=lambda: 1.0)
    with listening(mpd) as place:
        sending.send(SONGS, daemon_of(place), replace=True)
    assert mpd.queue == NAMES


def test_a_file_name_alone_is_never_tried(sending: Sending) -> None:
    mpd = MpdStandIn({"01 Halleluhwah.mp3", NAMES[2]})
    with listening(mpd) as place:
        assert sending.send(SONGS, daemon_of(place), replace=True) == Sent(1, (0, 1))
    assert mpd.queue == [NAMES[2]]


def test_a_recording_is_found_by_any_of_its_paths(sending: Sending) -> None:
    mpd = MpdStandIn({NAMES[0]})
    with listening(mpd) as place:
        assert sending.send([[Path("/else/where/x.mp3"), PATHS[0]]], daemon_of(place), replace=True) == Sent(1, ())


def test_over_a_local_socket_any_file_is_played(sending: Sending, tmp_path: Path) -> None:
    outside = tmp_path / "outside.mp3"
    outside.write_bytes(b"x")
    mpd = MpdStandIn({NAMES[0]})
    with listening(mpd, at=tmp_path / "socket") as place:
        sent = sending.send([[PATHS[0]], [outside], [tmp_path / "gone.mp3"]], daemon_of(place), replace=True)
    assert sent == Sent(2, (2,))
    assert mpd.queue == [NAMES[0], f"file://{outside}"]


@pytest.mark.parametrize("name", ["a\nclear\n.mp3", "caf\udce9.mp3"])
def test_names_that_no_line_can_hold_are_missing(sending: Sending, name: str) -> None:
    mpd = MpdStandIn({NAMES[0]})
    with listening(mpd) as place:
        assert sending.send([[ROOT / "Can" / name], [PATHS[0]]], daemon_of(place), replace=True) == Sent(1, (0,))


def test_where_it_has_none_of_them_its_queue_stays(sending: Sending) -> None:
    mpd = MpdStandIn({"old.mp3"})
    mpd.queue = ["old.mp3"]
    with listening(mpd) as place, pytest.raises(FetchError, match=r"has none of these songs.*music_directory"):
        sending.send(SONGS, daemon_of(place), replace=True)
    assert mpd.queue == ["old.mp3"]


def test_where_it_refuses_on_the_way_its_queue_is_as_it_was(sending: Sending) -> None:
    """What had been added stayed, and came twice when it was tried again."""
    mpd = MpdStandIn({*NAMES, "old.mp3"})
    mpd.queue, mpd.answers = ["old.mp3"], {NAMES[2]: "ACK [51@0] {add} playlist is at the max size\n"}
    with listening(mpd) as place, pytest.raises(FetchError, match="refuses: playlist is at the max size"):
        sending.send(SONGS, daemon_of(place), replace=True)
    assert (mpd.queue, mpd.playing) == (["old.mp3"], None)


def test_where_it_hangs_up_on_the_way_what_stands_in_its_queue_is_said(sending: Sending) -> None:
    mpd = MpdStandIn(set(NAMES))
    mpd.answers = {NAMES[2]: ""}
    with (
        listening(mpd) as place,
        pytest.raises(FetchError, match=r"; 2 of the songs stand in its queue by now\."),
    ):
        sending.send(SONGS, daemon_of(place), replace=True)
    assert mpd.queue == NAMES[:2]


def test_the_password_opens_and_a_wrong_one_is_told(sending: Sending) -> None:
    mpd = MpdStandIn(set(NAMES), password="quiet engine")
    with listening(mpd) as place:
        with pytest.raises(FetchError, match=f"MPD at {place} wants a password for this"):
            sending.send(SONGS, daemon_of(place), replace=True)
        with pytest.raises(FetchError, match=f"MPD at {place} refuses the password"):
            sending.send(SONGS, daemon_of(f"wrong@{place}"), replace=True)
        assert sending.send(SONGS, daemon_of(f"quiet engine@{place}"), replace=True).added == 3


def test_the_kept_password_goes_to_its_own_place_only(sending: Sending) -> None:
    assert sending.daemon() is None
    held = Daemon("music.local", 6600, "quiet engine")
    sending.keep(held)
    assert sending.daemon() == held
    assert sending.with_password(Daemon("music.local")) == held
    assert sending.with_password(Daemon("music.local", 6600, "other")).password == "other"
    for other in (Daemon("else.where"), Daemon("music.local", 6601)):
        assert sending.with_password(other) == other


@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket")  # which the client leaves to the collector
def test_what_cannot_be_reached_is_named_with_its_cause(sending: Sending, tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    with pytest.raises(FetchError, match=f"no MPD listens at 127.0.0.1:{port}. Is MPD running"):
        sending.send(SONGS, Daemon("127.0.0.1", port), replace=True)
    with pytest.raises(FetchError, match=r"no computer is called 'nowhere\.invalid'"):
        sending.send(SONGS, Daemon("nowhere.invalid"), replace=True)
    with pytest.raises(FetchError, match=f"there is no socket {tmp_path}/none"):
        sending.send(SONGS, Daemon(f"{tmp_path}/none"), replace=True)


def test_who_never_answers_is_given_up(sending: Sending, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segue.sending.SENDING", type(SENDING)(timeout_s=0.2))
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(FetchError, match=f"127.0.0.1:{port} does not answer within 0 s"):
            sending.send(SONGS, Daemon("127.0.0.1", port), replace=True)


@pytest.mark.parametrize("hello", [b"HTTP/1.1 400 Bad Request\r\n", b"\xff\xfe\n"])
def test_what_is_no_mpd_is_told(sending: Sending, hello: bytes) -> None:
    with listening(MpdStandIn(set(), hello=hello)) as place, pytest.raises(FetchError, match=place):
        sending.send(SONGS, daemon_of(place), replace=True)


@pytest.mark.parametrize(("text", "daemon"), [
    ("localhost", Daemon("localhost")),
    ("music.local:6601", Daemon("music.local", 6601)),
    ("pass@word@music.local", Daemon("music.local", 6600, "pass@word")),
    ("::1", Daemon("::1")),
    ("[::1]:6601", Daemon("::1", 6601)),
    ("/run/mpd/socket", Daemon("/run/mpd/socket")),
    ("@mpd", Daemon("@mpd")),
    ("secret@/run/mpd/socket", Daemon("/run/mpd/socket", 6600, "secret")),
])  # fmt: skip
def test_a_place_is_said_as_mpd_says_it(text: str, daemon: Daemon) -> None:
    assert daemon_of(text) == daemon
    assert daemon.password == "" or daemon.password not in daemon.where


@pytest.mark.parametrize("text", ["", "a b", "host:x", "host:70000", "host:0", "a\nb", "x" * 300, "secret@", "a..b"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ParameterError):
        daemon_of(text)


def test_a_password_is_one_line() -> None:
    with pytest.raises(ParameterError):
        checked_daemon("localhost", 6600, "a\nclear")
