"""Rendering a mix: how many times faster than it plays, in how much memory, and against one ffmpeg."""

from __future__ import annotations

import resource
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.figures import Bench, Figure, run_measured
from benchmarks.tracks import mixed
from segue.listen.loudness import LevelMeter, integrated_lufs
from segue.listen.stereo import StereoReader
from segue.play.mix.plan import Join, MixPlan, Part, gain_to_target_db, plan_from_json, plan_to_json
from segue.play.mix.render import render
from segue.values import TrackInfo

_RATE_HZ = 44_100
_TRACKS = 8
_LONGEST_S, _SHORTEST_S = 240.0, 100.0
_FADE = Join("fade", 10.0)
_BEAT = Join("beat", 30.0, speed=1.04, ease_s=15.0)  # 8 bars at 128 BPM, twice
_LONG_S = 10 * 3600.0
_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class _Cost:
    """Computing time of a program and its children, and the most memory they held."""

    cpu_s: float
    peak_mb: float


def _run(music: Path, scratch: Path) -> list[Figure]:
    parts = _parts(mixed(music))
    fade, beat = (_mix(parts, join) for join in (_FADE, _BEAT))
    fades, beats, others = [], [], []
    for _ in range(_ROUNDS):
        others.append(_measure(_reencode(fade, scratch / "reencoded.mp3")))
        fades.append(_render(fade, scratch))
        beats.append(_render(beat, scratch))
    fade_s, beat_s, other_s = (min(cost.cpu_s for cost in costs) for costs in (fades, beats, others))
    what = f"computing time, {len(parts)} tracks, {fade.length_s / 60:.0f} min, to MP3 at 320 kb/s, start included"
    bent, ffmpeg = f"{what}; 45 s bent at each join", "one ffmpeg: the same end to end, -b:a 320k; computing time"
    ten, long = (_render(_repeated(fade, seconds), scratch) for seconds in (600.0, _LONG_S))
    memory = "resident, to MP3, joins by fade"
    return [
        Figure("mix.realtime_factor.fade", fade.length_s / fade_s, "x", what, 40.0, is_floor=True),
        Figure("mix.realtime_factor.beat", beat.length_s / beat_s, "x", bent, 15.0, is_floor=True),
        Figure("mix.ratio_to_reencode", fade_s / other_s, "x", ffmpeg),
        Figure("mix.rss_mb.10_minutes", ten.peak_mb, "MB", memory, 400.0),
        Figure("mix.rss_mb.10_hours", long.peak_mb, "MB", memory, 400.0),
    ]


def _parts(tracks: list[Path]) -> list[Part]:
    """Real tracks of all formats at -14 LUFS, their peaks known, as a library has them."""
    found: list[Part] = []
    for path in tracks:
        meter, length = LevelMeter(_RATE_HZ, 2, on_spectra=lambda *_: None), 0
        with StereoReader(path, rate_hz=_RATE_HZ) as reader:
            while length < _LONGEST_S * _RATE_HZ and (block := reader.read(_RATE_HZ)).shape[1]:
                meter.take(block)
                length += block.shape[1]
        lufs = integrated_lufs(meter.finish().weighted)
        if lufs is not None and length > _SHORTEST_S * _RATE_HZ:
            peak = 20.0 * float(np.log10(meter.true_peak))
            gain = gain_to_target_db(lufs, target_lufs=-14.0, true_peak_dbtp=peak)
            part = Part(path.absolute(), TrackInfo(path.stem), 0.0, length / _RATE_HZ, gain, true_peak_dbtp=peak)
            found.append(part)
        if len(found) == _TRACKS:
            return found
    raise SystemExit(f"bench: only {len(found)} tracks are long enough")


def _mix(parts: list[Part], join: Join) -> MixPlan:
    return MixPlan(tuple(parts), (join,) * (len(parts) - 1))


def _repeated(plan: MixPlan, seconds: float) -> MixPlan:
    """The parts again and again until the mix is so long."""
    times = int(seconds / plan.length_s) + 1
    parts, kept, length_s = plan.parts * times, [], 0.0
    for part in parts:
        kept.append(part)
        length_s += part.end_s - part.begin_s - _FADE.overlap_s
        if length_s >= seconds:
            break
    return _mix([replace(part) for part in kept], _FADE)


def _render(plan: MixPlan, scratch: Path) -> _Cost:
    stored, target = scratch / "plan.json", scratch / "mix.mp3"
    stored.write_text(plan_to_json(plan), encoding="utf-8")
    cost = _measure([sys.executable, "-m", "benchmarks.mix", str(stored), str(target)])
    target.unlink()
    return cost


def _measure(command: list[str]) -> _Cost:
    before = _children_s()
    ran = run_measured(command)
    return _Cost(_children_s() - before, ran.peak_mb)


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _reencode(plan: MixPlan, target: Path) -> list[str]:
    """One ffmpeg that decodes what the plan plays, joins it end to end, and encodes it."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y"]
    for part in plan.parts:
        command += ["-t", str(part.end_s), "-i", str(part.path)]
    chains = [f"[{n}:a]aresample=44100,aformat=channel_layouts=stereo[p{n}]" for n in range(len(plan.parts))]
    names = "".join(f"[p{n}]" for n in range(len(plan.parts)))
    graph = ";".join([*chains, f"{names}concat=n={len(plan.parts)}:v=0:a=1[out]"])
    return [*command, "-filter_complex", graph, "-map", "[out]", "-b:a", "320k", str(target)]


measure_mix = Bench(
    (
        "mix.realtime_factor.fade",
        "mix.realtime_factor.beat",
        "mix.ratio_to_reencode",
        "mix.rss_mb.10_minutes",
        "mix.rss_mb.10_hours",
    ),
    _run,
)

if __name__ == "__main__":
    render(plan_from_json(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2]))
