"""An MPD of a few lines, which speaks the protocol over a real socket."""

from __future__ import annotations

import re
import shlex
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class MpdStandIn:
    """Its ``files`` are what lies in its music_directory, ``queue`` what was put in, ``playing`` where it plays.

    ``answers`` are what it answers to a song otherwise than usual: with nothing, it hangs up.
    """

    def __init__(self, files: set[str], *, password: str = "", hello: bytes = b"OK MPD 0.23.5\n") -> None:
        self.files = files
        self.password = password
        self.hello = hello
        self.queue: list[str] = []
        self.playing: int | None = None
        self.asked: list[str] = []
        self.answers: dict[str, str] = {}

    def answer(self, words: list[str], session: dict[str, Any]) -> str:
        """The answer to one command, without the last line of what went well."""
        name, *values = words
        if name == "password":
            session["inside"] = values[0] == self.password
            return "OK\n" if session["inside"] else "ACK [3@0] {password} incorrect password\n"
        if self.password and not session.get("inside"):
            return f'ACK [4@0] {{{name}}} you don\'t have permission for "{name}"\n'
        return str(getattr(self, f"on_{name}")(session, *values))

    def on_status(self, _session: dict[str, Any]) -> str:
        return f"volume: 50\nplaylistlength: {len(self.queue)}\nstate: stop\nOK\n"

    def on_add(self, session: dict[str, Any], uri: str) -> str:
        self.asked.append(uri)
        if uri in self.answers:
            return self.answers[uri]
        if uri.startswith("file://"):
            if not session["local"]:
                return "ACK [4@0] {add} Access denied\n"
            if not Path(uri.removeprefix("file://")).is_file():
                return "ACK [50@0] {add} No such file or directory\n"
        elif uri not in self.files:
            return "ACK [50@0] {add} No such directory\n"
        self.queue.append(uri)
        return "OK\n"

    def on_delete(self, _session: dict[str, Any], span: str) -> str:
        first, last = map(int, span.split(":"))
        del self.queue[first:last]
        return "OK\n"

    def on_play(self, _session: dict[str, Any], place: str) -> str:
        self.playing = int(place)
        return "OK\n"


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        daemon: MpdStandIn = self.server.daemon  # type: ignore[attr-defined]
        session = {"local": isinstance(self.server, socketserver.ThreadingUnixStreamServer)}
        self.wfile.write(daemon.hello)
        for line in self.rfile:
            text = line.decode("utf-8").rstrip("\n")
            if text == "close":
                return
            assert re.fullmatch(r"[a-z]+( \".*\")*", text), text
            answer = daemon.answer(shlex.split(text), session)
            if not answer:
                return
            self.wfile.write(answer.encode())


class _Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


class _Unix(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@contextmanager
def listening(daemon: MpdStandIn, *, at: Path | None = None) -> Iterator[str]:
    """Let it listen, at a port of its own or a local socket, and name the place."""
    server: Any = _Tcp(("127.0.0.1", 0), _Handler) if at is None else _Unix(str(at), _Handler)
    server.daemon = daemon
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}" if at is None else str(at)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
