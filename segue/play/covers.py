"""Covers at the size at which they are shown, and a drawn one for songs that have none."""

from __future__ import annotations

import hashlib
import io
import logging
import threading
import warnings
from dataclasses import dataclass
from html import escape

from PIL import Image, ImageColor, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

from segue.config import WEB
from segue.values import Artwork, Track, TrackInfo

log = logging.getLogger(__name__)

SIZES = (96, 512)
"""Longest side in pixels: in a list, and where a song plays."""

_SHOWN_AS_THEY_ARE = frozenset(("image/jpeg", "image/png", "image/webp"))
_JPEG_QUALITY = 84
_DECODING = threading.Lock()
"""One cover is decoded at a time: a page of covers asks for fifty at once, and each may take 300 MB for a moment."""
_UNREADABLE = (
    UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning, OSError, ValueError,
    SyntaxError,
)  # fmt: skip

warnings.simplefilter("error", Image.DecompressionBombWarning)  # it is refused below, not remarked upon


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it goes to the browser."""

    mime: str
    data: bytes

    @property
    def etag(self) -> str:
        """Changes with the picture."""
        return hashlib.blake2b(self.data, digest_size=8).hexdigest()


def scaled(artwork: Artwork, size: int) -> Picture | None:
    """The artwork at most ``size`` pixels wide and high; None where it is no picture that can be read."""
    try:
        with Image.open(io.BytesIO(artwork.data)) as image:
            if max(image.size) <= size and artwork.mime in _SHOWN_AS_THEY_ARE:
                return Picture(artwork.mime, artwork.data)
            if image.width * image.height > WEB.largest_cover_pixels:
                log.info("a cover of %d x %d pixels is not shown", *image.size)
                return None
            return _thumbnail(image, size)
    except _UNREADABLE as error:
        log.info("a cover cannot be shown (%s)", error)
        return None


def _thumbnail(image: Image.Image, size: int) -> Picture:
    """Made small first and turned upright then, so that the whole picture is held no oftener than need be."""
    with _DECODING:
        image.draft("RGB", (size, size))  # JPEG decodes straight to about this size
        small = image.convert("RGB")
        small.thumbnail((size, size))
    out = io.BytesIO()
    ImageOps.exif_transpose(small).save(out, "JPEG", quality=_JPEG_QUALITY)
    return Picture("image/jpeg", out.getvalue())


def drawn(track: Track) -> Picture:
    """A cover for a song without one: initials on two colours that belong to the artist and album."""
    seed, (hue, other), turn = _look(track.info, own=track.id)
    svg = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96">
<defs><linearGradient id="g" gradientTransform="rotate({turn} .5 .5)">
<stop stop-color="hsl({hue} 38% 30%)"/><stop offset="1" stop-color="hsl({other} 42% 18%)"/></linearGradient></defs>
<rect width="96" height="96" fill="url(#g)"/>
<circle cx="{20 + seed % 56}" cy="{20 + (seed >> 6) % 56}" r="34" fill="hsl({other} 60% 60% / .16)"/>
<text x="48" y="49" fill="#fff" fill-opacity=".88" font-family="Georgia,'Times New Roman',serif" font-style="italic"
 font-size="38" text-anchor="middle" dominant-baseline="central">{escape(initials(track.info))}</text></svg>"""
    return Picture("image/svg+xml", svg.encode())


def painted(info: TrackInfo, size: int) -> Image.Image:
    """The same idea as `drawn` in pixels, for where no browser draws it."""
    seed, (hue, other), _ = _look(info, own=info.title)
    top, bottom = (ImageColor.getrgb(colour) for colour in (f"hsl({hue}, 38%, 34%)", f"hsl({other}, 42%, 18%)"))
    picture = Image.composite(
        Image.new("RGB", (size, size), bottom),
        Image.new("RGB", (size, size), top),
        Image.linear_gradient("L").resize((size, size)),
    )
    draw = ImageDraw.Draw(picture, "RGBA")
    x, y, reach = (20 + seed % 56) * size / 96, (20 + (seed >> 6) % 56) * size / 96, 34 * size / 96
    draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=(*ImageColor.getrgb(f"hsl({other}, 60%, 60%)"), 41))
    font = ImageFont.load_default(size * 0.38)
    draw.text((size / 2, size / 2), initials(info), font=font, fill=(255, 255, 255, 224), anchor="mm")
    return picture


def _look(info: TrackInfo, *, own: str) -> tuple[int, tuple[int, int], int]:
    """A number that belongs to an artist's album, two hues and an angle; ``own`` where there is no such name."""
    key = f"{info.artist}\n{info.album}" if info.artist or info.album else own
    seed = int.from_bytes(hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=4).digest(), "big")
    return seed, (seed % 360, (seed % 360 + 40 + (seed >> 9) % 60) % 360), (seed >> 16) % 180


def initials(info: TrackInfo) -> str:
    """One or two letters for a song: of its artist, or else of its title."""
    words = [word for word in (info.artist or info.title).split() if word[0].isalnum()]
    words = [word for word in words if word.lower() not in ("the", "a", "and")] or words
    return "".join(word[0] for word in words[:2]).upper() or "♪"
