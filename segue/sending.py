"""Songs handed to an MPD, the music player daemon: where it listens, what it calls them, and what it does not have."""

from __future__ import annotations

import ipaddress
import re
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mpd

from segue.errors import FetchError, ParameterError, one_line, printable
from segue.store.kept import Kept
from segue.words import later, number, say

_NAME = "mpd"
_LEAST_PARTS = 2  # folder and file: a file name alone may be another song's


@dataclass(frozen=True, slots=True)
class SendingSpec:
    """Where an MPD listens unless it is said otherwise, and how long it may take to answer."""

    port: int = 6600
    timeout_s: float = 5.0
    longest_text: int = 255


SENDING = SendingSpec()


@dataclass(frozen=True, slots=True)
class Daemon:
    """Where an MPD listens: a host and a port, or a local socket as "/path" or "@name"; and its password, if any."""

    host: str
    port: int = SENDING.port
    password: str = ""

    @property
    def is_local(self) -> bool:
        """Whether it is reached by a socket of this computer, over which MPD plays any file."""
        return self.host.startswith(("/", "@"))

    @property
    def where(self) -> str:
        """The place in words, without the password."""
        if self.is_local:
            return one_line(self.host)
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{one_line(self.host)}:{self.port}"


@dataclass(frozen=True, slots=True)
class Sent:
    """How many songs an MPD took, and the places of those that it does not have."""

    added: int
    missing: tuple[int, ...]


class Sending:
    """The MPD of one library, and how songs come to it. ``folders`` are those that the library is made of."""

    def __init__(
        self, kept: Kept, folders: Callable[[], Sequence[Path]], *, now_s: Callable[[], float] = time.time
    ) -> None:
        self._kept = kept
        self._folders = folders
        self._now_s = now_s

    def daemon(self) -> Daemon | None:
        """The MPD that songs were last sent to, with its password; None where there is none, or it cannot be read."""
        held = self._kept.get("setting", _NAME) or {}
        host, port, password = held.get("host"), held.get("port"), held.get("password", "")
        if not isinstance(host, str) or not isinstance(port, int) or not isinstance(password, str):
            return None
        return Daemon(host, port, password)

    def keep(self, daemon: Daemon) -> None:
        """Remember an MPD for the next time; the password as it is, since MPD wants it so."""
        body = {"host": daemon.host, "port": daemon.port, "password": daemon.password}
        self._kept.put("setting", _NAME, body, at_s=self._now_s())

    def with_password(self, daemon: Daemon) -> Daemon:
        """The daemon with the password that is kept for its place, where none is given; never with another's."""
        held = self.daemon()
        if daemon.password or held is None or (held.host, held.port) != (daemon.host, daemon.port):
            return daemon
        return held

    def send(self, songs: Sequence[Sequence[Path]], to: Daemon, *, replace: bool) -> Sent:
        """Put songs, each by all its paths, into an MPD's queue; ``replace`` what is in it, and play them.

        Raises FetchError, which names the place, where it cannot be reached or refuses, or has none of the songs. Its
        queue is then as it was, or the error says how many songs stand in it.
        """
        with _connected(to) as client:
            before = int(client.status().get("playlistlength", 0))
            names = _Names(self._folders(), local_files=to.is_local)
            added: list[int] = []
            with _taken_back(client, to, added, before=before):
                for place, paths in enumerate(songs):
                    if _add(client, names, paths):
                        added.append(place)
                if replace and added and before:
                    client.delete((0, before))
            if not added:
                remedy = later("See that its music_directory holds the same folder, and let it look: mpc update")
                raise FetchError(say("MPD at {where} has none of these songs", where=to.where), remedy=remedy)
            if replace:
                client.play(0)
        return Sent(len(added), tuple(place for place in range(len(songs)) if place not in set(added)))


def daemon_of(text: str) -> Daemon:
    """The MPD that ``[PASSWORD@]HOST[:PORT]`` or the path of a socket names; raises ParameterError."""
    password, place = ("", text) if text.startswith("@") else text.rpartition("@")[::2]
    if place.startswith(("/", "@")):
        return checked_daemon(place, SENDING.port, password)
    if _is_address(place):
        return checked_daemon(place, SENDING.port, password)
    match = re.fullmatch(r"(?:\[([^\]]+)\]|([^:\[\]]+))(?::(\d{1,5}))?", place)
    if match is None:
        raise ParameterError(
            say("'{place}' is no place of an MPD", place=one_line(place)), remedy=later("Say HOST or HOST:PORT")
        )
    return checked_daemon(match[1] or match[2], int(match[3] or SENDING.port), password)


def checked_daemon(host: str, port: int, password: str = "") -> Daemon:
    """A daemon whose parts can be ones; raises ParameterError."""
    host = host.strip()
    if not host or any(map(_is_out_of_place, (host, password))) or not _can_be_a_host(host):
        raise ParameterError(
            say("'{host}' is no place of an MPD", host=one_line(host)), remedy=later("Give the name of a computer")
        )
    if not 0 < port < 65_536:
        raise ParameterError(
            say("{port} is no port", port=port),
            remedy=say("Choose 1 to 65,535; MPD usually has {port}", port=SENDING.port),
        )
    return Daemon(host, port, password)


def _is_out_of_place(text: str) -> bool:
    return len(text) > SENDING.longest_text or any(not c.isprintable() for c in text)


def _can_be_a_host(text: str) -> bool:
    try:
        return text.startswith(("/", "@")) or (" " not in text and bool(text.encode("idna")))
    except UnicodeError:
        return False


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


class _Names:
    """What an MPD may call a file: its path below the music_directory, which need not be the folder that was scanned.

    The number of folders that were left out last goes first, so that only the first song is guessed at.
    """

    def __init__(self, folders: Sequence[Path], *, local_files: bool) -> None:
        self._folders = sorted(folders, key=lambda folder: -len(folder.parts))
        self._local_files = local_files
        self._left_out: dict[Path | None, int] = {}

    def of(self, path: Path) -> Iterator[tuple[str, int]]:
        """Names to be tried, the likeliest first, and how many folders each leaves out (-1 for the whole address)."""
        text = str(path)
        if "\n" in text or printable(path) != text:
            return  # no line of the protocol can hold it
        parts = path.parts[1:]
        folder = self._folder(path)
        usual = len(parts) - _LEAST_PARTS if folder is None else len(folder.parts) - 1
        last = max(usual, len(parts) - _LEAST_PARTS)
        order = (self._left_out.get(folder, usual), *range(usual, -1, -1), *range(usual + 1, last + 1))
        for count in dict.fromkeys(order):
            if 0 <= count < len(parts):
                yield "/".join(parts[count:]), count
        if self._local_files:
            yield f"file://{text}", -1

    def learn(self, path: Path, count: int) -> None:
        """The MPD knew this file by the name that leaves out so many folders."""
        if count >= 0:
            self._left_out[self._folder(path)] = count

    def _folder(self, path: Path) -> Path | None:
        return next((folder for folder in self._folders if path.is_relative_to(folder)), None)


def _add(client: Any, names: _Names, paths: Sequence[Path]) -> bool:
    """Put one song behind the queue under the first name that the MPD knows; whether it knows any."""
    for path in paths:
        for name, count in names.of(path):
            try:
                client.add(name)
            except mpd.CommandError as error:
                if count >= 0 and error.errno not in _UNKNOWN:
                    raise
                continue
            names.learn(path, count)
            return True
    return False


_UNKNOWN = (mpd.FailureResponseCode.NO_EXIST, mpd.FailureResponseCode.ARG)


@contextmanager
def _connected(to: Daemon) -> Iterator[Any]:
    """A client that has said the password; what goes wrong is told with the place, the cause and the remedy."""
    client = mpd.MPDClient()
    client.timeout = SENDING.timeout_s
    try:
        client.connect(to.host, to.port)
        if to.password:
            client.password(to.password)
        yield client
    except (mpd.MPDError, OSError, UnicodeError) as error:
        raise _told(error, to) from error
    finally:
        client.disconnect()


@contextmanager
def _taken_back(client: Any, to: Daemon, added: Sequence[int], *, before: int) -> Iterator[None]:
    """Take what was added out again where MPD refuses to go on; where it is lost, say how much stays."""
    try:
        yield
    except mpd.CommandError:
        if added:
            client.delete((before, before + len(added)))
        raise
    except (mpd.MPDError, OSError) as error:
        told = _told(error, to)
        what = (
            say("{what}; {added} of the songs stand in its queue by now", what=say(told.what), added=number(len(added)))
            if added
            else told.what
        )
        raise FetchError(what, remedy=told.remedy) from error


def _told(error: Exception, to: Daemon) -> FetchError:
    if isinstance(error, mpd.CommandError):
        return _refusal(error, to)
    if isinstance(error, mpd.ProtocolError | UnicodeError):
        return FetchError(say("what answers at {where} is no MPD", where=to.where), remedy=later("Check the port"))
    return _unreached(error, to)


def _refusal(error: mpd.CommandError, to: Daemon) -> FetchError:
    place = say("MPD at {where}", where=to.where)
    if error.errno == mpd.FailureResponseCode.PASSWORD:
        return FetchError(
            say("{place} refuses the password", place=place), remedy=later("It is the 'password' in mpd.conf")
        )
    if error.errno == mpd.FailureResponseCode.PERMISSION:
        return FetchError(
            say("{place} wants a password for this", place=place), remedy=later("It is the 'password' in mpd.conf")
        )
    return FetchError(
        say("{place} refuses: {reason}", place=place, reason=one_line(error.msg or str(error))),
        remedy=later("Look into its log"),
    )


def _unreached(error: Exception, to: Daemon) -> FetchError:
    if isinstance(error, socket.gaierror):
        return FetchError(
            say("no computer is called '{host}'", host=one_line(to.host)),
            remedy=later("Check the name, or give its address"),
        )
    if isinstance(error, ConnectionRefusedError):
        remedy = later("Is MPD running there, and may others reach it (bind_to_address in mpd.conf)?")
        return FetchError(say("no MPD listens at {where}", where=to.where), remedy=remedy)
    if isinstance(error, TimeoutError):
        what = say("{where} does not answer within {timeout_s} s", where=to.where, timeout_s=f"{SENDING.timeout_s:.0f}")
        return FetchError(what, remedy=later("Check the address, and whether a firewall stands before it"))
    if isinstance(error, FileNotFoundError):
        return FetchError(
            say("there is no socket {where}", where=to.where), remedy=later("See bind_to_address in mpd.conf")
        )
    cause = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return FetchError(
        say("{where} cannot be reached ({cause})", where=to.where, cause=one_line(cause)),
        remedy=later("Check the address, and try again"),
    )
