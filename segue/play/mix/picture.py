"""A picture of a mix: its waveform, where the tracks hand over, tempo and key along the way; as PNG or as HTML."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from segue.config import MIX
from segue.files import atomic_write
from segue.listen.stereo import StereoReader
from segue.play.mix.labels import clock, title_of
from segue.play.mix.plan import MixPlan, Placement, to_seconds
from segue.values import Floats

_COLUMNS = 1800
_LEFT, _TOP, _WIDTH, _HEIGHT = 90, 70, 1990, 900
_WAVE = (120, 400)  # from top to bottom, in pixels
_NAMES = (410, 560)
_TEMPO = (600, 760)
_KEYS = (790, 840)
_PAPER, _INK, _SOFT, _GRID = (250, 249, 246), (40, 42, 48), (120, 122, 130), (222, 220, 214)
_JOIN_COLOURS = {"cut": (190, 60, 60), "fade": (90, 130, 190), "eq": (200, 150, 40), "beat": (60, 150, 90)}
_TICKS_S = (10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class TempoPoint:
    """The tempo that is heard at a moment of the mix."""

    at_s: float
    bpm: float


@dataclass(frozen=True, slots=True, eq=False)
class Wave:
    """The loudest sample of each of equal stretches of a mix, ``(n,)`` float32, full scale 1."""

    peaks: Floats
    length_s: float


def write_picture(path: Path, plan: MixPlan, mix: Path) -> None:
    """Draw a rendered mix into a .png or .html file.

    Raises
    ------
    AudioError, FileAccessError
        If the mix cannot be read, or the picture not written.
    """
    wave = wave_of(mix)
    with atomic_write(path) as unfinished:
        if path.suffix.lower() == ".html":
            from segue.play.mix.picture_html import html_of

            unfinished.write_text(html_of(plan, wave), encoding="utf-8")
        else:
            drawn(plan, wave).save(unfinished, "PNG", optimize=True)


def wave_of(mix: Path, *, columns: int = _COLUMNS) -> Wave:
    """The outline of a finished mix, read as a stream."""
    peaks: list[float] = []
    samples = 0
    step = MIX.sample_rate_hz // 10
    with StereoReader(mix, rate_hz=MIX.sample_rate_hz) as reader:
        while (block := reader.read(step)).shape[1]:
            peaks.append(float(np.abs(block).max()))
            samples += block.shape[1]
    edges = np.linspace(0, len(peaks), min(columns, max(1, len(peaks))) + 1).astype(np.intp)
    fine = np.array(peaks or [0.0], np.float32)
    return Wave(np.maximum.reduceat(fine, edges[:-1]).astype(np.float32), to_seconds(samples))


def tempo_curve(placed: Placement) -> tuple[TempoPoint, ...]:
    """How fast a part is heard: bent in a beat join, then gliding back. Nothing where its tempo is unknown."""
    own = placed.part.tempo_bpm
    if own is None:
        return ()
    points = [TempoPoint(placed.begin_s, own), TempoPoint(placed.end_s, own)]
    if placed.bend is not None:
        bent = own * placed.bend.speed
        overlap_s, all_s = to_seconds(placed.bend.overlap_samples), to_seconds(placed.bend.mix_samples)
        points[:1] = [
            TempoPoint(placed.begin_s, bent),
            TempoPoint(placed.begin_s + overlap_s, bent),
            TempoPoint(placed.begin_s + all_s, own),
        ]
    return tuple(points)


def key_colour(camelot: str | None) -> Colour:
    """A hue around the Camelot wheel, so that keys that mix well look alike; grey where the key is unknown."""
    if camelot is None:
        return (205, 204, 200)
    red, green, blue = colorsys.hsv_to_rgb(int(camelot[:-1]) / 12.0, 0.45, 0.85 if camelot.endswith("B") else 0.72)
    return int(red * 255), int(green * 255), int(blue * 255)


def track_colour(number: int) -> Colour:
    """Colours by turns, so that neighbours differ."""
    return ((74, 104, 148), (128, 96, 150))[number % 2]


def drawn(plan: MixPlan, wave: Wave) -> Image.Image:
    """The picture in pixels."""
    picture = Image.new("RGB", (_WIDTH, _HEIGHT), _PAPER)
    draw = ImageDraw.Draw(picture, "RGBA")
    scale = _Scale(plan.length_s)
    draw.text((_LEFT, 24), plan.title, font=_font(30), fill=_INK)
    said = f"{len(plan.parts)} tracks, {clock(plan.length_s)}, {plan.target_lufs:g} LUFS"
    draw.text((_LEFT, 66), said, font=_font(18), fill=_SOFT)
    _draw_legend(draw)
    _draw_times(draw, scale)
    _draw_joins(draw, plan, scale)
    _draw_wave(draw, plan, wave, scale)
    _draw_names(picture, plan, scale)
    _draw_tempo(draw, plan, scale)
    _draw_keys(draw, plan, scale)
    return picture


@dataclass(frozen=True, slots=True)
class _Scale:
    length_s: float

    def x(self, at_s: float) -> float:
        return _LEFT + _COLUMNS * at_s / max(self.length_s, 1e-9)


def _font(size: float) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)


def _draw_legend(draw: ImageDraw.ImageDraw) -> None:
    x = _LEFT + _COLUMNS - 330
    for style, colour in _JOIN_COLOURS.items():
        draw.rectangle((x, 36, x + 16, 52), fill=colour)
        draw.text((x + 22, 35), style, font=_font(16), fill=_INK)
        x += 85


def _draw_times(draw: ImageDraw.ImageDraw, scale: _Scale) -> None:
    step_s = next((step for step in _TICKS_S if scale.length_s / step <= 16), _TICKS_S[-1])
    for tick in range(int(scale.length_s // step_s) + 1):
        x = scale.x(tick * step_s)
        draw.line((x, _WAVE[0], x, _KEYS[1]), fill=_GRID)
        draw.text((x, _KEYS[1] + 8), clock(tick * step_s), font=_font(15), fill=_SOFT, anchor="ma")


def _draw_joins(draw: ImageDraw.ImageDraw, plan: MixPlan, scale: _Scale) -> None:
    for number, join in enumerate(plan.joins):
        from_s, to_s = plan.joined_at_s(number)
        colour = _JOIN_COLOURS[join.style]
        left, right = scale.x(from_s), max(scale.x(to_s), scale.x(from_s) + 2)
        draw.rectangle((left, _WAVE[0], right, _TEMPO[1]), fill=(*colour, 46))
        draw.rectangle((left, _WAVE[0] - 8, right, _WAVE[0] - 2), fill=colour)


def _draw_wave(draw: ImageDraw.ImageDraw, plan: MixPlan, wave: Wave, scale: _Scale) -> None:
    middle, half = sum(_WAVE) / 2, (_WAVE[1] - _WAVE[0]) / 2 - 6
    leads = [placed.lead_s for placed in plan.placements]
    for column, peak in enumerate(wave.peaks.tolist()):
        at_s = (column + 0.5) / len(wave.peaks) * wave.length_s
        number = int(np.searchsorted(leads[1:], at_s, side="right"))
        y, wide = max(0.5, half * min(peak, 1.0)), _COLUMNS / len(wave.peaks)
        x = scale.x(at_s) - wide / 2
        draw.rectangle((x, middle - y, x + wide, middle + y), fill=track_colour(number))


def _draw_names(picture: Image.Image, plan: MixPlan, scale: _Scale) -> None:
    """The names lean, so that short tracks have room for theirs; where even that is not enough, some are left out."""
    last_x = -100.0
    for number, placed in enumerate(plan.placements):
        x = scale.x(placed.lead_s)
        if x - last_x < 18:
            continue
        last_x = x
        name = title_of(placed.part)
        shown = f"{clock(placed.lead_s)}  {name if len(name) <= 34 else name[:33] + '…'}"
        label = Image.new("RGBA", (330, 22), (0, 0, 0, 0))
        ImageDraw.Draw(label).text((0, 1), shown, font=_font(15), fill=(*track_colour(number), 255))
        leaning = label.rotate(-28, expand=True, resample=Image.Resampling.BICUBIC)
        picture.paste(leaning, (round(x) - 8, _NAMES[0]), leaning)


def _draw_tempo(draw: ImageDraw.ImageDraw, plan: MixPlan, scale: _Scale) -> None:
    curves = [tempo_curve(placed) for placed in plan.placements]
    tempi = [point.bpm for curve in curves for point in curve]
    draw.text((_LEFT - 10, _TEMPO[0] - 6), "BPM", font=_font(15), fill=_SOFT, anchor="rs")
    if not tempi:
        draw.text((_LEFT, _TEMPO[0] + 20), "no tempo is known", font=_font(16), fill=_SOFT)
        return
    low, high = min(tempi) - 5.0, max(tempi) + 5.0

    def y(bpm: float) -> float:
        return _TEMPO[1] - (bpm - low) / (high - low) * (_TEMPO[1] - _TEMPO[0])

    for bpm in _round_numbers(low, high):
        draw.line((_LEFT, y(bpm), _LEFT + _COLUMNS, y(bpm)), fill=_GRID)
        draw.text((_LEFT - 10, y(bpm)), f"{bpm:g}", font=_font(15), fill=_SOFT, anchor="rm")
    for number, curve in enumerate(curves):
        points = [(scale.x(point.at_s), y(point.bpm)) for point in curve]
        if points:
            draw.line(points, fill=track_colour(number), width=4)


def _round_numbers(low: float, high: float) -> Sequence[float]:
    """Some round numbers within a range."""
    step = next(step for step in (2, 5, 10, 20, 50, 100) if (high - low) / step <= 6)
    return [float(bpm) for bpm in range(int(low // step + 1) * step, int(high) + 1, step)]


def _draw_keys(draw: ImageDraw.ImageDraw, plan: MixPlan, scale: _Scale) -> None:
    leads = [*(placed.lead_s for placed in plan.placements), plan.length_s]
    leads[0] = 0.0
    draw.text((_LEFT - 10, sum(_KEYS) / 2), "key", font=_font(15), fill=_SOFT, anchor="rm")
    for placed, from_s, to_s in zip(plan.placements, leads, leads[1:], strict=False):
        key = placed.part.camelot
        left, right = scale.x(from_s), scale.x(to_s)
        draw.rectangle((left, _KEYS[0], right, _KEYS[1]), fill=key_colour(key), outline=_PAPER)
        if right - left > 26:
            draw.text(((left + right) / 2, sum(_KEYS) / 2), key or "?", font=_font(15), fill=_INK, anchor="mm")
