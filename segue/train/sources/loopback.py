"""The door at which a browser hands over the code of a login: a web server on 127.0.0.1 that lives for one login."""

from __future__ import annotations

import logging
import queue
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

from segue.errors import FetchError
from segue.train.sources.fetching import in_words

log = logging.getLogger(__name__)

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Segue</title>
<body style="font: 1.2em sans-serif; margin: 4em"><p>{}</p></body></html>"""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up is nothing to tell of; http.server would print a traceback."""
        log.debug("%s hung up (%s)", client_address, request)


class Loopback:
    """Waits for the redirect that carries the state we made; whoever else knocks is shown a page and sent away."""

    def __init__(self, port: int) -> None:
        self.state = secrets.token_urlsafe(24)
        self._answers: queue.Queue[tuple[str, str]] = queue.Queue()
        try:
            self._server = _Server(("127.0.0.1", port), self._handler())
        except (OSError, OverflowError) as error:
            raise FetchError(
                f"port {port} of this machine, to which the browser would come back, cannot be used ({error})",
                remedy="Choose another port, and enter it also as the redirect URI of your app",
            ) from error
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Loopback:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait_for_code(self, timeout_s: float) -> str:
        """The code that the login's server gave the browser.

        Raises
        ------
        FetchError
            If the user said no, or nobody came in time.
        """
        try:
            kind, value = self._answers.get(timeout=timeout_s)
        except queue.Empty:
            raise FetchError(
                f"nobody agreed in the browser within {in_words(timeout_s)}",
                remedy="Run the same command again, and open the address that it names in a browser on this machine",
            ) from None
        if kind == "error":
            raise FetchError(f"the login was refused ({value[:100]})", remedy="Run the same command again and agree")
        return value

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        state, answers = self.state, self._answers

        class Handler(BaseHTTPRequestHandler):
            timeout = 10.0  # browsers open connections that they never use

            def do_GET(self) -> None:
                """Take the answer out of the address, if it is one to our question."""
                said = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
                if not secrets.compare_digest(said.get("state", "").encode(), state.encode()):
                    self._show(400, "This is no answer to the login that Segue asked for.")
                elif "code" in said:
                    self._show(200, "Segue may read your playlists now. You can close this window.")
                    answers.put(("code", said["code"]))
                else:
                    self._show(200, "Segue may not read your playlists. You can close this window.")
                    answers.put(("error", said.get("error", "no reason given")))

            def _show(self, status: int, text: str) -> None:
                page = _PAGE.format(text).encode()
                self.send_response(status)
                for name, value in (
                    ("Content-Type", "text/html; charset=utf-8"),
                    ("Content-Length", str(len(page))),
                    ("Cache-Control", "no-store"),
                    ("Referrer-Policy", "no-referrer"),
                ):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
                """Say nothing: the address holds the code."""

        return Handler
