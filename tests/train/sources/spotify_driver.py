"""Fetches from a fake Spotify in a process of its own, so that it can be killed: driver.py URL OUT TOKENS PORT."""

from __future__ import annotations

import socket
import sys
import urllib.request
from pathlib import Path

from segue.config import FetchSpec
from segue.train.sources.fetching import FetchReport
from segue.train.sources.spotify import SpotifySpec, fetch_spotify
from tests.train.sources.fake_spotify import CLIENT_ID


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return door.getsockname()[1]


def agree(address: str) -> None:
    """A browser whose user agrees to everything: it follows the redirect to the program that waits for it."""
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=10) as page:
        page.read()


def spec_for(url: str, tokens: Path, port: int, **changes: object) -> SpotifySpec:
    manners = FetchSpec(login_port=port, first_wait_s=0.01, timeout_s=10.0, login_s=10.0)
    places = {
        "api_url": f"{url}/v1/",
        "authorize_url": f"{url}/authorize",
        "token_url": f"{url}/api/token",
        "token_folder": tokens,
        "open_browser": agree,
        "manners": manners,
    }
    return SpotifySpec(**{**places, **changes})


def main() -> FetchReport:
    url, out, tokens, port = sys.argv[1:]
    return fetch_spotify(Path(out), client_id=CLIENT_ID, spec=spec_for(url, Path(tokens), int(port)))


if __name__ == "__main__":
    print(main())
