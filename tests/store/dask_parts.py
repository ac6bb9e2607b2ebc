"""A real Dask scheduler and real workers, each a process of its own, and a file server that fsspec reads from."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from store_standins import StandIn

from segue.values import Hearing

HERE = Path(__file__).parent
DASK = (sys.executable, "-m", "dask")
START_S = 120.0  # a machine that is busy with other tests


class DaskParts:
    """A scheduler and its workers, to be added and killed one by one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workers: list[subprocess.Popen[bytes]] = []
        place = folder / "scheduler.json"
        self.scheduler = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(place),
            DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="1",
        )  # fmt: skip
        wait_until(lambda: place.exists() and place.read_text(encoding="utf-8").endswith("}"))
        self.address: str = json.loads(place.read_text(encoding="utf-8"))["address"]

    def add_worker(self, *, nanny: bool = False, first: str = "", threads: int = 1) -> subprocess.Popen[bytes]:
        """Start a worker; ``first`` is code that its Python runs before all else."""
        own = self.folder / f"worker{len(self.workers)}"
        own.mkdir()
        (own / "sitecustomize.py").write_text(first)
        path = os.pathsep.join([str(own), str(HERE), str(HERE.parents[1])])
        words = ["worker", self.address, "--nthreads", str(threads), "--no-dashboard", "--local-directory", str(own)]
        self.workers.append(self._start(*words, *([] if nanny else ["--no-nanny"]), PYTHONPATH=path))
        return self.workers[-1]

    def _start(self, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{words[0]}.log").open("ab") as log:
            return subprocess.Popen(
                [*DASK, *words], env={**os.environ, **environment}, stdout=log, stderr=log, cwd=self.folder
            )

    def wait_for_workers(self) -> None:
        """Wait until all that were added have come."""
        wait_until(lambda: self.log().count("Registered to") >= len(self.workers))

    def log(self) -> str:
        """What the workers said."""
        return (self.folder / "worker.log").read_text(errors="replace")

    def stop(self) -> None:
        """End all of them; a worker that would rather wait for its peers is not waited for."""
        for process in (*self.workers, self.scheduler):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 3.0
        for process in (*self.workers, self.scheduler):
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            process.kill()
            process.wait()


@contextmanager
def dask_parts(folder: Path, *, workers: int = 2) -> Iterator[DaskParts]:
    """A cluster for as long as the block lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = DaskParts(folder)
    try:
        for _ in range(workers):
            parts.add_worker()
        if workers:
            parts.wait_for_workers()
        yield parts
    finally:
        parts.stop()


def wait_until(happens: object, *, seconds: float = START_S) -> None:
    """Wait for something to be true, and fail if it never is."""
    deadline = time.monotonic() + seconds
    while not happens():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


class Murderer(StandIn):
    """Kills the worker that its process was started by when it meets one file."""

    def hear(self, path: Path) -> Hearing:
        if path.stem == "murder":
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(600)
        return super().hear(path)


class _Files(BaseHTTPRequestHandler):
    """As much of WebHDFS as fsspec asks for to list and read."""

    root: Path
    requests: list[str]

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        place = self.root / unquote(address.path).removeprefix("/webhdfs/v1").lstrip("/")
        self.requests.append(query["op"])
        if not place.exists():
            self._answer(404, {"RemoteException": {"exception": "FileNotFoundException", "message": str(place)}})
        elif query["op"] == "GETFILESTATUS":
            self._answer(200, {"FileStatus": _status(place, "")})
        elif query["op"] == "LISTSTATUS":
            found = sorted(place.iterdir()) if place.is_dir() else [place]
            names = [_status(each, each.name if place.is_dir() else "") for each in found]
            self._answer(200, {"FileStatuses": {"FileStatus": names}})
        else:
            start = int(query.get("offset", 0))
            content = place.read_bytes()[start : start + int(query.get("length", 1 << 60))]
            self._answer(200, content)

    def _answer(self, status: int, content: dict[str, object] | bytes) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _status(place: Path, name: str) -> dict[str, object]:
    status = place.stat()
    kind = "DIRECTORY" if place.is_dir() else "FILE"
    size = 0 if place.is_dir() else status.st_size
    return {"pathSuffix": name, "type": kind, "length": size, "modificationTime": status.st_mtime_ns // 1_000_000}


@contextmanager
def file_server(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Serve a folder; gives its address, ``webhdfs://127.0.0.1:port``, and what has been asked for."""
    requests: list[str] = []
    handler = type("Files", (_Files,), {"root": root, "requests": requests})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"webhdfs://127.0.0.1:{server.server_port}", requests
        finally:
            server.shutdown()
            thread.join()
