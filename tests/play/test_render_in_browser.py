"""What render.py says of browsers: a real Chromium, a server that honours Range, and files that tell the time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from segue.play.render import browser_mime, transcode

pytestmark = [pytest.mark.browser, pytest.mark.ffmpeg]

# A hundred seconds whose pitch steps up 200 Hz every 25; the noise keeps FLAC from shrinking them to nothing.
TONE = "0.4*sin(2*PI*(400+200*floor(t/25))*t)+0.2*(random(0)-0.5)"
STEPS = f"aevalsrc={TONE}|{TONE}:s=44100:d=100"

LISTEN = """
async (second) => {
    const audio = document.querySelector("audio");
    if (!window.analyser) {
        const context = new AudioContext();
        window.analyser = new AnalyserNode(context, {fftSize: 8192, smoothingTimeConstant: 0});
        new MediaElementAudioSourceNode(context, {mediaElement: audio}).connect(analyser).connect(context.destination);
        await context.resume();
    }
    audio.currentTime = second;
    await new Promise((done) => audio.addEventListener("seeked", done, {once: true}));
    await audio.play();
    while (audio.currentTime < second + 0.6) await new Promise((done) => setTimeout(done, 20));
    const bins = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(bins);
    audio.pause();
    return [bins.indexOf(Math.max(...bins)) * analyser.context.sampleRate / analyser.fftSize, audio.duration];
}
"""

PLAY = """
async (address) => {
    const audio = new Audio(address);
    try {
        await audio.play();
        while (audio.currentTime < 0.3) await new Promise((done) => setTimeout(done, 20));
        return "plays";
    } catch (error) {
        return String(error);
    } finally {
        audio.pause();
    }
}
"""


class Handler(BaseHTTPRequestHandler):
    """Answers /N with the server's file N, by Range, and anything else with a page that plays the first."""

    def do_GET(self) -> None:
        files: list[Path] = self.server.files
        name = self.path[1:]
        if not name.isdigit():
            self._answer(200, "text/html", b"<link rel=icon href=data:,><audio src=/0 preload=metadata></audio>")
            return
        data = files[int(name)].read_bytes()
        first, _, last = (self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").partition("-")
        part = slice(int(first), int(last) + 1 if last else len(data))
        self._answer(
            206, str(browser_mime(files[int(name)])), data[part], f"bytes {part.start}-{part.stop - 1}/{len(data)}"
        )

    def _answer(self, status: int, mime: str, body: bytes, content_range: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", mime)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Accept-Ranges", "bytes")
        if content_range:
            self.send_header("Content-Range", content_range)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:  # the browser has heard enough
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def browsing(chromium: Any, files: list[Path]) -> Iterator[Any]:
    """A page of a Chromium that may play without being clicked."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.files = files
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    page = chromium.new_page()
    try:
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        yield page
    finally:
        page.close()
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_copy_seeks_to_the_second(chromium: Any, make_audio: Callable[..., Path], tmp_path: Path) -> None:
    copy = tmp_path / "copy.flac"
    transcode(make_audio("steps.m4a", "-c:a", "alac", source=STEPS), copy)
    with browsing(chromium, [copy]) as page:
        heard = [page.evaluate(LISTEN, second) for second in (80, 26, 5, 60)]
    assert [duration for _, duration in heard] == pytest.approx([100.0] * 4, abs=0.01)
    # half a bin of 8192 points is 2.7 Hz; the rest is for a busy machine's dropouts
    assert [hz for hz, _ in heard] == pytest.approx([1000.0, 600.0, 400.0, 800.0], abs=10.0)


def test_what_is_called_playable_plays(chromium: Any, make_audio: Callable[..., Path]) -> None:
    files = [
        make_audio(f"{codec}.{suffix}", "-c:a", codec)
        for suffix, codec in (
            ("mp3", "libmp3lame"),
            ("m4a", "aac"),
            ("aac", "aac"),
            ("flac", "flac"),
            ("ogg", "libvorbis"),
            ("opus", "libopus"),
            ("wav", "pcm_u8"),
            ("wav", "pcm_s16le"),
            ("wav", "pcm_s24le"),
            ("wav", "pcm_f32le"),
        )
    ]
    assert None not in [browser_mime(path) for path in files]
    with browsing(chromium, files) as page:
        verdicts = [page.evaluate(PLAY, f"/{number}") for number in range(len(files))]
    assert verdicts == ["plays"] * len(files)
