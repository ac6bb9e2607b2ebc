"""Makes the booth out of the services, and serves it."""

from __future__ import annotations

import ctypes
import ipaddress
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import waitress
from dash import Dash
from flask import Flask
from flask_compress import Compress

from segue.config import WEB
from segue.errors import ParameterError
from segue.reach import Reach
from segue.web.api.routes import api_routes
from segue.web.booths import booth_routes
from segue.web.callbacks.browser import register_browser
from segue.web.callbacks.correct import register_correct
from segue.web.callbacks.folders import register_folders
from segue.web.callbacks.library import PULSE_BUSY_MS, PULSE_IDLE_MS, register_library
from segue.web.callbacks.party import register_party
from segue.web.callbacks.queue import register_queue
from segue.web.callbacks.rooms import register_rooms
from segue.web.callbacks.sending import register_sending
from segue.web.callbacks.taste import register_taste
from segue.web.covers import Covers
from segue.web.frame import FramedDash
from segue.web.gate import gate
from segue.web.guard import Faults, callback_boundary, guard
from segue.web.heard import heard_routes
from segue.web.languages import speak_as_asked
from segue.web.layout.shell import page
from segue.web.maps import map_routes
from segue.web.media import media_routes
from segue.web.microphones import microphone_routes
from segue.web.mixes import mix_routes
from segue.web.shell_files import shell_routes
from segue.web.songs import song_routes
from segue.web.subsonic.routes import subsonic_routes
from segue.web.uploads import upload_routes

if TYPE_CHECKING:
    from segue.services import Services

_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of malloc.h
_RETURNED_BYTES = 1 << 20
_THREADS = 32
_CONNECTIONS = 1000  # a browser opens six, and waitress stops at a hundred in all unless told otherwise


def create_app(
    services: Services, *, name: str | None = None, must_lock: bool = False, reach: Reach | None = None
) -> Dash:
    """The booth as a WSGI application (its ``server``); nothing is kept outside of it.

    It answers to one more host name, and with ``must_lock`` to nobody while there is no password. Folders are chosen
    within the reach, which is the usual one unless another is given.
    """
    faults = Faults()
    server = Flask(__name__)
    server.config["COMPRESS_MIMETYPES"] = ["text/html", "text/css", "text/javascript", "application/json", "text/xml"]
    app = FramedDash(
        __name__,
        assets_folder(),
        server=server,
        title="Segue",
        update_title=None,
        serve_locally=True,
        suppress_callback_exceptions=True,  # the scan's "Stop" is there only while one runs
        on_error=lambda error: callback_boundary(error, faults),
        meta_tags=[
            {"name": "viewport", "content": "width=device-width, initial-scale=1, viewport-fit=cover"},
        ],
        add_log_handler=False,
    )
    speak_as_asked(server)
    app.layout = lambda: _layout(services)
    register_library(app, services)
    register_folders(app, services, reach or Reach())
    register_queue(app, services)
    register_taste(app, services)
    register_sending(app, services)
    register_correct(app, services)
    register_party(app, services)
    register_browser(app)
    register_rooms(app, services)
    covers = Covers(services)
    server.register_blueprint(media_routes(services, covers))
    server.register_blueprint(subsonic_routes(services, covers))
    server.register_blueprint(api_routes(services))
    server.register_blueprint(mix_routes(services))
    server.register_blueprint(microphone_routes(services))
    server.register_blueprint(upload_routes(services))
    server.register_blueprint(heard_routes(services))
    server.register_blueprint(song_routes(services))
    server.register_blueprint(booth_routes(services))
    server.register_blueprint(map_routes(services))
    server.register_blueprint(shell_routes(assets_folder()))
    server.extensions["segue_faults"] = faults
    guard(server, faults=faults, content_policy=_content_policy(app.csp_hashes()), name=name)
    gate(server, services.door, must_lock=must_lock, own_check=("/rest/",))
    Compress(server)
    return app


def serve(
    services: Services,
    *,
    host: str = WEB.host,
    port: int = WEB.port,
    name: str | None = None,
    folders: Sequence[Path] = (),
    on_ready: Callable[[str], None],
) -> None:
    """Serve the booth until the process is stopped; ``on_ready`` gets its address once it answers.

    Music may be chosen from these folders, and where only this computer reaches the booth from the usual ones too.

    Raises ParameterError where the address cannot be had, or where others can reach it and there is no password.
    """
    _return_memory()
    is_for_others = name is not None or not _is_loopback(host)  # a name leads here from elsewhere, by way of a proxy
    if is_for_others and not services.door.is_locked():
        what = f"others could use the booth at {name or host}, and it has no password"
        raise ParameterError(what, remedy="Set one first: segue password")
    reach = Reach(tuple(folders), usual=not is_for_others)
    with _listening(host, port) as listener:
        server = waitress.create_server(
            create_app(services, name=name, must_lock=is_for_others, reach=reach).server,
            sockets=[listener],
            threads=_THREADS,
            connection_limit=_CONNECTIONS,
            asyncore_use_poll=True,  # select() ends at 1,024 files
            max_request_body_size=WEB.largest_upload_bytes + 1_000_000,
            ident=None,
        )
        try:
            on_ready(_address(host, port))
            server.run()
        finally:
            server.close()


def _address(host: str, port: int) -> str:
    """Where a browser finds the booth: where it listens to all addresses, by the one that the network knows."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared with, not bound to
        host = _own_address(socket.AF_INET6 if ":" in host else socket.AF_INET)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _own_address(family: socket.AddressFamily) -> str:
    """This computer's address on its network, or its name where it is on none. Nothing is sent for it."""
    elsewhere = "2001:db8::1" if family == socket.AF_INET6 else "192.0.2.1"  # of the documentation: nobody's
    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect((elsewhere, 9))
        except OSError:
            return socket.gethostname()
        return str(asking.getsockname()[0])


def _return_memory() -> None:
    """Let what is freed go back to the system, a megabyte or more at a time.

    glibc else keeps blocks of up to 32 MB for the thread that had them, once it has seen one so large freed: with 32
    threads and 100,000 songs these were 180 MB that nobody used. Other C libraries have no such setting, and no need.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _RETURNED_BYTES)


def _is_loopback(host: str) -> bool:
    """Whether only this computer can reach the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        remedy = f"Is Segue running already? Choose another port: --port {port + 1}, or PORT={port + 1} make run"
        raise ParameterError(f"{host}:{port} cannot be served ({error.strerror or error})", remedy=remedy) from error


def assets_folder() -> Path:
    """Where scripts, styles and fonts lie: inside an installed package, or at the root of a checkout."""
    inside = Path(__file__).parent / "assets"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "assets"


def _layout(services: Services) -> Any:
    busy = services.scan_status().running
    return page(
        empty=services.counts().tracks == 0,
        busy=busy,
        pulse_ms=PULSE_BUSY_MS if busy else PULSE_IDLE_MS,
        locked=services.door.is_locked(),
    )


def _content_policy(script_hashes: list[str]) -> str:
    """Everything from this server only; Mantine sets styles on elements, and covers may be drawn in place.

    Functions may be made from text, as Plotly's WebGL traces and most programs that drive a browser do; inline and
    foreign scripts may not run, so no page content becomes code.
    """
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' 'unsafe-eval' {' '.join(script_hashes)}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "connect-src 'self'",
            "worker-src 'self'",
            "manifest-src 'self'",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
