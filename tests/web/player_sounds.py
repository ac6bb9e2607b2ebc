"""Songs of noise, and what a page makes of them: what the tests of the player in the browser share."""

from __future__ import annotations

import time
import wave
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from segue.files import track_id_of
from segue.store.events import Event
from segue.values import Track
from tests.play.mix.known_facts import rhythm
from tests.web.stand_in import RATE_HZ, StandIn
from tests.web.test_booth_in_browser import AUDIO, FIRST, song, upcoming, wait

Serve = Callable[[Any], str]
Visit = Callable[..., Any]

LENGTH_S = 9.0
WINDOW_S = 0.05
DYING = "document.getElementById('segue-audio-rest')"
# What the listener hears, as the audio thread renders it: recorded, decoded again, and its level in steps of 50 ms.
RECORD = """
async (seconds) => {
    while (!segue.sound.out) await new Promise((done) => setTimeout(done, 20));
    const { context, out } = segue.sound;
    const tape = new MediaStreamAudioDestinationNode(context);
    out.connect(tape);
    const recorder = new MediaRecorder(tape.stream, { audioBitsPerSecond: 256000 });
    const pieces = [];
    recorder.ondataavailable = ({ data }) => pieces.push(data);
    recorder.start();
    await new Promise((done) => setTimeout(done, 1000 * seconds));
    const stopped = new Promise((done) => (recorder.onstop = done));
    recorder.stop();
    await stopped;
    out.disconnect(tape);
    const sound = await context.decodeAudioData(await new Blob(pieces).arrayBuffer());
    const samples = sound.getChannelData(0);
    const step = Math.round(0.05 * sound.sampleRate);
    const levels = [];
    for (let at = 0; at + step <= samples.length; at += step) {
        let power = 0;
        for (let i = at; i < at + step; i += 1) power += samples[i] ** 2;
        levels.push(Math.sqrt(power / step));
    }
    return levels;
}
"""
GAIN = "segue.sound.lead.even.gain.value"


def write_noise(path: Path, seed: int, *, seconds: float, silent_s: float = 0.0, level: float = 0.1) -> Path:
    """Noise that no other seed's is like, with silence at both ends."""
    sound = level * np.random.default_rng(seed).standard_normal(int(seconds * RATE_HZ))
    edge = int(silent_s * RATE_HZ)
    sound[:edge] = 0.0
    sound[len(sound) - edge :] = 0.0
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((np.clip(sound, -1, 1) * 32_000).astype("<i2").tobytes())
    return path


def noises(services: StandIn, folder: Path, *, silent_s: float = 0.0, seconds: float = LENGTH_S) -> StandIn:
    """The same library with other sound in it, measured."""
    shelf = []
    for place, track in enumerate(services.shelf):
        path = write_noise(folder / f"{place:02d}-noise.wav", place, seconds=seconds, silent_s=silent_s)
        shelf.append(Track(track_id_of(path), (path,), replace(track.info, duration_s=seconds)))
        services.rhythms[shelf[-1].id] = rhythm(
            camelot=None, lufs=-14.0, peak_dbtp=-6.0, silence_s=(silent_s, silent_s), outro_s=None
        )
    services.shelf = tuple(shelf)
    return services


def begin(page: Any, *, fade_s: float | None = None) -> list[str]:
    """Play the first song, and give the titles from it on."""
    page.wait_for_selector(FIRST)
    if fade_s is not None:
        page.evaluate(f"segue.player.setSound({{fade_s: {fade_s}}})")
    page.click(FIRST)
    wait(page, f"{AUDIO}.currentTime > 0.2 && document.querySelectorAll('#queue-list > div > ol > li').length === 5")
    wait(page, "segue.sound.out && segue.sound.rest.audio.readyState > 3 && !segue.isWaiting()")
    return [song(page), *upcoming(page)]


def in_fade(page: Any, *, fade_s: float = 3.0) -> list[str]:
    """Be in the middle of the first fade, which lasts so long."""
    titles = begin(page, fade_s=fade_s)
    page.evaluate(f"segue.player.seek({LENGTH_S - fade_s - 2.2})")  # a quarter must be heard to count
    wait(page, f"segue.sound.dying && !{DYING}.paused && {AUDIO}.currentTime > {0.3 * fade_s}")
    assert song(page) == titles[1]
    return titles


def events(services: StandIn, count: int) -> list[tuple[str, str]]:
    """What was noted of the songs, as soon as there are so many."""
    until = time.monotonic() + 10.0
    while len(found := services.listening._library.events.all().events) < count and time.monotonic() < until:
        time.sleep(0.05)
    return [_told(services, event) for event in found]


def _told(services: StandIn, event: Event) -> tuple[str, str]:
    return event.kind, services.track(event.track_id).info.title
