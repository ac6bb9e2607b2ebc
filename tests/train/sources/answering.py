"""What every fake server here does alike: it answers over HTTP/1.1, and says nothing of it on the terminal."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def send(self, status: int, headers: dict[str, str], body: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body.encode()))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def send_json(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        self.send(status, {"Content-Type": "application/json", **(headers or {})}, json.dumps(body))

    def log_message(self, *_: object) -> None:
        pass
