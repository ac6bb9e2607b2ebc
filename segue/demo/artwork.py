"""Covers, drawn: every style has its own visual language, every album its own colours and shapes within it."""

from __future__ import annotations

import colorsys
import hashlib
import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from segue.values import Artwork

SIDE = 500
_BIG = 1000  # drawn at twice the size and reduced, so that edges are smooth
Colour = tuple[int, int, int]
Painter = Callable[[np.random.Generator], Image.Image]


def cover(style: str, artist: str, *, album: str) -> Artwork:
    """A 500 x 500 JPEG for an album; the same names always give the same picture."""
    own = hashlib.blake2b(f"{style}/{artist}/{album}".encode(), digest_size=6).digest()
    picture = PAINTERS[style](np.random.default_rng(int.from_bytes(own, "little")))
    _letter(picture, style, artist, album)
    small = picture.resize((SIDE, SIDE), Image.Resampling.BOX)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=88)
    return Artwork("image/jpeg", out.getvalue())


def _hsv(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return int(red * 255), int(green * 255), int(blue * 255)


def _between(a: Colour, b: Colour, share: float) -> Colour:
    mixed = [round(x + (y - x) * share) for x, y in zip(a, b, strict=True)]
    return mixed[0], mixed[1], mixed[2]


def _sky(top: Colour, bottom: Colour) -> Image.Image:
    """A vertical gradient."""
    share = np.linspace(0.0, 1.0, _BIG)[:, None, None]
    rows = np.array(top) * (1.0 - share) + np.array(bottom) * share  # (1000, 1, 3)
    return Image.fromarray(np.broadcast_to(rows, (_BIG, _BIG, 3)).astype(np.uint8))


def _grained(picture: Image.Image, rng: np.random.Generator, amount: int) -> Image.Image:
    """Paper or film grain."""
    grain = rng.integers(-amount, amount + 1, (_BIG // 2, _BIG // 2), dtype=np.int16).repeat(2, 0).repeat(2, 1)
    rough = np.asarray(picture, np.int16) + grain[:, :, None]
    return Image.fromarray(np.clip(rough, 0, 255).astype(np.uint8))


def _house(rng: np.random.Generator) -> Image.Image:
    """Overlapping discs of light, as if a mirror ball had settled."""
    hue = float(rng.uniform())
    picture = _sky(_hsv(hue, 0.85, 0.22), _hsv(hue + 0.12, 0.8, 0.5))
    for index in range(7):
        layer = Image.new("RGB", (_BIG, _BIG))
        x, y = rng.uniform(150, 850, 2)
        radius = float(rng.uniform(90, 330))
        colour = _hsv(hue + 0.08 + 0.07 * index, 0.75, 0.75)
        ImageDraw.Draw(layer).ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
        picture = ImageChops.screen(picture, layer)
    draw = ImageDraw.Draw(picture)
    middle = 500 + float(rng.uniform(-120, 120))
    for ring in range(6):
        r = 140 + 46 * ring
        draw.arc(
            (middle - r, 470 - r, middle + r, 470 + r), 200 + 12 * ring, 380 - 9 * ring, fill=(255, 255, 255), width=7
        )
    return picture


def _drum_and_bass(rng: np.random.Generator) -> Image.Image:
    """Shards at speed in the dark, one acid colour."""
    hue = float(rng.choice(np.array([0.2, 0.33, 0.47, 0.55, 0.85, 0.02])))
    picture = _sky((8, 9, 14), (24, 26, 38))
    draw = ImageDraw.Draw(picture)
    slant = float(rng.uniform(0.3, 0.8)) * float(rng.choice(np.array([-1.0, 1.0])))
    for _ in range(46):
        x, y = rng.uniform(-100, 1100), rng.uniform(0, 1000)
        length, thick = rng.uniform(80, 620), rng.uniform(3, 46)
        corners = [
            (x, y),
            (x + length, y - length * slant),
            (x + length * 0.93, y - length * slant + thick),
            (x - thick, y + thick),
        ]
        bright = float(rng.uniform(0.12, 0.45)) if rng.uniform() < 0.72 else 1.0
        draw.polygon(corners, fill=_hsv(hue, 0.9 if bright == 1.0 else 0.35, bright))
    for y in range(0, _BIG, 8):
        draw.line((0, y, _BIG, y), fill=(8, 9, 14), width=2)
    return picture


def _ambient(rng: np.random.Generator) -> Image.Image:
    """A horizon in mist, and a light whose source one cannot see."""
    hue = float(rng.uniform(0.0, 1.0))
    picture = _sky(_hsv(hue, 0.45, 0.42), _hsv(hue + 0.1, 0.28, 0.95))
    glow = Image.new("RGB", (_BIG, _BIG))
    x, y, r = rng.uniform(250, 750), rng.uniform(260, 480), rng.uniform(60, 130)
    ImageDraw.Draw(glow).ellipse((x - r, y - r, x + r, y + r), fill=_hsv(hue + 0.2, 0.2, 1.0))
    picture = ImageChops.screen(picture, glow.filter(ImageFilter.BoxBlur(9)))
    at = np.arange(0, _BIG + 1, 10)
    for layer in range(5):
        base = 520 + 95 * layer
        waves = sum(rng.uniform(8, 34) * np.sin(at / rng.uniform(60, 190) + rng.uniform(0, 6)) for _ in range(3))
        tone = _between(_hsv(hue + 0.1, 0.25, 0.9), _hsv(hue, 0.55, 0.22), (layer + 1) / 5)
        ridge = [(float(a), float(base + w)) for a, w in zip(at, np.asarray(waves), strict=True)]
        ImageDraw.Draw(picture).polygon([*ridge, (_BIG, _BIG), (0, _BIG)], fill=tone)
    return picture.filter(ImageFilter.BoxBlur(3))


def _waltz(rng: np.random.Generator) -> Image.Image:
    """Ink on cream paper: one curve of a pendulum, drawn without lifting the pen."""
    paper = _hsv(float(rng.uniform(0.08, 0.14)), 0.1, 0.96)
    picture = _grained(Image.new("RGB", (_BIG, _BIG), paper), rng, 5)
    ink = _hsv(float(rng.uniform()), 0.6, 0.36)
    draw = ImageDraw.Draw(picture)
    t = np.linspace(0.0, 140.0, 4200)
    across, down = (int(v) for v in rng.choice(np.array([2, 3, 4, 5]), 2, replace=False))
    p, q, drift = (float(v) for v in rng.uniform((0, 0, 0.004), (6.28, 6.28, 0.012)))
    fade = np.exp(-t * 0.011)
    x = 500 + 370 * fade * np.sin(across * t * (1 + drift / 3) + p)
    y = 430 + 330 * fade * np.sin(down * t * (1 - drift / 5) + q)
    points = [(float(u), float(v)) for u, v in zip(x, y, strict=True)]
    draw.line(points, fill=ink, width=2)
    draw.rectangle((46, 46, 954, 954), outline=ink, width=3)
    return picture


def _chiptune(rng: np.random.Generator) -> Image.Image:
    """A creature of a few pixels, in a sky of fewer."""
    hue = float(rng.uniform())
    field = np.empty((25, 25, 3), np.uint8)
    for row in range(25):
        field[row] = _hsv(hue + 0.02 * (row // 5), 0.75, 0.16 + 0.05 * (row // 5))
    stars = rng.integers(0, 25, (22, 2))
    field[stars[:, 0], stars[:, 1]] = _hsv(hue + 0.15, 0.3, 0.9)
    half = rng.uniform(size=(11, 6)) < 0.58
    half[3:8, 4:] = True
    sprite = np.concatenate([half, half[:, -2::-1]], axis=1)  # (11, 11)
    body, shade = _hsv(hue + 0.45, 0.8, 1.0), _hsv(hue + 0.5, 0.85, 0.72)
    for (row, column), on in np.ndenumerate(sprite):
        if on:
            field[4 + row, 7 + column] = body if row < 6 else shade
    field[8, 10] = field[8, 14] = (255, 255, 255)
    field[9, 10] = field[9, 14] = (20, 16, 40)
    field[17, :] = _hsv(hue + 0.3, 0.6, 0.75)
    field[18:, :] = _hsv(hue + 0.33, 0.7, 0.32)
    return Image.fromarray(field).resize((_BIG, _BIG), Image.Resampling.NEAREST)


def _funk(rng: np.random.Generator) -> Image.Image:
    """Ribbons of the seventies, bending together round a corner."""
    sets = (
        ((250, 232, 200), (232, 93, 36), (244, 162, 44), (120, 47, 30), (46, 110, 106)),
        ((74, 32, 40), (240, 113, 60), (250, 190, 88), (250, 232, 200), (196, 60, 80)),
        ((28, 60, 72), (246, 190, 66), (238, 112, 54), (250, 236, 210), (160, 52, 60)),
        ((246, 214, 120), (120, 40, 90), (224, 72, 60), (246, 140, 60), (60, 30, 70)),
        ((240, 224, 196), (38, 84, 124), (239, 71, 60), (255, 180, 70), (110, 56, 40)),
    )
    colours = sets[int(rng.integers(len(sets)))]
    picture = Image.new("RGB", (_BIG, _BIG), colours[0])
    draw = ImageDraw.Draw(picture)
    t = np.linspace(-60.0, 1060.0, 140)
    swing, turn, lean = rng.uniform(90, 190), rng.uniform(0, 6.28), rng.uniform(-0.45, 0.45)
    for band in range(9):
        y = 210 + 62 * band + swing * np.sin(t / 150.0 + turn) + lean * (t - 500)
        ribbon = [(float(a), float(b)) for a, b in zip(t, y, strict=True)]
        draw.line(ribbon, fill=colours[1 + band % 4], width=64, joint="curve")
    x, y0, r = rng.uniform(220, 780), rng.uniform(180, 330), 120
    for ring, colour in enumerate((colours[4], colours[2], colours[1], colours[0])):
        s = r - 30 * ring
        draw.ellipse((x - s, y0 - s, x + s, y0 + s), fill=colour)
    return picture


def _rock(rng: np.random.Generator) -> Image.Image:
    """Black peaks against a burning sky, photocopied once too often."""
    hue = float(rng.choice(np.array([0.8, 0.06, 0.12, 0.36, 0.6, 0.0])))
    picture = _sky(_hsv(hue, 0.95, 0.35), _hsv(hue + 0.05, 0.85, 0.95))
    draw = ImageDraw.Draw(picture)
    x, r = rng.uniform(300, 700), rng.uniform(150, 230)
    draw.ellipse((x - r, 400 - r, x + r, 400 + r), fill=(250, 240, 220))
    for layer in range(3):
        count = 9 + 5 * layer
        at = np.sort(rng.uniform(-50, 1050, count))
        tops = rng.uniform(300 + 130 * layer, 600 + 90 * layer, count)
        jagged = [(-60.0, 1000.0)]
        for a, top in zip(at, tops, strict=True):
            jagged += [(float(a) - 46, 820.0 - 20 * layer), (float(a), float(top))]
        draw.polygon(
            [*jagged, (1060.0, 700.0 + 60 * layer), (1060.0, 1000.0)], fill=_hsv(hue, 0.7, 0.26 - 0.11 * layer)
        )
    bolt = [(x + 20.0, 0.0)]
    while bolt[-1][1] < 560:
        bolt.append((bolt[-1][0] + float(rng.uniform(-75, 75)), bolt[-1][1] + float(rng.uniform(50, 110))))
    draw.line(bolt, fill=(255, 252, 235), width=9)
    return _grained(picture, rng, 34)


def _hip_hop(rng: np.random.Generator) -> Image.Image:
    """Cut paper: a block of flats, a few windows still lit, printed in dots."""
    hue = float(rng.uniform(0.05, 0.65))
    paper, ink = _hsv(hue, 0.22, 0.9), _hsv(hue + 0.5, 0.45, 0.25)
    picture = Image.new("RGB", (_BIG, _BIG), paper)
    draw = ImageDraw.Draw(picture)
    for row in range(34):
        for column in range(34):
            r = 15.0 * (1.0 - row / 30.0)
            if r > 1.0:
                x, y = column * 31 + (row % 2) * 15, row * 28
                draw.ellipse((x - r, y - r, x + r, y + r), fill=_between(paper, _hsv(hue + 0.06, 0.55, 0.72), 0.8))
    left = 40.0
    while left < 930:
        width, top = float(rng.uniform(110, 230)), float(rng.uniform(330, 690))
        wall = _between(ink, _hsv(hue + 0.5, 0.3, 0.5), float(rng.uniform(0, 0.7)))
        draw.polygon(
            [(left, top + rng.uniform(-14, 14)), (left + width, top), (left + width, 1000), (left, 1000)], fill=wall
        )
        for sill in np.arange(top + 34, 960, 56):
            for jamb in np.arange(left + 20, left + width - 34, 46):
                lit = rng.uniform() < 0.24
                draw.rectangle(
                    (jamb, sill, jamb + 24, sill + 32), fill=(250, 206, 110) if lit else _between(wall, (0, 0, 0), 0.3)
                )
        left += width + float(rng.uniform(-30, 12))
    return _grained(picture, rng, 12)


def _reggae(rng: np.random.Generator) -> Image.Image:
    """A sun with rays over hills, in red, gold and green."""
    picture = Image.new("RGB", (_BIG, _BIG), (247, 200, 70))
    draw = ImageDraw.Draw(picture)
    x, y = float(rng.uniform(250, 750)), float(rng.uniform(430, 620))
    rays = int(rng.integers(11, 19))
    ray = ((214, 66, 44), (240, 150, 40), (226, 98, 40), (200, 40, 60))[int(rng.integers(4))]
    for index in range(rays):
        a, b = 2 * np.pi * index / rays, 2 * np.pi * (index + 0.5) / rays
        draw.polygon(
            [(x, y), (x + 1600 * np.cos(a), y + 1600 * np.sin(a)), (x + 1600 * np.cos(b), y + 1600 * np.sin(b))],
            fill=ray,
        )
    r = float(rng.uniform(130, 190))
    draw.ellipse((x - r - 22, y - r - 22, x + r + 22, y + r + 22), fill=(247, 200, 70))
    draw.ellipse((x - r, y - r, x + r, y + r), fill=(250, 236, 190))
    at = np.linspace(0, _BIG, 60)
    for layer, colour in enumerate(((58, 140, 70), (28, 104, 62), (14, 64, 48))):
        hills = 690 + 85 * layer + rng.uniform(25, 60) * np.sin(at / rng.uniform(90, 170) + rng.uniform(0, 6))
        draw.polygon(
            [*((float(a), float(h)) for a, h in zip(at, hills, strict=True)), (_BIG, _BIG), (0, _BIG)], fill=colour
        )
    _palm(draw, float(rng.choice(np.array([140.0, 850.0]))), rng)
    return picture


def _palm(draw: ImageDraw.ImageDraw, foot: float, rng: np.random.Generator) -> None:
    lean = float(rng.uniform(30, 90)) * (1.0 if foot < 500 else -1.0)
    top = (foot + lean, 380.0)
    draw.line([(foot, 860.0), (foot + lean * 0.35, 620.0), top], fill=(20, 40, 34), width=24, joint="curve")
    for angle in np.linspace(-0.3, 3.44, 8):
        reach = float(rng.uniform(150, 210))
        tip = (top[0] + reach * np.cos(angle), top[1] - reach * 0.55 * np.sin(angle) + 60)
        middle = (top[0] + reach * 0.5 * np.cos(angle), top[1] - reach * 0.6 * np.sin(angle) - 10)
        draw.polygon([top, middle, tip, (middle[0], middle[1] + 30)], fill=(16, 58, 42))


def _quartet(rng: np.random.Generator) -> Image.Image:
    """Four strings of gold that swing between two bridges, on velvet."""
    hue = float(rng.choice(np.array([0.0, 0.42, 0.62, 0.75, 0.94, 0.08])))
    picture = _grained(_sky(_hsv(hue, 0.7, 0.34), _hsv(hue, 0.75, 0.16)), rng, 6)
    draw = ImageDraw.Draw(picture)
    t = np.linspace(0.0, 1.0, 110)
    for string in range(4):
        middle = 240 + 120 * string
        lobes, swing = int(rng.integers(1, 6)), float(rng.uniform(34, 62))
        for ghost in np.linspace(-1.0, 1.0, 9):
            y = middle + swing * ghost * np.sin(np.pi * lobes * t)
            tone = _between(
                _hsv(hue, 0.6, 0.3), _hsv(0.11 + 0.012 * string, 0.5, 0.95), 0.35 + 0.65 * abs(float(ghost))
            )
            draw.line([(60 + 880 * float(a), float(b)) for a, b in zip(t, y, strict=True)], fill=tone, width=3)
    for x in (60, 940):
        draw.line((x, 200, x, 640), fill=_hsv(0.11, 0.45, 0.85), width=5)
    return picture


PAINTERS: dict[str, Painter] = {
    "house": _house,
    "drum_and_bass": _drum_and_bass,
    "ambient": _ambient,
    "waltz": _waltz,
    "chiptune": _chiptune,
    "funk": _funk,
    "rock": _rock,
    "hip_hop": _hip_hop,
    "reggae": _reggae,
    "quartet": _quartet,
}

# Where the lettering stands: (y of the album, y of the artist, size of the album, colour, capitals).
_LETTERS: dict[str, tuple[int, int, int, Colour, bool]] = {
    "house": (800, 900, 84, (255, 255, 255), False),
    "drum_and_bass": (60, 900, 92, (240, 244, 240), True),
    "ambient": (84, 172, 70, (255, 255, 255), False),
    "waltz": (790, 872, 64, (60, 48, 52), False),
    "chiptune": (780, 890, 86, (255, 255, 255), True),
    "funk": (790, 895, 96, (255, 250, 235), False),
    "rock": (790, 898, 100, (255, 246, 226), True),
    "hip_hop": (70, 170, 84, (30, 26, 34), False),
    "reggae": (800, 898, 88, (252, 232, 150), True),
    "quartet": (730, 826, 70, (246, 230, 190), False),
}


def _letter(picture: Image.Image, style: str, artist: str, album: str) -> None:
    """Set the album's title and the artist's name, as large as fits; on a busy picture with a dark edge."""
    y_album, y_artist, size, colour, capitals = _LETTERS[style]
    draw = ImageDraw.Draw(picture)
    edge = 6 if style in ("house", "funk", "rock", "reggae", "drum_and_bass") else 0
    if style == "hip_hop":
        draw.polygon([(60, 52), (946, 40), (934, 236), (52, 248)], fill=(244, 236, 220))
    for text, y, points in ((album, y_album, size), (artist, y_artist, max(46, size // 2))):
        words = text.upper() if capitals else text
        font = ImageFont.load_default(points)
        wide = font.getlength(words)
        if wide > 840:
            font = ImageFont.load_default(points * 840 / wide)
        x = (_BIG - font.getlength(words)) / 2
        draw.text((x, y), words, font=font, fill=colour, stroke_width=edge, stroke_fill=(28, 18, 26))
